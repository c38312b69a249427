package crm_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"recado/crm"
	"recado/models"
	"recado/store"
	"recado/testkit"
)

// rule has a rule make a deal for a conversation.
func (s *shop) rule(wish crm.RuleDeal, conversation models.Conversation) (made *models.Deal) {
	s.t.Helper()
	wish.OrganizationID, wish.ConversationID, wish.ContactID = s.Organization.ID, conversation.ID, conversation.ContactID
	s.Write(func(tx *store.Tx) (err error) {
		made, err = crm.MakeRuleDeal(tx, wish)
		return err
	})
	return made
}

func TestMakeRuleDeal(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		s := newShop(t, db)
		ctx := t.Context()
		rule := models.NewID()

		t.Run("makes a deal, once for each rule and conversation", func(t *testing.T) {
			company := s.company("Padaria")
			_, _, err := s.crm.UpdateContact(ctx, s.replier, s.maria.ContactID, crm.ContactChange{CompanyID: crm.To(company.ID)}, nil)
			require.NoError(t, err)
			told := len(s.events())
			wish := crm.RuleDeal{RuleID: rule, Name: " Forno\nnovo" + strings.Repeat("ã", 300), OwnerID: &s.Replier.ID}
			deal := s.dealNow(s.rule(wish, s.maria).ID)
			require.Equal(t, "Forno novo"+strings.Repeat("ã", models.MaxRecordName-len("Forno novo")), deal.Name)
			require.Equal(t, []*models.ID{&s.maria.ContactID, &company.ID, &s.maria.ID, &s.Replier.ID, nil},
				[]*models.ID{deal.ContactID, deal.CompanyID, deal.ConversationID, deal.OwnerID, deal.CreatedByID})
			standard, stages := s.standard()
			require.Equal(t, []models.ID{standard.ID, stages[0].ID}, []models.ID{deal.PipelineID, deal.StageID})
			require.Equal(t, []models.EventKind{models.EventDealChanged}, s.events()[told:])

			require.NoError(t, s.crm.DeleteDeal(ctx, s.looker, deal.ID))
			require.Nil(t, s.rule(wish, s.maria), "also if it was deleted since")
			require.NotNil(t, s.rule(crm.RuleDeal{RuleID: models.NewID(), Name: "Other"}, s.maria), "another rule")
			require.NotNil(t, s.rule(wish, s.hidden), "another conversation")
		})

		t.Run("puts it into the stage, or the first of the default pipeline when that is gone", func(t *testing.T) {
			_, stages := s.standard()
			into := func(stage models.ID) models.ID {
				return s.rule(crm.RuleDeal{RuleID: models.NewID(), Name: "x", StageID: &stage}, s.maria).StageID
			}
			require.Equal(t, stages[2].ID, into(stages[2].ID))
			require.Equal(t, stages[0].ID, into(models.NewID()))
		})
	})
}

func TestMergeValues(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		s := newShop(t, db)
		ctx := t.Context()
		s.field(models.RecordContact, "birthday", models.FieldDate)
		s.field(models.RecordCompany, "weight", models.FieldNumber)
		s.field(models.RecordDeal, "paid", models.FieldBoolean)
		company, other := s.company("Padaria"), s.company("Outra")
		_, err := s.crm.UpdateCompany(ctx, s.looker, company.ID, crm.CompanyChange{
			Phone: new("4004-0000"), Website: new("padaria.example"), CustomValues: []models.CustomValueChange{{Key: "weight", Value: "7.5"}},
		}, nil)
		require.NoError(t, err)
		_, _, err = s.crm.UpdateContact(ctx, s.replier, s.maria.ContactID, crm.ContactChange{
			CompanyID: crm.To(company.ID), CustomValues: []models.CustomValueChange{{Key: "birthday", Value: "1990-02-28"}},
		}, nil)
		require.NoError(t, err)
		deal := s.deal("Forno", crm.DealChange{
			CompanyID: crm.To(other.ID), Price: crm.To(models.NewMoney(123456, "BRL")), ClosingDate: crm.To(models.Date("2026-12-31")),
			CustomValues: []models.CustomValueChange{{Key: "paid", Value: "true"}},
		})
		values := func(contact, deal *models.ID, language string) map[string]string {
			values, err := crm.MergeValues(db.Read(ctx), s.looker, contact, deal, language)
			require.NoError(t, err)
			return values
		}
		statements := testkit.CountStatements(t, db)
		require.Equal(t, map[string]string{
			"company.name": "Padaria", "company.phone": "4004-0000", "company.website": "https://padaria.example", "company.custom.weight": "7,5",
			"contact.custom.birthday": "28/02/1990",
			"deal.name":               "Forno", "deal.amount": "R$ 1.234,56", "deal.stage": "New", "deal.closingDate": "31/12/2026", "deal.custom.paid": "Sim",
		}, values(&s.maria.ContactID, &deal.ID, "pt_BR"))
		require.LessOrEqual(t, statements.Load(), int64(5))
		require.Equal(t, map[string]string{
			"company.name": "Outra", "deal.name": "Forno", "deal.amount": "R$1,234.56", "deal.stage": "New", "deal.closingDate": "Dec 31, 2026", "deal.custom.paid": "Yes",
		}, values(nil, &deal.ID, "en_US"), "the company of the deal")
		require.Empty(t, values(nil, nil, "en"))
	})
}
