package crm_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/crm"
	"recado/models"
	"recado/store"
	"recado/testkit"
)

func TestContactsByID(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		w, other := testkit.NewWorld(t, db), testkit.NewWorld(t, db)
		service := crm.New(db)
		now := db.Now()
		seen := w.Conversation(w.Open, "Maria", now)
		hidden := w.Conversation(w.Closed, "João", now)
		foreign := other.Conversation(other.Open, "José", now)
		both := w.Conversation(w.Open, "Rita", now) // known on the other channel as well
		w.Save(&models.ContactIdentity{
			OrganizationID: w.Organization.ID, ChannelID: w.Closed.ID, Kind: models.IdentityUser, Value: "BR.1", MatchKey: "BR.1",
			ContactID: both.ContactID, CreatedAt: now.Add(time.Second),
		})
		ids := []models.ID{seen.ContactID, hidden.ContactID, foreign.ContactID, both.ContactID, models.NewID()}

		for name, c := range map[string]struct {
			viewer     models.Viewer
			want       []models.ID
			identities int // of the contact known on both channels
		}{
			"an administrator":     {w.Viewer(w.Administrator), []models.ID{seen.ContactID, hidden.ContactID, both.ContactID}, 2},
			"who may view":         {w.Viewer(w.Looker), []models.ID{seen.ContactID, both.ContactID}, 1},
			"who may do nothing":   {w.Viewer(w.Outsider), nil, 0},
			"another organization": {other.Viewer(other.Administrator), []models.ID{foreign.ContactID}, 0},
		} {
			t.Run("shows what exists for "+name, func(t *testing.T) {
				found, err := service.ContactsByID(t.Context(), c.viewer, ids)
				require.NoError(t, err)
				require.Len(t, found, len(c.want))
				identities, err := service.IdentitiesByContact(t.Context(), c.viewer, ids)
				require.NoError(t, err)
				require.Len(t, identities, len(c.want))
				for _, id := range c.want {
					require.Equal(t, id, found[id].ID)
					require.NotEmpty(t, identities[id])
				}
				require.Len(t, identities[both.ContactID], c.identities)
			})
		}
	})
}

func TestPhoneNumber(t *testing.T) {
	monday := time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)
	hidden := models.ContactIdentity{Kind: models.IdentityUser, Value: "BR.1", CreatedAt: monday}
	first := models.ContactIdentity{Kind: models.IdentityWAID, Value: "551187654321", CreatedAt: monday.Add(time.Hour)}
	second := models.ContactIdentity{Kind: models.IdentityWAID, Value: "5511987654321", CreatedAt: monday.Add(2 * time.Hour)}

	number, ok := crm.PhoneNumber([]models.ContactIdentity{second, hidden, first})
	require.True(t, ok)
	require.Equal(t, "+551187654321", number)

	_, ok = crm.PhoneNumber([]models.ContactIdentity{hidden})
	require.False(t, ok)
}
