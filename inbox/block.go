package inbox

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"gorm.io/gorm/clause"

	"recado/models"
	"recado/store"
)

// # What a block does
//
// A contact is blocked on channels: on those where the team that blocks them may reply,
// since what happens on the others is not theirs to decide. From then on nothing is sent
// to them there (CONTACT_BLOCKED), and Meta is asked to take nothing from them any more.
// What still comes in, because Meta has not been told yet or refused, is stored and
// shown in its place like any other message, and leaves its conversation unread; but it
// notifies nobody, opens no closed conversation and hands out none, and brings none back
// that is put off.
//
// Meta blocks only who wrote within the last 24 hours (reference/whatsapp-cloud-api.md
// §8.5). That it refuses does not undo the block here; it is asked again when they
// write.

// BlockContact blocks a contact on each channel on which they have a conversation and
// the viewer may reply. Meta is told a moment later, see ContactBlock. A block that
// Meta refused is tried again; otherwise blocking twice is like doing it once, and of
// two opposite wishes the one that came last counts, here and at Meta.
// Failures: NOT_FOUND, and FORBIDDEN for who may reply on none of the channels.
func (s *Service) BlockContact(ctx context.Context, viewer models.Viewer, contact models.ID) error {
	return s.wishBlock(ctx, viewer, contact, true)
}

// UnblockContact undoes BlockContact on each channel on which the viewer may reply,
// with the same failures.
func (s *Service) UnblockContact(ctx context.Context, viewer models.Viewer, contact models.ID) error {
	return s.wishBlock(ctx, viewer, contact, false)
}

func (s *Service) wishBlock(ctx context.Context, viewer models.Viewer, contact models.ID, blocked bool) error {
	return s.db.Write(ctx, func(tx *store.Tx) error {
		changes := s.newChanges(tx)
		changes.by = new(viewer.UserID)
		if err := changes.lock(tx.Where("organization_id = ? AND contact_id = ? AND current", viewer.OrganizationID, contact)); err != nil {
			return err
		}
		refusal := error(models.ErrNotFound)
		var wanted []*changing
		for _, id := range sorted(maps.Keys(changes.conversations)) {
			conversation := changes.conversations[id]
			switch err := viewer.Require(conversation.ChannelID, models.LevelReply); models.CodeOf(err) {
			case "":
				wanted = append(wanted, conversation)
			case models.CodeForbidden: // seen, so the contact exists for the viewer
				refusal = err
			}
		}
		if len(wanted) == 0 {
			return refusal
		}
		if err := changes.wishBlock(viewer, contact, wanted, blocked); err != nil {
			return err
		}
		if err := changes.save(); err != nil {
			return err
		}
		return s.tellOfBlocks(ctx, tx, changes)
	})
}

// wishBlock writes a user's wish for conversations with a contact.
func (c *changes) wishBlock(viewer models.Viewer, contact models.ID, conversations []*changing, blocked bool) error {
	stored, err := c.blocksOf(viewer.OrganizationID, contact)
	if err != nil {
		return err
	}
	for _, conversation := range conversations {
		block, known := stored[conversation.ChannelID]
		if !known {
			if !blocked {
				continue
			}
			block = models.ContactBlock{
				OrganizationID: viewer.OrganizationID, ContactID: contact, ChannelID: conversation.ChannelID, CreatedAt: c.tx.Now(),
			}
		}
		if !block.Want(blocked, viewer.UserID, c.tx.Now()) {
			continue
		}
		if conversation.Blocked != blocked {
			conversation.Blocked, conversation.report = blocked, true
		}
		if blocked { // nobody needs to be found for them any more
			conversation.QueuedAt = nil
		}
		if err := c.keepBlock(conversation, block); err != nil {
			return err
		}
	}
	return nil
}

// blocksOf locks the blocks of a contact and returns them by channel.
func (c *changes) blocksOf(organization, contact models.ID) (map[models.ID]models.ContactBlock, error) {
	var rows []models.ContactBlock
	err := store.Locking(c.tx.Where("organization_id = ? AND contact_id = ?", organization, contact)).Order("channel_id").Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("lock blocks of contact %s: %w", contact, err)
	}
	found := make(map[models.ID]models.ContactBlock, len(rows))
	for _, row := range rows {
		found[row.ChannelID] = row
	}
	return found, nil
}

// keepBlock stores a block, or deletes it when nothing is left to do about it, and has
// readers told and, if need be, Meta. Conversation is the current one of the contact on
// the channel.
func (c *changes) keepBlock(conversation *changing, block models.ContactBlock) error {
	block.UpdatedAt = c.tx.Now()
	var err error
	if !block.Blocked && block.Next("") == models.StepNone {
		err = c.tx.Delete(&block).Error
	} else {
		err = c.tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&block).Error
	}
	if err != nil {
		return fmt.Errorf("keep block of contact %s: %w", block.ContactID, err)
	}
	c.blocked = append(c.blocked, changedBlock{conversation, block})
	return nil
}

// changedBlock is a block as it is now, and the conversation that it is told of in.
type changedBlock struct {
	conversation *changing
	block        models.ContactBlock
}

// tellOfBlocks enqueues the calls to Meta that changes bring about.
func (s *Service) tellOfBlocks(ctx context.Context, tx *store.Tx, changes *changes) error {
	for _, changed := range changes.blocked {
		block := changed.block
		if block.Status != models.BlockPending || !block.Blocked && block.Next("") == models.StepNone {
			continue
		}
		args := BlockArgs{OrganizationID: block.OrganizationID, ContactID: block.ContactID, ChannelID: block.ChannelID}
		if err := s.queue.Enqueue(ctx, tx, args, time.Time{}); err != nil {
			return err
		}
	}
	return nil
}

// reconsiderBlocks has Meta told anew of the blocks of contacts that have written, or
// that are called otherwise now, where that can make a difference.
func (c *changes) reconsiderBlocks() error {
	for _, id := range sorted(maps.Keys(c.conversations)) {
		conversation := c.conversations[id]
		if !conversation.Blocked || !conversation.Current || !conversation.stirred {
			continue
		}
		blocks, err := c.blocksOf(conversation.OrganizationID, conversation.ContactID)
		if err != nil {
			return err
		}
		block, known := blocks[conversation.ChannelID]
		if !known || block.Status == models.BlockPending || block.Next(blockAddress(conversation.Conversation)) == models.StepNone {
			continue
		}
		block.Again()
		if err := c.keepBlock(conversation, block); err != nil {
			return err
		}
	}
	return nil
}

// uniteBlocks hands the blocks of a contact that turned out to be another one to that.
func (c *changes) uniteBlocks(organization, from, into models.ID) error {
	theirs, err := c.blocksOf(organization, from)
	if err != nil || len(theirs) == 0 {
		return err
	}
	if err := c.tx.Where("organization_id = ? AND contact_id = ?", organization, from).Delete(&models.ContactBlock{}).Error; err != nil {
		return fmt.Errorf("take blocks from merged contact %s: %w", from, err)
	}
	ours, err := c.blocksOf(organization, into)
	if err != nil {
		return err
	}
	for _, channel := range sorted(maps.Keys(theirs)) {
		block := theirs[channel]
		if own, known := ours[channel]; known {
			block = models.UniteBlocks(own, block)
		}
		block.ContactID = into
		conversation := c.byContact[contactKey{organization, channel, into}]
		if conversation == nil {
			continue // who has no conversation there cannot be blocked
		}
		if conversation.Blocked != block.Blocked {
			conversation.Blocked, conversation.report = block.Blocked, true
		}
		if err := c.keepBlock(conversation, block); err != nil {
			return err
		}
	}
	return nil
}

// BlocksOfContacts returns what the team wants of contacts on the channels that the
// viewer may see, in the order of the channels; a contact without is absent.
func (s *Service) BlocksOfContacts(ctx context.Context, viewer models.Viewer, contacts []models.ID) (map[models.ID][]models.ContactBlock, error) {
	found := make(map[models.ID][]models.ContactBlock)
	for some := range slices.Chunk(contacts, idsPerStatement) {
		var rows []models.ContactBlock
		err := s.db.Read(ctx).Where("organization_id = ?", viewer.OrganizationID).Where(store.OneOf("contact_id", some)).
			Order("contact_id, channel_id").Find(&rows).Error
		if err != nil {
			return nil, fmt.Errorf("read blocks of %d contacts: %w", len(some), err)
		}
		for _, row := range rows {
			if viewer.Can(row.ChannelID, models.LevelView) {
				found[row.ContactID] = append(found[row.ContactID], row)
			}
		}
	}
	return found, nil
}
