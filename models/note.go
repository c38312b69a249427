package models

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of notes.
const (
	MaxNoteBody     = 4096 // characters
	MaxNoteMentions = 20   // users
)

// ConversationNote is what the team writes to itself in a conversation. It is no
// message: it lies in a table of its own, so nothing that sends can come across it,
// and it touches neither the service window nor what is unread.
type ConversationNote struct {
	OrganizationID ID         `gorm:"type:uuid;primaryKey;index:conversation_notes_conversation_idx,priority:1"`
	ID             ID         `gorm:"type:uuid;primaryKey;index:conversation_notes_conversation_idx,priority:4"`
	ChannelID      ID         `gorm:"type:uuid;not null"` // the conversation's
	ConversationID ID         `gorm:"type:uuid;not null;index:conversation_notes_conversation_idx,priority:2"`
	AuthorID       ID         `gorm:"type:uuid;not null"`
	Body           string     `gorm:"not null"`
	Mentions       []ID       `gorm:"serializer:json;type:text" json:",omitzero"` // users; nil: nobody
	Version        int64      `gorm:"not null"`                                   // grows with every edit; for expectedVersion
	EditedAt       *time.Time `json:",omitzero"`
	CreatedAt      time.Time  `gorm:"index:conversation_notes_conversation_idx,priority:3"`
	UpdatedAt      time.Time
}

// CheckText refuses text that cannot be kept or is too long: REQUIRED if nothing
// but spaces is in it, INVALID if it has more than limit characters or is no text.
func CheckText(text, field string, limit int) error {
	switch {
	case strings.TrimSpace(text) == "":
		return NewError(CodeRequired, field)
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		return NewError(CodeInvalid, field)
	case utf8.RuneCountInString(text) > limit:
		return NewError(CodeInvalid, field).With("max", strconv.Itoa(limit))
	}
	return nil
}
