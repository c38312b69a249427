package models

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// EventKind says what an event tells.
type EventKind string

// The kinds of event.
const (
	EventMessageAdded         EventKind = "message.added"
	EventMessageStatusChanged EventKind = "message.status_changed"
	EventMessageChanged       EventKind = "message.changed" // content, reactions, file, edit or deletion
	EventConversationChanged  EventKind = "conversation.changed"
	EventConversationMerged   EventKind = "conversation.merged"   // two turned out to be with the same person
	EventContactBlockChanged  EventKind = "contact.block_changed" // somebody was blocked or unblocked, or Meta did it or refused
	EventNoteAdded            EventKind = "note.added"
	EventNoteChanged          EventKind = "note.changed"
	EventNoteDeleted          EventKind = "note.deleted"
	EventChannelChanged       EventKind = "channel.changed"       // connection, health, or what Meta says of the number
	EventChannelSetupChanged  EventKind = "channel.setup_changed" // for administrators: a number is being connected, and a step was made or failed
	EventNotificationAdded    EventKind = "notification.added"    // for one user
	EventNotificationsRead    EventKind = "notifications.read"    // for one user: some were read; the channel is that of all of them, or NoID
	EventTemplateChanged      EventKind = "template.changed"      // for all who may see one of its channels; the event names none
)

// The kinds of event about records, which everybody of the organization gets. They
// belong to no channel and no conversation.
const (
	EventDealChanged      EventKind = "deal.changed"      // made or changed
	EventDealDeleted      EventKind = "deal.deleted"      // the deal is as it was
	EventPipelinesChanged EventKind = "pipelines.changed" // pipelines or stages; deals of stages that were deleted are in others
)

// The kinds of event about an organization's credits, which only administrators get.
// They belong to no channel and no conversation; their payload is a
// CreditEventPayload.
const (
	EventCreditsBalanceChanged    EventKind = "credits.balance_changed"
	EventCreditsLow               EventKind = "credits.low_balance"            // the balance fell below the limit
	EventCreditsPurchaseChanged   EventKind = "credits.purchase_changed"       // a purchase was made, paid, refused or given up
	EventCreditsRechargeFailed    EventKind = "credits.recharge_failed"        // an automatic payment was refused; it is tried again
	EventCreditsRechargeStopped   EventKind = "credits.recharge_stopped"       // auto-recharge was switched off after repeated failure
	EventCreditsRechargeCeiling   EventKind = "credits.recharge_ceiling"       // the month's ceiling keeps auto-recharge from buying
	EventCreditsReconciliationOff EventKind = "credits.reconciliation_differs" // Meta counts other than the ledger
)

// CreditEventPayload is the state that an event about credits leaves behind.
type CreditEventPayload struct {
	Balances       Balances               `json:"balances"`
	Purchase       *CreditPurchase        `json:"purchase,omitempty"`
	Reconciliation []CreditReconciliation `json:"reconciliation,omitempty"` // those that differ
}

// Event is a change that readers may care about, written in the transaction that
// made the change. Positions count up by one per organization, without holes
// among committed events, so a reader that has seen position n misses nothing by
// asking for those above n.
type Event struct {
	OrganizationID ID              `gorm:"type:uuid;primaryKey" json:"organizationId"`
	Position       int64           `gorm:"primaryKey;autoIncrement:false" json:"position"`
	ID             ID              `gorm:"type:uuid;not null" json:"id"`
	Kind           EventKind       `gorm:"not null" json:"kind"`
	ChannelID      ID              `gorm:"type:uuid;not null" json:"channelId"` // whose permission a reader needs
	ConversationID ID              `gorm:"type:uuid;not null" json:"conversationId"`
	UserID         *ID             `gorm:"type:uuid" json:"userId,omitempty"` // the only user who gets it; nil: all who may see the channel
	Payload        json.RawMessage `gorm:"not null" json:"payload"`           // an EventPayload
	CreatedAt      time.Time       `gorm:"not null;index:events_created_at_idx" json:"createdAt"`
}

// EventPayload is the state that an event leaves behind: all that a row of a
// list shows, so that a reader need not ask again. What is empty in the rows is left
// out of the JSON (their omitzero tags): every message is written as an event too.
type EventPayload struct {
	Conversation Conversation       `json:"conversation"`
	Contact      Contact            `json:"contact"`
	Message      *Message           `json:"message,omitempty"`      // with message.*
	LastMessage  *Message           `json:"lastMessage,omitempty"`  // of the conversation, unless it is Message itself
	Note         *ConversationNote  `json:"note,omitempty"`         // with note.*; with note.deleted, as it was
	Block        *ContactBlock      `json:"block,omitempty"`        // with contact.block_changed: as it is now; without Blocked it is, or will be, gone
	Notification *Notification      `json:"notification,omitempty"` // with notification.added, where the rows above are empty
	Channel      *Channel           `json:"channel,omitempty"`      // with channel.changed, where the rows above are empty
	Setup        *ChannelConnection `json:"setup,omitempty"`        // with channel.setup_changed, likewise; without its secrets
	RemovedID    *ID                `json:"removedId,omitempty"`    // with conversation.merged: the conversation that is no more
	Template     *Template          `json:"template,omitempty"`     // with template.changed, where the rows above are empty
	ChannelIDs   []ID               `json:"channelIds,omitempty"`   // with template.changed: the channels of its account
	Deal         *Deal              `json:"deal,omitempty"`         // with deal.*, where the rows above are empty
}

// IdempotencyRecord remembers the first result of a mutation under a client's
// key, so that a repeated call does not act twice.
type IdempotencyRecord struct {
	OrganizationID ID        `gorm:"type:uuid;primaryKey"`
	ActorID        ID        `gorm:"type:uuid;primaryKey"`
	Mutation       string    `gorm:"primaryKey"`
	Key            string    `gorm:"primaryKey"`
	InputHash      []byte    `gorm:"not null"` // SHA-256 of the input without the key
	ResultID       ID        `gorm:"type:uuid;not null"`
	CreatedAt      time.Time `gorm:"not null;index:idempotency_records_created_at_idx"`
}

// IdempotencyLifetime is how long a key is remembered.
const IdempotencyLifetime = 24 * time.Hour

// MaxIdempotencyKey is the longest key that a client may choose, in characters.
const MaxIdempotencyKey = 64

// CheckIdempotencyKey returns nil for a key that a client may use, else REQUIRED or
// INVALID with the field idempotencyKey.
func CheckIdempotencyKey(key string) error {
	switch length := utf8.RuneCountInString(key); {
	case length == 0:
		return NewError(CodeRequired, "idempotencyKey")
	case strings.ContainsRune(key, 0) || !utf8.ValidString(key):
		return NewError(CodeInvalid, "idempotencyKey")
	case length > MaxIdempotencyKey:
		return NewError(CodeInvalid, "idempotencyKey").With("max", strconv.Itoa(MaxIdempotencyKey))
	}
	return nil
}
