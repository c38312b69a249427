package media

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"gorm.io/gorm"

	"recado/models"
	"recado/store"
)

// ErrAddressExpired is the answer to an address whose time is over.
var ErrAddressExpired = errors.New("the address has expired")

// UploadTarget is where an upload has to be sent, and how: one request with this
// method, exactly these headers besides Content-Length, and the bytes as its body.
type UploadTarget struct {
	Address

	Method  string
	Headers []Header
}

// Header is a header of a request.
type Header struct{ Name, Value string }

// Announce takes in what somebody promises to upload, and returns where to; nil if it
// is there already. The upload belongs to the viewer and their organization. The same
// key with the same upload gives the first result for 24 hours; nil: there is none.
//
// Failures: FORBIDDEN for who may REPLY nowhere; those of models.Upload.Check;
// LIMIT_REACHED while models.MaxUploads of the viewer's are under way, or
// models.MaxUploadsOfAll of the organization's (calls of the same moment may go past
// that by their number); IDEMPOTENCY_KEY_REUSED; ATTACHMENT_UPLOAD_EXPIRED if the key's
// upload is over without having been completed.
func (s *Service) Announce(ctx context.Context, viewer models.Viewer, upload models.Upload, key *string) (models.Attachment, *UploadTarget, error) {
	if !viewer.Administrator && len(viewer.Channels(models.LevelReply)) == 0 {
		return models.Attachment{}, nil, models.NewError(models.CodeForbidden, "")
	}
	kind, err := upload.Check()
	if err == nil && key != nil {
		err = models.CheckIdempotencyKey(*key)
	}
	if err != nil {
		return models.Attachment{}, nil, err
	}
	var attachment models.Attachment
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		if key != nil {
			first, err := store.RememberedResult(tx, viewer, uploadMutation, *key, upload)
			if err != nil {
				return err
			}
			if first != nil {
				attachment, err = announcedBefore(tx, viewer, *first)
				return err
			}
		}
		if err := roomForUpload(tx, viewer); err != nil {
			return err
		}
		attachment = models.Attachment{
			OrganizationID: viewer.OrganizationID, ID: models.NewID(), Source: models.AttachmentFromUpload, UploaderID: &viewer.UserID,
			Status: models.AttachmentPending, Kind: kind, MIMEType: upload.ContentType, FileName: upload.FileName,
			ByteSize: upload.ByteSize, SHA256: upload.SHA256, UploadExpires: new(tx.Now().Add(UploadLife)),
			CreatedAt: tx.Now(), UpdatedAt: tx.Now(),
		}
		if err := store.InsertAll(tx, []models.Attachment{attachment}); err != nil || key == nil {
			return err
		}
		return store.RememberResult(tx, viewer, uploadMutation, *key, upload, attachment.ID)
	})
	if err != nil {
		return models.Attachment{}, nil, err
	}
	return attachment, s.uploadTarget(attachment), nil
}

// uploadMutation is the public name of Announce.
const uploadMutation = "attachmentUploadCreate"

// announcedBefore is the upload of an earlier call with the same key.
func announcedBefore(tx *store.Tx, viewer models.Viewer, id models.ID) (models.Attachment, error) {
	attachment, err := lock(tx, viewer.OrganizationID, id)
	over := errors.Is(err, models.ErrNotFound) ||
		err == nil && attachment.Status == models.AttachmentPending && !tx.Now().Before(*attachment.UploadExpires)
	switch {
	case over:
		return models.Attachment{}, models.NewError(models.CodeAttachmentUploadExpired, "idempotencyKey")
	case err != nil:
		return models.Attachment{}, err
	}
	return *attachment, nil
}

// roomForUpload fails with LIMIT_REACHED while too many uploads are under way.
func roomForUpload(tx *store.Tx, viewer models.Viewer) error {
	under := tx.Model(&models.Attachment{}).Where("organization_id = ? AND status = ? AND source = ? AND upload_expires_at > ?",
		viewer.OrganizationID, models.AttachmentPending, models.AttachmentFromUpload, tx.Now()).Session(&gorm.Session{})
	for _, limit := range []struct {
		of   *gorm.DB
		most int64
	}{{under.Where("uploader_id = ?", viewer.UserID), models.MaxUploads}, {under, models.MaxUploadsOfAll}} {
		var n int64
		if err := limit.of.Count(&n).Error; err != nil {
			return fmt.Errorf("count uploads: %w", err)
		}
		if n >= limit.most {
			return models.NewError(models.CodeLimitReached, "").With("max", strconv.FormatInt(limit.most, 10))
		}
	}
	return nil
}

func (s *Service) uploadTarget(attachment models.Attachment) *UploadTarget {
	if attachment.Status != models.AttachmentPending {
		return nil
	}
	target := &UploadTarget{
		Address: Address{ExpiresAt: *attachment.UploadExpires}, Method: http.MethodPut,
		Headers: []Header{{"Content-Type", attachment.MIMEType}},
	}
	target.URL = s.base + UploadsPath + s.signer.token(claim{toUpload, attachment.OrganizationID, attachment.ID, target.ExpiresAt})
	return target
}

// Received is what a request to an upload's address says of its body.
type Received struct {
	ContentType string
	ByteSize    int64 // -1: it does not say
}

// Receive takes the bytes of an upload at an address below UploadsPath. Anything that
// is not as announced is refused and leaves nothing behind: NOT_FOUND for what is no
// token; ErrAddressExpired; CONFLICT if the address was used before;
// ATTACHMENT_TYPE_NOT_ALLOWED, ATTACHMENT_SIZE_MISMATCH, ATTACHMENT_HASH_MISMATCH.
func (s *Service) Receive(ctx context.Context, token string, said Received, body io.Reader) error {
	claim, ok := s.signer.open(token)
	if !ok || claim.purpose != toUpload {
		return models.ErrNotFound
	}
	if !s.clock().Before(claim.expires) {
		return ErrAddressExpired
	}
	attachments, err := s.Load(ctx, claim.organization, []models.ID{claim.attachment})
	if err != nil {
		return err
	}
	attachment, ok := attachments[claim.attachment]
	if !ok {
		return models.ErrNotFound
	}
	at := uploadKey(attachment.OrganizationID, attachment.ID)
	earlier, err := s.bucket.attributes(ctx, at)
	switch {
	case err != nil:
		return err
	case earlier != nil || attachment.Status != models.AttachmentPending:
		return models.NewError(models.CodeConflict, "")
	case said.ContentType != attachment.MIMEType:
		return models.ContentIs(attachment.MIMEType, said.ContentType)
	case said.ByteSize != attachment.ByteSize:
		return sizeMismatch(attachment, said.ByteSize)
	}
	err = s.bucket.put(ctx, at, attachment.MIMEType, &promised{from: body, hash: sha256.New(), attachment: attachment})
	if refusal, ok := errors.AsType[*models.Error](err); ok {
		return refusal
	}
	return err
}

// hashing is what promised needs of a hash.
type hashing interface {
	io.Writer
	Sum(b []byte) []byte
}

// promised reads a body and ends in an error if it is not what was announced, so that
// a writer that copies it keeps nothing.
type promised struct {
	from       io.Reader
	hash       hashing
	n          int64
	attachment models.Attachment
}

// Read passes bytes on as long as they are not too many.
func (p *promised) Read(to []byte) (int, error) {
	n, err := p.from.Read(to)
	p.n += int64(n)
	_, _ = p.hash.Write(to[:n]) // a hash takes everything
	switch {
	case p.n > p.attachment.ByteSize, errors.Is(err, io.EOF) && p.n < p.attachment.ByteSize:
		return 0, sizeMismatch(p.attachment, p.n)
	case errors.Is(err, io.EOF) && !bytes.Equal(p.hash.Sum(nil), p.attachment.SHA256):
		return 0, models.NewError(models.CodeAttachmentHashMismatch, "")
	}
	return n, err
}

func sizeMismatch(attachment models.Attachment, found int64) error {
	return models.NewError(models.CodeAttachmentSizeMismatch, "").
		With("expected", strconv.FormatInt(attachment.ByteSize, 10)).With("found", strconv.FormatInt(found, 10))
}

// Complete checks what was uploaded against what was announced, by its bytes, and makes
// the attachment AVAILABLE. Called again it returns the same. Anything that is wrong is
// removed, and the upload has to begin anew: ATTACHMENT_SIZE_MISMATCH,
// ATTACHMENT_HASH_MISMATCH, ATTACHMENT_TYPE_NOT_ALLOWED, ATTACHMENT_UNSAFE,
// ATTACHMENT_UPLOAD_EXPIRED. While nothing has arrived it is ATTACHMENT_NOT_UPLOADED.
// For anybody but the uploader the upload does not exist: NOT_FOUND.
func (s *Service) Complete(ctx context.Context, viewer models.Viewer, id models.ID) (models.Attachment, error) {
	attachments, err := s.Load(ctx, viewer.OrganizationID, []models.ID{id})
	if err != nil {
		return models.Attachment{}, err
	}
	attachment, ok := attachments[id]
	if !ok || attachment.UploaderID == nil || *attachment.UploaderID != viewer.UserID {
		return models.Attachment{}, models.NewError(models.CodeNotFound, "attachmentId")
	}
	if attachment.Status == models.AttachmentAvailable {
		return attachment, nil
	}
	done, err := s.complete(ctx, attachment)
	if refusal, ok := errors.AsType[*models.Error](err); ok && refusal.Code != models.CodeAttachmentNotUploaded {
		if err := s.drop(ctx, attachment); err != nil {
			return models.Attachment{}, err
		}
	}
	return done, err
}

func (s *Service) complete(ctx context.Context, attachment models.Attachment) (models.Attachment, error) {
	if !s.clock().Before(*attachment.UploadExpires) {
		return attachment, models.NewError(models.CodeAttachmentUploadExpired, "attachmentId")
	}
	at := uploadKey(attachment.OrganizationID, attachment.ID)
	uploaded, err := s.bucket.attributes(ctx, at)
	switch {
	case err != nil:
		return attachment, err
	case uploaded == nil:
		return attachment, models.NewError(models.CodeAttachmentNotUploaded, "attachmentId")
	case uploaded.Size != attachment.ByteSize:
		return attachment, sizeMismatch(attachment, uploaded.Size)
	}
	file, err := newLocal()
	if err != nil {
		return attachment, err
	}
	defer file.drop()
	if err := s.bucket.Download(ctx, at, file, nil); err != nil {
		return attachment, fmt.Errorf("read upload: %w", err)
	}
	got, err := s.inspect(ctx, file)
	if err != nil {
		return attachment, err
	}
	if err := judge(attachment, got); err != nil {
		return attachment, err
	}
	stored, err := s.keep(ctx, attachment.OrganizationID, attachment.ID, file, got)
	if err != nil {
		return attachment, err
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		row, err := lock(tx, attachment.OrganizationID, attachment.ID)
		if err != nil {
			return err
		}
		if row.Status == models.AttachmentPending {
			stored(row)
			row.UpdatedAt = tx.Now()
			if err := store.UpdateAll(tx, []models.Attachment{*row}); err != nil {
				return err
			}
		}
		attachment = *row
		return nil
	})
	if err != nil {
		return attachment, err
	}
	return attachment, s.bucket.remove(ctx, at)
}

// judge holds the facts of an upload against what was announced.
func judge(attachment models.Attachment, got facts) error {
	switch {
	case got.size != attachment.ByteSize:
		return sizeMismatch(attachment, got.size)
	case !bytes.Equal(got.sha256, attachment.SHA256):
		return models.NewError(models.CodeAttachmentHashMismatch, "")
	case got.mime != attachment.MIMEType:
		return models.ContentIs(attachment.MIMEType, got.mime)
	case got.unsafe:
		return models.NewError(models.CodeAttachmentUnsafe, "").With("maxPixels", strconv.Itoa(MaxPixels))
	case attachment.Kind == models.MediaImage && got.width == 0: // it begins like an image and is none
		return models.ContentIs(attachment.MIMEType, "application/octet-stream")
	}
	return nil
}

// drop removes an upload that is not AVAILABLE: first what it left in the blob store,
// so that the row is there to try again if this fails.
func (s *Service) drop(ctx context.Context, attachment models.Attachment) error {
	organization, id := attachment.OrganizationID, attachment.ID
	if err := s.remove(ctx, uploadKey(organization, id), fileKey(organization, id), thumbnailKey(organization, id)); err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *store.Tx) error {
		err := tx.Where("organization_id = ? AND id = ? AND status = ?", organization, id, models.AttachmentPending).
			Delete(&models.Attachment{}).Error
		if err != nil {
			return fmt.Errorf("remove upload: %w", err)
		}
		return nil
	})
}
