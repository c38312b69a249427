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

// TagDraft is what a tag is made of.
type TagDraft struct {
	Name  string // see models.CleanTagName
	Color models.TagColor
}

// CreateTag makes a tag. Whoever may reply on some channel may do so (FORBIDDEN
// otherwise). Failures: REQUIRED and INVALID with the field, ALREADY_EXISTS (name),
// LIMIT_REACHED.
func (s *Service) CreateTag(ctx context.Context, viewer models.Viewer, draft TagDraft) (models.Tag, error) {
	if !repliesSomewhere(viewer) {
		return models.Tag{}, models.NewError(models.CodeForbidden, "")
	}
	name, err := draft.clean()
	if err != nil {
		return models.Tag{}, err
	}
	var tag models.Tag
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		var count int64
		if err := tx.Model(&models.Tag{}).Where("organization_id = ?", viewer.OrganizationID).Count(&count).Error; err != nil {
			return fmt.Errorf("count tags: %w", err)
		}
		if count >= models.MaxTags {
			return models.NewError(models.CodeLimitReached, "").With("max", strconv.Itoa(models.MaxTags))
		}
		tag = models.Tag{
			OrganizationID: viewer.OrganizationID, ID: models.NewID(), Name: name, NameKey: models.NameKey(name), Color: draft.Color,
			Version: 1, CreatedByID: viewer.UserID, CreatedAt: tx.Now(), UpdatedAt: tx.Now(),
		}
		return takenName(tx.Create(&tag).Error)
	})
	return tag, err
}

// UpdateTag changes a tag on all conversations that have it. For administrators
// (FORBIDDEN otherwise). Failures: NOT_FOUND, those of CreateTag, and CONFLICT, which
// comes with the present tag.
func (s *Service) UpdateTag(ctx context.Context, viewer models.Viewer, id models.ID, draft TagDraft, expectedVersion *int64) (models.Tag, error) {
	if !viewer.Administrator {
		return models.Tag{}, models.NewError(models.CodeForbidden, "")
	}
	name, err := draft.clean()
	if err != nil {
		return models.Tag{}, err
	}
	var tag models.Tag
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		tag = models.Tag{}
		if err := lockRow(tx, &tag, viewer.OrganizationID, id); err != nil {
			return err
		}
		if expectedVersion != nil && *expectedVersion != tag.Version {
			return models.NewError(models.CodeConflict, "expectedVersion")
		}
		if tag.Name == name && tag.Color == draft.Color {
			return nil
		}
		tag.Name, tag.NameKey, tag.Color = name, models.NameKey(name), draft.Color
		tag.Version++
		tag.UpdatedAt = tx.Now()
		return takenName(tx.Save(&tag).Error)
	})
	return tag, err
}

// DeleteTag takes a tag off all conversations and deletes it. For administrators
// (FORBIDDEN otherwise). NOT_FOUND if there is none.
func (s *Service) DeleteTag(ctx context.Context, viewer models.Viewer, id models.ID) error {
	if !viewer.Administrator {
		return models.NewError(models.CodeForbidden, "")
	}
	var err error
	for range deleteAttempts {
		err = s.db.Write(ctx, func(tx *store.Tx) error {
			var tag models.Tag
			if err := lockRow(tx, &tag, viewer.OrganizationID, id); err != nil {
				return err
			}
			err := tx.Where("organization_id = ? AND tag_id = ?", viewer.OrganizationID, id).Delete(&models.ConversationTag{}).Error
			if err != nil {
				return fmt.Errorf("take tag %s off conversations: %w", id, err)
			}
			return tx.Delete(&tag).Error
		})
		if !errors.Is(err, gorm.ErrForeignKeyViolated) { // else a conversation got it meanwhile
			break
		}
	}
	return err
}

// deleteAttempts is how often the deletion of a tag is tried against others who
// give it to conversations.
const deleteAttempts = 5

// Tags returns all tags of the viewer's organization, by name. There are at most
// models.MaxTags, give or take those made at the same moment.
func (s *Service) Tags(ctx context.Context, viewer models.Viewer) ([]models.Tag, error) {
	var tags []models.Tag
	err := s.db.Read(ctx).Where("organization_id = ?", viewer.OrganizationID).Order("name_key").Find(&tags).Error
	if err != nil {
		return nil, fmt.Errorf("list tags: %w", err)
	}
	return tags, nil
}

// TagsByID returns those of the tags that are the viewer's organization's.
func (s *Service) TagsByID(ctx context.Context, viewer models.Viewer, ids []models.ID) (map[models.ID]models.Tag, error) {
	return store.ByID(s.db.Read(ctx), viewer.OrganizationID, ids, func(tag *models.Tag) models.ID { return tag.ID })
}

// TagsOfConversations returns the tags of each of the conversations, by name. It
// answers for whoever may see the conversations.
func (s *Service) TagsOfConversations(ctx context.Context, viewer models.Viewer, ids []models.ID) (map[models.ID][]models.Tag, error) {
	found := make(map[models.ID][]models.Tag, len(ids))
	for some := range slices.Chunk(ids, idsPerStatement) {
		var rows []struct {
			models.Tag
			ConversationID models.ID
		}
		err := s.db.Read(ctx).Table("conversation_tags AS c").
			Joins("JOIN tags AS t ON t.organization_id = c.organization_id AND t.id = c.tag_id").
			Where("c.organization_id = ?", viewer.OrganizationID).Where(store.OneOf("c.conversation_id", some)).
			Select("t.*, c.conversation_id").Order("t.name_key").Find(&rows).Error
		if err != nil {
			return nil, fmt.Errorf("read tags of %d conversations: %w", len(some), err)
		}
		for _, row := range rows {
			found[row.ConversationID] = append(found[row.ConversationID], row.Tag)
		}
	}
	return found, nil
}

func (d TagDraft) clean() (name string, err error) {
	if !d.Color.Valid() {
		return "", models.NewError(models.CodeInvalid, "color")
	}
	return models.CleanTagName(d.Name)
}

func takenName(err error) error {
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return models.NewError(models.CodeAlreadyExists, "name")
	}
	return err
}

// repliesSomewhere reports whether the viewer may reply on any channel.
func repliesSomewhere(viewer models.Viewer) bool {
	return viewer.Administrator || len(viewer.Channels(models.LevelReply)) > 0
}

// lockRow locks a row of an organization; NOT_FOUND if there is none.
func lockRow[T any](tx *store.Tx, row *T, organization, id models.ID) error {
	err := store.Locking(tx.DB).Take(row, "organization_id = ? AND id = ?", organization, id).Error
	switch {
	case errors.Is(err, gorm.ErrRecordNotFound):
		return models.ErrNotFound
	case err != nil:
		return fmt.Errorf("lock %T %s: %w", row, id, err)
	}
	return nil
}
