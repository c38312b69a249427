package inbox

import (
	"context"
	"fmt"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"recado/models"
	"recado/store"
)

// MarkSeen notes that the viewer has read a conversation, up to and including the
// message through; nil means all of it. It is the viewer's own place: neither the
// team nor the customer notices, so VIEW is enough. A place never goes back.
// Failures: NOT_FOUND, with the field throughMessageId if the message is not in the
// conversation.
func (s *Service) MarkSeen(ctx context.Context, viewer models.Viewer, id models.ID, through *models.ID) (models.Conversation, error) {
	var conversation models.Conversation
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		found, err := s.newChanges(tx).one(viewer.OrganizationID, id)
		if err != nil {
			return err
		}
		if err := viewer.Require(found.ChannelID, models.LevelView); err != nil {
			return err
		}
		conversation = found.Conversation
		_, newer, err := readThrough(tx, conversation, through)
		if err != nil {
			return err
		}
		return markSeen(tx, viewer.UserID, conversation, newer)
	})
	return conversation, err
}

// markSeen notes that a user has read all but the newest messages of a customer.
func markSeen(tx *store.Tx, user models.ID, conversation models.Conversation, newer int) error {
	err := tx.Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "organization_id"}, {Name: "user_id"}, {Name: "conversation_id"}},
		Where:     clause.Where{Exprs: []clause.Expression{gorm.Expr("excluded.read_count > conversation_reads.read_count")}},
		DoUpdates: clause.AssignmentColumns([]string{"read_count", "read_at"}),
	}).Create(&models.ConversationRead{
		OrganizationID: conversation.OrganizationID, UserID: user, ConversationID: conversation.ID,
		ReadCount: conversation.InboundCount - newer, ReadAt: tx.Now(),
	}).Error
	if err != nil {
		return fmt.Errorf("note that conversation %s was read: %w", conversation.ID, err)
	}
	return nil
}

// moveReads adds the places of the readers of a conversation to those in the one
// that its messages move into.
func moveReads(tx *store.Tx, into, from models.Conversation) error {
	var reads []models.ConversationRead
	if err := tx.Find(&reads, "organization_id = ? AND conversation_id IN ?", from.OrganizationID, []models.ID{from.ID, into.ID}).Error; err != nil {
		return fmt.Errorf("read readers of conversation %s: %w", from.ID, err)
	}
	sums := make(map[models.ID]models.ConversationRead, len(reads))
	for _, read := range reads {
		if sum, known := sums[read.UserID]; known {
			read.ReadCount += sum.ReadCount
		}
		read.ConversationID = into.ID
		sums[read.UserID] = read
	}
	err := tx.Delete(&models.ConversationRead{}, "organization_id = ? AND conversation_id IN ?", from.OrganizationID, []models.ID{from.ID, into.ID}).Error
	if err != nil {
		return fmt.Errorf("forget readers of conversation %s: %w", from.ID, err)
	}
	rows := make([]models.ConversationRead, 0, len(sums))
	for _, user := range sorted(func(yield func(models.ID) bool) {
		for id := range sums {
			if !yield(id) {
				return
			}
		}
	}) {
		rows = append(rows, sums[user])
	}
	return store.InsertAll(tx, rows)
}

// ReadCounts returns how many messages of the customer the viewer has read in each
// of the conversations. One that the viewer never opened is absent.
func (s *Service) ReadCounts(ctx context.Context, viewer models.Viewer, conversations []models.ID) (map[models.ID]int, error) {
	counts := make(map[models.ID]int, len(conversations))
	for some := range slices.Chunk(conversations, idsPerStatement) {
		var reads []models.ConversationRead
		err := s.db.Read(ctx).Where("organization_id = ? AND user_id = ?", viewer.OrganizationID, viewer.UserID).
			Where(store.OneOf("conversation_id", some)).Find(&reads).Error
		if err != nil {
			return nil, fmt.Errorf("read how far %d conversations were read: %w", len(some), err)
		}
		for _, read := range reads {
			counts[read.ConversationID] = read.ReadCount
		}
	}
	return counts, nil
}
