package inbox_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"recado/crm"
	"recado/models"
	"recado/store"
)

// The deals of a contact and of a conversation that go up in others, and what the team
// kept of the contact, are with the ones that stay.
func TestMergedContact_keeps_its_deals_and_company(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		const number, user = "447700919111", "GB.8"
		records := crm.New(o.db)
		written := func(wamid string) models.Conversation {
			t.Helper()
			var row models.Message
			require.NoError(t, o.db.Read(t.Context()).Take(&row, "wamid = ?", wamid).Error)
			return o.conversation(row.ConversationID)
		}
		o.accept(text(o.channel, number, "Iris", "wamid.known", "Oi", noon))
		o.accept(hides(o.channel, user, "wamid.hidden", noon))
		stays, goes := written("wamid.known"), written("wamid.hidden")
		require.NotEqual(t, stays.ContactID, goes.ContactID)
		rule := models.NewID()
		create := func(name string, of models.Conversation) (made *models.Deal) {
			t.Helper()
			require.NoError(t, o.db.Write(t.Context(), func(tx *store.Tx) (err error) {
				made, err = crm.MakeRuleDeal(tx, crm.RuleDeal{
					OrganizationID: of.OrganizationID, RuleID: rule, ContactID: of.ContactID, ConversationID: of.ID, Name: name,
				})
				return err
			}))
			return made
		}
		company, err := records.CreateCompany(t.Context(), o.admin, crm.CompanyChange{Name: new("Livraria Sol")}, nil)
		require.NoError(t, err)
		_, _, err = records.UpdateContact(t.Context(), o.admin, goes.ContactID, crm.ContactChange{CompanyID: crm.To(company.ID)}, nil)
		require.NoError(t, err)
		moved := create("Goes", goes)

		o.accept(links(o.channel, number, user, "wamid.links", noon))
		require.Equal(t, stays.ID, written("wamid.hidden").ID)
		deals, err := records.DealsByID(t.Context(), o.admin, []models.ID{moved.ID})
		require.NoError(t, err)
		require.Equal(t, []*models.ID{&stays.ContactID, &stays.ID}, []*models.ID{deals[moved.ID].ContactID, deals[moved.ID].ConversationID})
		kept, err := records.ContactRecords(t.Context(), o.admin, []models.ID{stays.ContactID, goes.ContactID})
		require.NoError(t, err)
		require.Len(t, kept, 1)
		require.Equal(t, &company.ID, kept[stays.ContactID].CompanyID)
		require.Nil(t, create("Again", stays), "the rule had its turn")
	})
}
