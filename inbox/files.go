package inbox

import (
	"gorm.io/gorm"

	"recado/media"
	"recado/models"
	"recado/store"
)

// expectFiles gives messages that came with a file their attachment, which is fetched
// after the commit: those that are new, and those whose content has only come now.
func (s *Service) expectFiles(tx *store.Tx, changes *changes) error {
	if s.media == nil {
		return nil
	}
	var files []models.Attachment
	expect := func(message *models.Message) {
		if message.AttachmentID != nil {
			return
		}
		if file, ok := media.ForMessage(*message); ok {
			message.AttachmentID = &file.ID
			files = append(files, file)
		}
	}
	for i := range changes.added {
		expect(&changes.added[i])
	}
	for _, message := range changes.altered {
		expect(message)
	}
	return s.media.Expect(tx, files)
}

// fileChanged tells the readers of the messages that carry a file.
func (s *Service) fileChanged(tx *store.Tx, file models.Attachment) error {
	changes := s.newChanges(tx)
	query := tx.Where("organization_id = ? AND attachment_id = ?", file.OrganizationID, file.ID).Session(&gorm.Session{})
	messages, err := lockMessages(query, []models.ID{file.OrganizationID}, changes)
	if err != nil {
		return err
	}
	for i := range messages {
		changes.alter(&messages[i])
	}
	return changes.save()
}
