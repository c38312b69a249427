package server

import (
	"context"
	"errors"
	"time"

	"recado/accounts"
	"recado/models"
)

// unconfirmedFor is how long a live connection stays when nobody can tell
// whether its session still stands. With the age of cached rights it keeps the
// promise that a change takes effect within 30 seconds.
const unconfirmedFor = 18 * time.Second

// Why a live connection has to end.
var (
	errTokenExpired = errors.New("access token expired")
	errSessionEnded = errors.New("session ended")
	errUnconfirmed  = errors.New("session cannot be confirmed")
)

// watch follows an identity and returns why it may no longer be used, or nil when
// ctx is over. It notices the token's expiry at once, a revoked session or a user
// switched off after RightsCheck.
func (s *Server) watch(ctx context.Context, identity accounts.Identity) error {
	confirmed := s.clock()
	next := func() time.Duration {
		return max(min(s.timing.RightsCheck, identity.ExpiresAt.Sub(s.clock())), 0)
	}
	timer := time.NewTimer(next())
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		now := s.clock()
		if !now.Before(identity.ExpiresAt) {
			return errTokenExpired
		}
		switch _, err := s.options.Sessions.Refreshed(ctx, identity.Viewer); {
		case err == nil:
			confirmed = now
		case ctx.Err() != nil:
			return nil
		case models.CodeOf(err) == models.CodeUnauthenticated:
			return errSessionEnded
		case now.Sub(confirmed) >= unconfirmedFor:
			s.log.Warn("live connection ended: its session cannot be confirmed", "error", err)
			return errUnconfirmed
		}
		timer.Reset(next())
	}
}
