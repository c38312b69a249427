package e2e_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"recado/accounts"
	"recado/channels"
	"recado/models"
	"recado/secrets"
	"recado/store"
	"recado/testkit"
)

const (
	password    = "a-long-enough-password-1"
	wabaID      = "214705829341166"
	accessToken = "EAAdemo0123456789abcdef"
	// The numbers' ids at Meta.
	counter = "331908274466120"
	orders  = "331908274466121"
)

// world is an organization on a database of its own, which processes are started
// on. Ana is an administrator; Bruno and Carla have a profile each, with REPLY on
// both channels.
type world struct {
	t        *testing.T
	settings settings
	db       *store.Store // the test's own way in, past all processes

	organization     models.ID
	counter          models.Channel // hands conversations to Ana and Bruno in turn
	orders           models.Channel // hands them to nobody
	ana, bruno       models.User
	carla            models.User
	brunosProfile    models.Profile
	folder, database string
}

func newWorld(t *testing.T, dialect store.Dialect) *world {
	t.Helper()
	w := &world{t: t, folder: t.TempDir()}
	w.database, _, _ = strings.Cut(testkit.URL(t, dialect), "?synchronous=")
	key := secrets.GenerateKey()
	w.settings = freePorts.with(
		"RECADO_DATABASE_URL", w.database,
		"RECADO_SECRET_KEY", key,
		"RECADO_JWT_KEYS", secrets.GenerateSigningKey().Text(),
		"RECADO_META_APP_SECRET", appSecret,
		"RECADO_META_VERIFY_TOKEN", verifyToken,
		"RECADO_META_GRAPH_URL", "http://127.0.0.1:1", // nobody is there unless a test says who
	)
	w.db = testkit.Open(t, w.database, nil)
	people := accounts.New(w.db, accounts.Options{})
	organization, err := people.CreateOrganization(t.Context(), "Padaria Aurora")
	require.NoError(t, err)
	w.organization = organization.ID

	administrators, err := people.ProfileByName(t.Context(), w.organization, accounts.AdministratorProfile)
	require.NoError(t, err)
	carlasProfile, err := people.CreateProfile(t.Context(), w.organization, "Carla")
	require.NoError(t, err)
	w.brunosProfile, err = people.CreateProfile(t.Context(), w.organization, "Bruno")
	require.NoError(t, err)
	user := func(name string, profile models.Profile) models.User {
		user, err := people.CreateUser(t.Context(), accounts.NewUser{
			OrganizationID: w.organization, ProfileID: profile.ID, Name: name, Password: password,
			Email: strings.ToLower(name) + "@aurora.example",
		})
		require.NoError(t, err)
		return user
	}
	w.ana, w.bruno, w.carla = user("Ana", administrators), user("Bruno", w.brunosProfile), user("Carla", carlasProfile)

	rawKey, err := secrets.DecodeKey(key)
	require.NoError(t, err)
	box, err := secrets.NewBox(rawKey)
	require.NoError(t, err)
	numbers := channels.New(w.db, box, channels.Options{})
	connect := func(name, id, number string) models.Channel {
		channel, err := numbers.Connect(t.Context(), channels.NewChannel{
			OrganizationID: w.organization, Name: name, PhoneNumberID: id, WABAID: wabaID, DisplayNumber: number, AccessToken: accessToken,
		})
		require.NoError(t, err)
		return channel
	}
	w.counter, w.orders = connect("Balcão", counter, "+551140040000"), connect("Encomendas", orders, "+551140040001")
	require.NoError(t, numbers.SetAssignees(t.Context(), w.counter.ID, []models.ID{w.ana.ID, w.bruno.ID}))
	administrator := models.Viewer{OrganizationID: w.organization, UserID: w.ana.ID, ProfileID: administrators.ID, Administrator: true}
	for _, profile := range []models.Profile{w.brunosProfile, carlasProfile} {
		for _, channel := range []models.Channel{w.counter, w.orders} {
			_, err := people.SetMessagingLevel(t.Context(), administrator, profile.ID, channel.ID, models.LevelReply)
			require.NoError(t, err)
		}
	}
	return w
}

// serve starts a process of this world.
func (w *world) serve() *process {
	w.t.Helper()
	return serve(w.t, w.folder, w.settings)
}

// stored counts the rows of each of Meta's message ids.
func (w *world) stored() map[string]int {
	w.t.Helper()
	var wamids []string
	require.NoError(w.t, w.db.Read(w.t.Context()).Model(&models.Message{}).Where("wamid IS NOT NULL").Pluck("wamid", &wamids).Error)
	counts := make(map[string]int, len(wamids))
	for _, wamid := range wamids {
		counts[wamid]++
	}
	return counts
}

// feed returns the organization's events from the beginning, after it has made
// sure that their positions have no holes and end where the feed does.
func (w *world) feed() []models.Event {
	w.t.Helper()
	var feed []models.Event
	require.NoError(w.t, w.db.Read(w.t.Context()).Order("position").Find(&feed, "organization_id = ?", w.organization).Error)
	for i, event := range feed {
		require.EqualValues(w.t, i+1, event.Position, "the feed has a hole")
	}
	position, err := w.db.FeedPosition(w.t.Context(), w.organization)
	require.NoError(w.t, err)
	require.EqualValues(w.t, len(feed), position)
	return feed
}
