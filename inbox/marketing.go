package inbox

import (
	"fmt"
	"time"

	"recado/models"
	"recado/whatsapp"
)

// # What customers want of marketing
//
// Meta tells when a customer asks a number to stop marketing messages, or to send them
// again; a customer can also write one of the organization's words; and Meta's refusal
// of a message tells it too. The latest word counts, see models.HearMarketing. It is
// kept in the conversation, as what was said to this number, and stops marketing
// templates there and nothing else.

// refusesMarketing reports whether a message is marketing that its customer does not
// want.
func refusesMarketing(conversation models.Conversation, message models.Message) bool {
	return conversation.MarketingStopped && pricedAs(message) == models.CategoryMarketing
}

// sortPreference sorts in what a customer wants of marketing.
func (in *intake) sortPreference(channel *models.Channel, preference whatsapp.Preference, value *whatsapp.MessagesValue, traffic *traffic) {
	_, known := wantsNone[preference.Value]
	if preference.Category != whatsapp.CategoryMarketingMessages || !known {
		in.ignoref("preference %s of %s", preference.Value, preference.Category)
		return
	}
	in.applied = true
	act := incoming{channel: channel, receivedAt: in.row.ReceivedAt, preference: &preference}
	act.wire = whatsapp.InboundMessage{
		ID:   fmt.Sprintf("preference %s %s %d", preference.WAID, preference.UserID, preference.Timestamp.Unix()), // Meta gives none
		From: preference.WAID, FromUserID: preference.UserID, Timestamp: preference.Timestamp,
	}
	act.contact, _ = value.ContactOf(act.wire)
	traffic.add(act)
}

// wantsNone says by Meta's word for it whether a customer wants no marketing.
var wantsNone = map[string]bool{"stop": true, "resume": false, "signup": false}

// takePreferences works in what customers told Meta that they want.
func takePreferences(acts []incoming, conversations []*changing, changes *changes) error {
	for i, act := range acts {
		changes.seeCustomer(conversations[i], act)
		conversations[i].written = true
		conversations[i].hearMarketing(wantsNone[act.preference.Value], act.preference.Timestamp, models.MarketingSaidToMeta)
	}
	return nil
}

// hearWords looks whether a customer's message says what they want of marketing.
func (c *changes) hearWords(conversation *changing, message models.Message) error {
	if !message.FromCustomer() || message.Kind != models.KindText && message.Kind != models.KindButton {
		return nil
	}
	words, err := c.marketingWords(message)
	if err != nil {
		return err
	}
	if stopped, heard := words.Heard(message.Body); heard {
		conversation.hearMarketing(stopped, message.HeardAt(), models.MarketingSaidByWord)
	}
	return nil
}

// marketingWords are the words of a message's organization, if it is short enough to
// be one of them.
func (c *changes) marketingWords(message models.Message) (models.MarketingWords, error) {
	if len(message.Body) > 4*models.MaxMarketingWord {
		return models.MarketingWords{}, nil
	}
	if words, known := c.words[message.OrganizationID]; known {
		return words, nil
	}
	var organization models.Organization
	if err := c.tx.Select("id", "marketing_words").Take(&organization, "id = ?", message.OrganizationID).Error; err != nil {
		return models.MarketingWords{}, fmt.Errorf("read words of organization %s: %w", message.OrganizationID, err)
	}
	words := organization.MarketingWords()
	c.words[message.OrganizationID] = words
	return words, nil
}

// hearRefusal notes that Meta refused a message because the customer wants no
// marketing.
func (c *changes) hearRefusal(message *models.Message, change models.StatusChange) {
	if change.Failure == nil || change.Failure.Code != string(whatsapp.CodeMarketingOptedOut) {
		return
	}
	c.conversations[message.ConversationID].hearMarketing(true, change.At, models.MarketingSaidToMeta)
}

func (c *changing) hearMarketing(stopped bool, at time.Time, by models.MarketingSource) {
	if c.HearMarketing(stopped, at, by) {
		c.written, c.report = true, true
	}
}
