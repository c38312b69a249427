package accounts_test

import (
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/stretchr/testify/require"

	"recado/accounts"
	"recado/models"
	"recado/secrets"
	"recado/store"
)

const password = "pão de queijo"

// cheap makes hashing fast; its cost is not what these tests are about.
var cheap = &argon2id.Params{Memory: 8, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// settable is a clock that tests move.
type settable struct {
	mu  sync.Mutex
	now time.Time
}

func (c *settable) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *settable) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// world is a bakery with an administrator, an agent and a channel, as one process
// sees it.
type world struct {
	*accounts.Service
	t       *testing.T
	db      *store.Store
	clock   *settable
	options accounts.Options

	organization models.Organization
	standard     models.Profile
	channel      models.ID
	admin, agent models.User
}

func newWorld(t *testing.T, db *store.Store) *world {
	t.Helper()
	clock := &settable{now: time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC)}
	w := &world{t: t, db: db, clock: clock, options: accounts.Options{
		Clock: clock.Now, Keys: keySet(t, secrets.GenerateSigningKey()), PasswordParams: cheap,
	}}
	w.Service = accounts.New(db, w.options)
	w.settle("aurora-" + models.NewID().String())
	return w
}

// another is a second organization in the same process.
func (w *world) another() *world {
	w.t.Helper()
	other := *w
	other.settle("estrela-" + models.NewID().String())
	return &other
}

// process is a second process on the same database.
func (w *world) process(change func(*accounts.Options)) *accounts.Service {
	options := w.options
	if change != nil {
		change(&options)
	}
	return accounts.New(w.db, options)
}

func (w *world) settle(domain string) {
	w.t.Helper()
	var err error
	w.organization, err = w.CreateOrganization(w.t.Context(), "Padaria "+domain[:6])
	require.NoError(w.t, err)
	administrators, err := w.ProfileByName(w.t.Context(), w.organization.ID, accounts.AdministratorProfile)
	require.NoError(w.t, err)
	w.standard, err = w.ProfileByName(w.t.Context(), w.organization.ID, accounts.StandardProfile)
	require.NoError(w.t, err)
	w.admin = w.user(administrators, "ana@"+domain+".example")
	w.agent = w.user(w.standard, "bia@"+domain+".example")
	w.channel = w.newChannel()
}

func (w *world) user(profile models.Profile, email string) models.User {
	w.t.Helper()
	user, err := w.CreateUser(w.t.Context(), accounts.NewUser{
		OrganizationID: w.organization.ID, ProfileID: profile.ID, Email: email, Name: "Someone", Password: password,
	})
	require.NoError(w.t, err)
	return user
}

func (w *world) newChannel() models.ID {
	w.t.Helper()
	id := models.NewID()
	require.NoError(w.t, w.db.Write(w.t.Context(), func(tx *store.Tx) error {
		return tx.Create(&models.Channel{
			ID: id, OrganizationID: w.organization.ID, Name: "Balcão", PhoneNumberID: id.String(), WABAID: "1",
			DisplayNumber: "+5511999999999", Status: models.ChannelConnected, AccessToken: []byte{1}, LastAssigneePosition: -1,
		}).Error
	}))
	return id
}

func (w *world) signIn(user models.User) accounts.Tokens {
	w.t.Helper()
	tokens, err := w.SignIn(w.t.Context(), accounts.SignIn{Email: user.Email, Password: password})
	require.NoError(w.t, err)
	return tokens
}

// viewer signs the user in and authenticates them.
func (w *world) viewer(user models.User) models.Viewer {
	w.t.Helper()
	identity, err := w.Authenticate(w.t.Context(), w.signIn(user).AccessToken)
	require.NoError(w.t, err)
	return identity.Viewer
}

func (w *world) session(id models.ID) models.Session {
	w.t.Helper()
	var session models.Session
	require.NoError(w.t, w.db.Read(w.t.Context()).First(&session, "id = ?", id).Error)
	return session
}

func keySet(t *testing.T, keys ...secrets.SigningKey) accounts.KeySet {
	t.Helper()
	set, err := accounts.NewKeySet(keys...)
	require.NoError(t, err)
	return set
}

func requireCode(t *testing.T, code models.Code, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code, models.CodeOf(err), err.Error())
}
