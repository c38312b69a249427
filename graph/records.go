package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"recado/crm"
	"recado/graph/gqlmodel"
	"recado/inbox"
	"recado/models"
)

// change runs what makes, changes or deletes a record and sorts its outcome. With
// CONFLICT the record is there as well, as it is now.
func change[T any](ctx context.Context, e *Edge, run func(models.Viewer, *idParser) (T, error)) (*T, []gqlmodel.RecordUserError, error) {
	viewer, err := e.viewer(ctx)
	if err != nil {
		return nil, nil, err
	}
	made, err := run(viewer, &idParser{})
	code := models.CodeOf(err)
	problems, err := userErrors(ctx, e, err, "RecordErrorCode", nil, func(p problem) gqlmodel.RecordUserError { return gqlmodel.RecordUserError(p) })
	if err != nil || len(problems) > 0 && code != models.CodeConflict {
		return nil, problems, err
	}
	return &made, problems, nil
}

// textOf is what a text becomes: nil as it is, empty for null.
func textOf(input graphql.Omittable[*string]) *string {
	if !input.IsSet() || input.Value() != nil {
		return input.Value()
	}
	return new(string)
}

// idPatch is what a link to another object becomes.
func idPatch(ids *idParser, prefix string, input graphql.Omittable[*string], field string) crm.Patch[models.ID] {
	return crm.Patch[models.ID]{Given: input.IsSet(), Value: ids.optional(prefix, input.Value(), field)}
}

// valueChanges reads what a record is to have in custom fields.
func valueChanges(input []gqlmodel.CustomValueInput) []models.CustomValueChange {
	var changes []models.CustomValueChange
	for _, wanted := range input {
		change := models.CustomValueChange{Key: wanted.Key}
		if value := wanted.Value.Value(); value != nil {
			change.Value = *value
		}
		changes = append(changes, change)
	}
	return changes
}

// customValues are what a record has in the fields that there are, in their order.
func customValues(ctx context.Context, of models.RecordType, values models.CustomValues) ([]gqlmodel.CustomValue, error) {
	shown := []gqlmodel.CustomValue{}
	if len(values) == 0 {
		return shown, nil
	}
	fields, err := loadersFrom(ctx).fieldsOf.load(ctx, of)
	if err != nil || fields == nil {
		return shown, err
	}
	for _, field := range *fields {
		if value, ok := values.Get(field.ID); ok {
			shown = append(shown, gqlmodel.CustomValue{Field: gqlmodel.CustomField(field), Value: value})
		}
	}
	return shown, nil
}

// CustomFields are those of a record type.
func (r queryResolver) CustomFields(ctx context.Context, recordType models.RecordType, first *int32, after *string, last *int32, before *string) (*gqlmodel.CustomFieldConnection, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	fields, err := r.rooms.CRM.CustomFields(ctx, viewer, []models.RecordType{recordType})
	if err != nil {
		return nil, err
	}
	scope := "custom fields of " + viewer.OrganizationID.String() + " " + string(recordType)
	page, err := inbox.Cut(pageRequest(first, after, last, before), scope, fields[recordType], func(f *models.CustomField) models.ID { return f.ID })
	if err != nil {
		return nil, err
	}
	return &gqlmodel.CustomFieldConnection{Rows: page.Rows, Cursor: page.Cursor, PageInfo: pageInfo(page)}, nil
}

// CustomFieldCreate makes a custom field.
func (r mutationResolver) CustomFieldCreate(ctx context.Context, input gqlmodel.CustomFieldCreateInput) (*gqlmodel.CustomFieldCreatePayload, error) {
	field, problems, err := change(ctx, r.Edge, func(viewer models.Viewer, _ *idParser) (models.CustomField, error) {
		return r.rooms.CRM.CreateCustomField(ctx, viewer, crm.NewField{
			RecordType: input.RecordType, Key: input.Key, Label: input.Label, Kind: input.Kind, Options: input.Options.Value(),
		}, input.IdempotencyKey.Value())
	})
	return orNothing(&gqlmodel.CustomFieldCreatePayload{CustomField: (*gqlmodel.CustomField)(field), UserErrors: problems}, err)
}

// CustomFieldUpdate changes a custom field.
func (r mutationResolver) CustomFieldUpdate(ctx context.Context, input gqlmodel.CustomFieldUpdateInput) (*gqlmodel.CustomFieldUpdatePayload, error) {
	field, problems, err := change(ctx, r.Edge, func(viewer models.Viewer, ids *idParser) (models.CustomField, error) {
		id := ids.parse(models.PrefixCustomField, input.CustomFieldID, "customFieldId")
		if ids.err != nil {
			return models.CustomField{}, ids.err
		}
		wish := crm.FieldChange{Label: input.Label.Value(), Options: input.Options.Value()}
		return r.rooms.CRM.UpdateCustomField(ctx, viewer, id, wish, version(input.ExpectedVersion))
	})
	return orNothing(&gqlmodel.CustomFieldUpdatePayload{CustomField: (*gqlmodel.CustomField)(field), UserErrors: problems}, err)
}

// CustomFieldDelete deletes a custom field.
func (r mutationResolver) CustomFieldDelete(ctx context.Context, input gqlmodel.CustomFieldDeleteInput) (*gqlmodel.CustomFieldDeletePayload, error) {
	deleted, problems, err := change(ctx, r.Edge, func(viewer models.Viewer, ids *idParser) (string, error) {
		id := ids.parse(models.PrefixCustomField, input.CustomFieldID, "customFieldId")
		if ids.err != nil {
			return "", ids.err
		}
		return input.CustomFieldID, r.rooms.CRM.DeleteCustomField(ctx, viewer, id)
	})
	return orNothing(&gqlmodel.CustomFieldDeletePayload{DeletedCustomFieldID: deleted, UserErrors: problems}, err)
}
