package inbox

import (
	"context"
	"maps"

	"recado/events"
	"recado/models"
)

// CountsStream tells a viewer the counts of their inbox whenever they change. It is
// used by one goroutine.
type CountsStream struct {
	inbox  *Service
	viewer models.Viewer
	reader *events.Reader
	told   *Counts // nil: nothing yet
}

// WatchCounts starts a stream of counts until ctx ends.
func (s *Service) WatchCounts(ctx context.Context, viewer models.Viewer) (*CountsStream, error) {
	reader, err := s.bus.Follow(ctx, viewer.OrganizationID, -1)
	if err != nil {
		return nil, err
	}
	return &CountsStream{inbox: s, viewer: viewer, reader: reader}, nil
}

// Next returns the counts at first, and after that waits until they are others. What
// happens while they are read is told together the next time. They are those that
// the viewer may see by then. UNAUTHENTICATED when the session ended or the user was
// switched off, events.ErrTooSlow when the reader fell too far behind.
func (cs *CountsStream) Next(ctx context.Context) (Counts, error) {
	for {
		if cs.told != nil {
			if _, err := cs.reader.Next(ctx); err != nil {
				return Counts{}, err
			}
		}
		viewer, err := cs.inbox.accounts.Refreshed(ctx, cs.viewer)
		if err != nil {
			return Counts{}, err
		}
		counts, err := cs.inbox.Counts(ctx, viewer)
		if err != nil {
			return Counts{}, err
		}
		if cs.told == nil || !cs.told.equal(counts) {
			cs.told = &counts
			return counts, nil
		}
	}
}

func (c Counts) equal(other Counts) bool {
	return c.All == other.All && c.Mine == other.Mine && c.Unassigned == other.Unassigned && maps.Equal(c.Channels, other.Channels)
}
