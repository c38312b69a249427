package models

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// Draft is what somebody wants to send: exactly one member is set.
type Draft struct {
	Text        *TextDraft            `json:"text,omitempty"`
	Attachment  *AttachmentDraft      `json:"attachment,omitempty"`
	Location    *Location             `json:"location,omitempty"`
	Contacts    *ContactsDraft        `json:"contacts,omitempty"`
	Reaction    *ReactionDraft        `json:"reaction,omitempty"`
	Interactive *InteractiveDraft     `json:"interactive,omitempty"`
	QuickReply  *QuickReplyDraft      `json:"quickReply,omitempty"`
	Template    *TemplateMessageDraft `json:"template,omitempty"`
}

// TextDraft is a text.
type TextDraft struct {
	Body       string `json:"body"`       // 1 to MaxText characters, not only spaces
	PreviewURL bool   `json:"previewUrl"` // show a preview of the first link
}

// AttachmentDraft is a file that was uploaded, or that came with a message.
type AttachmentDraft struct {
	AttachmentID ID     `json:"attachmentId"`
	Caption      string `json:"caption"` // up to MaxCaption characters; none with audio
}

// QuickReplyDraft is a quick reply, which becomes a text or an attachment.
type QuickReplyDraft struct {
	QuickReplyID ID `json:"quickReplyId"`
}

// TemplateMessageDraft is an approved template with its values. It needs no open service
// window.
type TemplateMessageDraft struct {
	TemplateID ID             `json:"templateId"`
	DealID     *ID            `json:"dealId,omitempty"` // what it is about; nil: no deal
	Values     TemplateValues `json:"values"`
}

// ContactsDraft is 1 to MaxContactCards cards, each with a formatted name.
type ContactsDraft struct {
	Cards []ContactCard `json:"cards"`
}

// ReactionDraft is an emoji on a message of either side.
type ReactionDraft struct {
	MessageID ID     `json:"messageId"`
	Emoji     string `json:"emoji"` // one emoji; empty takes back the one before
}

// InteractiveDraft is a text with something to tap. Its Header, if any, is a text;
// or else HeaderAttachmentID names an image, video or document, which a list cannot
// have.
type InteractiveDraft struct {
	Interactive
	HeaderAttachmentID *ID `json:"headerAttachmentId,omitempty"`
}

// Limits of drafts, in characters and in number
// (reference/whatsapp-cloud-api.md §5.2 to §5.5).
const (
	MaxText               = 4096
	MaxCaption            = 1024
	MaxContactCards       = 257
	MaxHeaderText         = 60
	MaxInteractiveBody    = 1024
	MaxListBody           = 4096
	MaxFooter             = 60
	MaxButtons            = 3
	MaxButtonTitle        = 20
	MaxButtonID           = 256
	MaxListSections       = 10
	MaxListRows           = 10 // in all sections together
	MaxListSectionTitle   = 24
	MaxListRowTitle       = 24
	MaxListRowDescription = 72
	MaxListRowID          = 200

	// Ours, where Meta names none.
	MaxDetail      = 1000 // a name, an address and the like
	MaxCardDetails = 20   // phones, emails and so on of one card, of each
	MaxLinkURL     = 2000
)

// ReactionLimit is how old a message may be to take a reaction
// (reference/whatsapp-cloud-api.md §5.4).
const ReactionLimit = 30 * 24 * time.Hour

// AttachmentID returns the file that the draft sends along; nil if there is none.
func (d Draft) AttachmentID() *ID {
	switch {
	case d.Attachment != nil:
		return &d.Attachment.AttachmentID
	case d.Interactive != nil:
		return d.Interactive.HeaderAttachmentID
	}
	return nil
}

// Check returns what is wrong with the draft taken by itself: INVALID or REQUIRED,
// with the path of the field in it, as in "interactive.buttons.2.title". Params say
// the limit: ["max"] in characters, ["maxItems"] in number.
func (d Draft) Check() error {
	members := 0
	var check fieldCheck
	if d.Text != nil {
		members++
		check.text("text.body", d.Text.Body, 1, MaxText)
	}
	if d.Attachment != nil {
		members++
		check.text("attachment.caption", d.Attachment.Caption, 0, MaxCaption)
	}
	if d.Location != nil {
		members++
		check.location(*d.Location)
	}
	if d.Contacts != nil {
		members++
		check.contacts(d.Contacts.Cards)
	}
	if d.Reaction != nil {
		members++
		check.require(d.Reaction.Emoji == "" || isEmoji(d.Reaction.Emoji), "reaction.emoji")
	}
	if d.Interactive != nil {
		members++
		check.interactive(*d.Interactive)
	}
	if d.QuickReply != nil {
		members++
	}
	if d.Template != nil {
		members++
	}
	switch {
	case members == 0:
		return NewError(CodeRequired, "")
	case members > 1:
		return NewError(CodeInvalid, "")
	case check.failed != nil:
		return check.failed
	}
	return nil
}

// CheckFile returns why a file of the kind cannot be the draft's attachment; nil
// if it can.
func (d Draft) CheckFile(kind MediaKind) error {
	switch {
	case d.Attachment != nil && kind == MediaAudio && d.Attachment.Caption != "":
		return NewError(CodeInvalid, "attachment.caption")
	case d.Attachment != nil && kind == MediaSticker:
		return NewError(CodeInvalid, "attachment.attachmentId")
	case d.Interactive != nil && kind != MediaImage && kind != MediaVideo && kind != MediaDocument:
		return NewError(CodeInvalid, "interactive.header.attachmentId")
	}
	return nil
}

// fieldCheck keeps the first thing that is wrong.
type fieldCheck struct{ failed *Error }

func (c *fieldCheck) fail(e *Error) {
	if c.failed == nil {
		c.failed = e
	}
}

func (c *fieldCheck) require(holds bool, field string) {
	if !holds {
		c.fail(NewError(CodeInvalid, field))
	}
}

// text holds a text to its length. With a least length it must not be blank.
func (c *fieldCheck) text(field, text string, least, most int) {
	switch {
	case least > 0 && strings.TrimSpace(text) == "":
		c.fail(NewError(CodeRequired, field))
	case utf8.RuneCountInString(text) > most:
		c.fail(NewError(CodeInvalid, field).With("max", strconv.Itoa(most)))
	case strings.ContainsRune(text, 0) || !utf8.ValidString(text):
		c.fail(NewError(CodeInvalid, field))
	}
}

// count holds a list to its length.
func (c *fieldCheck) count(field string, n, least, most int) {
	switch {
	case n < least:
		c.fail(NewError(CodeRequired, field))
	case n > most:
		c.fail(NewError(CodeInvalid, field).With("maxItems", strconv.Itoa(most)))
	}
}

// once reports as wrong what was seen before.
func (c *fieldCheck) once(field, value string, seen map[string]bool) {
	if seen[value] {
		c.fail(NewError(CodeInvalid, field).With("duplicate", "true"))
	}
	seen[value] = true
}

func (c *fieldCheck) location(place Location) {
	c.require(place.Latitude >= -90 && place.Latitude <= 90, "location.latitude") // not a number is neither
	c.require(place.Longitude >= -180 && place.Longitude <= 180, "location.longitude")
	c.text("location.name", place.Name, 0, MaxDetail)
	c.text("location.address", place.Address, 0, MaxDetail)
	if place.Address != "" {
		c.text("location.name", place.Name, 1, MaxDetail) // without it the address is not shown
	}
}

func (c *fieldCheck) contacts(cards []ContactCard) {
	c.count("contacts.cards", len(cards), 1, MaxContactCards)
	for i, card := range cards {
		field := "contacts.cards." + strconv.Itoa(i)
		c.text(field+".name.formatted", card.Name.Formatted, 1, MaxDetail)
		c.text(field+".name.first", card.Name.First, 0, MaxDetail)
		c.text(field+".name.last", card.Name.Last, 0, MaxDetail)
		c.text(field+".company", card.Company, 0, MaxDetail)
		c.text(field+".jobTitle", card.JobTitle, 0, MaxDetail)
		if card.Birthday != "" {
			_, err := time.Parse(time.DateOnly, card.Birthday)
			c.require(err == nil, field+".birthday")
		}
		c.details(field, card)
	}
}

// details checks the lists of a card.
func (c *fieldCheck) details(field string, card ContactCard) {
	c.count(field+".phones", len(card.Phones), 0, MaxCardDetails)
	c.count(field+".emails", len(card.Emails), 0, MaxCardDetails)
	c.count(field+".addresses", len(card.Addresses), 0, MaxCardDetails)
	c.count(field+".urls", len(card.URLs), 0, MaxCardDetails)
	for i, phone := range card.Phones {
		at := field + ".phones." + strconv.Itoa(i)
		c.text(at+".phone", phone.Phone, 1, MaxDetail)
		c.text(at+".type", phone.Type, 0, MaxDetail)
		c.require(!strings.ContainsFunc(phone.WAID, func(r rune) bool { return r < '0' || r > '9' }), at+".waId")
	}
	for i, email := range card.Emails {
		at := field + ".emails." + strconv.Itoa(i)
		c.text(at+".email", email.Email, 1, MaxDetail)
		c.text(at+".type", email.Type, 0, MaxDetail)
	}
	for i, address := range card.Addresses {
		at := field + ".addresses." + strconv.Itoa(i)
		c.text(at+".street", address.Street, 0, MaxDetail)
		c.text(at+".city", address.City, 0, MaxDetail)
		c.text(at+".state", address.State, 0, MaxDetail)
		c.text(at+".zip", address.Zip, 0, MaxDetail)
		c.text(at+".country", address.Country, 0, MaxDetail)
		c.text(at+".type", address.Type, 0, MaxDetail)
	}
	for i, page := range card.URLs {
		at := field + ".urls." + strconv.Itoa(i)
		c.text(at+".url", page.URL, 1, MaxLinkURL)
		c.text(at+".type", page.Type, 0, MaxDetail)
	}
}

// isEmoji reports whether a text is one emoji, of however many code points.
func isEmoji(text string) bool {
	const longest = 64 // bytes; families of four with skin tones have 41
	if len(text) > longest || !utf8.ValidString(text) || uniseg.GraphemeClusterCount(text) != 1 {
		return false
	}
	const (
		emojiStyle = '\uFE0F' // shows the character before it as an emoji
		keycap     = '\u20E3'
	)
	return slices.ContainsFunc([]rune(text), func(r rune) bool {
		return unicode.Is(unicode.So, r) || r == emojiStyle || r == keycap
	})
}
