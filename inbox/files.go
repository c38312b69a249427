package inbox

import (
	"gorm.io/gorm"

	"recado/media"
	"recado/models"
	"recado/store"
)

// expectFiles gives new messages that came with a file their attachment, which is
// fetched after the commit.
func (s *Service) expectFiles(tx *store.Tx, added []models.Message) error {
	if s.media == nil {
		return nil
	}
	var files []models.Attachment
	for i := range added {
		if file, ok := media.ForMessage(added[i]); ok {
			added[i].AttachmentID = &file.ID
			files = append(files, file)
		}
	}
	return s.media.Expect(tx, files)
}

// fileChanged tells the readers of the messages that carry a file.
func (s *Service) fileChanged(tx *store.Tx, file models.Attachment) error {
	changes := newChanges(tx)
	query := tx.Where("organization_id = ? AND attachment_id = ?", file.OrganizationID, file.ID).Session(&gorm.Session{})
	messages, err := lockMessages(query, []models.ID{file.OrganizationID}, changes)
	if err != nil {
		return err
	}
	for i := range messages {
		changes.move(&messages[i])
	}
	return changes.save()
}
