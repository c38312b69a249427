package media

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"recado/models"
	"recado/store"
)

// Load reads attachments of an organization by their ids. Whether a viewer may see
// them is decided by what they belong to: see Find for when nothing is known of that.
func (s *Service) Load(ctx context.Context, organization models.ID, ids []models.ID) (map[models.ID]models.Attachment, error) {
	var rows []models.Attachment
	if err := s.db.Read(ctx).Where("organization_id = ?", organization).Where(store.OneOf("id", ids)).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read attachments: %w", err)
	}
	found := make(map[models.ID]models.Attachment, len(rows))
	for _, row := range rows {
		found[row.ID] = row
	}
	return found, nil
}

// Find reads the attachments among ids that the viewer may see by themselves: what
// came on a channel of VIEW, what they uploaded, and what somebody else uploaded and
// sent on a channel of VIEW or put into a quick reply that the viewer may use. The
// others do not exist for the viewer.
func (s *Service) Find(ctx context.Context, viewer models.Viewer, ids []models.ID) (map[models.ID]models.Attachment, error) {
	return find(s.db.Read(ctx), viewer, ids)
}

// FindIn is Find of one attachment on a given database or transaction; NOT_FOUND with
// the field if it does not exist for the viewer.
func FindIn(db *gorm.DB, viewer models.Viewer, id models.ID, field string) (models.Attachment, error) {
	found, err := find(db, viewer, []models.ID{id})
	if err != nil {
		return models.Attachment{}, err
	}
	attachment, ok := found[id]
	if !ok {
		return models.Attachment{}, models.NewError(models.CodeNotFound, field)
	}
	return attachment, nil
}

func find(db *gorm.DB, viewer models.Viewer, ids []models.ID) (map[models.ID]models.Attachment, error) {
	var rows []models.Attachment
	if err := db.Where("organization_id = ?", viewer.OrganizationID).Where(store.OneOf("id", ids)).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read attachments: %w", err)
	}
	found := make(map[models.ID]models.Attachment, len(rows))
	var others []models.ID
	for _, row := range rows {
		switch {
		case row.ChannelID != nil && viewer.Can(*row.ChannelID, models.LevelView), row.UploaderID != nil && *row.UploaderID == viewer.UserID:
			found[row.ID] = row
		case row.UploaderID != nil:
			others = append(others, row.ID)
		}
	}
	if len(others) == 0 {
		return found, nil
	}
	sent := db.Model(&models.Message{}).Where("organization_id = ?", viewer.OrganizationID).Where(store.OneOf("attachment_id", others))
	if !viewer.Administrator {
		sent = sent.Where(store.OneOf("channel_id", viewer.Channels(models.LevelView)))
	}
	var seen []models.ID
	if err := sent.Distinct().Pluck("attachment_id", &seen).Error; err != nil {
		return nil, fmt.Errorf("find messages of attachments: %w", err)
	}
	var offered []models.ID // by quick replies that the viewer may use
	err := db.Model(&models.QuickReply{}).Where("organization_id = ?", viewer.OrganizationID).Where(store.OneOf("attachment_id", others)).
		Where("owner_id IS NULL OR owner_id = ?", viewer.UserID).Distinct().Pluck("attachment_id", &offered).Error
	if err != nil {
		return nil, fmt.Errorf("find quick replies of attachments: %w", err)
	}
	seen = append(seen, offered...)
	for _, row := range rows {
		for _, id := range seen {
			if row.ID == id {
				found[id] = row
			}
		}
	}
	return found, nil
}
