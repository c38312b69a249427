package inbox

import (
	"fmt"
	"time"

	"gorm.io/gorm"

	"recado/models"
	"recado/store"
)

// # The pace of a number towards one customer
//
// Meta takes a burst of messages from a number to one customer and then wants a pause
// (models.PairFreeAt). What was sent is in the messages, so all processes see the same
// and nothing else is kept: a send reads the last few of its conversation, along the
// index that its pages are read by, under the conversation's lock. What Meta refuses
// all the same with 131056, because a phone or another program sends too, is put off
// like every refusal that passes.

// pairWait is how long a message of a conversation has to wait now for those that
// were sent to the same customer; 0: it may go.
func pairWait(tx *store.Tx, conversation models.Conversation, channel models.Channel) (time.Duration, error) {
	handed, err := handedTo(tx.DB, conversation, channel, tx.Now())
	if err != nil {
		return 0, err
	}
	return models.PairFreeAt(handed, 0, tx.Now()).Sub(tx.Now()), nil
}

// pairFreeAt is from when on one more message could be sent in a conversation, after
// those that wait there already.
func pairFreeAt(db *gorm.DB, conversation models.Conversation, channel models.Channel, now time.Time) (time.Time, error) {
	handed, err := handedTo(db, conversation, channel, now)
	if err != nil {
		return now, err
	}
	var ahead int64
	err = db.Model(&models.Message{}).
		Where("organization_id = ? AND conversation_id = ?", conversation.OrganizationID, conversation.ID).
		Where("sent_at > ? AND direction = ? AND status = ?", now.Add(-models.ServiceWindow), models.Outbound, models.StatusQueued).
		Count(&ahead).Error
	if err != nil {
		return now, fmt.Errorf("count messages that wait in conversation %s: %w", conversation.ID, err)
	}
	return models.PairFreeAt(handed, int(ahead), now), nil
}

// handedTo are the times at which Meta was given, or may have been given, the last
// messages for the customer of a conversation: models.PairBurst at most, of those
// written in the last 24 hours.
func handedTo(db *gorm.DB, conversation models.Conversation, channel models.Channel, now time.Time) ([]time.Time, error) {
	since := now.Add(-models.ServiceWindow)
	ids, err := withSamePair(db, conversation, channel, since)
	if err != nil {
		return nil, err
	}
	var sent []models.Message
	err = db.Select("attempted_at", "accepted_at").
		Where("organization_id = ? AND conversation_id IN ? AND sent_at > ?", conversation.OrganizationID, ids, since).
		Where("direction = ? AND (wamid IS NOT NULL OR status IN ?)", models.Outbound,
			[]models.MessageStatus{models.StatusSending, models.StatusUnconfirmed}).
		Order("sent_at DESC, id DESC").Limit(models.PairBurst).Find(&sent).Error
	if err != nil {
		return nil, fmt.Errorf("read last messages of conversation %s: %w", conversation.ID, err)
	}
	times := make([]time.Time, 0, len(sent))
	for _, message := range sent {
		if at := message.AcceptedAt; at != nil {
			times = append(times, *at)
		} else if at := message.AttemptedAt; at != nil {
			times = append(times, *at)
		}
	}
	return times, nil
}

// withSamePair are the conversations between a conversation's customer and its number
// in which something was written since a time: itself, and on a channel that begins
// new ones those around it.
func withSamePair(db *gorm.DB, conversation models.Conversation, channel models.Channel, since time.Time) ([]models.ID, error) {
	ids := []models.ID{conversation.ID}
	if conversation.Current && channel.ReopenPolicy != models.NewConversation {
		return ids, nil
	}
	for _, which := range []string{"current", "NOT current"} { // an index each
		var others []models.ID
		err := db.Model(&models.Conversation{}).Where(which).
			Where("organization_id = ? AND contact_id = ? AND channel_id = ?", conversation.OrganizationID, conversation.ContactID, conversation.ChannelID).
			Where("id <> ? AND last_team_message_at > ?", conversation.ID, since).Pluck("id", &others).Error
		if err != nil {
			return nil, fmt.Errorf("find conversations beside %s: %w", conversation.ID, err)
		}
		ids = append(ids, others...)
	}
	return ids, nil
}
