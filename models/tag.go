package models

import (
	"slices"
	"time"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Limits of tags.
const (
	MaxTagName             = 50   // characters
	MaxTags                = 1000 // of an organization
	MaxTagsPerConversation = 20
)

// TagColor is the name of a color that clients paint a tag with.
type TagColor string

// The colors of tags.
const (
	TagGray   TagColor = "GRAY"
	TagRed    TagColor = "RED"
	TagOrange TagColor = "ORANGE"
	TagYellow TagColor = "YELLOW"
	TagGreen  TagColor = "GREEN"
	TagTeal   TagColor = "TEAL"
	TagBlue   TagColor = "BLUE"
	TagPurple TagColor = "PURPLE"
	TagPink   TagColor = "PINK"
)

// TagColors are all colors of tags.
var TagColors = []TagColor{TagGray, TagRed, TagOrange, TagYellow, TagGreen, TagTeal, TagBlue, TagPurple, TagPink}

// Valid reports whether c is one of the colors.
func (c TagColor) Valid() bool { return slices.Contains(TagColors, c) }

// Tag is a label that the organization puts on conversations.
type Tag struct {
	OrganizationID ID       `gorm:"type:uuid;primaryKey;uniqueIndex:tags_name_key,priority:1"`
	ID             ID       `gorm:"type:uuid;primaryKey"`
	Name           string   `gorm:"not null"`                                      // as CleanTagName makes it
	NameKey        string   `gorm:"not null;uniqueIndex:tags_name_key,priority:2"` // NameKey(Name)
	Color          TagColor `gorm:"not null"`
	Version        int64    `gorm:"not null"` // grows with every change; for expectedVersion
	CreatedByID    ID       `gorm:"type:uuid;not null"`
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// ConversationTag says that a conversation has a tag.
type ConversationTag struct {
	OrganizationID ID `gorm:"type:uuid;primaryKey;index:conversation_tags_tag_idx,priority:1"`
	ConversationID ID `gorm:"type:uuid;primaryKey;index:conversation_tags_tag_idx,priority:3"`
	TagID          ID `gorm:"type:uuid;primaryKey;index:conversation_tags_tag_idx,priority:2"`
	CreatedAt      time.Time
}

// CleanTagName brings a name into the form in which it is kept: composed
// characters, single spaces, none around. REQUIRED (name) for an empty one,
// INVALID (name) for one that is too long or holds control characters.
func CleanTagName(name string) (string, error) { return CleanName(name, "name", MaxTagName) }

// NameKey is what two names have in common that differ only in upper and lower
// case, in any language.
func NameKey(name string) string { return norm.NFC.String(cases.Fold().String(name)) }
