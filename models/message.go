package models

import (
	"maps"
	"slices"
	"time"
)

// Direction is which way a message went.
type Direction string

// The directions.
const (
	Inbound  Direction = "INBOUND"  // from the customer
	Outbound Direction = "OUTBOUND" // from the business
)

// MessageStatus is how far a message has come. It only ever moves forward.
type MessageStatus string

// The states of a message. Inbound messages are RECEIVED and stay so.
const (
	StatusReceived    MessageStatus = "RECEIVED"
	StatusQueued      MessageStatus = "QUEUED"      // waits for its turn to be sent
	StatusSending     MessageStatus = "SENDING"     // the call to Meta is under way
	StatusUnconfirmed MessageStatus = "UNCONFIRMED" // the call's answer was lost; a webhook may still claim it, else it is tried again
	StatusAccepted    MessageStatus = "ACCEPTED"    // Meta took it and gave it an id
	StatusSent        MessageStatus = "SENT"        // left Meta's servers: one tick
	StatusDelivered   MessageStatus = "DELIVERED"   // on the customer's device: two ticks
	StatusRead        MessageStatus = "READ"        // opened: blue ticks
	StatusPlayed      MessageStatus = "PLAYED"      // voice message played
	StatusFailed      MessageStatus = "FAILED"      // will not arrive; Failure says why
	StatusCanceled    MessageStatus = "CANCELED"    // taken back by the team before it was handed to Meta
)

var statusRank = map[MessageStatus]int{
	StatusQueued: 1, StatusSending: 2, StatusUnconfirmed: 2, StatusCanceled: 2, StatusAccepted: 3, StatusSent: 4,
	StatusFailed: 5, StatusDelivered: 6, StatusRead: 7, StatusPlayed: 8,
}

// MessageSource says where a message was written.
type MessageSource string

// The sources.
const (
	SourceCustomer MessageSource = "CUSTOMER"
	SourceAgent    MessageSource = "AGENT"     // a user of the team
	SourcePhoneApp MessageSource = "PHONE_APP" // the business's own phone, with a number that is used in both places
	SourceAPI      MessageSource = "API"       // a program with an API key
	SourceSystem   MessageSource = "SYSTEM"    // Recado itself, by a rule of the team
)

// notWritten are kinds that reach us like messages without being one that the
// customer wrote: they open no window and leave nothing unread.
var notWritten = map[string]bool{"system": true, "edit": true, "revoke": true, "request_welcome": true}

// Message is one message of a conversation, of either direction.
type Message struct {
	OrganizationID ID            `gorm:"type:uuid;primaryKey;uniqueIndex:messages_channel_id_wamid_key,priority:1;index:messages_conversation_idx,priority:1"`
	ID             ID            `gorm:"type:uuid;primaryKey;index:messages_conversation_idx,priority:4"`
	ChannelID      ID            `gorm:"type:uuid;not null;uniqueIndex:messages_channel_id_wamid_key,priority:2"`
	ConversationID ID            `gorm:"type:uuid;not null;index:messages_conversation_idx,priority:2"`
	Direction      Direction     `gorm:"not null"`
	Kind           string        `gorm:"not null"`                                                                           // Meta's type: text, image, … An open set (reference/whatsapp-cloud-api.md §3.4)
	Body           string        `gorm:"not null" json:",omitzero"`                                                          // what can be read and searched in it, of any kind; see Content.Text
	PreviewURL     bool          `gorm:"column:preview_url;not null" json:",omitzero"`                                       // outbound text: show a preview of the first link
	Raw            []byte        `json:",omitzero"`                                                                          // Meta's JSON of an inbound message that is not plain text, as it came; nil otherwise
	WAMID          *string       `gorm:"column:wamid;uniqueIndex:messages_channel_id_wamid_key,priority:3" json:",omitzero"` // Meta's id; nil until Meta accepts
	ReplyToWAMID   *string       `gorm:"column:reply_to_wamid" json:",omitzero"`                                             // the message it answers, which may be unknown or come later
	AttachmentID   *ID           `gorm:"type:uuid" json:",omitzero"`                                                         // the file that came with it or goes with it; nil if there is none
	SenderID       *ID           `gorm:"type:uuid" json:",omitzero"`                                                         // the user who wrote it; nil for customers
	Status         MessageStatus `gorm:"not null"`
	SentAt         time.Time     `gorm:"not null;index:messages_conversation_idx,priority:3"` // place in the conversation: Meta's time for inbound, ours for outbound
	AcceptedAt     *time.Time    `json:",omitzero"`
	LeftAt         *time.Time    `json:",omitzero"` // time of Meta's status "sent"
	DeliveredAt    *time.Time    `json:",omitzero"`
	ReadAt         *time.Time    `json:",omitzero"`
	PlayedAt       *time.Time    `json:",omitzero"`
	FailedAt       *time.Time    `json:",omitzero"`
	Failure        *Failure      `gorm:"serializer:json" json:",omitzero"`
	Attempts       int           `gorm:"not null" json:",omitzero"` // calls to Meta so far
	AttemptedAt    *time.Time    `json:",omitzero"`                 // start of the newest call
	CreatedAt      time.Time     // when we stored it
	UpdatedAt      time.Time

	Content             *Content      `gorm:"serializer:json" json:",omitzero"` // nil for plain text and for kinds that are not known
	Source              MessageSource `gorm:"not null"`
	Forwarded           bool          `gorm:"not null" json:",omitzero"`
	FrequentlyForwarded bool          `gorm:"not null" json:",omitzero"` // more than five times
	FromHistory         bool          `gorm:"not null" json:",omitzero"` // from before the number was connected, taken from the phone
	EditedAt            *time.Time    `json:",omitzero"`                 // of the newest edit; Body and Content are as it left them
	DeletedAt           *time.Time    `json:",omitzero"`                 // its author deleted it for everyone; what it said stays readable for the team

	CanceledAt  *time.Time `json:",omitzero"`
	RetryOfID   *ID        `gorm:"type:uuid" json:",omitzero"` // the failed message that it says again
	RetriedByID *ID        `gorm:"type:uuid" json:",omitzero"` // it failed, and this one says it again; one at most

	PricingCategory *PricingCategory `json:",omitzero"` // as what credits are held for it, see CreditHold; nil: it costs nothing
}

// KindsNotWritten lists the kinds for which FromCustomer is false, for queries.
func KindsNotWritten() []string { return slices.Sorted(maps.Keys(notWritten)) }

// FromCustomer reports whether a customer wrote the message, which opens the
// service window and waits to be read (reference/whatsapp-cloud-api.md §10.1).
// What came with the phone's history does neither.
func (m Message) FromCustomer() bool {
	return m.Direction == Inbound && !m.FromHistory && !notWritten[m.Kind]
}

// Listed reports whether the message has a place of its own in the conversation.
// A reaction has none: it hangs on its message, and is neither the last message nor
// unread.
func (m Message) Listed() bool { return m.Kind != KindReaction }

// Cancel takes the message back. It reports false if it is past QUEUED, where Meta
// may have it. A message whose earlier call was uncertain may still turn out to have
// reached the customer: then its status says so.
func (m *Message) Cancel(at time.Time) bool {
	if m.Direction != Outbound || m.Status != StatusQueued {
		return false
	}
	m.Status, m.CanceledAt = StatusCanceled, &at
	return true
}

// Failure says why a message failed and what to do about it. Code, Retryable and
// NextAction are ours and stable; the rest is Meta's own account of it.
type Failure struct {
	Code        string `json:"code"`
	Retryable   bool   `json:"retryable"`
	NextAction  string `json:"nextAction"`
	MetaCode    int    `json:"metaCode,omitempty"`
	MetaTitle   string `json:"metaTitle,omitempty"`
	MetaDetails string `json:"metaDetails,omitempty"`
}

// StatusChange is a step that Meta reports, or that a failed call amounts to.
type StatusChange struct {
	Status  MessageStatus
	At      time.Time
	Failure *Failure // only with StatusFailed
}

// Apply folds a step into the message: it keeps the earliest time of each step
// and recomputes the status, so that any order and any repetition of the same
// steps ends the same (reference/whatsapp-cloud-api.md §2.4). A message that was
// delivered or read did not fail, whatever else is said. It reports whether
// anything changed; an unknown step changes nothing.
func (m *Message) Apply(change StatusChange) bool {
	at := map[MessageStatus]**time.Time{
		StatusAccepted: &m.AcceptedAt, StatusSent: &m.LeftAt, StatusDelivered: &m.DeliveredAt,
		StatusRead: &m.ReadAt, StatusPlayed: &m.PlayedAt, StatusFailed: &m.FailedAt,
	}[change.Status]
	if at == nil {
		return false
	}
	before, earliest := *at, Earlier(*at, &change.At)
	changed := earliest != before
	*at = earliest
	if change.Status == StatusFailed && changed {
		m.Failure = change.Failure
	}
	if statusRank[change.Status] > statusRank[m.Status] {
		m.Status = change.Status
		changed = true
	}
	return changed
}

// Pending reports whether the message still waits to be handed to Meta.
func (s MessageStatus) Pending() bool {
	return s == StatusQueued || s == StatusSending || s == StatusUnconfirmed
}

// ParkedStatus is a step of a message that has not been seen yet: it came before
// the message did. It is applied and removed when the message turns up.
type ParkedStatus struct {
	OrganizationID ID              `gorm:"type:uuid;primaryKey"`
	ChannelID      ID              `gorm:"type:uuid;primaryKey"`
	WAMID          string          `gorm:"column:wamid;primaryKey"`
	Status         MessageStatus   `gorm:"primaryKey"`
	OccurredAt     time.Time       `gorm:"not null"`
	Failure        *Failure        `gorm:"serializer:json"`
	Pricing        *MessagePricing `gorm:"serializer:json"` // what came with it; nil: it does not speak of the price
	CreatedAt      time.Time       `gorm:"index:parked_statuses_created_at_idx"`
}

// Change is the step that was parked.
func (p ParkedStatus) Change() StatusChange {
	return StatusChange{Status: p.Status, At: p.OccurredAt, Failure: p.Failure}
}
