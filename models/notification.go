package models

import "time"

// NotificationKind is why a user is told.
type NotificationKind string

// The kinds of notification.
const (
	NotifyMention     NotificationKind = "MENTION"      // a note mentions the user
	NotifyAssigned    NotificationKind = "ASSIGNED"     // a conversation was handed to the user
	NotifyMessage     NotificationKind = "MESSAGE"      // a customer wrote in a conversation of the user's that was read until then
	NotifySnoozeEnded NotificationKind = "SNOOZE_ENDED" // a conversation of the user's is back
)

// NotificationRetention is how long notifications are kept, read or not.
const NotificationRetention = 90 * 24 * time.Hour

// Notification tells one user of one thing that happened.
type Notification struct {
	OrganizationID ID               `gorm:"type:uuid;primaryKey;index:notifications_user_idx,priority:1;index:notifications_conversation_idx,priority:1"`
	ID             ID               `gorm:"type:uuid;primaryKey;index:notifications_user_idx,priority:4"`
	UserID         ID               `gorm:"type:uuid;not null;index:notifications_user_idx,priority:2"`
	Kind           NotificationKind `gorm:"not null"`
	ChannelID      ID               `gorm:"type:uuid;not null"` // whose permission the user needs to see it
	ConversationID ID               `gorm:"type:uuid;not null;index:notifications_conversation_idx,priority:2"`
	NoteID         *ID              `gorm:"type:uuid" json:",omitzero"` // with MENTION; the note may be gone
	MessageID      *ID              `gorm:"type:uuid" json:",omitzero"` // with MESSAGE: the first unread one
	ActorID        *ID              `gorm:"type:uuid" json:",omitzero"` // the user who caused it; nil: nobody of the team
	ReadAt         *time.Time       `json:",omitzero"`
	CreatedAt      time.Time        `gorm:"index:notifications_user_idx,priority:3;index:notifications_created_at_idx"`
	UpdatedAt      time.Time
}

// NotificationCount is how many unread notifications a user has on a channel.
type NotificationCount struct {
	OrganizationID ID    `gorm:"type:uuid;primaryKey"`
	UserID         ID    `gorm:"type:uuid;primaryKey"`
	ChannelID      ID    `gorm:"type:uuid;primaryKey"`
	Unread         int64 `gorm:"not null"`
}

// Handling is as much of a conversation as decides who is told of a change.
type Handling struct {
	AssigneeID  *ID
	UnreadCount int
}

// Handling is how the conversation is being taken care of.
func (c Conversation) Handling() Handling { return Handling{c.AssigneeID, c.UnreadCount} }

// ToldOfChange says what the assignee of a conversation is told when it comes from
// before to what it is now: that it was handed to them, or that a customer wrote
// although they had read all. Only the first unread message tells: the next one
// comes after the conversation was read. In a muted one no message tells, and none of
// somebody who is blocked. It is false if the assignee, who may be nobody, need not be
// told, above all of what they did themselves.
func ToldOfChange(before Handling, now Conversation, by *ID) (kind NotificationKind, told bool) {
	switch assignee := now.AssigneeID; {
	case assignee == nil || by != nil && *by == *assignee:
		return "", false
	case !IsID(before.AssigneeID, *assignee):
		return NotifyAssigned, true
	case before.UnreadCount == 0 && now.UnreadCount > 0 && !now.Quiet():
		return NotifyMessage, true
	}
	return "", false
}
