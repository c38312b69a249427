package inbox

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"recado/events"
	"recado/models"
)

// Subscription says which events a viewer wants.
type Subscription struct {
	ConversationID *models.ID // only this conversation; nil: all that the viewer may see
	Notifications  bool       // the viewer's own notifications, and nothing else
	Channels       bool       // what becomes of channels and, for administrators, of setups of them, and nothing else
	After          *int64     // the feed position to go on after; nil: from now on
}

// carries reports whether events of a kind belong to such a stream.
func (s Subscription) carries(kind models.EventKind) bool {
	switch kind {
	case models.EventNotificationAdded, models.EventNotificationsRead:
		return s.Notifications
	case models.EventChannelChanged, models.EventChannelSetupChanged:
		return s.Channels
	}
	return !s.Notifications && !s.Channels
}

// Change is an event that the viewer may see.
type Change struct {
	models.Event
	Payload models.EventPayload
}

// Stream is a viewer's subscription. It is used by one goroutine.
type Stream struct {
	inbox        *Service
	viewer       models.Viewer
	subscription Subscription
	reader       *events.Reader
	pending      []models.Event
}

// Subscribe starts a stream of events, in order and without gaps, until ctx ends.
// NOT_FOUND if the conversation does not exist for the viewer; CURSOR_EXPIRED if
// the feed no longer reaches back to After.
func (s *Service) Subscribe(ctx context.Context, viewer models.Viewer, subscription Subscription) (*Stream, error) {
	if id := subscription.ConversationID; id != nil {
		var conversation models.Conversation
		err := s.db.Read(ctx).Limit(1).Find(&conversation, "organization_id = ? AND id = ?", viewer.OrganizationID, *id).Error
		if err != nil {
			return nil, fmt.Errorf("read conversation %s: %w", *id, err)
		}
		if conversation.ID != *id || !viewer.Can(conversation.ChannelID, models.LevelView) {
			return nil, models.ErrNotFound
		}
	}
	after := int64(-1)
	if subscription.After != nil {
		after = *subscription.After
	}
	reader, err := s.bus.Follow(ctx, viewer.OrganizationID, after)
	if err != nil {
		return nil, err
	}
	return &Stream{inbox: s, viewer: viewer, subscription: subscription, reader: reader}, nil
}

// Next waits for the next event that the viewer may see by then: rights that
// changed since the start count. UNAUTHENTICATED when the session ended or the
// user was switched off, NOT_FOUND when a conversation that was asked for by name
// is no longer visible, events.ErrTooSlow when the reader fell too far behind.
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
		change, err := st.admit(ctx, event)
		if err != nil {
			return Change{}, err
		}
		if change != nil {
			return *change, nil
		}
	}
}

// admit returns the event if it is for this viewer, nil if it is not.
func (st *Stream) admit(ctx context.Context, event models.Event) (*Change, error) {
	if event.UserID != nil && *event.UserID != st.viewer.UserID {
		return nil, nil //nolint:nilnil // for somebody else
	}
	if !st.subscription.carries(event.Kind) {
		return nil, nil //nolint:nilnil // of another stream
	}
	wanted := st.subscription.ConversationID
	if wanted != nil && event.ConversationID != *wanted && event.Kind != models.EventConversationMerged {
		return nil, nil //nolint:nilnil // not for this reader, and no failure
	}
	var payload models.EventPayload
	if err := json.Unmarshal(event.Payload, &payload); err != nil {
		return nil, fmt.Errorf("read event %d: %w", event.Position, err)
	}
	if wanted != nil && event.ConversationID != *wanted && !models.IsID(payload.RemovedID, *wanted) {
		return nil, nil //nolint:nilnil // two other conversations became one
	}
	viewer, err := st.inbox.accounts.Refreshed(ctx, st.viewer)
	if err != nil {
		return nil, err
	}
	if payload.Template != nil && !slices.ContainsFunc(payload.ChannelIDs, func(id models.ID) bool { return viewer.Can(id, models.LevelView) }) {
		return nil, nil //nolint:nilnil // of an account on none of whose channels the reader may look
	}
	if event.Kind == models.EventChannelSetupChanged && !viewer.Administrator {
		return nil, nil //nolint:nilnil // for administrators
	}
	if event.ChannelID != models.NoID && !viewer.Can(event.ChannelID, models.LevelView) {
		if wanted != nil {
			return nil, models.ErrNotFound
		}
		return nil, nil //nolint:nilnil // not for this reader, and no failure
	}
	return &Change{Event: event, Payload: payload}, nil
}
