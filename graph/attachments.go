package graph

import (
	"context"
	"encoding/hex"
	"time"

	"recado/graph/gqlmodel"
	"recado/media"
	"recado/models"
)

// Attachment is the message's file. Whoever sees the message sees it.
func (r messageResolver) Attachment(ctx context.Context, message *gqlmodel.Message) (*gqlmodel.Attachment, error) {
	if message.AttachmentID == nil {
		return nil, nil //nolint:nilnil // it has none
	}
	file, err := loadersFrom(ctx).attachments.load(ctx, *message.AttachmentID)
	return (*gqlmodel.Attachment)(file), err
}

// Failure is why the file could not be fetched.
func (r attachmentResolver) Failure(ctx context.Context, file *gqlmodel.Attachment) (*gqlmodel.AttachmentFailure, error) {
	failure := file.Failure
	if failure == nil || file.Status != models.AttachmentFailed && file.Status != models.AttachmentExpired {
		return nil, nil //nolint:nilnil // it could, or is still tried
	}
	code := r.enumValue("AttachmentFailureCode", failure.Code, "UNKNOWN")
	shown := &gqlmodel.AttachmentFailure{
		Code: code, Message: r.text(ctx, "attachment."+code, nil), IsRetryable: failure.Retryable,
	}
	if failure.MetaCode != 0 {
		metaCode := int32(failure.MetaCode)
		shown.MetaCode = &metaCode
	}
	if failure.MetaTitle != "" {
		shown.MetaTitle = &failure.MetaTitle
	}
	if failure.MetaDetails != "" {
		shown.MetaDetails = &failure.MetaDetails
	}
	return shown, nil
}

// URL is where the bytes are.
func (r attachmentResolver) URL(_ context.Context, file *gqlmodel.Attachment) (*string, error) {
	return urlOf(r.rooms.Media.FileAddress(models.Attachment(*file))), nil
}

// ThumbnailURL is where the thumbnail is.
func (r attachmentResolver) ThumbnailURL(_ context.Context, file *gqlmodel.Attachment) (*string, error) {
	return urlOf(r.rooms.Media.ThumbnailAddress(models.Attachment(*file))), nil
}

func urlOf(address *media.Address) *string {
	if address == nil {
		return nil
	}
	return &address.URL
}

// URLExpiresAt is when both end.
func (r attachmentResolver) URLExpiresAt(_ context.Context, file *gqlmodel.Attachment) (*time.Time, error) {
	address := r.rooms.Media.FileAddress(models.Attachment(*file))
	if address == nil {
		return nil, nil //nolint:nilnil // there are none
	}
	return &address.ExpiresAt, nil
}

// AttachmentUploadCreate announces a file.
func (r mutationResolver) AttachmentUploadCreate(ctx context.Context, input gqlmodel.AttachmentUploadCreateInput) (*gqlmodel.AttachmentUploadCreatePayload, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	sum, _ := hex.DecodeString(input.Sha256) // what is no sum has the wrong length, too
	upload := models.Upload{FileName: input.FileName, ContentType: input.ContentType, ByteSize: int64(input.ByteSize), SHA256: sum}
	file, target, err := r.rooms.Media.Announce(ctx, viewer, upload, input.IdempotencyKey.Value())
	payload := &gqlmodel.AttachmentUploadCreatePayload{}
	payload.Attachment, payload.UserErrors, err = r.attachment(ctx, file, err)
	if payload.Attachment != nil && target != nil {
		payload.Upload = &gqlmodel.AttachmentUpload{URL: target.URL, Method: target.Method, ExpiresAt: target.ExpiresAt}
		for _, header := range target.Headers {
			payload.Upload.Headers = append(payload.Upload.Headers, gqlmodel.HTTPHeader(header))
		}
	}
	return orNothing(payload, err)
}

// AttachmentUploadComplete checks an uploaded file.
func (r mutationResolver) AttachmentUploadComplete(ctx context.Context, input gqlmodel.AttachmentUploadCompleteInput) (*gqlmodel.AttachmentUploadCompletePayload, error) {
	file, err := r.changeAttachment(ctx, input.AttachmentID, r.rooms.Media.Complete)
	payload := &gqlmodel.AttachmentUploadCompletePayload{}
	payload.Attachment, payload.UserErrors, err = r.attachment(ctx, file, err)
	return orNothing(payload, err)
}

// AttachmentRefetch tries again to get a file.
func (r mutationResolver) AttachmentRefetch(ctx context.Context, input gqlmodel.AttachmentRefetchInput) (*gqlmodel.AttachmentRefetchPayload, error) {
	file, err := r.changeAttachment(ctx, input.AttachmentID, r.rooms.Media.Refetch)
	payload := &gqlmodel.AttachmentRefetchPayload{}
	payload.Attachment, payload.UserErrors, err = r.attachment(ctx, file, err)
	return orNothing(payload, err)
}

func (r mutationResolver) changeAttachment(ctx context.Context, text string,
	change func(context.Context, models.Viewer, models.ID) (models.Attachment, error),
) (models.Attachment, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return models.Attachment{}, err
	}
	var ids idParser
	id := ids.parse(models.PrefixAttachment, text, "attachmentId")
	if ids.err != nil {
		return models.Attachment{}, ids.err
	}
	return change(ctx, viewer, id)
}

// attachment is what payloads show of a file, or what is wrong with it.
func (r mutationResolver) attachment(ctx context.Context, file models.Attachment, err error) (*gqlmodel.Attachment, []gqlmodel.AttachmentUserError, error) {
	problems, err := userErrors(ctx, r.Edge, err, "AttachmentErrorCode", nil,
		func(p problem) gqlmodel.AttachmentUserError { return gqlmodel.AttachmentUserError(p) })
	if err != nil || len(problems) > 0 {
		return nil, problems, err
	}
	return (*gqlmodel.Attachment)(&file), problems, nil
}
