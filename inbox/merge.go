package inbox

import (
	"fmt"

	"recado/crm"
	"recado/models"
)

// merge carries out that two contacts are one: on channels where both have a
// current conversation the messages of one move into the other; all others, the
// superseded ones too, change hands.
func (c *changes) merge(merge crm.Merge) error {
	organization := merge.OrganizationID
	err := c.lock(c.tx.Where("organization_id = ? AND contact_id IN ?", organization, []models.ID{merge.From, merge.Into}))
	if err != nil {
		return err
	}
	for _, id := range sorted(func(yield func(models.ID) bool) {
		for id, conversation := range c.conversations {
			if conversation.ContactID == merge.From && !yield(id) {
				return
			}
		}
	}) {
		from := c.conversations[id]
		var into *changing
		if from.Current {
			delete(c.byContact, keyOf(from.Conversation))
			into = c.byContact[contactKey{organization, from.ChannelID, merge.Into}]
		}
		if into == nil {
			from.ContactID = merge.Into
			from.report = true
			if from.Current {
				c.byContact[keyOf(from.Conversation)] = from
			}
			if err := c.tx.Model(&models.Conversation{}).Where("organization_id = ? AND id = ?", organization, id).
				Update("contact_id", merge.Into).Error; err != nil {
				return fmt.Errorf("hand conversation %s to merged contact: %w", id, err)
			}
			continue
		}
		if err := c.absorb(into, from); err != nil {
			return err
		}
	}
	if err := c.uniteBlocks(organization, merge.From, merge.Into); err != nil {
		return err
	}
	return crm.Bury(c.tx, merge)
}

// absorb moves the messages of a conversation into another and deletes it.
func (c *changes) absorb(into, from *changing) error {
	err := c.tx.Model(&models.Message{}).
		Where("organization_id = ? AND conversation_id = ?", from.OrganizationID, from.ID).
		Update("conversation_id", into.ID).Error
	if err != nil {
		return fmt.Errorf("move messages of conversation %s: %w", from.ID, err)
	}
	err = c.tx.Model(&models.AssignmentEntry{}).
		Where("organization_id = ? AND conversation_id = ?", from.OrganizationID, from.ID).
		Update("conversation_id", into.ID).Error
	if err != nil {
		return fmt.Errorf("move assignment log of conversation %s: %w", from.ID, err)
	}
	if err := uniteTags(c.tx, from.Conversation, into.Conversation); err != nil {
		return err
	}
	if err := moveBelongings(c.tx, from.Conversation, into.Conversation); err != nil {
		return err
	}
	if err := crm.MoveConversation(c.tx, from.OrganizationID, from.ID, into.ID); err != nil {
		return err
	}
	err = c.tx.Where("organization_id = ? AND id = ?", from.OrganizationID, from.ID).Delete(&models.Conversation{}).Error
	if err != nil {
		return fmt.Errorf("delete merged conversation %s: %w", from.ID, err)
	}
	if err := moveReads(c.tx, into.Conversation, from.Conversation); err != nil {
		return err
	}
	c.dropped = append(c.dropped, from.before)
	into.unentered = into.unentered || into.LastReferralAt != nil || from.LastReferralAt != nil
	had := into.AssigneeID
	into.adrift = !into.Absorb(from.Conversation) || into.adrift || from.adrift
	if !sameUser(had, into.AssigneeID) {
		c.decided(into, models.AssignedMerge, had, nil, nil)
	}
	into.seen.UnreadCount += from.seen.UnreadCount // nothing new was written
	if into.seen.AssigneeID == nil {
		into.seen.AssigneeID = from.seen.AssigneeID
	}
	into.report = true
	if err := c.reviseIn(into); err != nil {
		return err
	}
	delete(c.conversations, from.ID)
	for i := range c.decisions {
		if c.decisions[i].ConversationID == from.ID {
			c.decisions[i].ConversationID = into.ID
		}
	}
	for i := range c.blocked {
		if c.blocked[i].conversation == from {
			c.blocked[i].conversation = into
		}
	}
	for i := range c.merged {
		if c.merged[i].into == from {
			c.merged[i].into = into
		}
	}
	c.merged = append(c.merged, merged{removed: from.ID, into: into})
	return nil
}
