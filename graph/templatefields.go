package graph

import (
	"context"

	"recado/graph/gqlmodel"
	"recado/models"
)

// Warnings are what WhatsApp may take exception to.
func (r templateResolver) Warnings(ctx context.Context, template *gqlmodel.Template) ([]gqlmodel.TemplateWarning, error) {
	found := models.Template(*template).Newest().Lint(template.Language, template.Category)
	warnings := make([]gqlmodel.TemplateWarning, len(found))
	for i, warning := range found {
		warnings[i] = gqlmodel.TemplateWarning{
			Code: warning.Code, Message: r.text(ctx, "template.warning."+string(warning.Code), warning.Params), Field: gqlmodel.FieldPath(templatePart(warning.Field)),
		}
	}
	return warnings, nil
}

// rejectionReasons are those of WhatsApp's that there are texts for.
var rejectionReasons = map[string]bool{
	"ABUSIVE_CONTENT": true, "INCORRECT_CATEGORY": true, "INVALID_FORMAT": true, "PROMOTIONAL": true, "SCAM": true,
	"TAG_CONTENT_MISMATCH": true, "CATEGORY_NOT_AVAILABLE": true,
}

// Rejection is why the template was rejected.
func (r templateResolver) Rejection(ctx context.Context, template *gqlmodel.Template) (*gqlmodel.TemplateRejection, error) {
	rejection := models.Template(*template).Rejection
	if rejection == nil || template.Status != models.TemplateRejected {
		return nil, nil //nolint:nilnil // it was not
	}
	known := rejection.Reason
	if !rejectionReasons[known] {
		known = "OTHER"
	}
	shown := &gqlmodel.TemplateRejection{
		Reason: rejection.Reason, Message: r.text(ctx, "template.rejection."+known, nil), Advice: r.text(ctx, "template.advice."+known, nil),
		Appeal: r.text(ctx, "template.appeal", nil),
	}
	if rejection.Text != "" {
		shown.WhatsAppText = &rejection.Text
	}
	if rejection.Recommendation != "" {
		shown.WhatsAppRecommendation = &rejection.Recommendation
	}
	return shown, nil
}

// Refusal is why WhatsApp did not do what it was asked.
func (r templateResolver) Refusal(ctx context.Context, template *gqlmodel.Template) (*gqlmodel.TemplateRefusal, error) {
	refusal := models.Template(*template).Refusal
	if refusal == nil {
		return nil, nil //nolint:nilnil // it did
	}
	shown := &gqlmodel.TemplateRefusal{
		Code: refusal.Code, RefusedAt: refusal.At,
		Message: r.text(ctx, "failure."+r.enumValue("MessageFailureCode", refusal.Code, "UNKNOWN"), nil),
	}
	if refusal.MetaCode != 0 {
		shown.WhatsAppCode = new(int32(refusal.MetaCode))
	}
	if refusal.Text != "" {
		shown.WhatsAppText = &refusal.Text
	}
	return shown, nil
}

// WaitingSeconds is how long the review has taken so far.
func (r templateResolver) WaitingSeconds(_ context.Context, template *gqlmodel.Template) (*int32, error) {
	if template.Status != models.TemplatePending || template.SubmittedAt == nil {
		return nil, nil //nolint:nilnil // it is not under review
	}
	return new(int32(max(0, r.clock().Sub(*template.SubmittedAt).Seconds()))), nil
}

// Channels are those of the template's account.
func (r templateResolver) Channels(ctx context.Context, template *gqlmodel.Template) ([]gqlmodel.Channel, error) {
	found, err := loadersFrom(ctx).ofAccounts.load(ctx, template.WABAID)
	if err != nil || found == nil {
		return []gqlmodel.Channel{}, err
	}
	channels := make([]gqlmodel.Channel, len(*found))
	for i, channel := range *found {
		channels[i] = gqlmodel.Channel(channel)
	}
	return channels, nil
}

// CreatedBy is who wrote the template here.
func (r templateResolver) CreatedBy(ctx context.Context, template *gqlmodel.Template) (*gqlmodel.User, error) {
	return loadUser(ctx, template.CreatedByID)
}

// History is what happened to the template.
func (r templateResolver) History(ctx context.Context, template *gqlmodel.Template, first *int32, after *string, last *int32, before *string) (*gqlmodel.TemplateStepConnection, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	page, err := r.rooms.Templates.History(ctx, viewer, template.ID, pageRequest(first, after, last, before))
	if err != nil {
		return nil, err
	}
	return &gqlmodel.TemplateStepConnection{Rows: page.Rows, Cursor: page.Cursor, PageInfo: pageInfo(page)}, nil
}

// User is who did it.
func (r templateStepResolver) User(ctx context.Context, step *gqlmodel.TemplateStep) (*gqlmodel.User, error) {
	return loadUser(ctx, step.UserID)
}

// SampleAttachment is the file that reviewers see. Whoever sees the template sees it.
func (r templateHeaderResolver) SampleAttachment(ctx context.Context, header *gqlmodel.TemplateHeader) (*gqlmodel.Attachment, error) {
	return loadAttachment(ctx, header.SampleID)
}

// Attachment is the file that would go along.
func (r templatePreviewResolver) Attachment(ctx context.Context, preview *gqlmodel.TemplatePreview) (*gqlmodel.Attachment, error) {
	return loadAttachment(ctx, preview.AttachmentID)
}

// loadAttachment loads the file of what the viewer sees.
func loadAttachment(ctx context.Context, id *models.ID) (*gqlmodel.Attachment, error) {
	if id == nil {
		return nil, nil //nolint:nilnil // there is none
	}
	file, err := loadersFrom(ctx).attachments.load(ctx, *id)
	return (*gqlmodel.Attachment)(file), err
}

// Template is the one that the message was made of.
func (r templateContentResolver) Template(ctx context.Context, content *gqlmodel.TemplateContent) (*gqlmodel.Template, error) {
	template, err := loadersFrom(ctx).templates.load(ctx, content.TemplateID)
	return (*gqlmodel.Template)(template), err
}

// Cursor is the event's place in the feed.
func (r templateChangedEventResolver) Cursor(_ context.Context, event *gqlmodel.TemplateChangedEvent) (string, error) {
	return feedCursor(event.Event), nil
}
