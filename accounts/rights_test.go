package accounts_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/accounts"
	"recado/models"
	"recado/store"
	"recado/testkit"
)

func TestSetMessagingLevel(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		t.Run("takes effect here at once, and elsewhere when what is remembered grows old", func(t *testing.T) {
			w := newWorld(t, db)
			elsewhere := w.process(nil)
			admin, agent := w.viewer(w.admin), w.viewer(w.agent)
			level := func(s *accounts.Service) models.MessagingLevel {
				viewer, err := s.Refreshed(t.Context(), agent)
				require.NoError(t, err)
				return viewer.Level(w.channel)
			}
			require.Equal(t, models.LevelNone, level(w.Service))
			require.Equal(t, models.LevelNone, level(elsewhere))

			for _, next := range []models.MessagingLevel{models.LevelReply, models.LevelView, models.LevelNone} {
				before := level(elsewhere)
				profile, err := w.SetMessagingLevel(t.Context(), admin, w.standard.ID, w.channel, next)
				require.NoError(t, err)
				require.Equal(t, w.standard.ID, profile.ID)
				require.Equal(t, next, level(w.Service))

				w.clock.Advance(10*time.Second - time.Millisecond)
				require.Equal(t, before, level(elsewhere), "still remembered: the cache works")
				w.clock.Advance(time.Millisecond)
				require.Equal(t, next, level(elsewhere))
			}
		})

		t.Run("Invalidate makes another process look at once", func(t *testing.T) {
			w := newWorld(t, db)
			elsewhere := w.process(nil)
			agent := w.viewer(w.agent)
			_, err := elsewhere.Refreshed(t.Context(), agent)
			require.NoError(t, err)
			_, err = w.SetMessagingLevel(t.Context(), w.viewer(w.admin), w.standard.ID, w.channel, models.LevelView)
			require.NoError(t, err)
			elsewhere.Invalidate(models.NewID())
			viewer, err := elsewhere.Refreshed(t.Context(), agent)
			require.NoError(t, err)
			require.Equal(t, models.LevelNone, viewer.Level(w.channel))
			elsewhere.Invalidate(w.organization.ID)
			viewer, err = elsewhere.Refreshed(t.Context(), agent)
			require.NoError(t, err)
			require.Equal(t, models.LevelView, viewer.Level(w.channel))
		})

		t.Run("refuses", func(t *testing.T) {
			w := newWorld(t, db)
			other := w.another()
			admin, agent := w.viewer(w.admin), w.viewer(w.agent)
			for name, c := range map[string]struct {
				viewer           models.Viewer
				profile, channel models.ID
				level            models.MessagingLevel
				want             *models.Error
			}{
				"who is no administrator":        {agent, w.standard.ID, w.channel, models.LevelView, models.NewError(models.CodeForbidden, "")},
				"an unknown level":               {admin, w.standard.ID, w.channel, "ALL", models.NewError(models.CodeInvalid, "level")},
				"an unknown profile":             {admin, models.NewID(), w.channel, models.LevelView, models.ErrNotFound},
				"an unknown channel":             {admin, w.standard.ID, models.NewID(), models.LevelView, models.ErrNotFound},
				"another organization's profile": {admin, other.standard.ID, w.channel, models.LevelView, models.ErrNotFound},
				"another organization's channel": {admin, w.standard.ID, other.channel, models.LevelView, models.ErrNotFound},
				"the administrators' profile":    {admin, w.admin.ProfileID, w.channel, models.LevelView, models.NewError(models.CodeInvalid, "profileId")},
			} {
				t.Run(name, func(t *testing.T) {
					_, err := w.SetMessagingLevel(t.Context(), c.viewer, c.profile, c.channel, c.level)
					var got *models.Error
					require.ErrorAs(t, err, &got)
					require.Equal(t, c.want, got)
				})
			}
			var count int64
			require.NoError(t, db.Read(t.Context()).Model(&models.ChannelPermission{}).
				Where("organization_id IN ?", []models.ID{w.organization.ID, other.organization.ID}).Count(&count).Error)
			require.Zero(t, count)
		})
	})
}

func TestSetUserActive(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		t.Run("off throws the user off here at once and elsewhere within the lifetime of a snapshot; on lets them back", func(t *testing.T) {
			w := newWorld(t, db)
			elsewhere := w.process(nil)
			admin := w.viewer(w.admin)
			tokens := w.signIn(w.agent)
			for _, service := range []*accounts.Service{w.Service, elsewhere} {
				_, err := service.Authenticate(t.Context(), tokens.AccessToken)
				require.NoError(t, err)
			}
			user, err := w.SetUserActive(t.Context(), admin, w.agent.ID, false)
			require.NoError(t, err)
			require.False(t, user.Active)
			_, err = w.Authenticate(t.Context(), tokens.AccessToken)
			requireCode(t, models.CodeUnauthenticated, err)
			_, err = w.Refreshed(t.Context(), tokens.Viewer)
			requireCode(t, models.CodeUnauthenticated, err)
			w.clock.Advance(10 * time.Second)
			_, err = elsewhere.Refreshed(t.Context(), tokens.Viewer)
			requireCode(t, models.CodeUnauthenticated, err)

			user, err = w.SetUserActive(t.Context(), admin, w.agent.ID, true)
			require.NoError(t, err)
			require.True(t, user.Active)
			_, err = w.Authenticate(t.Context(), tokens.AccessToken)
			require.NoError(t, err)
			require.Nil(t, w.session(tokens.Viewer.SessionID).RevokedAt)
		})

		t.Run("of two administrators who switch each other off one stays", func(t *testing.T) {
			for range 5 {
				w := newWorld(t, db)
				second := w.user(models.Profile{ID: w.admin.ProfileID}, "second-"+w.admin.Email)
				ana, second2 := w.viewer(w.admin), w.viewer(second)
				var wg sync.WaitGroup
				errs := make([]error, 2)
				wg.Go(func() { _, errs[0] = w.SetUserActive(context.Background(), ana, second.ID, false) })
				wg.Go(func() { _, errs[1] = w.SetUserActive(context.Background(), second2, w.admin.ID, false) })
				wg.Wait()
				if errs[0] == nil {
					requireCode(t, models.CodeUnauthenticated, errs[1])
				} else {
					requireCode(t, models.CodeUnauthenticated, errs[0])
					require.NoError(t, errs[1])
				}
			}
		})

		t.Run("refuses others than administrators, oneself, and strangers", func(t *testing.T) {
			w := newWorld(t, db)
			other := w.another()
			admin := w.viewer(w.admin)
			_, err := w.SetUserActive(t.Context(), w.viewer(w.agent), w.admin.ID, false)
			requireCode(t, models.CodeForbidden, err)
			_, err = w.SetUserActive(t.Context(), admin, w.admin.ID, false)
			require.Equal(t, models.NewError(models.CodeForbidden, "userId"), err)
			_, err = w.SetUserActive(t.Context(), admin, other.agent.ID, false)
			requireCode(t, models.CodeNotFound, err)
			_, err = w.SetUserActive(t.Context(), admin, models.NewID(), false)
			requireCode(t, models.CodeNotFound, err)
			other.signIn(other.agent)
		})
	})
}

func TestRefreshed(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		t.Run("knows only the viewer's own session", func(t *testing.T) {
			w := newWorld(t, db)
			agent, admin := w.viewer(w.agent), w.viewer(w.admin)
			stolen := agent
			stolen.SessionID = admin.SessionID
			_, err := w.Refreshed(t.Context(), stolen)
			requireCode(t, models.CodeUnauthenticated, err)
			_, err = w.Refreshed(t.Context(), models.Viewer{})
			requireCode(t, models.CodeUnauthenticated, err)
		})

		t.Run("many at once, while rights change, never go back to older rights", func(t *testing.T) {
			w := newWorld(t, db)
			admin, agent := w.viewer(w.admin), w.viewer(w.agent)
			stop := make(chan struct{})
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					for {
						select {
						case <-stop:
							return
						default:
							if _, err := w.Refreshed(context.Background(), agent); err != nil {
								t.Error(err)
								return
							}
						}
					}
				})
			}
			for i := range 30 {
				level := []models.MessagingLevel{models.LevelReply, models.LevelView, models.LevelNone}[i%3]
				_, err := w.SetMessagingLevel(t.Context(), admin, w.standard.ID, w.channel, level)
				require.NoError(t, err)
				now, err := w.Refreshed(t.Context(), agent)
				require.NoError(t, err)
				require.Equal(t, level, now.Level(w.channel))
			}
			close(stop)
			wg.Wait()
		})
	})
}
