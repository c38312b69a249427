package inbox

import (
	"fmt"
	"time"

	"gorm.io/gorm"

	"recado/models"
)

// seeReferral notes that a customer's new message came from an ad: the team's answer
// to it opens a free entry point (reference/whatsapp-cloud-api.md §10.2). The answer
// may be there before it.
func (c *changes) seeReferral(conversation *changing, message models.Message) {
	at, ok := referredAt(message)
	if !ok {
		return
	}
	// What was written before this conversation began may have been answered in the one
	// that it took over from.
	known := conversation.SeeReferral(at) && !at.Before(conversation.CreatedAt)
	conversation.unentered = conversation.unentered || !known
}

// referredAt is when a customer wrote a message that came from an ad; false for all
// other messages.
func referredAt(message models.Message) (time.Time, bool) {
	if !message.FromCustomer() || message.Content == nil || message.Content.Referral == nil {
		return time.Time{}, false
	}
	return message.HeardAt(), true
}

// settleReferrals looks up when the free entry points of conversations end in which
// messages turned up in another order than they were written: only the messages can
// tell.
func (c *changes) settleReferrals() error {
	for _, id := range sorted(func(yield func(models.ID) bool) {
		for id, conversation := range c.conversations {
			if conversation.unentered && !yield(id) {
				return
			}
		}
	}) {
		conversation := c.conversations[id]
		conversation.unentered = false
		end, err := c.freeEntryEnd(conversation.Conversation)
		if err != nil {
			return err
		}
		if models.SameTime(end, conversation.FreeEntryExpiresAt) {
			continue
		}
		conversation.FreeEntryExpiresAt, conversation.report = end, true
	}
	return nil
}

// freeEntryEnd is models.FreeEntryEnd of all that the two sides wrote, in this
// conversation and in those that it took over from: messages that are stored and those
// about to be.
func (c *changes) freeEntryEnd(conversation models.Conversation) (*time.Time, error) {
	var ids []models.ID
	err := c.tx.Model(&models.Conversation{}).
		Where("organization_id = ? AND contact_id = ? AND NOT current", conversation.OrganizationID, conversation.ContactID).
		Where("channel_id = ? AND id <> ?", conversation.ChannelID, conversation.ID).Pluck("id", &ids).Error
	if err != nil {
		return nil, fmt.Errorf("find conversations before %s: %w", conversation.ID, err)
	}
	ids = append(ids, conversation.ID)
	in := c.tx.Model(&models.Message{}).Where("organization_id = ? AND conversation_id IN ?", conversation.OrganizationID, ids).Session(&gorm.Session{})
	var rich []models.Message
	err = in.Select("direction", "kind", "sent_at", "created_at", "content").
		Where("direction = ? AND content IS NOT NULL", models.Inbound).Find(&rich).Error
	if err != nil {
		return nil, fmt.Errorf("find referrals of conversation %s: %w", conversation.ID, err)
	}
	var answers []time.Time
	err = in.Where("direction = ? AND kind <> ?", models.Outbound, models.KindReaction).Pluck("sent_at", &answers).Error
	if err != nil {
		return nil, fmt.Errorf("find answers of conversation %s: %w", conversation.ID, err)
	}
	for _, message := range c.added {
		switch {
		case message.ConversationID != conversation.ID:
		case message.Direction == models.Inbound:
			rich = append(rich, message)
		case message.Listed():
			answers = append(answers, message.SentAt)
		}
	}
	var referrals []time.Time
	for _, message := range rich {
		if at, ok := referredAt(message); ok {
			referrals = append(referrals, at)
		}
	}
	return models.FreeEntryEnd(referrals, answers), nil
}
