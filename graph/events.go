package graph

import (
	"context"
	"fmt"
	"sync"

	"recado/graph/gqlmodel"
	"recado/inbox"
	"recado/models"
)

// streamEnd is where a stream leaves the reason of its end for the last response.
type streamEnd struct {
	mu  sync.Mutex
	err error
}

func (s *streamEnd) set(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// take returns the reason once.
func (s *streamEnd) take() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.err
	s.err = nil
	return err
}

// InboxEvents is everything that happens where the viewer may look.
func (r subscriptionResolver) InboxEvents(ctx context.Context, after *string) (<-chan gqlmodel.InboxEvent, error) {
	return r.subscribe(ctx, nil, after)
}

// ConversationEvents is everything that happens in one conversation.
func (r subscriptionResolver) ConversationEvents(ctx context.Context, conversationID string, after *string) (<-chan gqlmodel.InboxEvent, error) {
	var ids idParser
	conversation := ids.parse(models.PrefixConversation, conversationID, "conversationId")
	return r.subscribe(ctx, &wantedConversation{conversation, ids.err}, after)
}

type wantedConversation struct {
	id  models.ID
	err error
}

func (r subscriptionResolver) subscribe(ctx context.Context, wanted *wantedConversation, after *string) (<-chan gqlmodel.InboxEvent, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	var subscription inbox.Subscription
	if wanted != nil {
		if wanted.err != nil {
			return nil, wanted.err
		}
		subscription.ConversationID = &wanted.id
	}
	if subscription.After, err = feedPosition(viewer.OrganizationID, after); err != nil {
		return nil, err
	}
	stream, err := r.rooms.Inbox.Subscribe(ctx, viewer, subscription)
	if err != nil {
		return nil, err
	}
	events := make(chan gqlmodel.InboxEvent)
	go follow(ctx, r.Edge, events, shown[inbox.Change](stream, inboxEvent))
	return events, nil
}

// stream gives a room's changes, one after the other.
type stream[C any] interface {
	Next(ctx context.Context) (C, error)
}

// shown returns what waits for a stream's next event that clients are shown: show
// returns nil for the others.
func shown[C any, E comparable](stream stream[C], show func(C) (E, error)) func(context.Context) (E, error) {
	return func(ctx context.Context) (E, error) {
		var nothing E
		for {
			change, err := stream.Next(ctx)
			if err != nil {
				return nothing, err
			}
			if event, err := show(change); event != nothing || err != nil {
				return event, err
			}
		}
	}
}

// follow passes a stream on until it or the subscription ends. Only this goroutine
// waits for a slow reader; the stream notices and ends.
func follow[T any](ctx context.Context, e *Edge, told chan<- T, next func(context.Context) (T, error)) {
	defer close(told)
	fail := failWith(ctx)
	defer func() { // a panic here would end the process
		if panicked := recover(); panicked != nil {
			fail(e.Recover(ctx, panicked))
		}
	}()
	for {
		news, err := next(ctx)
		if err != nil {
			fail(err)
			return
		}
		select {
		case told <- news:
		case <-ctx.Done():
			return
		}
	}
}

// failWith returns what notes the reason for which a subscription's stream ends.
func failWith(ctx context.Context) func(error) {
	end, _ := ctx.Value(streamKey).(*streamEnd)
	return func(err error) {
		if end != nil && ctx.Err() == nil {
			end.set(err)
		}
	}
}

// inboxEvent is what clients see of a change; nil for kinds that this version does
// not know.
func inboxEvent(change inbox.Change) (gqlmodel.InboxEvent, error) {
	shown := gqlmodel.Change(change)
	switch change.Kind {
	case models.EventMessageAdded, models.EventMessageStatusChanged, models.EventMessageChanged:
		if change.Payload.Message == nil {
			return nil, fmt.Errorf("event %d of kind %s has no message", change.Position, change.Kind)
		}
		switch change.Kind {
		case models.EventMessageAdded:
			return (*gqlmodel.MessageAddedEvent)(&shown), nil
		case models.EventMessageChanged:
			return (*gqlmodel.MessageChangedEvent)(&shown), nil
		}
		return (*gqlmodel.MessageStatusChangedEvent)(&shown), nil
	case models.EventConversationChanged:
		return (*gqlmodel.ConversationChangedEvent)(&shown), nil
	case models.EventConversationMerged:
		return (*gqlmodel.ConversationMergedEvent)(&shown), nil
	case models.EventTemplateChanged:
		if change.Payload.Template == nil {
			return nil, fmt.Errorf("event %d of kind %s has no template", change.Position, change.Kind)
		}
		return (*gqlmodel.TemplateChangedEvent)(&shown), nil
	case models.EventPipelinesChanged:
		return (*gqlmodel.PipelinesChangedEvent)(&shown), nil
	case models.EventDealChanged, models.EventDealDeleted:
		if change.Payload.Deal == nil {
			return nil, fmt.Errorf("event %d of kind %s has no deal", change.Position, change.Kind)
		}
		if change.Kind == models.EventDealDeleted {
			return (*gqlmodel.DealDeletedEvent)(&shown), nil
		}
		return (*gqlmodel.DealChangedEvent)(&shown), nil
	case models.EventContactBlockChanged:
		if change.Payload.Block == nil {
			return nil, fmt.Errorf("event %d of kind %s has no block", change.Position, change.Kind)
		}
		return (*gqlmodel.ContactBlockChangedEvent)(&shown), nil
	case models.EventNoteAdded, models.EventNoteChanged, models.EventNoteDeleted:
		if change.Payload.Note == nil {
			return nil, fmt.Errorf("event %d of kind %s has no note", change.Position, change.Kind)
		}
		switch change.Kind {
		case models.EventNoteAdded:
			return (*gqlmodel.NoteAddedEvent)(&shown), nil
		case models.EventNoteChanged:
			return (*gqlmodel.NoteChangedEvent)(&shown), nil
		}
		return (*gqlmodel.NoteDeletedEvent)(&shown), nil
	}
	return nil, nil //nolint:nilnil // of a newer version
}

// eventConversation is the state that the event left behind. What belongs to it is
// in the payload as well, so that asking for it costs nothing.
func eventConversation(ctx context.Context, payload *models.EventPayload) *gqlmodel.Conversation {
	load := loadersFrom(ctx)
	load.conversations.prime(payload.Conversation.ID, &payload.Conversation)
	load.contacts.prime(payload.Contact.ID, &payload.Contact)
	for _, message := range []*models.Message{payload.Message, payload.LastMessage} {
		if message != nil {
			load.messages.prime(message.ID, message)
		}
	}
	return (*gqlmodel.Conversation)(&payload.Conversation)
}

func eventMessage(ctx context.Context, payload *models.EventPayload) *gqlmodel.Message {
	eventConversation(ctx, payload)
	return (*gqlmodel.Message)(payload.Message)
}

// Cursor is the event's place in the feed.
func (r messageAddedEventResolver) Cursor(_ context.Context, event *gqlmodel.MessageAddedEvent) (string, error) {
	return feedCursor(event.Event), nil
}

// Conversation is the conversation after the event.
func (r messageAddedEventResolver) Conversation(ctx context.Context, event *gqlmodel.MessageAddedEvent) (*gqlmodel.Conversation, error) {
	return eventConversation(ctx, &event.Payload), nil
}

// Message is the new message.
func (r messageAddedEventResolver) Message(ctx context.Context, event *gqlmodel.MessageAddedEvent) (*gqlmodel.Message, error) {
	return eventMessage(ctx, &event.Payload), nil
}

// Cursor is the event's place in the feed.
func (r messageStatusChangedEventResolver) Cursor(_ context.Context, event *gqlmodel.MessageStatusChangedEvent) (string, error) {
	return feedCursor(event.Event), nil
}

// Conversation is the conversation after the event.
func (r messageStatusChangedEventResolver) Conversation(ctx context.Context, event *gqlmodel.MessageStatusChangedEvent) (*gqlmodel.Conversation, error) {
	return eventConversation(ctx, &event.Payload), nil
}

// Message is the message after the event.
func (r messageStatusChangedEventResolver) Message(ctx context.Context, event *gqlmodel.MessageStatusChangedEvent) (*gqlmodel.Message, error) {
	return eventMessage(ctx, &event.Payload), nil
}

// Cursor is the event's place in the feed.
func (r messageChangedEventResolver) Cursor(_ context.Context, event *gqlmodel.MessageChangedEvent) (string, error) {
	return feedCursor(event.Event), nil
}

// Conversation is the conversation after the event.
func (r messageChangedEventResolver) Conversation(ctx context.Context, event *gqlmodel.MessageChangedEvent) (*gqlmodel.Conversation, error) {
	return eventConversation(ctx, &event.Payload), nil
}

// Message is the message after the event.
func (r messageChangedEventResolver) Message(ctx context.Context, event *gqlmodel.MessageChangedEvent) (*gqlmodel.Message, error) {
	return eventMessage(ctx, &event.Payload), nil
}

// Cursor is the event's place in the feed.
func (r conversationChangedEventResolver) Cursor(_ context.Context, event *gqlmodel.ConversationChangedEvent) (string, error) {
	return feedCursor(event.Event), nil
}

// Conversation is the conversation after the event.
func (r conversationChangedEventResolver) Conversation(ctx context.Context, event *gqlmodel.ConversationChangedEvent) (*gqlmodel.Conversation, error) {
	return eventConversation(ctx, &event.Payload), nil
}

// Cursor is the event's place in the feed.
func (r conversationMergedEventResolver) Cursor(_ context.Context, event *gqlmodel.ConversationMergedEvent) (string, error) {
	return feedCursor(event.Event), nil
}

// Conversation is the conversation that has the messages of both.
func (r conversationMergedEventResolver) Conversation(ctx context.Context, event *gqlmodel.ConversationMergedEvent) (*gqlmodel.Conversation, error) {
	return eventConversation(ctx, &event.Payload), nil
}
