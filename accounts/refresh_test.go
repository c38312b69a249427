package accounts_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/accounts"
	"recado/models"
	"recado/store"
	"recado/testkit"
)

func TestRefresh(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		t.Run("hands out new tokens of the same session, again and again", func(t *testing.T) {
			w := newWorld(t, db)
			first := w.signIn(w.agent)
			latest := first
			for range 3 {
				w.clock.Advance(time.Hour)
				next, err := w.Refresh(t.Context(), latest.RefreshToken)
				require.NoError(t, err)
				require.NotEqual(t, latest.RefreshToken, next.RefreshToken)
				require.Equal(t, first.Viewer.SessionID, next.Viewer.SessionID)
				require.Equal(t, first.SessionExpiresAt, next.SessionExpiresAt, "refreshing does not lengthen a session")
				_, err = w.Authenticate(t.Context(), next.AccessToken)
				require.NoError(t, err)
				latest = next
			}
		})

		t.Run("puts the rights of the moment into the claims", func(t *testing.T) {
			w := newWorld(t, db)
			tokens := w.signIn(w.agent)
			_, err := w.process(nil).SetMessagingLevel(t.Context(), w.viewer(w.admin), w.standard.ID, w.channel, models.LevelView)
			require.NoError(t, err)
			tokens, err = w.Refresh(t.Context(), tokens.RefreshToken)
			require.NoError(t, err)
			require.Equal(t, models.LevelView, tokens.Viewer.Level(w.channel))
			require.Len(t, claimsOf(t, tokens.AccessToken)["channels"], 1)
		})

		t.Run("using a token again ends the session for everyone", func(t *testing.T) {
			w := newWorld(t, db)
			first := w.signIn(w.agent)
			second, err := w.Refresh(t.Context(), first.RefreshToken)
			require.NoError(t, err)
			_, err = w.Authenticate(t.Context(), second.AccessToken)
			require.NoError(t, err)

			_, err = w.Refresh(t.Context(), first.RefreshToken)
			requireCode(t, models.CodeSessionExpired, err)

			session := w.session(first.Viewer.SessionID)
			require.Equal(t, accounts.ReasonTokenReused, session.RevokedReason)
			require.NotNil(t, session.RevokedAt)
			_, err = w.Authenticate(t.Context(), second.AccessToken)
			requireCode(t, models.CodeUnauthenticated, err)
			_, err = w.Refresh(t.Context(), second.RefreshToken)
			requireCode(t, models.CodeSessionExpired, err)
			w.signIn(w.agent) // and can begin another
		})

		t.Run("of many uses at once one wins, and the session ends", func(t *testing.T) {
			w := newWorld(t, db)
			other := w.process(nil)
			tokens := w.signIn(w.agent)
			var mu sync.Mutex
			var won []accounts.Tokens
			var wg sync.WaitGroup
			for i := range 8 {
				wg.Go(func() {
					service := []*accounts.Service{w.Service, other}[i%2]
					next, err := service.Refresh(context.Background(), tokens.RefreshToken)
					mu.Lock()
					defer mu.Unlock()
					if err == nil {
						won = append(won, next)
						return
					}
					if models.CodeOf(err) != models.CodeSessionExpired {
						t.Errorf("unexpected: %v", err)
					}
				})
			}
			wg.Wait()
			require.Len(t, won, 1)
			require.Equal(t, accounts.ReasonTokenReused, w.session(tokens.Viewer.SessionID).RevokedReason)
			_, err := w.Refresh(t.Context(), won[0].RefreshToken)
			requireCode(t, models.CodeSessionExpired, err)
		})

		t.Run("ends with the session", func(t *testing.T) {
			w := newWorld(t, db)
			tokens := w.signIn(w.agent)
			w.clock.Advance(30*24*time.Hour - time.Millisecond)
			tokens, err := w.Refresh(t.Context(), tokens.RefreshToken)
			require.NoError(t, err)
			require.False(t, tokens.ExpiresAt.After(tokens.SessionExpiresAt))
			w.clock.Advance(time.Millisecond)
			_, err = w.Refresh(t.Context(), tokens.RefreshToken)
			requireCode(t, models.CodeSessionExpired, err)
			_, err = w.Authenticate(t.Context(), tokens.AccessToken)
			requireCode(t, models.CodeUnauthenticated, err)
		})

		t.Run("is refused while the user is switched off, and costs no token", func(t *testing.T) {
			w := newWorld(t, db)
			tokens := w.signIn(w.agent)
			admin := w.viewer(w.admin)
			_, err := w.SetUserActive(t.Context(), admin, w.agent.ID, false)
			require.NoError(t, err)
			_, err = w.Refresh(t.Context(), tokens.RefreshToken)
			requireCode(t, models.CodeSessionExpired, err)
			_, err = w.SetUserActive(t.Context(), admin, w.agent.ID, true)
			require.NoError(t, err)
			_, err = w.Refresh(t.Context(), tokens.RefreshToken)
			require.NoError(t, err)
		})

		t.Run("refuses what is no token", func(t *testing.T) {
			w := newWorld(t, db)
			tokens := w.signIn(w.agent)
			for _, text := range []string{"", "rt_", tokens.AccessToken, strings.TrimPrefix(tokens.RefreshToken, "rt_"), tokens.RefreshToken + "x", "rt_" + strings.Repeat("A", 43)} {
				_, err := w.Refresh(t.Context(), text)
				requireCode(t, models.CodeSessionExpired, err)
				require.NoError(t, w.RevokeByToken(t.Context(), text))
			}
			_, err := w.Refresh(t.Context(), tokens.RefreshToken)
			require.NoError(t, err, "none of that touched the session")
		})
	})
}

func TestSignOut(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		t.Run("ends this session at once, and no other", func(t *testing.T) {
			w := newWorld(t, db)
			phone, laptop := w.signIn(w.agent), w.signIn(w.agent)
			_, err := w.Authenticate(t.Context(), phone.AccessToken)
			require.NoError(t, err)
			require.NoError(t, w.SignOut(t.Context(), phone.Viewer))
			_, err = w.Authenticate(t.Context(), phone.AccessToken)
			requireCode(t, models.CodeUnauthenticated, err)
			_, err = w.Refresh(t.Context(), phone.RefreshToken)
			requireCode(t, models.CodeSessionExpired, err)
			_, err = w.Authenticate(t.Context(), laptop.AccessToken)
			require.NoError(t, err)
		})

		t.Run("twice is as once", func(t *testing.T) {
			w := newWorld(t, db)
			tokens := w.signIn(w.agent)
			require.NoError(t, w.SignOut(t.Context(), tokens.Viewer))
			at := w.session(tokens.Viewer.SessionID).RevokedAt
			w.clock.Advance(time.Minute)
			require.NoError(t, w.SignOut(t.Context(), tokens.Viewer))
			require.NoError(t, w.RevokeByToken(t.Context(), tokens.RefreshToken))
			session := w.session(tokens.Viewer.SessionID)
			require.Equal(t, at, session.RevokedAt)
			require.Equal(t, accounts.ReasonSignedOut, session.RevokedReason)
		})

		t.Run("works with a refresh token alone, a used one too", func(t *testing.T) {
			w := newWorld(t, db)
			tokens := w.signIn(w.agent)
			next, err := w.Refresh(t.Context(), tokens.RefreshToken)
			require.NoError(t, err)
			require.NoError(t, w.RevokeByToken(t.Context(), tokens.RefreshToken))
			_, err = w.Authenticate(t.Context(), next.AccessToken)
			requireCode(t, models.CodeUnauthenticated, err)
		})
	})
}

func TestPurgeExpired(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		w := newWorld(t, db)
		const day = 24 * time.Hour
		signedOut := w.signIn(w.agent)
		require.NoError(t, w.SignOut(t.Context(), signedOut.Viewer))
		expiring := w.signIn(w.agent)
		w.clock.Advance(6 * day)
		staying := w.signIn(w.agent)
		purge := func() int64 {
			purged, err := w.PurgeExpired(t.Context())
			require.NoError(t, err)
			return purged
		}
		require.Zero(t, purge())
		w.clock.Advance(day + time.Millisecond)
		require.EqualValues(t, 1, purge(), "signed out over 7 days ago")
		w.clock.Advance(30 * day)
		require.EqualValues(t, 1, purge(), "expired 7 days ago")

		var sessions []models.ID
		require.NoError(t, db.Read(t.Context()).Model(&models.Session{}).Pluck("id", &sessions).Error)
		require.Equal(t, []models.ID{staying.Viewer.SessionID}, sessions)
		var tokens []models.ID
		require.NoError(t, db.Read(t.Context()).Model(&models.RefreshToken{}).Pluck("session_id", &tokens).Error)
		require.NotContains(t, tokens, expiring.Viewer.SessionID)
		require.Len(t, tokens, 1)

		many := make([]models.Session, 450)
		for i := range many {
			many[i] = models.Session{ID: models.NewID(), OrganizationID: w.organization.ID, UserID: w.agent.ID, ExpiresAt: w.clock.Now().Add(-8 * day)}
		}
		require.NoError(t, db.Write(t.Context(), func(tx *store.Tx) error { return store.InsertAll(tx, many) }))
		require.EqualValues(t, 450, purge(), "in several batches")
	})
}
