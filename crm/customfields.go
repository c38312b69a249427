package crm

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gorm.io/gorm"

	"recado/models"
	"recado/store"
)

// NewField is a custom field to be made.
type NewField struct {
	RecordType models.RecordType `json:"recordType"`
	Key        string            `json:"key"`   // see models.CheckFieldKey
	Label      string            `json:"label"` // up to models.MaxFieldLabel characters
	Kind       models.FieldKind  `json:"kind"`
	Options    []string          `json:"options"` // see models.CleanOptions
}

// CreateCustomField makes a custom field. For administrators (FORBIDDEN otherwise).
// Failures: REQUIRED and INVALID with the field, ALREADY_EXISTS (key) if the record type
// has the key in any case, LIMIT_REACHED, IDEMPOTENCY_KEY_REUSED.
func (s *Service) CreateCustomField(ctx context.Context, viewer models.Viewer, wish NewField, key *string) (models.CustomField, error) {
	if err := administrate(viewer); err != nil {
		return models.CustomField{}, err
	}
	field, err := wish.field(viewer)
	if err != nil {
		return models.CustomField{}, err
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		first, remember, err := once(tx, viewer, "customFieldCreate", key, wish)
		if err != nil {
			return err
		}
		if first != nil {
			field, err = take[models.CustomField](tx.DB, viewer.OrganizationID, *first, "")
			return err
		}
		if err := tx.LockName("custom fields of " + viewer.OrganizationID.String()); err != nil {
			return err
		}
		var count int64
		err = tx.Model(&models.CustomField{}).Where("organization_id = ? AND record_type = ?", viewer.OrganizationID, field.RecordType).Count(&count).Error
		if err != nil {
			return fmt.Errorf("count custom fields: %w", err)
		}
		if count >= models.MaxCustomFields {
			return models.NewError(models.CodeLimitReached, "").With("max", strconv.Itoa(models.MaxCustomFields))
		}
		field.CreatedAt, field.UpdatedAt = tx.Now(), tx.Now()
		if err := tx.Create(&field).Error; err != nil {
			return taken(err, "key")
		}
		return remember(field.ID)
	})
	return field, err
}

// field makes the row.
func (w NewField) field(viewer models.Viewer) (models.CustomField, error) {
	field := models.CustomField{
		OrganizationID: viewer.OrganizationID, ID: models.NewID(), RecordType: w.RecordType, Key: w.Key, FoldedKey: strings.ToLower(w.Key),
		Kind: w.Kind, Version: 1, CreatedByID: viewer.UserID,
	}
	switch {
	case !w.RecordType.Valid():
		return field, models.NewError(models.CodeInvalid, "recordType")
	case !slices.Contains(models.FieldKinds, w.Kind):
		return field, models.NewError(models.CodeInvalid, "kind")
	}
	if err := models.CheckFieldKey(w.Key); err != nil {
		return field, err
	}
	var err error
	if field.Label, err = models.CleanName(w.Label, "label", models.MaxFieldLabel); err != nil {
		return field, err
	}
	field.Options, err = models.CleanOptions(w.Kind, w.Options)
	return field, err
}

// FieldChange says what a custom field becomes; nil leaves something as it is.
type FieldChange struct {
	Label   *string
	Options []string // of a CHOICE. Records keep values that are among them no more, until they get another one
}

// UpdateCustomField changes a custom field. For administrators (FORBIDDEN otherwise).
// Failures: NOT_FOUND (customFieldId), those of CreateCustomField, and CONFLICT, which
// comes with the present field.
func (s *Service) UpdateCustomField(ctx context.Context, viewer models.Viewer, id models.ID, change FieldChange, expectedVersion *int64) (models.CustomField, error) {
	if err := administrate(viewer); err != nil {
		return models.CustomField{}, err
	}
	var field models.CustomField
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		var err error
		if field, err = take[models.CustomField](store.Locking(tx.DB), viewer.OrganizationID, id, "customFieldId"); err != nil {
			return err
		}
		if err := checkVersion(expectedVersion, field.Version); err != nil {
			return err
		}
		changed := field
		if change.Label != nil {
			if changed.Label, err = models.CleanName(*change.Label, "label", models.MaxFieldLabel); err != nil {
				return err
			}
		}
		if change.Options != nil {
			if changed.Options, err = models.CleanOptions(field.Kind, change.Options); err != nil {
				return err
			}
		}
		if changed.Label == field.Label && slices.Equal(changed.Options, field.Options) {
			return nil
		}
		field = changed
		field.Version++
		field.UpdatedAt = tx.Now()
		return tx.Save(&field).Error
	})
	return field, err
}

// DeleteCustomField deletes a custom field: what records have in it is shown no more,
// also not by a later field with the same key. For administrators (FORBIDDEN otherwise).
// NOT_FOUND (customFieldId).
func (s *Service) DeleteCustomField(ctx context.Context, viewer models.Viewer, id models.ID) error {
	if err := administrate(viewer); err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *store.Tx) error {
		deleted := tx.Where("organization_id = ? AND id = ?", viewer.OrganizationID, id).Delete(&models.CustomField{})
		if deleted.Error != nil {
			return fmt.Errorf("delete custom field %s: %w", id, deleted.Error)
		}
		if deleted.RowsAffected == 0 {
			return models.NewError(models.CodeNotFound, "customFieldId")
		}
		return nil
	})
}

// CustomFields returns the custom fields of record types, in the order in which they
// were made.
func (s *Service) CustomFields(ctx context.Context, viewer models.Viewer, types []models.RecordType) (map[models.RecordType][]models.CustomField, error) {
	rows, err := customFields(s.db.Read(ctx), viewer.OrganizationID, types...)
	if err != nil {
		return nil, err
	}
	found := make(map[models.RecordType][]models.CustomField, len(types))
	for _, row := range rows {
		found[row.RecordType] = append(found[row.RecordType], row)
	}
	return found, nil
}

// CustomFieldsByID returns those of the custom fields that are the viewer's
// organization's.
func (s *Service) CustomFieldsByID(ctx context.Context, viewer models.Viewer, ids []models.ID) (map[models.ID]models.CustomField, error) {
	return store.ByID(s.db.Read(ctx), viewer.OrganizationID, ids, func(f *models.CustomField) models.ID { return f.ID })
}

func customFields(db *gorm.DB, organization models.ID, types ...models.RecordType) ([]models.CustomField, error) {
	var rows []models.CustomField
	err := db.Where("organization_id = ? AND record_type IN ?", organization, types).Order("created_at, id").Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read custom fields: %w", err)
	}
	return rows, nil
}

// changeValues is models.CustomValues.Change by the fields that there are. Without
// changes the values stay as they are.
func changeValues(tx *store.Tx, organization models.ID, of models.RecordType, values models.CustomValues, changes []models.CustomValueChange,
) (models.CustomValues, error) {
	if len(changes) == 0 {
		return values, nil
	}
	fields, err := customFields(tx.DB, organization, of)
	if err != nil {
		return nil, err
	}
	return values.Change(fields, changes)
}
