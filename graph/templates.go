package graph

import (
	"context"
	"errors"
	"strings"

	"recado/graph/gqlmodel"
	"recado/models"
	"recado/templates"
)

// Templates are those of the viewer's accounts.
func (r queryResolver) Templates(ctx context.Context, filter *gqlmodel.TemplateFilterInput, first *int32, after *string, last *int32, before *string) (*gqlmodel.TemplateConnection, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	var wanted templates.Filter
	if filter != nil {
		var ids idParser
		wanted = templates.Filter{
			ChannelID: ids.optional(models.PrefixChannel, filter.ChannelID.Value(), "filter.channelId"),
			Statuses:  filter.Statuses.Value(), Categories: filter.Categories.Value(), Qualities: filter.Qualities.Value(),
			Languages: filter.Languages.Value(), Sendable: filter.IsSendable.Value(),
		}
		if name := filter.Name.Value(); name != nil {
			wanted.Name = *name
		}
		if ids.err != nil {
			return nil, ids.err
		}
	}
	page, err := r.rooms.Templates.List(ctx, viewer, wanted, pageRequest(first, after, last, before))
	if err != nil {
		return nil, err
	}
	return &gqlmodel.TemplateConnection{Rows: page.Rows, Cursor: page.Cursor, PageInfo: pageInfo(page)}, nil
}

// TemplatePreview shows what a template would say.
func (r queryResolver) TemplatePreview(ctx context.Context, templateID string, contactID, dealID *string, values *gqlmodel.TemplateValuesInput) (*gqlmodel.TemplatePreview, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	var template, others idParser
	id := template.parse(models.PrefixTemplate, templateID, "templateId")
	if template.err != nil {
		return nil, nil //nolint:nilnil,nilerr // names nothing
	}
	about := templates.Subject{
		ContactID: others.optional(models.PrefixContact, contactID, "contactId"), DealID: others.optional(models.PrefixDeal, dealID, "dealId"),
	}
	given := valuesOf(values, "values", &others)
	if others.err != nil {
		return nil, others.err
	}
	filled, err := r.rooms.Templates.Preview(ctx, viewer, id, about, given)
	if failure, ok := errors.AsType[*models.Error](err); ok && failure.Code == models.CodeNotFound && failure.Field == "" {
		return nil, nil //nolint:nilnil // as the schema says
	}
	if err != nil {
		return nil, err
	}
	shown := &gqlmodel.TemplatePreview{
		Template: gqlmodel.Template(filled.Template), Content: gqlmodel.NewTemplateContent(filled.Sent), Text: filled.Sent.Text(),
		MissingValues: filled.Missing, AttachmentID: filled.AttachmentID, Blockers: []gqlmodel.TemplateBlocker{},
	}
	if shown.MissingValues == nil {
		shown.MissingValues = []string{}
	}
	for _, obstacle := range filled.Obstacles() {
		shown.Blockers = append(shown.Blockers, gqlmodel.TemplateBlocker{Code: obstacle.Code, Message: r.failureText(ctx, obstacle)})
	}
	return shown, nil
}

// valuesOf reads what a template is filled in with, from the value at a path.
func valuesOf(input *gqlmodel.TemplateValuesInput, at string, ids *idParser) models.TemplateValues {
	var values models.TemplateValues
	if input == nil {
		return values
	}
	values.Fields = fieldsOf(input.Fields.Value())
	values.HeaderAttachmentID = ids.optional(models.PrefixAttachment, input.HeaderAttachmentID.Value(), at+".headerAttachmentId")
	if place := input.HeaderLocation.Value(); place != nil {
		values.HeaderLocation = &models.Location{Latitude: place.Latitude, Longitude: place.Longitude, Name: place.Name, Address: place.Address}
	}
	for _, payload := range input.Payloads.Value() {
		if values.Payloads == nil {
			values.Payloads = make(map[int]string)
		}
		values.Payloads[int(payload.Button)] = payload.Payload
	}
	return values
}

func fieldsOf(input []gqlmodel.TemplateFieldInput) map[string]string {
	if len(input) == 0 {
		return nil
	}
	fields := make(map[string]string, len(input))
	for _, field := range input {
		fields[field.Name] = field.Value
	}
	return fields
}

// contentOf reads what a template says.
func contentOf(input gqlmodel.TemplatePartsInput, ids *idParser) models.TemplateContent {
	content := models.TemplateContent{Body: input.Body, Footer: input.Footer, Samples: fieldsOf(input.Samples.Value())}
	if header := input.Header.Value(); header != nil {
		content.Header = &models.TemplateHeader{
			Kind: header.Kind, Text: header.Text,
			SampleID: ids.optional(models.PrefixAttachment, header.SampleAttachmentID.Value(), "header.sampleId"),
		}
	}
	for _, button := range input.Buttons.Value() {
		content.Buttons = append(content.Buttons, models.TemplateButton{
			Kind: button.Kind, Text: button.Text, URL: button.URL, Phone: button.PhoneNumber, Code: button.Code,
		})
	}
	if chosen := input.OneTimeCode.Value(); chosen != nil {
		content.OneTimeCode = &models.OneTimeCode{SecurityRecommendation: chosen.HasSecurityRecommendation}
		if minutes := chosen.ExpirationMinutes.Value(); minutes != nil {
			content.OneTimeCode.ExpirationMinutes = int(*minutes)
		}
	}
	return content
}

// TemplateCreate writes a template.
func (r mutationResolver) TemplateCreate(ctx context.Context, input gqlmodel.TemplateCreateInput) (*gqlmodel.TemplateCreatePayload, error) {
	payload := &gqlmodel.TemplateCreatePayload{}
	var err error
	payload.Template, payload.UserErrors, err = r.changeTemplate(ctx, func(viewer models.Viewer, ids *idParser) (models.Template, error) {
		wish := templates.NewTemplate{
			ChannelID: ids.parse(models.PrefixChannel, input.ChannelID, "channelId"), Name: input.Name, Language: input.Language,
			Category: input.Category, Format: input.ParameterFormat, Content: contentOf(input.Content, ids),
		}
		if key := input.IdempotencyKey.Value(); key != nil {
			wish.IdempotencyKey = *key
		}
		if ids.err != nil {
			return models.Template{}, ids.err
		}
		return r.rooms.Templates.Create(ctx, viewer, wish)
	})
	return orNothing(payload, err)
}

// TemplateUpdate changes what a template says.
func (r mutationResolver) TemplateUpdate(ctx context.Context, input gqlmodel.TemplateUpdateInput) (*gqlmodel.TemplateUpdatePayload, error) {
	payload := &gqlmodel.TemplateUpdatePayload{}
	var err error
	payload.Template, payload.UserErrors, err = r.changeTemplate(ctx, func(viewer models.Viewer, ids *idParser) (models.Template, error) {
		id := ids.parse(models.PrefixTemplate, input.TemplateID, "templateId")
		change := templates.TemplateChange{Content: contentOf(input.Content, ids), Category: input.Category.Value()}
		if ids.err != nil {
			return models.Template{}, ids.err
		}
		return r.rooms.Templates.Update(ctx, viewer, id, change, version(input.ExpectedVersion))
	})
	return orNothing(payload, err)
}

// TemplateSubmit asks WhatsApp for a review.
func (r mutationResolver) TemplateSubmit(ctx context.Context, input gqlmodel.TemplateSubmitInput) (*gqlmodel.TemplateSubmitPayload, error) {
	payload := &gqlmodel.TemplateSubmitPayload{}
	var err error
	payload.Template, payload.UserErrors, err = r.changeTemplate(ctx, func(viewer models.Viewer, ids *idParser) (models.Template, error) {
		id := ids.parse(models.PrefixTemplate, input.TemplateID, "templateId")
		if ids.err != nil {
			return models.Template{}, ids.err
		}
		return r.rooms.Templates.Submit(ctx, viewer, id, version(input.ExpectedVersion))
	})
	return orNothing(payload, err)
}

// TemplateDelete deletes a template.
func (r mutationResolver) TemplateDelete(ctx context.Context, input gqlmodel.TemplateDeleteInput) (*gqlmodel.TemplateDeletePayload, error) {
	payload := &gqlmodel.TemplateDeletePayload{}
	var err error
	payload.Template, payload.UserErrors, err = r.changeTemplate(ctx, func(viewer models.Viewer, ids *idParser) (models.Template, error) {
		id := ids.parse(models.PrefixTemplate, input.TemplateID, "templateId")
		if ids.err != nil {
			return models.Template{}, ids.err
		}
		return r.rooms.Templates.Delete(ctx, viewer, id)
	})
	return orNothing(payload, err)
}

// TemplateSync has an account's templates read.
func (r mutationResolver) TemplateSync(ctx context.Context, input gqlmodel.TemplateSyncInput) (*gqlmodel.TemplateSyncPayload, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	var ids idParser
	id := ids.parse(models.PrefixChannel, input.ChannelID, "channelId")
	channel, err := models.Channel{}, ids.err
	if err == nil {
		channel, err = r.rooms.Templates.Sync(ctx, viewer, id)
	}
	payload := &gqlmodel.TemplateSyncPayload{}
	if payload.UserErrors, err = r.templateErrors(ctx, err); err == nil && len(payload.UserErrors) == 0 {
		payload.Channel = (*gqlmodel.Channel)(&channel)
	}
	return orNothing(payload, err)
}

// changeTemplate runs what makes or changes a template and sorts its outcome. With
// CONFLICT the template is there as well, as it is now.
func (r mutationResolver) changeTemplate(ctx context.Context, change func(models.Viewer, *idParser) (models.Template, error),
) (*gqlmodel.Template, []gqlmodel.TemplateUserError, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, nil, err
	}
	template, err := change(viewer, &idParser{})
	code := models.CodeOf(err)
	problems, err := r.templateErrors(ctx, err)
	if err != nil || len(problems) > 0 && code != models.CodeConflict {
		return nil, problems, err
	}
	return (*gqlmodel.Template)(&template), problems, nil
}

func (e *Edge) templateErrors(ctx context.Context, err error) ([]gqlmodel.TemplateUserError, error) {
	if failure, ok := errors.AsType[*models.Error](err); ok && failure.Field != "" {
		err = failure.At(templatePath(failure.Field))
	}
	return userErrors(ctx, e, err, "TemplateErrorCode", nil,
		func(p problem) gqlmodel.TemplateUserError { return gqlmodel.TemplateUserError(p) })
}

// templatePath is where the room's field is in an input.
func templatePath(field string) string {
	first, _, _ := strings.Cut(field, ".")
	switch first {
	case "format":
		return "parameterFormat"
	case "header", "body", "footer", "buttons", "samples", "oneTimeCode":
		return "content." + templatePart(field)
	}
	return field
}

// templatePart is the schema's name for a part of a template.
func templatePart(field string) string {
	switch {
	case field == "header.sampleId":
		return "header.sampleAttachmentId"
	case strings.HasSuffix(field, ".phone"):
		return field + "Number"
	}
	return field
}
