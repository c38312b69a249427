package crm_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"recado/crm"
	"recado/models"
	"recado/store"
	"recado/testkit"
)

// Two contacts turn out to be one.
func TestBury_hands_over_what_the_team_keeps(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		s := newShop(t, db)
		ctx := t.Context()
		from := s.Conversation(s.Open, "Mari", db.Now())
		s.field(models.RecordContact, "size", models.FieldText)
		s.field(models.RecordContact, "color", models.FieldText)
		ours, theirs := s.company("Ours"), s.company("Theirs")
		keep := func(contact models.ID, company models.Company, values ...models.CustomValueChange) {
			_, _, err := s.crm.UpdateContact(ctx, s.admin, contact, crm.ContactChange{CompanyID: crm.To(company.ID), CustomValues: values}, nil)
			require.NoError(t, err)
		}
		keep(s.maria.ContactID, ours, models.CustomValueChange{Key: "size", Value: "M"})
		keep(from.ContactID, theirs, models.CustomValueChange{Key: "size", Value: "L"}, models.CustomValueChange{Key: "color", Value: "blue"})
		deal := s.deal("Forno", crm.DealChange{ContactID: crm.To(from.ContactID)})

		merge := func(from, into models.ID) {
			s.Write(func(tx *store.Tx) error {
				if err := tx.Model(&models.Conversation{}).Where("contact_id = ?", from).Updates(map[string]any{"contact_id": into, "current": false}).Error; err != nil {
					return err
				}
				return crm.Bury(tx, crm.Merge{OrganizationID: s.Organization.ID, From: from, Into: into})
			})
		}
		merge(from.ContactID, s.maria.ContactID)
		record := s.record(s.maria.ContactID)
		require.Equal(t, &ours.ID, record.CompanyID, "its own wins")
		require.Equal(t, map[string]string{"size": "M", "color": "blue"}, s.values(models.RecordContact, record.CustomValues))
		require.EqualValues(t, 2, record.Version)
		require.Zero(t, s.record(from.ContactID).Version)
		moved := s.dealNow(deal.ID)
		require.Equal(t, &s.maria.ContactID, moved.ContactID)
		require.Equal(t, deal.Version+1, moved.Version)
		require.Equal(t, models.EventDealChanged, s.events()[len(s.events())-1])

		bare := s.Conversation(s.Open, "M.", db.Now())
		merge(s.maria.ContactID, bare.ContactID)
		require.Equal(t, &ours.ID, s.record(bare.ContactID).CompanyID, "also to one of whom nothing was kept")
	})
}

func TestMoveConversation(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		s := newShop(t, db)
		other := s.Conversation(s.Open, "Mari", db.Now())
		both, only := models.NewID(), models.NewID()
		ours := s.rule(crm.RuleDeal{RuleID: both, Name: "Ours"}, s.maria)
		theirs := s.rule(crm.RuleDeal{RuleID: both, Name: "Theirs"}, other)
		s.rule(crm.RuleDeal{RuleID: only, Name: "Only theirs"}, other)
		s.Write(func(tx *store.Tx) error { return crm.MoveConversation(tx, s.Organization.ID, other.ID, s.maria.ID) })
		require.Equal(t, &s.maria.ID, s.dealNow(theirs.ID).ConversationID)
		require.Equal(t, &s.maria.ID, s.dealNow(ours.ID).ConversationID)
		for _, rule := range []models.ID{both, only} {
			require.Nil(t, s.rule(crm.RuleDeal{RuleID: rule, Name: "Again"}, s.maria), "it was this rule's turn before")
		}
	})
}
