package inbox

import (
	"fmt"
	"time"

	"recado/models"
)

// seeReferral notes that a customer's new message came from an ad: the team's answer
// to it opens a free entry point (reference/whatsapp-cloud-api.md §10.2). The answer
// may be there before it.
func (c *changes) seeReferral(conversation *changing, message models.Message) error {
	if !message.FromCustomer() || message.Content == nil || message.Content.Referral == nil {
		return nil
	}
	at := message.HeardAt()
	answer, err := c.firstAnswer(conversation.Conversation, at)
	if err != nil {
		return err
	}
	before := conversation.FreeEntryExpiresAt
	conversation.SeeReferral(at, answer)
	if conversation.FreeEntryExpiresAt != before {
		conversation.report = true
	}
	return nil
}

// firstAnswer is the time of the team's first message at or after a moment, of those
// that are stored and those about to be; nil if there is none.
func (c *changes) firstAnswer(conversation models.Conversation, from time.Time) (*time.Time, error) {
	if conversation.LastTeamMessageAt == nil || conversation.LastTeamMessageAt.Before(from) {
		return nil, nil //nolint:nilnil // nothing was sent, and nothing went wrong
	}
	var sent []models.Message
	err := c.tx.Select("sent_at").
		Where("organization_id = ? AND conversation_id = ? AND sent_at >= ?", conversation.OrganizationID, conversation.ID, from).
		Where("direction = ? AND kind <> ?", models.Outbound, models.KindReaction).
		Order("sent_at, id").Limit(1).Find(&sent).Error
	if err != nil {
		return nil, fmt.Errorf("find answer in conversation %s: %w", conversation.ID, err)
	}
	for _, message := range c.added {
		if message.ConversationID == conversation.ID && message.Direction == models.Outbound && message.Listed() && !message.SentAt.Before(from) {
			sent = append(sent, message)
		}
	}
	var first *time.Time
	for _, message := range sent {
		first = models.Earlier(first, &message.SentAt)
	}
	return first, nil
}
