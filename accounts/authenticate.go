package accounts

import (
	"context"
	"time"

	"recado/models"
)

// Identity is who an access token stands for.
type Identity struct {
	Viewer    models.Viewer
	ExpiresAt time.Time // of the access token
}

// Authenticate checks an access token and returns its user, with the rights that
// the database gives them now or gave them Options.SnapshotLifetime ago at most.
// UNAUTHENTICATED if the token is not one of ours, has expired, or its session was
// ended or its user switched off.
func (s *Service) Authenticate(ctx context.Context, accessToken string) (Identity, error) {
	bearer, err := s.tokens.verify(accessToken)
	if err != nil {
		return Identity{}, err
	}
	viewer, err := s.snapshots.viewer(ctx, bearer.session)
	if err != nil {
		return Identity{}, err
	}
	if viewer.UserID != bearer.user || viewer.OrganizationID != bearer.organization {
		return Identity{}, errUnauthenticated
	}
	return Identity{Viewer: viewer, ExpiresAt: bearer.expiresAt}, nil
}

// Refreshed returns the viewer with the rights that the same session has now or
// had Options.SnapshotLifetime ago at most. UNAUTHENTICATED when the session was
// ended or the user switched off. It is cheap enough to call for every event of a
// live connection. The levels of the result are shared: they must not be changed.
func (s *Service) Refreshed(ctx context.Context, viewer models.Viewer) (models.Viewer, error) {
	now, err := s.snapshots.viewer(ctx, viewer.SessionID)
	if err != nil {
		return models.Viewer{}, err
	}
	if now.UserID != viewer.UserID || now.OrganizationID != viewer.OrganizationID {
		return models.Viewer{}, errUnauthenticated
	}
	return now, nil
}

// Invalidate forgets what this process remembers of the rights in an
// organization, so that the next question is answered by the database. The
// methods of Service that change rights do so by themselves.
func (s *Service) Invalidate(organization models.ID) {
	s.snapshots.forget(func(viewer models.Viewer) bool { return viewer.OrganizationID == organization })
}
