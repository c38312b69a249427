package accounts

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
	"gorm.io/gorm"

	"recado/models"
	"recado/store"
)

const (
	// maxSnapshots bounds the memory of the cache; what does not fit is read again.
	maxSnapshots = 50_000
	// loadTimeout bounds a load that several callers wait for, of whom none may
	// take it down with them.
	loadTimeout = 10 * time.Second
)

// snapshot is what the database said about a session.
type snapshot struct {
	viewer    models.Viewer // its Levels are shared: nobody may change them
	valid     bool          // the session was there and not revoked, and the user active
	expiresAt time.Time     // of the session
	readAt    time.Time     // before the first statement
}

// snapshots keeps what was read for a while. A session that several callers ask
// for at the same time is read once.
type snapshots struct {
	db       *store.Store
	lifetime time.Duration
	clock    models.Clock
	loads    singleflight.Group

	mu        sync.Mutex
	bySession map[models.ID]snapshot
	changes   uint64    // counts changes of this process; what was read before one is not kept after it
	sweptAt   time.Time // when what was too old was last thrown away
}

func newSnapshots(db *store.Store, lifetime time.Duration, clock models.Clock) *snapshots {
	return &snapshots{db: db, lifetime: lifetime, clock: clock, bySession: make(map[models.ID]snapshot)}
}

// viewer returns the session's user with rights that are lifetime old at most, or
// UNAUTHENTICATED.
func (s *snapshots) viewer(ctx context.Context, session models.ID) (models.Viewer, error) {
	snap, changes, fresh := s.cached(session)
	if !fresh {
		// Loads that began before a change of this process are not joined after it.
		flight := s.loads.DoChan(fmt.Sprintf("%s/%d", session, changes), func() (any, error) {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadTimeout)
			defer cancel()
			snap, err := loadSnapshot(s.db.Read(ctx), session, s.clock())
			if err == nil {
				s.keep(session, snap, changes)
			}
			return snap, err
		})
		select {
		case <-ctx.Done():
			return models.Viewer{}, fmt.Errorf("read session %s: %w", session, ctx.Err())
		case result := <-flight:
			if result.Err != nil {
				return models.Viewer{}, result.Err
			}
			snap = result.Val.(snapshot) //nolint:errcheck,forcetypeassert // made just above
		}
	}
	if !snap.valid || !s.clock().Before(snap.expiresAt) {
		return models.Viewer{}, errUnauthenticated
	}
	return snap.viewer, nil
}

func (s *snapshots) cached(session models.ID) (snap snapshot, changes uint64, fresh bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	snap, known := s.bySession[session]
	return snap, s.changes, known && s.fresh(snap, s.clock())
}

func (s *snapshots) fresh(snap snapshot, now time.Time) bool {
	return now.Before(snap.readAt.Add(s.lifetime))
}

func (s *snapshots) keep(session models.ID, snap snapshot, changes uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if changes != s.changes {
		return
	}
	now := s.clock()
	full := len(s.bySession) >= maxSnapshots
	if full || !now.Before(s.sweptAt.Add(s.lifetime)) {
		s.sweptAt = now
		s.sweep(now)
	}
	s.bySession[session] = snap
}

// sweep throws away what is too old, and if that leaves too many, any tenth.
func (s *snapshots) sweep(now time.Time) {
	for session, snap := range s.bySession {
		if !s.fresh(snap, now) {
			delete(s.bySession, session)
		}
	}
	if len(s.bySession) < maxSnapshots {
		return
	}
	surplus := maxSnapshots / 10
	for session := range s.bySession {
		if surplus == 0 {
			return
		}
		delete(s.bySession, session)
		surplus--
	}
}

// forget drops the snapshots of viewers that a change concerns. Call it after the
// commit.
func (s *snapshots) forget(concerned func(models.Viewer) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changes++
	for session, snap := range s.bySession {
		if concerned(snap.viewer) {
			delete(s.bySession, session)
		}
	}
}

func (s *snapshots) forgetSession(session models.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changes++
	delete(s.bySession, session)
}

// loadSnapshot reads a session with its user and rights, in two statements. A
// session that is not there gives a snapshot that is not valid.
func loadSnapshot(db *gorm.DB, session models.ID, now time.Time) (snapshot, error) {
	var rows []struct {
		OrganizationID, UserID, ProfileID models.ID
		ExpiresAt                         time.Time
		RevokedAt                         *time.Time
		Active, Administrator             bool
	}
	err := db.Model(&models.Session{}).
		Select("sessions.organization_id, sessions.user_id, sessions.expires_at, sessions.revoked_at, users.active, users.profile_id, profiles.administrator").
		Joins("JOIN users ON users.id = sessions.user_id").
		Joins("JOIN profiles ON profiles.id = users.profile_id").
		Where("sessions.id = ?", session).Limit(1).Scan(&rows).Error
	if err != nil {
		return snapshot{}, fmt.Errorf("read session %s: %w", session, err)
	}
	snap := snapshot{readAt: now}
	if len(rows) == 0 {
		return snap, nil
	}
	row := rows[0]
	snap.expiresAt = row.ExpiresAt
	snap.valid = row.RevokedAt == nil && row.Active
	snap.viewer = models.Viewer{
		OrganizationID: row.OrganizationID, UserID: row.UserID, ProfileID: row.ProfileID,
		SessionID: session, Administrator: row.Administrator,
	}
	if row.Administrator {
		return snap, nil
	}
	var permissions []models.ChannelPermission
	err = db.Where("organization_id = ? AND profile_id = ?", row.OrganizationID, row.ProfileID).Find(&permissions).Error
	if err != nil {
		return snapshot{}, fmt.Errorf("read levels of profile %s: %w", row.ProfileID, err)
	}
	snap.viewer.Levels = make(map[models.ID]models.MessagingLevel, len(permissions))
	for _, permission := range permissions {
		snap.viewer.Levels[permission.ChannelID] = permission.Level
	}
	return snap, nil
}
