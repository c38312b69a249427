package inbox

import (
	"slices"
	"time"

	"recado/models"
	"recado/whatsapp"
)

// traffic is what a batch of deliveries says, with the channels it is about.
type traffic struct {
	messages []incoming // what customers wrote: nearly all of it
	others   []incoming // all else that is like a message; see incoming
	statuses []step

	templates []templateNews
}

// incoming lists all but the statuses.
func (t traffic) incoming() []incoming {
	if len(t.others) == 0 {
		return t.messages
	}
	return append(slices.Clip(t.messages), t.others...)
}

// incoming is a message, or what reaches us in the form of one: a reaction, an edit
// or a deletion. The customer wrote it, or the business did on its own phone.
type incoming struct {
	channel    *models.Channel
	wire       whatsapp.InboundMessage
	contact    whatsapp.Contact // who the customer is, as far as the payload says
	receivedAt time.Time
	outbound   bool // written by the business, on its phone
	history    bool // from before the number was connected
	preference *whatsapp.Preference
}

// step is a status of a message that the business sent.
type step struct {
	channel *models.Channel
	wire    whatsapp.Status
}

// customer is how Meta names the customer; at least one is set.
func (m incoming) customer() (waID, userID string) {
	if m.outbound {
		return m.wire.To, m.wire.ToUserID
	}
	return m.wire.From, m.wire.FromUserID
}

func (m incoming) direction() models.Direction {
	if m.outbound {
		return models.Outbound
	}
	return models.Inbound
}

// isReaction reports whether it is a reaction to a message that it names.
func (m incoming) isReaction() bool { return m.wire.Content.Reaction != nil }

// isRevision reports whether it edits or deletes a message that it names.
func (m incoming) isRevision() bool {
	return m.wire.Content.Edit != nil || m.wire.Content.Revoke != nil
}

// isPreference reports whether it says what the customer wants of marketing.
func (m incoming) isPreference() bool { return m.preference != nil }

// isPlain reports whether it is a message from a customer that is just to be
// added.
func (m incoming) isPlain() bool {
	return !m.outbound && !m.history && !m.isReaction() && !m.isRevision() && !m.isPreference() && m.identityChange() == nil
}

// add sorts a message into the traffic.
func (t *traffic) add(message incoming) {
	if message.isPlain() {
		t.messages = append(t.messages, message)
	} else {
		t.others = append(t.others, message)
	}
}

// sortMessages sorts the value of a change into the traffic, and notes what is left
// over.
func (in *intake) sortMessages(channel *models.Channel, value *whatsapp.MessagesValue, traffic *traffic) {
	for _, trouble := range value.Errors {
		in.ignoref("error %d of the number: %s", trouble.Code, trouble.Message)
	}
	for _, message := range value.Messages {
		in.sortMessage(incoming{channel: channel, wire: message}, value, traffic)
	}
	for _, message := range value.Echoes {
		in.sortMessage(incoming{channel: channel, wire: message, outbound: true}, value, traffic)
	}
	for _, message := range value.History {
		fromBusiness := message.To != "" || message.ToUserID != "" ||
			message.From != "" && whatsapp.Digits(message.From) == whatsapp.Digits(value.DisplayPhoneNumber)
		if fromBusiness && message.To == "" && message.ToUserID == "" {
			message.To = message.ThreadID
		}
		in.sortMessage(incoming{channel: channel, wire: message, outbound: fromBusiness, history: true}, value, traffic)
	}
	for _, preference := range value.Preferences {
		in.sortPreference(channel, preference, value, traffic)
	}
	if len(value.AppContacts) > 0 {
		in.ignoref("%d contacts of the phone's app", len(value.AppContacts))
	}
	for _, status := range value.Statuses {
		if _, known := statusOfMeta[status.Status]; !known {
			in.ignoref("status %s", status.Status)
			continue
		}
		in.applied = true
		traffic.statuses = append(traffic.statuses, step{channel, status})
	}
}

func (in *intake) sortMessage(message incoming, value *whatsapp.MessagesValue, traffic *traffic) {
	message.receivedAt = in.row.ReceivedAt
	wire := &message.wire
	if !message.outbound {
		message.contact, _ = value.ContactOf(*wire)
		if wire.From == "" {
			wire.From = message.contact.WAID
		}
		if wire.FromUserID == "" {
			wire.FromUserID = message.contact.UserID
		}
	}
	waID, userID := message.customer()
	if notice := wire.Content.System; userID == "" && notice != nil && !message.outbound {
		wire.FromUserID, userID = notice.PreviousUserID, notice.PreviousUserID
	}
	switch {
	case wire.GroupID != "":
		in.ignoref("message in group %s", wire.GroupID)
	case waID == "" && userID == "" && message.outbound:
		in.failed = append(in.failed, "message "+wire.ID+" names no recipient")
	case waID == "" && userID == "":
		in.failed = append(in.failed, "message "+wire.ID+" names no sender")
	default:
		in.applied = true
		traffic.add(message)
	}
}
