package accounts_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"recado/accounts"
	"recado/models"
	"recado/store"
	"recado/testkit"
)

func TestDirectory(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		w := newWorld(t, db)
		other := w.another()
		viewer := w.viewer(w.agent)

		t.Run("finds what is the organization's, and nothing else", func(t *testing.T) {
			users, err := w.UsersByID(t.Context(), viewer, []models.ID{w.admin.ID, w.agent.ID, w.agent.ID, other.agent.ID, models.NewID()})
			require.NoError(t, err)
			require.Len(t, users, 2)
			require.Equal(t, w.agent.Email, users[w.agent.ID].Email)

			profiles, err := w.ProfilesByID(t.Context(), viewer, []models.ID{w.standard.ID, other.standard.ID})
			require.NoError(t, err)
			require.Len(t, profiles, 1)
			require.Equal(t, accounts.StandardProfile, profiles[w.standard.ID].Name)

			organization, err := w.Organization(t.Context(), viewer)
			require.NoError(t, err)
			require.Equal(t, w.organization.Name, organization.Name)
		})

		t.Run("takes no ids and thousands of ids", func(t *testing.T) {
			users, err := w.UsersByID(t.Context(), viewer, nil)
			require.NoError(t, err)
			require.Empty(t, users)
			ids := []models.ID{}
			for range 2500 {
				ids = append(ids, models.NewID())
			}
			users, err = w.UsersByID(t.Context(), viewer, append(ids, w.agent.ID))
			require.NoError(t, err)
			require.Len(t, users, 1)
		})

		t.Run("an organization that is not there is not found", func(t *testing.T) {
			_, err := w.Organization(t.Context(), models.Viewer{OrganizationID: models.NewID()})
			requireCode(t, models.CodeNotFound, err)
		})
	})
}

func TestOperators(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		t.Run("a new organization has a feed and the two profiles", func(t *testing.T) {
			w := newWorld(t, db)
			organization, err := w.CreateOrganization(t.Context(), "  Café Central ")
			require.NoError(t, err)
			require.Equal(t, "Café Central", organization.Name)
			position, err := db.FeedPosition(t.Context(), organization.ID)
			require.NoError(t, err)
			require.Zero(t, position)
			var heads int64
			require.NoError(t, db.Read(t.Context()).Model(&models.FeedHead{}).Where("organization_id = ?", organization.ID).Count(&heads).Error)
			require.EqualValues(t, 1, heads)
			for name, administrator := range map[string]bool{accounts.AdministratorProfile: true, accounts.StandardProfile: false} {
				profile, err := w.ProfileByName(t.Context(), organization.ID, name)
				require.NoError(t, err)
				require.Equal(t, administrator, profile.Administrator)
			}
			organizations, err := w.Organizations(t.Context())
			require.NoError(t, err)
			require.Equal(t, organization.ID, organizations[len(organizations)-1].ID)
		})

		t.Run("a profile has a name of its own in an organization that exists", func(t *testing.T) {
			w := newWorld(t, db)
			profile, err := w.CreateProfile(t.Context(), w.organization.ID, "Night shift")
			require.NoError(t, err)
			require.False(t, profile.Administrator)
			_, err = w.CreateProfile(t.Context(), w.organization.ID, " Night shift")
			require.Equal(t, models.NewError(models.CodeAlreadyExists, "name"), err)
			_, err = w.ProfileByName(t.Context(), w.organization.ID, "Day shift")
			requireCode(t, models.CodeNotFound, err)
			_, err = w.CreateProfile(t.Context(), models.NewID(), "Night shift")
			requireCode(t, models.CodeNotFound, err)
		})

		t.Run("a user's email is unique over all organizations, in any case", func(t *testing.T) {
			w := newWorld(t, db)
			other := w.another()
			_, err := w.CreateUser(t.Context(), accounts.NewUser{
				OrganizationID: other.organization.ID, ProfileID: other.standard.ID,
				Email: " " + strings.ToUpper(w.agent.Email), Name: "Bia", Password: password,
			})
			require.Equal(t, models.NewError(models.CodeAlreadyExists, "email"), err)
		})

		t.Run("a user has a profile of their organization", func(t *testing.T) {
			w := newWorld(t, db)
			other := w.another()
			_, err := w.CreateUser(t.Context(), accounts.NewUser{
				OrganizationID: w.organization.ID, ProfileID: other.standard.ID,
				Email: "caio@" + strings.Split(w.agent.Email, "@")[1], Name: "Caio", Password: password,
			})
			requireCode(t, models.CodeNotFound, err)
		})

		t.Run("a user's password is kept as an argon2id hash", func(t *testing.T) {
			w := newWorld(t, db)
			require.True(t, strings.HasPrefix(w.agent.PasswordHash, "$argon2id$v=19$m=8,t=1,p=1$"))
		})

		w := newWorld(t, db)
		for name, c := range map[string]struct {
			email, name, password string
			code                  models.Code
			field                 string
		}{
			"no email":                  {"", "Caio", password, models.CodeRequired, "email"},
			"an email without @":        {"caio", "Caio", password, models.CodeInvalid, "email"},
			"an email with a name":      {"Caio <caio@example.com>", "Caio", password, models.CodeInvalid, "email"},
			"two emails":                {"a@example.com, b@example.com", "Caio", password, models.CodeInvalid, "email"},
			"an email that is too long": {strings.Repeat("a", 250) + "@example.com", "Caio", password, models.CodeInvalid, "email"},
			"no name":                   {"caio@example.com", " ", password, models.CodeRequired, "name"},
			"a name that is too long":   {"caio@example.com", strings.Repeat("ã", 101), password, models.CodeInvalid, "name"},
			"a name of two lines":       {"caio@example.com", "Caio\nSilva", password, models.CodeInvalid, "name"},
			"no password":               {"caio@example.com", "Caio", "", models.CodeRequired, "password"},
			"a short password":          {"caio@example.com", "Caio", "ãããããããã1", models.CodeInvalid, "password"},
			"a password that is long":   {"caio@example.com", "Caio", strings.Repeat("a", 257), models.CodeInvalid, "password"},
		} {
			t.Run("a user is refused with "+name, func(t *testing.T) {
				_, err := w.CreateUser(t.Context(), accounts.NewUser{
					OrganizationID: w.organization.ID, ProfileID: w.standard.ID, Email: c.email, Name: c.name, Password: c.password,
				})
				require.Equal(t, c.code, models.CodeOf(err))
				var failure *models.Error
				require.ErrorAs(t, err, &failure)
				require.Equal(t, c.field, failure.Field)
			})
		}
	})
}
