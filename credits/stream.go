package credits

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"recado/events"
	"recado/models"
)

// Change is an event about an organization's credits.
type Change struct {
	models.Event

	Payload models.CreditEventPayload
}

// Stream is an administrator's subscription. It is used by one goroutine.
type Stream struct {
	credits *Service
	viewer  models.Viewer
	reader  *events.Reader
	pending []models.Event
}

// Subscribe starts a stream of the events about the viewer's organization's credits, in
// order and without gaps, after a feed position or, with nil, from now on, until ctx
// ends. FORBIDDEN for others than administrators; CURSOR_EXPIRED if the feed no longer
// reaches back that far.
func (s *Service) Subscribe(ctx context.Context, viewer models.Viewer, after *int64) (*Stream, error) {
	if err := requireAdministrator(viewer); err != nil {
		return nil, err
	}
	position := int64(-1)
	if after != nil {
		position = *after
	}
	reader, err := s.rooms.Bus.Follow(ctx, viewer.OrganizationID, position)
	if err != nil {
		return nil, err
	}
	return &Stream{credits: s, viewer: viewer, reader: reader}, nil
}

// Next waits for the next event. FORBIDDEN when the viewer is no administrator any
// more, UNAUTHENTICATED when the session ended, events.ErrTooSlow when the reader fell
// too far behind.
func (st *Stream) Next(ctx context.Context) (Change, error) {
	for {
		for len(st.pending) == 0 {
			batch, err := st.reader.Next(ctx)
			if err != nil {
				return Change{}, err
			}
			st.pending = batch
		}
		event := st.pending[0]
		st.pending = st.pending[1:]
		if !strings.HasPrefix(string(event.Kind), "credits.") {
			continue
		}
		viewer, err := st.credits.rooms.Rights(ctx, st.viewer)
		if err != nil {
			return Change{}, err
		}
		if err := requireAdministrator(viewer); err != nil {
			return Change{}, err
		}
		change := Change{Event: event}
		if err := json.Unmarshal(event.Payload, &change.Payload); err != nil {
			return Change{}, fmt.Errorf("read event %d: %w", event.Position, err)
		}
		return change, nil
	}
}
