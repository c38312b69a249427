package crm_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"recado/crm"
	"recado/models"
	"recado/store"
	"recado/testkit"
)

func TestCustomFields(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		s := newShop(t, db)
		ctx := t.Context()
		create := func(of models.RecordType, key string) error {
			return second(s.crm.CreateCustomField(ctx, s.admin, crm.NewField{RecordType: of, Key: key, Label: "L", Kind: models.FieldText}, nil))
		}

		t.Run("have keys that differ in more than case, for each record type", func(t *testing.T) {
			require.NoError(t, create(models.RecordDeal, "orderNumber"))
			refused(t, create(models.RecordDeal, "ordernumber"), models.CodeAlreadyExists, "key")
			require.NoError(t, create(models.RecordCompany, "ordernumber"))
			refused(t, create(models.RecordDeal, "Order"), models.CodeInvalid, "key")
			refused(t, create("PLANET", "size"), models.CodeInvalid, "recordType")
			_, err := s.crm.CreateCustomField(ctx, s.admin, crm.NewField{RecordType: models.RecordDeal, Key: "x", Label: "X", Kind: "FLOAT"}, nil)
			refused(t, err, models.CodeInvalid, "kind")
			_, err = s.crm.CreateCustomField(ctx, s.admin, crm.NewField{RecordType: models.RecordDeal, Key: "x", Label: " ", Kind: models.FieldText}, nil)
			refused(t, err, models.CodeRequired, "label")
		})

		t.Run("keep what their kind allows", func(t *testing.T) {
			segment := s.field(models.RecordDeal, "segment", models.FieldChoice, "Varejo", "Atacado")
			s.field(models.RecordDeal, "weight", models.FieldNumber)
			deal := s.deal("Forno", crm.DealChange{CustomValues: []models.CustomValueChange{{Key: "segment", Value: "Varejo"}, {Key: "weight", Value: "007.50"}}})
			require.Equal(t, map[string]string{"segment": "Varejo", "weight": "7.5"}, s.values(models.RecordDeal, deal.CustomValues))
			_, err := s.crm.UpdateDeal(ctx, s.looker, deal.ID, crm.DealChange{CustomValues: []models.CustomValueChange{{Key: "segment", Value: "Outro"}}}, nil)
			refused(t, err, models.CodeInvalid, "customValues.0.value")

			changed, err := s.crm.UpdateCustomField(ctx, s.admin, segment.ID, crm.FieldChange{Options: []string{"Atacado", "Outro"}}, new(int64(1)))
			require.NoError(t, err)
			require.EqualValues(t, 2, changed.Version)
			deal, err = s.crm.UpdateDeal(ctx, s.looker, deal.ID, crm.DealChange{CustomValues: []models.CustomValueChange{{Key: "weight", Value: "8"}}}, nil)
			require.NoError(t, err)
			require.Equal(t, "Varejo", s.values(models.RecordDeal, deal.CustomValues)["segment"], "until it gets another one")
			present, err := s.crm.UpdateCustomField(ctx, s.admin, segment.ID, crm.FieldChange{Label: new("Late")}, new(int64(1)))
			refused(t, err, models.CodeConflict, "expectedVersion")
			require.Equal(t, "segment", present.Label)
			_, err = s.crm.UpdateCustomField(ctx, s.admin, segment.ID, crm.FieldChange{Options: []string{}}, nil)
			refused(t, err, models.CodeRequired, "options")
		})

		t.Run("show nothing any more when they are deleted, also not under the same key", func(t *testing.T) {
			size := s.field(models.RecordDeal, "size", models.FieldText)
			deal := s.deal("Forno", crm.DealChange{CustomValues: []models.CustomValueChange{{Key: "size", Value: "L"}}})
			require.NoError(t, s.crm.DeleteCustomField(ctx, s.admin, size.ID))
			require.Empty(t, s.values(models.RecordDeal, s.dealNow(deal.ID).CustomValues))
			s.field(models.RecordDeal, "size", models.FieldText)
			require.Empty(t, s.values(models.RecordDeal, s.dealNow(deal.ID).CustomValues))
			values, err := crm.MergeValues(db.Read(ctx), s.looker, nil, &deal.ID, "en")
			require.NoError(t, err)
			require.NotContains(t, values, "deal.custom.size")
		})

		t.Run("are at most a hundred of a record type", func(t *testing.T) {
			fields := make([]models.CustomField, models.MaxCustomFields)
			for i := range fields {
				key := fmt.Sprint("k", i)
				fields[i] = models.CustomField{
					OrganizationID: s.Organization.ID, ID: models.NewID(), RecordType: models.RecordContact, Key: key, FoldedKey: key, Label: key,
					Kind: models.FieldText, Version: 1, CreatedByID: s.Administrator.ID,
				}
			}
			s.Write(func(tx *store.Tx) error { return tx.Create(&fields).Error })
			refused(t, create(models.RecordContact, "oneMore"), models.CodeLimitReached, "")
			require.NoError(t, create(models.RecordCompany, "oneMore"))
		})
	})
}

// values are what a record has in the fields that there are, by key.
func (s *shop) values(of models.RecordType, values models.CustomValues) map[string]string {
	s.t.Helper()
	fields, err := s.crm.CustomFields(s.t.Context(), s.looker, []models.RecordType{of})
	require.NoError(s.t, err)
	shown := make(map[string]string)
	for _, field := range fields[of] {
		if value, ok := values.Get(field.ID); ok {
			shown[field.Key] = value
		}
	}
	return shown
}
