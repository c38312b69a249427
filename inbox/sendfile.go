package inbox

import (
	"context"
	"errors"

	"recado/media"
	"recado/models"
	"recado/whatsapp"
)

// A message with an attachment goes out in two steps. First Meta is given the file,
// unless it has it for this number already; that may take minutes, so no transaction
// is open and the message stays QUEUED: it can be canceled, and doing it twice does no
// harm. Then the message is sent like any other, with Meta's id of the file.

// wantedFile is the attachment of a message that is about to be sent.
type wantedFile struct {
	organization, channel, id models.ID
	handle                    media.Handle // zero until Meta has it
}

// errNoFiles is a fault in how the program was put together.
var errNoFiles = errors.New("the inbox was opened without a room for files")

// beginWithFile gives Meta the file that an attempt wants and begins anew with it.
func (s *Service) beginWithFile(ctx context.Context, args SendArgs, wanting sendAttempt) (sendAttempt, error) {
	if s.media == nil {
		return wanting, errNoFiles
	}
	file := *wanting.file
	var failure error
	file.handle, failure = s.media.HandleFor(ctx, wanting.credentials, file.organization, file.channel, file.id)
	if failure != nil {
		refusal, ok := refusedFile(failure)
		if !ok {
			return wanting, failure
		}
		wait, err := s.endAttempt(context.WithoutCancel(ctx), args, wanting, whatsapp.SendResult{}, refusal)
		return sendAttempt{over: wait == 0, wait: wait}, err
	}
	attempt, err := s.beginAttempt(ctx, args, file.handle.MediaID)
	attempt.file = &file
	return attempt, err
}

// refusedFile is what a failure of HandleFor means for the message; false for a fault
// of ours.
func refusedFile(failure error) (*whatsapp.Error, bool) {
	if models.CodeOf(failure) == models.CodeAttachmentUnavailable {
		return &whatsapp.Error{Code: whatsapp.CodeMediaUnavailable, Class: whatsapp.ClassNever, NextAction: whatsapp.NextActionNone}, true
	}
	found, ok := errors.AsType[*whatsapp.Error](failure)
	if !ok {
		return nil, false
	}
	refusal := *found
	if refusal.Uncertain { // an upload may be repeated
		refusal.Uncertain, refusal.Retryable = false, true
	}
	if refusal.Code == whatsapp.CodeInvalidRequest { // reference/whatsapp-cloud-api.md §6.1
		refusal.Code = whatsapp.CodeMediaRejected
	}
	return &refusal, true
}

// reconsiderFile makes a refusal that may be due to an old id of the file one that
// passes: Meta gets the file anew. A refusal of an id that it gave just now stands.
func (s *Service) reconsiderFile(ctx context.Context, attempt sendAttempt, failure error) error {
	refusal, ok := errors.AsType[*whatsapp.Error](failure)
	if !ok || attempt.file == nil || attempt.file.handle.Fresh {
		return failure
	}
	switch refusal.Code {
	case whatsapp.CodeInvalidRequest, whatsapp.CodeObjectNotFound, whatsapp.CodeMediaUnavailable, whatsapp.CodeMediaRejected:
	default:
		return failure
	}
	file := attempt.file
	if err := s.media.ForgetHandle(ctx, file.organization, file.channel, file.id, file.handle.MediaID); err != nil {
		s.log.WarnContext(ctx, "Meta's id of a file could not be forgotten", "attachment", file.id, "error", err)
		return failure
	}
	again := *refusal
	again.Retryable = true
	return &again
}
