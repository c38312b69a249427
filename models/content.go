package models

import (
	"cmp"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"time"
)

// The kinds of message that have a typed member in Content, by Meta's names
// (reference/whatsapp-cloud-api.md §3.4). The set is open: a message may be of
// another kind, and is then kept raw.
const (
	KindText        = "text"
	KindImage       = "image"
	KindVideo       = "video"
	KindAudio       = "audio"
	KindDocument    = "document"
	KindSticker     = "sticker"
	KindLocation    = "location"
	KindContacts    = "contacts"
	KindButton      = "button"
	KindInteractive = "interactive"
	KindOrder       = "order"
	KindSystem      = "system"
	KindUnsupported = "unsupported"
	KindReaction    = "reaction"
	KindEdit        = "edit"
	KindRevoke      = "revoke"
	KindTemplate    = "template"
)

// IsMediaKind reports whether messages of the kind carry a file.
func IsMediaKind(kind string) bool {
	switch kind {
	case KindImage, KindVideo, KindAudio, KindDocument, KindSticker:
		return true
	}
	return false
}

// Content is what a message says beyond its text, of either direction: the member
// of its kind is set, and Referral with any kind. A message of plain text has no
// Content, and one of a kind that is not known has none but its raw JSON.
type Content struct {
	Media       *Media         `json:"media,omitempty"` // image, video, audio, document, sticker
	Location    *Location      `json:"location,omitempty"`
	Contacts    []ContactCard  `json:"contacts,omitempty"`
	Button      *ButtonTap     `json:"button,omitempty"`      // a tap on a template's quick reply
	ButtonReply *Choice        `json:"buttonReply,omitempty"` // a tap on a reply button of an interactive message
	ListReply   *Choice        `json:"listReply,omitempty"`
	FlowReply   *FlowReply     `json:"flowReply,omitempty"`
	Order       *Order         `json:"order,omitempty"`
	System      *SystemNotice  `json:"system,omitempty"`
	Unsupported *Unsupported   `json:"unsupported,omitempty"`
	Interactive *Interactive   `json:"interactive,omitempty"` // outbound
	Reaction    *Reaction      `json:"reaction,omitempty"`    // outbound; a reaction of the customer's is no message
	Template    *SentTemplate  `json:"template,omitempty"`    // outbound
	Referral    *Referral      `json:"referral,omitempty"`    // the ad or post that the customer came from
	Product     *ProductInView `json:"product,omitempty"`     // the product that the message asks about
}

// Media is the file of a message, as the message tells of it.
type Media struct {
	MetaID   string       `json:"metaId,omitempty"`   // Meta's handle of the file, good for 7 days; empty if it could not be fetched
	MIME     string       `json:"mime,omitempty"`     // as the sender says, parameters included: audio/ogg; codecs=opus
	SHA256   string       `json:"sha256,omitempty"`   // 64 lower-case hex digits; empty if unknown
	FileName string       `json:"fileName,omitempty"` // of a document, as the sender says: any Unicode, path characters possible
	Caption  string       `json:"caption,omitempty"`
	Voice    bool         `json:"voice,omitempty"`    // audio: recorded as a voice note
	Animated bool         `json:"animated,omitempty"` // sticker
	Error    *MetaProblem `json:"error,omitempty"`    // why Meta could not fetch the file
}

// MetaProblem is an error in Meta's own words.
type MetaProblem struct {
	Code    int    `json:"code,omitempty"`
	Title   string `json:"title,omitempty"`
	Details string `json:"details,omitempty"`
}

// Location is a place.
type Location struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
	Name      string  `json:"name,omitempty"`
	Address   string  `json:"address,omitempty"`
	URL       string  `json:"url,omitempty"` // inbound, rarely
}

// ContactCard is a person's card. Only the name and phones are dependable, and
// inbound even the name may be missing.
type ContactCard struct {
	Name      CardName      `json:"name"`
	Phones    []CardPhone   `json:"phones,omitempty"`
	Emails    []CardEmail   `json:"emails,omitempty"`
	Addresses []CardAddress `json:"addresses,omitempty"`
	URLs      []CardURL     `json:"urls,omitempty"`
	Company   string        `json:"company,omitempty"`
	JobTitle  string        `json:"jobTitle,omitempty"`
	Birthday  string        `json:"birthday,omitempty"` // YYYY-MM-DD
}

// CardName is the name on a card.
type CardName struct {
	Formatted string `json:"formatted,omitempty"` // the whole name, as it is shown
	First     string `json:"first,omitempty"`
	Last      string `json:"last,omitempty"`
}

// CardPhone is a number on a card.
type CardPhone struct {
	Phone string `json:"phone,omitempty"` // in any notation
	WAID  string `json:"waId,omitempty"`  // if the number uses WhatsApp
	Type  string `json:"type,omitempty"`  // CELL, WORK, … An open set
}

// CardEmail is an email address on a card.
type CardEmail struct {
	Email string `json:"email,omitempty"`
	Type  string `json:"type,omitempty"`
}

// CardAddress is a postal address on a card.
type CardAddress struct {
	Street  string `json:"street,omitempty"`
	City    string `json:"city,omitempty"`
	State   string `json:"state,omitempty"`
	Zip     string `json:"zip,omitempty"`
	Country string `json:"country,omitempty"`
	Type    string `json:"type,omitempty"`
}

// CardURL is a web address on a card.
type CardURL struct {
	URL  string `json:"url,omitempty"`
	Type string `json:"type,omitempty"`
}

// ButtonTap is a tap on a template's quick-reply button.
type ButtonTap struct {
	Payload string `json:"payload,omitempty"` // what the template's message put into the button
	Text    string `json:"text,omitempty"`
}

// Choice is what a customer picked: a reply button or a row of a list.
type Choice struct {
	ID          string `json:"id,omitempty"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"` // of a list's row
}

// FlowReply is what a customer filled in: the answer to a Flow and the like
// (nfm_reply).
type FlowReply struct {
	Name     string `json:"name,omitempty"` // flow, address_message, … An open set
	Body     string `json:"body,omitempty"`
	Response string `json:"response,omitempty"` // JSON as text, by Meta's word
	Valid    bool   `json:"valid,omitempty"`    // whether Response is JSON; broken ones occur
}

// Order is a cart that a customer sent.
type Order struct {
	CatalogID string      `json:"catalogId,omitempty"`
	Text      string      `json:"text,omitempty"`
	Items     []OrderItem `json:"items,omitempty"`
}

// OrderItem is a line of an Order. Amounts are decimal numbers, as Meta wrote
// them.
type OrderItem struct {
	ProductID string `json:"productId,omitempty"` // the business's own id of the product
	Quantity  string `json:"quantity,omitempty"`
	Price     string `json:"price,omitempty"` // of one
	Currency  string `json:"currency,omitempty"`
}

// SystemNotice is a change of a customer's account, told like a message.
type SystemNotice struct {
	Type           string `json:"type,omitempty"` // user_changed_number, customer_identity_changed, user_changed_user_id, … An open set
	Text           string `json:"text,omitempty"` // Meta's own sentence about it
	WAID           string `json:"waId,omitempty"` // the new number, in digits
	PreviousWAID   string `json:"previousWaId,omitempty"`
	UserID         string `json:"userId,omitempty"` // the new business-scoped user id
	PreviousUserID string `json:"previousUserId,omitempty"`
}

// Unsupported is a message that Meta does not pass on.
type Unsupported struct {
	Kind   string        `json:"kind,omitempty"` // what it is in truth: poll, edit, … An open set; empty if Meta does not say
	Errors []MetaProblem `json:"errors,omitempty"`
}

// Interactive is an outbound message with something to tap. Exactly one of
// Buttons, List and Link is set.
type Interactive struct {
	Header  *InteractiveHeader `json:"header,omitempty"`
	Body    string             `json:"body"`
	Footer  string             `json:"footer,omitempty"`
	Buttons []Choice           `json:"buttons,omitempty"` // 1 to 3 reply buttons
	List    *InteractiveList   `json:"list,omitempty"`
	Link    *InteractiveLink   `json:"link,omitempty"`
}

// Reaction is an emoji that the business puts on the message that ReplyToWAMID
// names. An empty one takes back the one before.
type Reaction struct {
	Emoji string `json:"emoji"`
}

// InteractiveHeader is a text, or the message's attachment.
type InteractiveHeader struct {
	Text      string `json:"text,omitempty"`
	MediaKind string `json:"mediaKind,omitempty"` // image, video or document, of the message's attachment; empty with a text
}

// InteractiveList is a menu behind a button.
type InteractiveList struct {
	Button   string        `json:"button"`
	Sections []ListSection `json:"sections"`
}

// ListSection is a part of a menu.
type ListSection struct {
	Title string   `json:"title,omitempty"`
	Rows  []Choice `json:"rows"`
}

// InteractiveLink is a button that opens a web page.
type InteractiveLink struct {
	Text string `json:"text"`
	URL  string `json:"url"`
}

// Referral is the ad or post whose button a customer wrote by
// (reference/whatsapp-cloud-api.md §3.3).
type Referral struct {
	SourceType     string `json:"sourceType,omitempty"` // ad or post
	SourceID       string `json:"sourceId,omitempty"`
	SourceURL      string `json:"sourceUrl,omitempty"`
	Headline       string `json:"headline,omitempty"`
	Body           string `json:"body,omitempty"`
	MediaType      string `json:"mediaType,omitempty"` // image or video
	ImageURL       string `json:"imageUrl,omitempty"`
	VideoURL       string `json:"videoUrl,omitempty"`
	ThumbnailURL   string `json:"thumbnailUrl,omitempty"`
	ClickID        string `json:"clickId,omitempty"` // Meta's ctwa_clid, for measuring ads
	WelcomeMessage string `json:"welcomeMessage,omitempty"`
}

// ProductInView is the product of a catalogue that a message asks about.
type ProductInView struct {
	CatalogID string `json:"catalogId,omitempty"`
	ProductID string `json:"productId,omitempty"`
}

// IsZero reports whether there is nothing in the content.
func (c Content) IsZero() bool { return reflect.ValueOf(c).IsZero() }

// Text is what can be read and searched in the content, of any kind: a caption or
// file name, a button's title, a place, names and numbers. Empty for nil.
func (c *Content) Text() string {
	if c == nil {
		return ""
	}
	var parts []string
	add := func(texts ...string) { parts = append(parts, texts...) }
	if m := c.Media; m != nil {
		add(m.Caption, m.FileName)
	}
	if l := c.Location; l != nil {
		add(l.Name, l.Address)
	}
	for _, card := range c.Contacts {
		add(card.DisplayName())
		for _, phone := range card.Phones {
			add(phone.Phone)
		}
	}
	if c.Button != nil {
		add(c.Button.Text)
	}
	for _, choice := range []*Choice{c.ButtonReply, c.ListReply} {
		if choice != nil {
			add(choice.Title, choice.Description)
		}
	}
	if c.FlowReply != nil {
		add(c.FlowReply.Body)
	}
	if c.Order != nil {
		add(c.Order.Text)
	}
	if c.System != nil {
		add(c.System.Text)
	}
	if c.Interactive != nil {
		add(c.Interactive.text()...)
	}
	if c.Template != nil {
		add(c.Template.texts()...)
	}
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool { return strings.TrimSpace(part) == "" }), "\n")
}

func (i *Interactive) text() []string {
	var parts []string
	if i.Header != nil {
		parts = append(parts, i.Header.Text)
	}
	parts = append(parts, i.Body, i.Footer)
	for _, button := range i.Buttons {
		parts = append(parts, button.Title)
	}
	if i.List != nil {
		for _, section := range i.List.Sections {
			for _, row := range section.Rows {
				parts = append(parts, row.Title)
			}
		}
	}
	if i.Link != nil {
		parts = append(parts, i.Link.Text)
	}
	return parts
}

// DisplayName is what to call the person on a card; the number if there is no
// name.
func (c ContactCard) DisplayName() string {
	if c.Name.Formatted != "" {
		return c.Name.Formatted
	}
	if name := strings.TrimSpace(c.Name.First + " " + c.Name.Last); name != "" {
		return name
	}
	for _, phone := range c.Phones {
		if phone.Phone != "" {
			return phone.Phone
		}
	}
	return c.Company
}

// ParsedJSON reports whether a text is JSON.
func ParsedJSON(text string) bool { return text != "" && json.Valid([]byte(text)) }

// MessageReaction is one side's reaction to a message. It may be there before its
// message is, and stays when it is taken back: with an empty Emoji, so that an older
// one that arrives later does not come back.
type MessageReaction struct {
	OrganizationID ID        `gorm:"type:uuid;primaryKey"`
	ChannelID      ID        `gorm:"type:uuid;primaryKey"`
	WAMID          string    `gorm:"column:wamid;primaryKey"` // of the message reacted to
	Direction      Direction `gorm:"primaryKey"`              // whose it is: the customer's (INBOUND) or the business's
	Emoji          string    `gorm:"not null"`                // empty: taken back
	ReactionWAMID  string    `gorm:"column:reaction_wamid;not null"`
	SenderID       *ID       `gorm:"type:uuid"` // the user who reacted; nil for the customer and the phone
	ReactedAt      time.Time `gorm:"not null"`  // Meta's time, ours for those of the team
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// Supersedes reports whether the reaction takes the place of another one of the
// same side: the newest does, and of two in the same second the greater id, so
// that any order ends the same.
func (r MessageReaction) Supersedes(other MessageReaction) bool {
	if !r.ReactedAt.Equal(other.ReactedAt) {
		return r.ReactedAt.After(other.ReactedAt)
	}
	return r.ReactionWAMID > other.ReactionWAMID
}

// MessageRevision is a version of a message that was edited, its first one
// included, or its deletion. Revisions may be there before their message is, and
// stay as its history.
type MessageRevision struct {
	OrganizationID ID        `gorm:"type:uuid;primaryKey"`
	ChannelID      ID        `gorm:"type:uuid;primaryKey"`
	WAMID          string    `gorm:"column:wamid;primaryKey"` // of the message
	ID             string    `gorm:"primaryKey"`              // Meta's id of the edit or deletion; the message's own for its first version
	Deletion       bool      `gorm:"not null"`
	Direction      Direction `gorm:"not null"` // whose it is; only the author of a message edits it
	Body           string    `gorm:"not null"`
	Content        *Content  `gorm:"serializer:json"`
	RevisedAt      time.Time `gorm:"not null"` // Meta's time
	CreatedAt      time.Time
}

// Revise makes the message what its revisions make of it, in whatever order they
// are given: the newest edit's text, and deleted since the first deletion. What a
// deleted message said stays. It reports whether anything changed.
func (m *Message) Revise(revisions []MessageRevision) bool {
	var newest *MessageRevision
	changed := false
	for i := range revisions {
		revision := &revisions[i]
		switch {
		case revision.Direction != m.Direction || m.WAMID != nil && revision.ID == *m.WAMID:
		case revision.Deletion:
			if first := Earlier(m.DeletedAt, &revision.RevisedAt); first != m.DeletedAt {
				m.DeletedAt, changed = first, true
			}
		case newest == nil || revision.RevisedAt.After(newest.RevisedAt) ||
			revision.RevisedAt.Equal(newest.RevisedAt) && revision.ID > newest.ID:
			newest = revision
		}
	}
	if newest == nil || m.EditedAt != nil && newest.RevisedAt.Equal(*m.EditedAt) && m.Body == newest.Body {
		return changed
	}
	m.Body, m.EditedAt = newest.Body, new(newest.RevisedAt)
	if m.Content != nil && m.Content.Media != nil { // an edit changes the caption; the file stays
		content, media := *m.Content, *m.Content.Media
		media.Caption = newest.caption()
		content.Media = &media
		m.Content, m.Body = &content, content.Text()
	}
	return true
}

// EarlierVersions returns what a message said before its newest edit, the oldest
// first, of all its revisions: none if its author never edited it.
func EarlierVersions(revisions []MessageRevision) []MessageRevision {
	first := slices.IndexFunc(revisions, func(r MessageRevision) bool { return r.ID == r.WAMID })
	if first < 0 {
		return nil
	}
	author := revisions[first].Direction
	versions := slices.DeleteFunc(slices.Clone(revisions), func(r MessageRevision) bool { return r.Deletion || r.Direction != author })
	slices.SortFunc(versions, func(a, b MessageRevision) int {
		switch {
		case a.ID == a.WAMID:
			return -1
		case b.ID == b.WAMID:
			return 1
		}
		return cmp.Or(a.RevisedAt.Compare(b.RevisedAt), strings.Compare(a.ID, b.ID))
	})
	return versions[:len(versions)-1]
}

func (r *MessageRevision) caption() string {
	if r.Content != nil && r.Content.Media != nil {
		return r.Content.Media.Caption
	}
	return r.Body
}
