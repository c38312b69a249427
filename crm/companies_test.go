package crm_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"recado/crm"
	"recado/models"
	"recado/store"
	"recado/testkit"
)

func TestCompanies(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		s := newShop(t, db)
		ctx := t.Context()

		t.Run("are listed by name without regard to case and accents, page by page and back", func(t *testing.T) {
			for _, name := range []string{"Zaza", "São João", "sao bento", "SÃO BENTO", "Sá", "Élan", "eLAN", "T\U0001F600"} {
				s.company(name)
			}
			var forward, all []string
			var after *string
			for {
				page, err := s.crm.Companies(ctx, s.looker, "", store.PageRequest{First: new(3), After: after})
				require.NoError(t, err)
				for _, company := range page.Rows {
					forward = append(forward, company.Name)
				}
				if !page.HasNext {
					break
				}
				after = page.EndCursor()
			}
			require.Len(t, forward, 8)
			require.ElementsMatch(t, []string{"Élan", "eLAN"}, forward[:2])
			require.Equal(t, "Sá", forward[2])
			require.ElementsMatch(t, []string{"sao bento", "SÃO BENTO"}, forward[3:5])
			require.Equal(t, []string{"São João", "T\U0001F600", "Zaza"}, forward[5:])
			var before *string
			for {
				page, err := s.crm.Companies(ctx, s.looker, "", store.PageRequest{Last: new(3), Before: before})
				require.NoError(t, err)
				var part []string
				for _, company := range page.Rows {
					part = append(part, company.Name)
				}
				all = append(part, all...)
				if !page.HasPrevious {
					break
				}
				before = page.StartCursor()
			}
			require.Equal(t, forward, all)
		})

		t.Run("are found by the beginning of their name", func(t *testing.T) {
			for query, want := range map[string]int{"sao": 3, "SÃO B": 2, " são  j ": 1, "s": 4, "ao": 0, "%": 0, "t": 1} {
				page, err := s.crm.Companies(ctx, s.looker, query, store.PageRequest{})
				require.NoError(t, err)
				require.Len(t, page.Rows, want, query)
			}
			page, err := s.crm.Companies(ctx, s.looker, "sao", store.PageRequest{First: new(1)})
			require.NoError(t, err)
			for _, request := range []struct {
				query  string
				cursor string
			}{{"s", *page.EndCursor()}, {"sao", "AAAA"}, {"sao", ""}} {
				_, err = s.crm.Companies(ctx, s.looker, request.query, store.PageRequest{After: &request.cursor})
				refused(t, err, models.CodeInvalid, "after")
			}
		})

		t.Run("change by version", func(t *testing.T) {
			company := s.company("  Padaria   Aurora ")
			require.Equal(t, "Padaria Aurora", company.Name)
			require.EqualValues(t, 1, company.Version)
			changed, err := s.crm.UpdateCompany(ctx, s.looker, company.ID, crm.CompanyChange{Phone: new(" 4004-0000 "), Website: new("aurora.example")}, new(int64(1)))
			require.NoError(t, err)
			require.Equal(t, []any{"Padaria Aurora", "4004-0000", "https://aurora.example", int64(2)}, []any{changed.Name, changed.Phone, changed.Website, changed.Version})
			same, err := s.crm.UpdateCompany(ctx, s.looker, company.ID, crm.CompanyChange{Phone: new("4004-0000")}, nil)
			require.NoError(t, err)
			require.EqualValues(t, 2, same.Version, "nothing changed")
			present, err := s.crm.UpdateCompany(ctx, s.looker, company.ID, crm.CompanyChange{Name: new("Late")}, new(int64(1)))
			refused(t, err, models.CodeConflict, "expectedVersion")
			require.Equal(t, "Padaria Aurora", present.Name)
			_, err = s.crm.UpdateCompany(ctx, s.looker, company.ID, crm.CompanyChange{Name: new(" ")}, nil)
			refused(t, err, models.CodeRequired, "name")
			_, err = s.crm.UpdateCompany(ctx, s.looker, company.ID, crm.CompanyChange{Website: new("javascript:alert(1)")}, nil)
			refused(t, err, models.CodeInvalid, "website")
		})

		t.Run("are made once under a key", func(t *testing.T) {
			create := func(name, key string) (models.Company, error) {
				return s.crm.CreateCompany(ctx, s.replier, crm.CompanyChange{Name: &name}, &key)
			}
			first := must[models.Company](t)(create("Once", "k"))
			require.Equal(t, first.ID, must[models.Company](t)(create("Once", "k")).ID)
			_, err := create("Twice", "k")
			refused(t, err, models.CodeIdempotencyKeyReused, "idempotencyKey")
			_, err = create("Once", "")
			refused(t, err, models.CodeRequired, "idempotencyKey")
		})

		t.Run("leave their contacts and deals when they are deleted", func(t *testing.T) {
			company := s.company("Brief")
			_, _, err := s.crm.UpdateContact(ctx, s.replier, s.maria.ContactID, crm.ContactChange{CompanyID: crm.To(company.ID)}, nil)
			require.NoError(t, err)
			deal := s.deal("Forno", crm.DealChange{CompanyID: crm.To(company.ID)})
			require.NoError(t, s.crm.DeleteCompany(ctx, s.looker, company.ID))
			left := s.dealNow(deal.ID)
			require.Nil(t, left.CompanyID)
			require.Equal(t, deal.Version+1, left.Version)
			require.Nil(t, s.record(s.maria.ContactID).CompanyID)
		})
	})
}

// record is what is kept of a contact.
func (s *shop) record(contact models.ID) models.ContactRecord {
	s.t.Helper()
	found, err := s.crm.ContactRecords(s.t.Context(), s.admin, []models.ID{contact})
	require.NoError(s.t, err)
	return found[contact]
}

func TestUpdateContact(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		s := newShop(t, db)
		ctx := t.Context()
		s.field(models.RecordContact, "birthday", models.FieldDate)
		update := func(change crm.ContactChange, expected *int64) (models.ContactRecord, error) {
			_, record, err := s.crm.UpdateContact(ctx, s.replier, s.maria.ContactID, change, expected)
			return record, err
		}
		company := s.company("Padaria")
		record := must[models.ContactRecord](t)(update(crm.ContactChange{
			CompanyID: crm.To(company.ID), CustomValues: []models.CustomValueChange{{Key: "birthday", Value: "1990-02-28"}},
		}, new(int64(0))))
		require.EqualValues(t, 1, record.Version)
		_, err := update(crm.ContactChange{CompanyID: crm.Patch[models.ID]{Given: true}}, new(int64(0)))
		refused(t, err, models.CodeConflict, "expectedVersion")
		record = must[models.ContactRecord](t)(update(crm.ContactChange{CompanyID: crm.Patch[models.ID]{Given: true}}, new(int64(1))))
		require.Nil(t, record.CompanyID)
		require.Len(t, record.CustomValues, 1, "what is not named stays")
		require.EqualValues(t, 2, s.record(s.maria.ContactID).Version)
		_, err = update(crm.ContactChange{CompanyID: crm.To(models.NewID())}, nil)
		refused(t, err, models.CodeNotFound, "companyId")
		_, err = update(crm.ContactChange{CustomValues: []models.CustomValueChange{{Key: "birthday", Value: "28/02/1990"}}}, nil)
		refused(t, err, models.CodeInvalid, "customValues.0.value")

		var contact models.Contact
		require.NoError(t, db.Read(ctx).Take(&contact, "id = ?", s.maria.ContactID).Error)
		require.Equal(t, "Maria", contact.Name, "WhatsApp's name stays untouched")
	})
}
