package models

import (
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Limits of quick replies.
const (
	MaxQuickReplyShortcut = 32   // characters
	MaxQuickReplies       = 1000 // shared ones of an organization, and own ones of each user
)

// QuickReply is what agents send often, kept under a shortcut: a text, or a file with
// the text as its caption. The text may hold variables; see MergeText.
type QuickReply struct {
	OrganizationID ID     `gorm:"type:uuid;primaryKey"`
	ID             ID     `gorm:"type:uuid;primaryKey"`
	OwnerID        *ID    `gorm:"type:uuid"` // the user whose own it is; nil: the whole organization's
	Shortcut       string `gorm:"not null"`  // as CleanShortcut makes it
	Body           string `gorm:"not null"`  // before rendering; may be empty with a file
	AttachmentID   *ID    `gorm:"type:uuid"` // an upload
	Version        int64  `gorm:"not null"`  // grows with every change; for expectedVersion
	CreatedByID    ID     `gorm:"type:uuid;not null"`
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// VisibleTo reports whether a user of the organization may see and use it.
func (q QuickReply) VisibleTo(user ID) bool { return q.OwnerID == nil || *q.OwnerID == user }

// Check returns what is wrong with the text (field body): REQUIRED, INVALID, or
// UNKNOWN_VARIABLE with Params["variable"] and Params["known"].
func (q QuickReply) Check() error {
	least, most := 1, MaxText
	if q.AttachmentID != nil {
		least, most = 0, MaxCaption
	}
	var check fieldCheck
	check.text("body", q.Body, least, most)
	if check.failed != nil {
		return check.failed
	}
	_, err := ParseMergeText(q.Body, "body", ConversationVariables)
	return err
}

// Draft is what the quick reply sends where the variables have these values, and
// the variables that have neither a value nor a fallback.
func (q QuickReply) Draft(values map[string]string) (draft Draft, missing []string) {
	text := q.Body
	if merged, err := ParseMergeText(q.Body, "body", ConversationVariables); err == nil { // it was checked when it was saved
		text, missing = merged.Render(values)
	}
	if q.AttachmentID != nil {
		return Draft{Attachment: &AttachmentDraft{AttachmentID: *q.AttachmentID, Caption: text}}, missing
	}
	return Draft{Text: &TextDraft{Body: text}}, missing
}

// CleanShortcut brings a shortcut into the form in which it is kept and searched:
// lower case, without accents and without a slash in front. It may hold a to z, 0 to
// 9, `-`, `_` and `.`. REQUIRED or INVALID (shortcut) for anything else.
func CleanShortcut(shortcut string) (string, error) {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.TrimPrefix(strings.TrimSpace(shortcut), "/")) {
		switch r = unicode.ToLower(r); {
		case unicode.Is(unicode.Mn, r):
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '_', r == '.':
			b.WriteRune(r)
		default:
			return "", NewError(CodeInvalid, "shortcut")
		}
	}
	switch {
	case b.Len() == 0:
		return "", NewError(CodeRequired, "shortcut")
	case b.Len() > MaxQuickReplyShortcut:
		return "", NewError(CodeInvalid, "shortcut").With("max", "32")
	}
	return b.String(), nil
}
