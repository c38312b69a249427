// Package rooms gives tests of the edges the domain rooms, wired as the program
// wires them, on both databases: with the live bus in process, and with a job
// queue that takes jobs but does not run them.
package rooms

import (
	"testing"

	"github.com/stretchr/testify/require"

	"recado/accounts"
	"recado/channels"
	"recado/credits"
	"recado/crm"
	"recado/events"
	"recado/inbox"
	"recado/jobs"
	"recado/media"
	"recado/secrets"
	"recado/store"
	"recado/templates"
	"recado/testkit"
	"recado/whatsapp"
)

// Rooms are the domain rooms, on a database that holds a World.
type Rooms struct {
	*testkit.World
	DB        *store.Store
	Accounts  *accounts.Service
	Channels  *channels.Service
	Credits   *credits.Service
	CRM       *crm.Service
	Bus       *events.Bus
	Media     *media.Service
	Templates *templates.Service
	Inbox     *inbox.Service
}

// OnEach runs the test once per dialect, as subtests, on rooms of its own.
func OnEach(t *testing.T, test func(t *testing.T, rooms *Rooms)) {
	t.Helper()
	testkit.OnEach(t, func(t *testing.T, db *store.Store) { test(t, New(t, db)) })
}

// New returns the rooms on a migrated database. They last as long as the test.
func New(t testing.TB, db *store.Store) *Rooms {
	t.Helper()
	r := &Rooms{World: testkit.NewWorld(t, db), DB: db}
	box, err := secrets.NewBox(make([]byte, secrets.KeySize))
	require.NoError(t, err)
	keys, err := accounts.NewKeySet(secrets.GenerateSigningKey())
	require.NoError(t, err)
	r.Accounts = accounts.New(db, accounts.Options{Keys: keys})
	r.Channels = channels.New(db, box, channels.Options{})
	r.CRM = crm.New(db)
	r.Bus, err = events.Start(t.Context(), db, events.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Bus.Close()) })
	queue := jobs.New(db, jobs.Options{})
	bucket, err := media.OpenBucket(t.Context(), "file:"+t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, bucket.Close()) })
	r.Media = media.New(media.Rooms{DB: db, Channels: r.Channels, Queue: queue, Bucket: bucket}, media.Options{Key: []byte("key")})
	r.Credits = credits.New(
		credits.Rooms{DB: db, Queue: queue, Bus: r.Bus, AccessToken: r.Channels.AccessToken, Rights: r.Accounts.Refreshed},
		credits.Options{SigningKey: make([]byte, secrets.KeySize)},
	)
	r.Templates = templates.New(templates.Rooms{DB: db, Channels: r.Channels, Queue: queue, Media: r.Media}, templates.Options{})
	r.Inbox = inbox.New(inbox.Rooms{
		DB: db, Accounts: r.Accounts, Channels: r.Channels, Bus: r.Bus, Queue: queue, Media: r.Media, Credits: r.Credits, Templates: r.Templates,
		Client: whatsapp.NewClient(whatsapp.Options{}), // calls nobody: no job is worked
	}, inbox.Options{})
	t.Cleanup(r.Inbox.Close)
	return r
}
