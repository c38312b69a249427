package templates

import (
	"context"

	"recado/models"
	"recado/whatsapp"
)

// sampleHandle hands the sample of a template's header to Meta and returns what Meta
// calls it; empty if the header has none.
func (s *Service) sampleHandle(ctx context.Context, credentials whatsapp.Credentials, template models.Template) (string, error) {
	header := template.Newest().Header
	if header == nil || header.SampleID == nil {
		return "", nil
	}
	upload, fault, err := s.media.Upload(ctx, template.OrganizationID, *header.SampleID)
	if models.CodeOf(err) == models.CodeAttachmentUnavailable {
		return "", &whatsapp.Error{Code: whatsapp.CodeMediaUnavailable, Class: whatsapp.ClassNever, NextAction: whatsapp.NextActionNone}
	}
	if err != nil {
		return "", err
	}
	handle, err := s.client.UploadSample(ctx, credentials, upload)
	if *fault != nil {
		return "", *fault
	}
	return handle, err
}
