package accounts_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"

	"recado/accounts"
	"recado/models"
	"recado/secrets"
	"recado/store"
	"recado/testkit"
)

func TestSignIn(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		t.Run("begins a session that lasts as configured", func(t *testing.T) {
			w := newWorld(t, db)
			tokens := w.signIn(w.agent)
			require.Equal(t, w.agent.ID, tokens.UserID)
			require.Equal(t, w.clock.Now().Add(10*time.Minute), tokens.ExpiresAt)
			require.Equal(t, w.clock.Now().Add(30*24*time.Hour), tokens.SessionExpiresAt)
			require.Regexp(t, `^rt_[A-Za-z0-9_-]{43}$`, tokens.RefreshToken)

			identity, err := w.Authenticate(t.Context(), tokens.AccessToken)
			require.NoError(t, err)
			require.Equal(t, tokens.ExpiresAt, identity.ExpiresAt)
			require.Equal(t, tokens.Viewer, identity.Viewer)
			require.Equal(t, w.organization.ID, identity.Viewer.OrganizationID)
			require.Equal(t, w.standard.ID, identity.Viewer.ProfileID)
			require.False(t, identity.Viewer.Administrator)
		})

		t.Run("keeps no refresh token, only its hash", func(t *testing.T) {
			w := newWorld(t, db)
			tokens := w.signIn(w.agent)
			var rows []models.RefreshToken
			require.NoError(t, db.Read(t.Context()).Where("session_id = ?", tokens.Viewer.SessionID).Find(&rows).Error)
			require.Len(t, rows, 1)
			require.Len(t, rows[0].TokenHash, 32)
			require.NotContains(t, tokens.RefreshToken, string(rows[0].TokenHash))
		})

		t.Run("takes an email in any case and with spaces around, and é however it is typed", func(t *testing.T) {
			w := newWorld(t, db)
			_, err := w.SignIn(t.Context(), accounts.SignIn{
				Email: "  " + strings.ToUpper(w.agent.Email) + "\n", Password: norm.NFD.String(password),
			})
			require.NoError(t, err)
		})

		t.Run("says the same to a wrong password, an unknown email, a switched-off user and nonsense", func(t *testing.T) {
			w := newWorld(t, db)
			_, err := w.SetUserActive(t.Context(), w.viewer(w.admin), w.agent.ID, false)
			require.NoError(t, err)
			for _, in := range []accounts.SignIn{
				{Email: w.admin.Email, Password: password + "!"},
				{Email: "nobody@example.com", Password: password},
				{Email: w.agent.Email, Password: password},
				{Email: "", Password: ""},
				{Email: strings.Repeat("x", 1<<16), Password: password},
				{Email: w.admin.Email, Password: strings.Repeat("x", 1<<16)},
			} {
				tokens, err := w.SignIn(t.Context(), in)
				require.Equal(t, models.NewError(models.CodeInvalidCredentials, ""), err)
				require.Zero(t, tokens)
			}
		})

		t.Run("ends the access token with the session", func(t *testing.T) {
			w := newWorld(t, db)
			short := w.process(func(o *accounts.Options) { o.SessionLifetime = time.Minute })
			tokens, err := short.SignIn(t.Context(), accounts.SignIn{Email: w.agent.Email, Password: password})
			require.NoError(t, err)
			require.Equal(t, w.clock.Now().Add(time.Minute), tokens.ExpiresAt)
		})

		t.Run("leaves no session behind when no token can be signed", func(t *testing.T) {
			w := newWorld(t, db)
			keyless := w.process(func(o *accounts.Options) { o.Keys = accounts.KeySet{} })
			_, err := keyless.SignIn(t.Context(), accounts.SignIn{Email: w.agent.Email, Password: password})
			require.ErrorContains(t, err, "no signing key")
			var count int64
			require.NoError(t, db.Read(t.Context()).Model(&models.Session{}).Where("user_id = ?", w.agent.ID).Count(&count).Error)
			require.Zero(t, count)
		})

		t.Run("gives up waiting for a turn when the caller does", func(t *testing.T) {
			w := newWorld(t, db)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, err := w.SignIn(ctx, accounts.SignIn{Email: w.agent.Email, Password: password})
			require.ErrorIs(t, err, context.Canceled)
		})
	})
}

func TestSignInLimits(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		const home = "203.0.113.7"
		fail := func(t *testing.T, w *world, email, address string) error {
			t.Helper()
			_, err := w.SignIn(t.Context(), accounts.SignIn{Email: email, Password: "not the password", Address: address})
			require.Error(t, err)
			return err
		}

		t.Run("ten failures for an account, from wherever, close it until the window ends", func(t *testing.T) {
			w := newWorld(t, db)
			for i := range 10 {
				requireCode(t, models.CodeInvalidCredentials, fail(t, w, w.agent.Email, "203.0.113."+string(rune('0'+i))))
			}
			w.clock.Advance(5*time.Minute + time.Millisecond)
			_, err := w.SignIn(t.Context(), accounts.SignIn{Email: strings.ToUpper(w.agent.Email), Password: password, Address: home})
			requireCode(t, models.CodeTooManyAttempts, err)
			require.Equal(t, models.NewError(models.CodeTooManyAttempts, "").With("retryAfterSeconds", "600"), err)
			w.signIn(w.admin) // others are not concerned

			w.clock.Advance(10 * time.Minute)
			w.signIn(w.agent)
		})

		t.Run("an account that does not exist is limited alike", func(t *testing.T) {
			w := newWorld(t, db)
			for range 10 {
				requireCode(t, models.CodeInvalidCredentials, fail(t, w, "nobody@example.com", ""))
			}
			requireCode(t, models.CodeTooManyAttempts, fail(t, w, "nobody@example.com", ""))
		})

		t.Run("fifty failures from an address close it for every account", func(t *testing.T) {
			w := newWorld(t, db)
			for i := range 50 {
				requireCode(t, models.CodeInvalidCredentials, fail(t, w, "user"+string(rune('A'+i))+"@example.com", home))
			}
			requireCode(t, models.CodeTooManyAttempts, fail(t, w, "another@example.com", "::ffff:"+home))
			requireCode(t, models.CodeInvalidCredentials, fail(t, w, "another@example.com", "203.0.113.8"))
		})

		t.Run("success clears the account's failures, and does not count for the address", func(t *testing.T) {
			w := newWorld(t, db)
			for range 8 {
				for range 9 {
					requireCode(t, models.CodeInvalidCredentials, fail(t, w, w.agent.Email, ""))
				}
				w.signIn(w.agent)
			}
			for range 60 {
				_, err := w.SignIn(t.Context(), accounts.SignIn{Email: w.agent.Email, Password: password, Address: home})
				require.NoError(t, err)
			}
		})

		t.Run("many at once do not slip through", func(t *testing.T) {
			w := newWorld(t, db)
			var mu sync.Mutex
			tried := 0
			var wg sync.WaitGroup
			for range 40 {
				wg.Go(func() {
					_, err := w.SignIn(context.Background(), accounts.SignIn{Email: w.agent.Email, Password: "not the password"})
					if models.CodeOf(err) == models.CodeInvalidCredentials {
						mu.Lock()
						tried++
						mu.Unlock()
					}
				})
			}
			wg.Wait()
			require.Equal(t, 10, tried)
		})

		t.Run("a fault does not count", func(t *testing.T) {
			w := newWorld(t, db)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			for range 20 {
				_, err := w.SignIn(ctx, accounts.SignIn{Email: w.agent.Email, Password: password, Address: home})
				require.ErrorIs(t, err, context.Canceled)
			}
			w.signIn(w.agent)
		})
	})
}

func TestNewKeySet(t *testing.T) {
	key := secrets.GenerateSigningKey()
	for name, keys := range map[string][]secrets.SigningKey{
		"no key":            nil,
		"an id twice":       {key, key},
		"a key without id":  {{Key: key.Key}},
		"an id without key": {{ID: "a"}},
	} {
		t.Run("refuses "+name, func(t *testing.T) {
			_, err := accounts.NewKeySet(keys...)
			require.Error(t, err)
		})
	}
}
