package accounts

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"recado/models"
	"recado/store"
	"recado/testkit"
)

// statements counts what is sent to the database.
type statements struct {
	logger.Interface
	count int
}

func (s *statements) Trace(context.Context, time.Time, func() (string, int64), error) { s.count++ }

func TestSnapshots(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		t.Run("cost two statements, and one for an administrator or nobody", func(t *testing.T) {
			s := New(db, Options{})
			organization, err := s.CreateOrganization(t.Context(), "Padaria Aurora")
			require.NoError(t, err)
			for profileName, most := range map[string]int{StandardProfile: 2, AdministratorProfile: 1} {
				profile, err := s.ProfileByName(t.Context(), organization.ID, profileName)
				require.NoError(t, err)
				user := models.User{ID: models.NewID(), OrganizationID: organization.ID, ProfileID: profile.ID, Email: profileName, Active: true}
				session := models.Session{ID: models.NewID(), OrganizationID: organization.ID, UserID: user.ID, ExpiresAt: s.clock().Add(time.Hour)}
				require.NoError(t, db.Write(t.Context(), func(tx *store.Tx) error {
					if err := tx.Create(&user).Error; err != nil {
						return err
					}
					return tx.Create(&session).Error
				}))
				sent := &statements{Interface: logger.Discard}
				snap, err := loadSnapshot(db.Read(t.Context()).Session(&gorm.Session{Logger: sent}), session.ID, s.clock())
				require.NoError(t, err)
				require.True(t, snap.valid)
				require.Equal(t, most, sent.count)
			}
			sent := &statements{Interface: logger.Discard}
			snap, err := loadSnapshot(db.Read(t.Context()).Session(&gorm.Session{Logger: sent}), models.NewID(), s.clock())
			require.NoError(t, err)
			require.False(t, snap.valid)
			require.Equal(t, 1, sent.count)
		})
	})

	now := time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC)
	filled := func() *snapshots {
		s := newSnapshots(nil, 10*time.Second, func() time.Time { return now })
		for range maxSnapshots {
			s.keep(models.NewID(), snapshot{readAt: now}, 0)
		}
		return s
	}

	t.Run("are bounded in number", func(t *testing.T) {
		s := filled()
		require.Len(t, s.bySession, maxSnapshots)
		s.keep(models.NewID(), snapshot{readAt: now}, 0)
		require.Len(t, s.bySession, maxSnapshots-maxSnapshots/10+1)
	})

	t.Run("that are too old are thrown away", func(t *testing.T) {
		s := filled()
		now = now.Add(10 * time.Second)
		s.keep(models.NewID(), snapshot{readAt: now}, 0)
		require.Len(t, s.bySession, 1)
	})

	t.Run("read before a change are not kept after it", func(t *testing.T) {
		s := newSnapshots(nil, 10*time.Second, func() time.Time { return now })
		session := models.NewID()
		_, before, _ := s.cached(session)
		s.forget(func(models.Viewer) bool { return false })
		s.keep(session, snapshot{readAt: now}, before)
		_, _, fresh := s.cached(session)
		require.False(t, fresh)
	})
}
