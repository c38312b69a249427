package media

import (
	"context"
	"fmt"
	"io"
	"time"

	"gocloud.dev/gcerrors"

	"recado/models"
)

// File is an open file that is being given out. Whoever got it closes it.
type File struct {
	io.ReadSeekCloser

	Description

	ETag       string // quoted
	ModifiedAt time.Time
	ExpiresAt  time.Time // of the address
}

// Open opens what the token of an address below FilesPath names. Failures: NOT_FOUND
// for anything that is no such token, or no such file any more; ErrAddressExpired.
func (s *Service) Open(ctx context.Context, token string) (*File, error) {
	claim, ok := s.signer.open(token)
	if !ok || claim.purpose != toRead && claim.purpose != toThumbnail {
		return nil, models.ErrNotFound
	}
	if !s.clock().Before(claim.expires) {
		return nil, ErrAddressExpired
	}
	attachments, err := s.Load(ctx, claim.organization, []models.ID{claim.attachment})
	if err != nil {
		return nil, err
	}
	attachment, ok := attachments[claim.attachment]
	at := attachment.BlobKey
	if claim.purpose == toThumbnail {
		at = attachment.ThumbnailKey
	}
	if !ok || attachment.Status != models.AttachmentAvailable || at == "" {
		return nil, models.ErrNotFound
	}
	reader, err := s.bucket.NewReader(ctx, at, nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
		s.log.ErrorContext(ctx, "the bytes of an attachment are not in the blob store", "attachment", attachment.ID)
		return nil, models.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("open blob %s: %w", at, err)
	}
	return &File{
		ReadSeekCloser: reader, Description: describe(claim.purpose, attachment),
		ETag: fmt.Sprintf(`"%x-%c"`, attachment.SHA256, claim.purpose), ModifiedAt: attachment.UpdatedAt, ExpiresAt: claim.expires,
	}, nil
}
