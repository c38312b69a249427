package gqlmodel

import (
	"time"

	"recado/models"
)

// Change is an event and the state that it left behind.
type Change struct {
	models.Event
	Payload models.EventPayload
}

// MessageAddedEvent tells of a new message.
type MessageAddedEvent Change

// MessageStatusChangedEvent tells of a step on a message's way.
type MessageStatusChangedEvent Change

// MessageChangedEvent tells that a message is not as it was.
type MessageChangedEvent Change

// ConversationChangedEvent tells of a change of a conversation.
type ConversationChangedEvent Change

// ConversationMergedEvent tells that two conversations are one now.
type ConversationMergedEvent Change

// PublicID is the id that clients see.
func (e *MessageAddedEvent) PublicID() string { return eventID(e.Event) }

// PublicID is the id that clients see.
func (e *MessageStatusChangedEvent) PublicID() string { return eventID(e.Event) }

// PublicID is the id that clients see.
func (e *MessageChangedEvent) PublicID() string { return eventID(e.Event) }

// PublicID is the id that clients see.
func (e *ConversationChangedEvent) PublicID() string { return eventID(e.Event) }

// PublicID is the id that clients see.
func (e *ConversationMergedEvent) PublicID() string { return eventID(e.Event) }

// OccurredAt is when it happened.
func (e *MessageAddedEvent) OccurredAt() time.Time { return e.CreatedAt }

// OccurredAt is when it happened.
func (e *MessageStatusChangedEvent) OccurredAt() time.Time { return e.CreatedAt }

// OccurredAt is when it happened.
func (e *MessageChangedEvent) OccurredAt() time.Time { return e.CreatedAt }

// OccurredAt is when it happened.
func (e *ConversationChangedEvent) OccurredAt() time.Time { return e.CreatedAt }

// OccurredAt is when it happened.
func (e *ConversationMergedEvent) OccurredAt() time.Time { return e.CreatedAt }

// RemovedConversationID is the id of the conversation that is no more, as clients
// knew it.
func (e *ConversationMergedEvent) RemovedConversationID() string {
	if e.Payload.RemovedID == nil {
		return ""
	}
	return models.PublicID(models.PrefixConversation, *e.Payload.RemovedID)
}

// IsInboxEvent marks the type as an InboxEvent.
func (*MessageAddedEvent) IsInboxEvent() {}

// IsInboxEvent marks the type as an InboxEvent.
func (*MessageStatusChangedEvent) IsInboxEvent() {}

// IsInboxEvent marks the type as an InboxEvent.
func (*MessageChangedEvent) IsInboxEvent() {}

// IsInboxEvent marks the type as an InboxEvent.
func (*ConversationChangedEvent) IsInboxEvent() {}

// IsInboxEvent marks the type as an InboxEvent.
func (*ConversationMergedEvent) IsInboxEvent() {}

// IsEvent marks the type as an Event.
func (*MessageAddedEvent) IsEvent() {}

// IsEvent marks the type as an Event.
func (*MessageStatusChangedEvent) IsEvent() {}

// IsEvent marks the type as an Event.
func (*MessageChangedEvent) IsEvent() {}

// IsEvent marks the type as an Event.
func (*ConversationChangedEvent) IsEvent() {}

// IsEvent marks the type as an Event.
func (*ConversationMergedEvent) IsEvent() {}

func eventID(event models.Event) string { return models.PublicID(models.PrefixEvent, event.ID) }
