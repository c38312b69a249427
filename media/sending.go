package media

import (
	"context"
	"fmt"
	"io"
	"time"

	"gorm.io/gorm/clause"

	"recado/models"
	"recado/store"
	"recado/whatsapp"
)

// handleReserve is how long a handle has to last to be given out: the message that
// carries it may wait.
const handleReserve = time.Hour

// Handle is Meta's id of an attachment.
type Handle struct {
	MediaID string
	Fresh   bool // the file was handed to Meta for this call
}

// HandleFor returns Meta's id of an attachment for messages of a channel. The file is
// handed to Meta if it was not, or not lately. Two calls at the same time may hand it over
// twice, which does no harm. Failures: ATTACHMENT_UNAVAILABLE if the bytes are not
// there; those of whatsapp.Client.UploadMedia.
func (s *Service) HandleFor(ctx context.Context, credentials whatsapp.Credentials, organization, channel, id models.ID) (Handle, error) {
	var known []models.MediaHandle
	err := s.db.Read(ctx).Where("organization_id = ? AND attachment_id = ? AND channel_id = ?", organization, id, channel).
		Where("expires_at > ?", s.clock().Add(handleReserve)).Limit(1).Find(&known).Error
	if err != nil {
		return Handle{}, fmt.Errorf("read handle of attachment %s: %w", id, err)
	}
	if len(known) > 0 {
		return Handle{MediaID: known[0].MediaID}, nil
	}
	upload, fault, err := s.Upload(ctx, organization, id)
	if err != nil {
		return Handle{}, err
	}
	mediaID, err := s.client.UploadMedia(ctx, credentials, upload)
	if *fault != nil {
		return Handle{}, *fault
	}
	if err != nil {
		return Handle{}, err
	}
	return Handle{MediaID: mediaID, Fresh: true}, s.db.Write(ctx, func(tx *store.Tx) error {
		err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&models.MediaHandle{
			OrganizationID: organization, AttachmentID: id, ChannelID: channel, MediaID: mediaID,
			ExpiresAt: tx.Now().Add(whatsapp.UploadedMediaLife), CreatedAt: tx.Now(),
		}).Error
		if err != nil {
			return fmt.Errorf("remember handle of attachment %s: %w", id, err)
		}
		return nil
	})
}

// Upload is an attachment as whatsapp.Client hands it to Meta. After that, fault is what
// kept the bytes from being read, which the client would take for a mistake in the
// request. ATTACHMENT_UNAVAILABLE if the bytes are not there.
func (s *Service) Upload(ctx context.Context, organization, id models.ID) (upload whatsapp.MediaUpload, fault *error, err error) {
	attachments, err := s.Load(ctx, organization, []models.ID{id})
	if err != nil {
		return whatsapp.MediaUpload{}, nil, err
	}
	attachment, ok := attachments[id]
	if !ok || attachment.Status != models.AttachmentAvailable {
		return whatsapp.MediaUpload{}, nil, models.NewError(models.CodeAttachmentUnavailable, "").With("status", string(attachment.Status))
	}
	fault = new(error)
	return whatsapp.MediaUpload{
		MIMEType: attachment.MIMEType, FileName: attachment.FileName, ByteSize: attachment.ByteSize,
		Open: func() (io.ReadCloser, error) {
			reader, err := s.bucket.NewReader(ctx, attachment.BlobKey, nil)
			if err != nil {
				*fault = fmt.Errorf("open blob %s: %w", attachment.BlobKey, err)
				return nil, *fault
			}
			return reader, nil
		},
	}, fault, nil
}

// ForgetHandle drops an id that Meta says it does not know. One that was replaced
// meanwhile stays.
func (s *Service) ForgetHandle(ctx context.Context, organization, channel, id models.ID, mediaID string) error {
	return s.db.Write(ctx, func(tx *store.Tx) error {
		err := tx.Where("organization_id = ? AND attachment_id = ? AND channel_id = ? AND media_id = ?", organization, id, channel, mediaID).
			Delete(&models.MediaHandle{}).Error
		if err != nil {
			return fmt.Errorf("forget handle of attachment %s: %w", id, err)
		}
		return nil
	})
}
