package gqlmodel

import (
	"time"
)

// NoteAddedEvent tells of a new note.
type NoteAddedEvent Change

// PublicID is the id that clients see.
func (e *NoteAddedEvent) PublicID() string { return eventID(e.Event) }

// OccurredAt is when it happened.
func (e *NoteAddedEvent) OccurredAt() time.Time { return e.CreatedAt }

// IsInboxEvent marks the type as an InboxEvent.
func (*NoteAddedEvent) IsInboxEvent() {}

// IsEvent marks the type as an Event.
func (*NoteAddedEvent) IsEvent() {}

// NoteChangedEvent tells of a change of a note.
type NoteChangedEvent Change

// PublicID is the id that clients see.
func (e *NoteChangedEvent) PublicID() string { return eventID(e.Event) }

// OccurredAt is when it happened.
func (e *NoteChangedEvent) OccurredAt() time.Time { return e.CreatedAt }

// IsInboxEvent marks the type as an InboxEvent.
func (*NoteChangedEvent) IsInboxEvent() {}

// IsEvent marks the type as an Event.
func (*NoteChangedEvent) IsEvent() {}

// NoteDeletedEvent tells of a note that is no more.
type NoteDeletedEvent Change

// PublicID is the id that clients see.
func (e *NoteDeletedEvent) PublicID() string { return eventID(e.Event) }

// OccurredAt is when it happened.
func (e *NoteDeletedEvent) OccurredAt() time.Time { return e.CreatedAt }

// IsInboxEvent marks the type as an InboxEvent.
func (*NoteDeletedEvent) IsInboxEvent() {}

// IsEvent marks the type as an Event.
func (*NoteDeletedEvent) IsEvent() {}

// ContactBlockChangedEvent tells of a contact that was blocked or unblocked.
type ContactBlockChangedEvent Change

// PublicID is the id that clients see.
func (e *ContactBlockChangedEvent) PublicID() string { return eventID(e.Event) }

// OccurredAt is when it happened.
func (e *ContactBlockChangedEvent) OccurredAt() time.Time { return e.CreatedAt }

// IsInboxEvent marks the type as an InboxEvent.
func (*ContactBlockChangedEvent) IsInboxEvent() {}

// IsEvent marks the type as an Event.
func (*ContactBlockChangedEvent) IsEvent() {}

// Block is the block after the event.
func (e *ContactBlockChangedEvent) Block() *ContactBlock { return (*ContactBlock)(e.Payload.Block) }

// NotificationAddedEvent tells a user of something new.
type NotificationAddedEvent Change

// PublicID is the id that clients see.
func (e *NotificationAddedEvent) PublicID() string { return eventID(e.Event) }

// OccurredAt is when it happened.
func (e *NotificationAddedEvent) OccurredAt() time.Time { return e.CreatedAt }

// IsNotificationEvent marks the type as a NotificationEvent.
func (*NotificationAddedEvent) IsNotificationEvent() {}

// NotificationsReadEvent tells a user that notifications were read.
type NotificationsReadEvent Change

// PublicID is the id that clients see.
func (e *NotificationsReadEvent) PublicID() string { return eventID(e.Event) }

// OccurredAt is when it happened.
func (e *NotificationsReadEvent) OccurredAt() time.Time { return e.CreatedAt }

// IsNotificationEvent marks the type as a NotificationEvent.
func (*NotificationsReadEvent) IsNotificationEvent() {}

// Note is the new note.
func (e *NoteAddedEvent) Note() *Note { return (*Note)(e.Payload.Note) }

// Note is the note after the event.
func (e *NoteChangedEvent) Note() *Note { return (*Note)(e.Payload.Note) }

// DeletedNoteID is the id of the note, as clients knew it.
func (e *NoteDeletedEvent) DeletedNoteID() string { return (*Note)(e.Payload.Note).PublicID() }

// Notification is the new notification.
func (e *NotificationAddedEvent) Notification() *Notification {
	return (*Notification)(e.Payload.Notification)
}
