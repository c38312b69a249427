package inbox

import (
	"fmt"
	"time"

	"recado/models"
)

// settleWaiting looks up since when the customers wait in conversations in which an
// answer turned up that lies between messages of theirs: only the messages can tell.
func (c *changes) settleWaiting() error {
	for _, id := range sorted(func(yield func(models.ID) bool) {
		for id, conversation := range c.conversations {
			if conversation.adrift && !yield(id) {
				return
			}
		}
	}) {
		conversation := c.conversations[id]
		conversation.adrift = false
		if conversation.Status == models.ConversationClosed {
			continue
		}
		since, err := c.unansweredSince(conversation.Conversation)
		if err != nil {
			return err
		}
		conversation.WaitingSince = since
	}
	return nil
}

// unansweredSince is the time of the customer's oldest message after the team's
// last one, of those that are stored and those about to be.
func (c *changes) unansweredSince(conversation models.Conversation) (*time.Time, error) {
	var unanswered []models.Message
	err := c.tx.
		Where("organization_id = ? AND conversation_id = ? AND sent_at > ?", conversation.OrganizationID, conversation.ID, conversation.LastTeamMessageAt).
		Where("direction = ? AND kind NOT IN ?", models.Inbound, models.KindsNotWritten()).
		Order("sent_at, id").Limit(1).Find(&unanswered).Error
	if err != nil {
		return nil, fmt.Errorf("find unanswered messages of conversation %s: %w", conversation.ID, err)
	}
	for _, message := range c.added {
		if message.ConversationID == conversation.ID && message.FromCustomer() && message.HeardAt().After(*conversation.LastTeamMessageAt) {
			unanswered = append(unanswered, message)
		}
	}
	var since *time.Time
	for _, message := range unanswered {
		since = models.Earlier(since, new(message.HeardAt()))
	}
	return since, nil
}
