package inbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"gorm.io/gorm"

	"recado/models"
	"recado/store"
)

// Tagging says which tags a conversation gets and loses. What it has already, or
// has not anyway, stays so. Taggings commute, so they do not change the
// conversation's version; nor is an expected one needed.
type Tagging struct {
	ConversationID  models.ID
	Add, Remove     []models.ID // a tag in both is added
	ExpectedVersion *int64      // refuse with CONFLICT if the conversation has another; nil: whatever it is
}

// Tag changes a conversation's tags. Failures: NOT_FOUND (with the field addTagIds
// if a tag does not exist), FORBIDDEN, LIMIT_REACHED for more than
// models.MaxTagsPerConversation, and CONFLICT, which comes with the present
// conversation.
func (s *Service) Tag(ctx context.Context, viewer models.Viewer, tagging Tagging) (models.Conversation, error) {
	return s.change(ctx, viewer, tagging.ConversationID, tagging.ExpectedVersion, func(changes *changes, conversation *changing) error {
		tx := changes.tx
		has, err := tagsOf(tx, conversation.Conversation)
		if err != nil {
			return err
		}
		var added []models.ConversationTag
		for _, id := range distinct(slices.Clone(tagging.Add)) {
			if !slices.Contains(has, id) {
				added = append(added, models.ConversationTag{
					OrganizationID: conversation.OrganizationID, ConversationID: conversation.ID, TagID: id, CreatedAt: tx.Now(),
				})
			}
		}
		removed := slices.DeleteFunc(distinct(slices.Clone(tagging.Remove)), func(id models.ID) bool {
			return !slices.Contains(has, id) || slices.Contains(tagging.Add, id)
		})
		if len(added) > 0 && len(has)+len(added)-len(removed) > models.MaxTagsPerConversation {
			return models.NewError(models.CodeLimitReached, "addTagIds").With("max", strconv.Itoa(models.MaxTagsPerConversation))
		}
		conversation.report = len(added)+len(removed) > 0
		if len(removed) > 0 {
			err := tx.Where("organization_id = ? AND conversation_id = ? AND tag_id IN ?", conversation.OrganizationID, conversation.ID, removed).
				Delete(&models.ConversationTag{}).Error
			if err != nil {
				return fmt.Errorf("take tags off conversation %s: %w", conversation.ID, err)
			}
		}
		if len(added) > 0 {
			err := tx.Create(&added).Error
			if errors.Is(err, gorm.ErrForeignKeyViolated) {
				return models.NewError(models.CodeNotFound, "addTagIds")
			}
			if err != nil {
				return fmt.Errorf("tag conversation %s: %w", conversation.ID, err)
			}
		}
		return nil
	})
}

// tagsOf returns the ids of a conversation's tags.
func tagsOf(tx *store.Tx, conversation models.Conversation) (ids []models.ID, err error) {
	err = tx.Model(&models.ConversationTag{}).
		Where("organization_id = ? AND conversation_id = ?", conversation.OrganizationID, conversation.ID).
		Pluck("tag_id", &ids).Error
	if err != nil {
		return nil, fmt.Errorf("read tags of conversation %s: %w", conversation.ID, err)
	}
	return ids, nil
}

// uniteTags gives the tags of a conversation that goes up in another one to that.
// Together they may be more than a conversation can be given.
func uniteTags(tx *store.Tx, from, into models.Conversation) error {
	err := tx.Exec("INSERT INTO conversation_tags (organization_id, conversation_id, tag_id, created_at) "+
		"SELECT organization_id, ?, tag_id, created_at FROM conversation_tags WHERE organization_id = ? AND conversation_id = ? "+
		"ON CONFLICT DO NOTHING", into.ID, from.OrganizationID, from.ID).Error
	if err != nil {
		return fmt.Errorf("give tags of conversation %s to %s: %w", from.ID, into.ID, err)
	}
	err = tx.Where("organization_id = ? AND conversation_id = ?", from.OrganizationID, from.ID).Delete(&models.ConversationTag{}).Error
	if err != nil {
		return fmt.Errorf("take tags off merged conversation %s: %w", from.ID, err)
	}
	return nil
}
