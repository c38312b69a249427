package inbox

import (
	"fmt"
	"maps"

	"recado/models"
)

// A reaction of the team's goes out as a message of its own, which has no place in the
// conversation. It is shown on its message as soon as Meta has taken it, not before: a
// queued one may still be canceled or refused, and nobody has seen it. One that fails
// after all gives way to the one before it. It hangs there once, however often its
// statuses come.

// settleReactions puts the team's reactions that Meta took onto their messages, and
// takes off those that failed.
func (c *changes) settleReactions() error {
	var reacted []target
	for _, id := range sorted(maps.Keys(c.moved)) {
		message := c.moved[id]
		if message.Kind != models.KindReaction || message.WAMID == nil || message.ReplyToWAMID == nil || message.Content == nil {
			continue
		}
		settle := c.placeReaction
		if message.Status == models.StatusFailed {
			settle = c.withdrawReaction
		}
		changed, err := settle(message)
		if err != nil {
			return err
		}
		if changed {
			reacted = append(reacted, target{message.OrganizationID, messageKey{message.ChannelID, *message.ReplyToWAMID}})
		}
	}
	return c.reactedTo(reacted)
}

// placeReaction stores a reaction that Meta took and reports whether it is shown now.
func (c *changes) placeReaction(message *models.Message) (bool, error) {
	return putReaction(c.tx, &models.MessageReaction{
		OrganizationID: message.OrganizationID, ChannelID: message.ChannelID, WAMID: *message.ReplyToWAMID, Direction: models.Outbound,
		Emoji: message.Content.Reaction.Emoji, ReactionWAMID: *message.WAMID, SenderID: message.SenderID,
		ReactedAt: message.SentAt, CreatedAt: c.tx.Now(), UpdatedAt: c.tx.Now(),
	})
}

// withdrawReaction takes a reaction off again and reports whether it was shown. The
// newest one before it that Meta took comes back, if a user of the team sent it.
func (c *changes) withdrawReaction(message *models.Message) (bool, error) {
	deleted := c.tx.Where("organization_id = ? AND channel_id = ? AND wamid = ? AND direction = ? AND reaction_wamid = ?",
		message.OrganizationID, message.ChannelID, *message.ReplyToWAMID, models.Outbound, *message.WAMID).Delete(&models.MessageReaction{})
	if deleted.Error != nil {
		return false, fmt.Errorf("withdraw reaction %s: %w", *message.WAMID, deleted.Error)
	}
	if deleted.RowsAffected == 0 {
		return false, nil
	}
	const few = 20 // failed ones among them are passed over
	var earlier []models.Message
	err := c.tx.Where("organization_id = ? AND conversation_id = ? AND sent_at > ? AND (sent_at, id) < (?, ?)", message.OrganizationID,
		message.ConversationID, message.SentAt.Add(-models.ReactionLimit), message.SentAt, message.ID).
		Where("direction = ? AND kind = ? AND reply_to_wamid = ? AND wamid IS NOT NULL", models.Outbound, models.KindReaction, *message.ReplyToWAMID).
		Order("sent_at DESC, id DESC").Limit(few).Find(&earlier).Error
	if err != nil {
		return false, fmt.Errorf("find reaction before %s: %w", *message.WAMID, err)
	}
	for i := range earlier {
		if before := c.current(&earlier[i]); before.Status != models.StatusFailed && before.Content != nil {
			_, err := c.placeReaction(before)
			return true, err
		}
	}
	return true, nil
}
