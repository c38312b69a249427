package inbox

import (
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"recado/models"
	"recado/store"
)

// Reactions, edits and deletions are about another message. They hang on Meta's id
// of it, so they may come before it does.
//
// A reaction counts as a sign of life of the customer: it opens the service window
// (reference/whatsapp-cloud-api.md §10.1). It leaves nothing unread and does not open
// a closed conversation, because it asks for no answer. Edits and deletions do none of
// that; what a deleted message said stays readable for the team.

// takeReactions works reactions in. Of those of one side to one message the newest
// stays; one that was taken back stays too, without an emoji.
func takeReactions(acts []incoming, conversations []*changing, changes *changes) error {
	tx := changes.tx
	rows := make(map[reactionKey]*models.MessageReaction)
	for i, act := range acts {
		reaction := reactionOf(tx, act)
		if !act.outbound && reaction.Emoji != "" {
			conversation := conversations[i]
			changes.seeCustomer(conversation, act)
			conversation.written = true
			if conversation.SeeCustomerAct(act.wire.Timestamp, act.receivedAt) {
				conversation.report = true
			}
		}
		key := reactionKey{messageKey{act.channel.ID, reaction.WAMID}, reaction.Direction}
		if known := rows[key]; known == nil || reaction.Supersedes(*known) {
			rows[key] = &reaction
		}
	}
	reacted := make([]target, 0, len(rows))
	for _, row := range rows {
		written, err := putReaction(tx, row)
		if err != nil {
			return err
		}
		if written {
			reacted = append(reacted, target{row.OrganizationID, messageKey{row.ChannelID, row.WAMID}})
		}
	}
	return changes.reactedTo(reacted)
}

// putReaction stores a reaction unless a newer one of its side is there, and reports
// whether it did.
func putReaction(tx *store.Tx, row *models.MessageReaction) (bool, error) {
	written := tx.Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "organization_id"}, {Name: "channel_id"}, {Name: "wamid"}, {Name: "direction"}},
		Where: clause.Where{Exprs: []clause.Expression{clause.Expr{SQL: "message_reactions.reacted_at < excluded.reacted_at OR " +
			"message_reactions.reacted_at = excluded.reacted_at AND message_reactions.reaction_wamid < excluded.reaction_wamid"}}},
		DoUpdates: clause.AssignmentColumns([]string{"emoji", "reaction_wamid", "sender_id", "reacted_at", "updated_at"}),
	}).Create(row)
	if written.Error != nil {
		return false, fmt.Errorf("store reaction to message %s: %w", row.WAMID, written.Error)
	}
	return written.RowsAffected > 0, nil
}

// reactedTo notes that the reactions to messages changed.
func (c *changes) reactedTo(reacted []target) error {
	messages, err := c.targets(reacted)
	if err != nil {
		return err
	}
	for _, message := range messages {
		c.alter(message)
	}
	return nil
}

// reactionKey is what can hold one reaction: a side of a message.
type reactionKey struct {
	messageKey
	direction models.Direction
}

func reactionOf(tx *store.Tx, act incoming) models.MessageReaction {
	return models.MessageReaction{
		OrganizationID: act.channel.OrganizationID, ChannelID: act.channel.ID,
		WAMID: act.wire.Content.Reaction.MessageID, Direction: act.direction(), Emoji: act.wire.Content.Reaction.Emoji,
		ReactionWAMID: act.wire.ID, ReactedAt: act.wire.Timestamp, CreatedAt: tx.Now(), UpdatedAt: tx.Now(),
	}
}

// earlyRetention is how long an edit or deletion is looked for by messages that
// are new: longer than Meta goes on delivering (reference/whatsapp-cloud-api.md §2.4).
const earlyRetention = parkedRetention

// takeRevisions works edits and deletions in. One whose message is not there marks
// the conversation, so that the message will look for it.
func takeRevisions(acts []incoming, conversations []*changing, changes *changes) error {
	tx := changes.tx
	revised := make([]target, len(acts))
	for i, act := range acts {
		revision := revisionOf(tx, act)
		revised[i] = target{revision.OrganizationID, messageKey{revision.ChannelID, revision.WAMID}}
		if err := keepRevision(tx, revision); err != nil {
			return err
		}
	}
	messages, err := changes.targets(revised)
	if err != nil {
		return err
	}
	found := make(map[messageKey]bool)
	for _, message := range messages {
		if err := changes.revise(message); err != nil {
			return err
		}
		found[messageKey{message.ChannelID, *message.WAMID}] = true
	}
	for i, conversation := range conversations {
		if !found[revised[i].messageKey] {
			conversation.EarlyUntil = models.Later(conversation.EarlyUntil, new(tx.Now().Add(earlyRetention)))
			conversation.written = true
		}
	}
	return nil
}

func revisionOf(tx *store.Tx, act incoming) models.MessageRevision {
	revision := models.MessageRevision{
		OrganizationID: act.channel.OrganizationID, ChannelID: act.channel.ID, ID: act.wire.ID,
		Direction: act.direction(), RevisedAt: act.wire.Timestamp, CreatedAt: tx.Now(),
	}
	if revoke := act.wire.Content.Revoke; revoke != nil {
		revision.WAMID, revision.Deletion = revoke.OriginalID, true
		return revision
	}
	edit := act.wire.Content.Edit
	revision.WAMID, revision.Body = edit.OriginalID, edit.Text
	if content := contentOf(edit.Type, edit.Content, nil); !content.IsZero() {
		revision.Content, revision.Body = &content, content.Text()
	}
	return revision
}

func keepRevision(tx *store.Tx, revision models.MessageRevision) error {
	if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&revision).Error; err != nil {
		return fmt.Errorf("store revision of message %s: %w", revision.WAMID, err)
	}
	return nil
}

// target is the message that an act is about.
type target struct {
	organization models.ID
	messageKey
}

// targets locks the conversations of the messages that acts are about and returns
// those messages, as far as they are there: stored, or new in this transaction.
func (c *changes) targets(targets []target) ([]*models.Message, error) {
	if len(targets) == 0 {
		return nil, nil
	}
	wanted := make(map[messageKey]bool)
	var organizations []models.ID
	var keys [][]any
	for _, t := range targets {
		if !wanted[t.messageKey] {
			wanted[t.messageKey] = true
			organizations = append(organizations, t.organization)
			keys = append(keys, []any{t.organization, t.channel, t.wamid})
		}
	}
	query := c.tx.Where(store.InKeys([]string{"organization_id", "channel_id", "wamid"}, keys))
	stored, err := lockMessages(query.Session(&gorm.Session{}), organizations, c)
	if err != nil {
		return nil, err
	}
	var found []*models.Message
	for i := range c.added {
		if message := &c.added[i]; message.WAMID != nil && wanted[messageKey{message.ChannelID, *message.WAMID}] {
			found = append(found, message)
		}
	}
	for i := range stored {
		found = append(found, c.current(&stored[i]))
	}
	return found, nil
}

// revise makes a message what its revisions make of it. What it said before its
// first edit becomes a revision too.
func (c *changes) revise(message *models.Message) error {
	var revisions []models.MessageRevision
	err := c.tx.Where("organization_id = ? AND channel_id = ? AND wamid = ?", message.OrganizationID, message.ChannelID, *message.WAMID).
		Find(&revisions).Error
	if err != nil {
		return fmt.Errorf("read revisions of message %s: %w", *message.WAMID, err)
	}
	original := models.MessageRevision{
		OrganizationID: message.OrganizationID, ChannelID: message.ChannelID, WAMID: *message.WAMID, ID: *message.WAMID,
		Direction: message.Direction, Body: message.Body, Content: message.Content, RevisedAt: message.SentAt, CreatedAt: c.tx.Now(),
	}
	unedited := message.EditedAt == nil
	if !message.Revise(revisions) {
		return nil
	}
	c.alter(message)
	if unedited && message.EditedAt != nil {
		return keepRevision(c.tx, original)
	}
	return nil
}

// reviseIn revises the messages of a conversation that have revisions. It is asked
// when two conversations become one: a revision may have looked for its message in
// the other one.
func (c *changes) reviseIn(conversation *changing) error {
	var messages []models.Message
	err := c.tx.Where("organization_id = ? AND conversation_id = ?", conversation.OrganizationID, conversation.ID).
		Where("EXISTS (SELECT 1 FROM message_revisions AS r WHERE r.organization_id = messages.organization_id " +
			"AND r.channel_id = messages.channel_id AND r.wamid = messages.wamid)").Find(&messages).Error
	if err != nil {
		return fmt.Errorf("find revised messages of conversation %s: %w", conversation.ID, err)
	}
	for i := range messages {
		if err := c.revise(c.current(&messages[i])); err != nil {
			return err
		}
	}
	return nil
}
