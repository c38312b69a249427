package models

import "time"

// ServiceWindow is how long a business may answer freely after a customer's
// message (reference/whatsapp-cloud-api.md §10.1).
const ServiceWindow = 24 * time.Hour

// ConversationStatus says whether the team still has work to do.
type ConversationStatus string

// The states of a conversation.
const (
	ConversationOpen   ConversationStatus = "OPEN"
	ConversationClosed ConversationStatus = "CLOSED"
)

// Conversation is everything one contact and the organization wrote to each
// other on one channel.
//
// Its summary columns (unread count, last message, window) are functions of the
// messages' own times, so that the order in which webhooks arrive does not show.
type Conversation struct {
	OrganizationID        ID                 `gorm:"type:uuid;primaryKey;uniqueIndex:conversations_contact_key,priority:1"`
	ID                    ID                 `gorm:"type:uuid;primaryKey"`
	ChannelID             ID                 `gorm:"type:uuid;not null;uniqueIndex:conversations_contact_key,priority:2"`
	ContactID             ID                 `gorm:"type:uuid;not null;uniqueIndex:conversations_contact_key,priority:3"`
	Status                ConversationStatus `gorm:"not null"`
	AssigneeID            *ID                `gorm:"type:uuid" json:",omitzero"`
	QueuedAt              *time.Time         `json:",omitzero"`                 // since when it waits for somebody in the channel's pool to become free; nil when it does not
	UnreadCount           int                `gorm:"not null" json:",omitzero"` // inbound messages since the team last marked it as read
	LastMessageID         *ID                `gorm:"type:uuid" json:",omitzero"`
	LastMessageAt         time.Time          `gorm:"not null"`                                        // the last message's SentAt; when there is none, CreatedAt
	LastCustomerMessageAt *time.Time         `json:",omitzero"`                                       // Meta's time of the newest inbound message, never later than when we received it
	CustomerWAID          string             `gorm:"column:customer_wa_id;not null" json:",omitzero"` // how to address the customer: as their newest message said; may be empty
	CustomerWAIDSeenAt    *time.Time         `gorm:"column:customer_wa_id_seen_at" json:",omitzero"`
	CustomerUserID        string             `gorm:"not null" json:",omitzero"` // business-scoped user id, likewise
	CustomerUserIDSeenAt  *time.Time         `json:",omitzero"`
	EarlyUntil            *time.Time         `json:"-"` // until then, edits or deletions may be waiting for messages that are new here
	ClosedAt              *time.Time         `json:",omitzero"`
	ClosedByID            *ID                `gorm:"type:uuid" json:",omitzero"`
	Version               int64              `gorm:"not null"` // grows when assignment or status change; for expectedVersion
	CreatedAt             time.Time
	UpdatedAt             time.Time
}

// WindowExpiresAt is when the service window closes or closed; nil if the
// customer never wrote.
func (c Conversation) WindowExpiresAt() *time.Time {
	if c.LastCustomerMessageAt == nil {
		return nil
	}
	expires := c.LastCustomerMessageAt.Add(ServiceWindow)
	return &expires
}

// WindowOpen reports whether free text may be sent at the given time: from the
// customer's message on, and up to but not including the moment of expiry.
func (c Conversation) WindowOpen(now time.Time) bool {
	expires := c.WindowExpiresAt()
	return expires != nil && now.Before(*expires)
}

// SeeMessage folds a message into the summary. Each message is folded once, when
// its row is made; any order gives the same result.
func (c *Conversation) SeeMessage(m Message) {
	if c.LastMessageID == nil || sortsAfter(m.SentAt, m.ID, c.LastMessageAt, *c.LastMessageID) {
		c.LastMessageID, c.LastMessageAt = new(m.ID), m.SentAt
	}
	if m.FromCustomer() {
		c.UnreadCount++
		counts := m.SentAt
		if m.CreatedAt.Before(counts) { // a sender's clock that runs ahead must not lengthen the window
			counts = m.CreatedAt
		}
		c.LastCustomerMessageAt = Later(c.LastCustomerMessageAt, &counts)
	}
}

// SeeCustomerAct folds in something that the customer did without writing a
// message, such as a reaction: it opens the service window and leaves nothing unread.
func (c *Conversation) SeeCustomerAct(at, receivedAt time.Time) {
	c.LastCustomerMessageAt = Later(c.LastCustomerMessageAt, Earlier(&at, &receivedAt))
}

// Close ends the team's work on the conversation. It reports false if that was so
// already.
func (c *Conversation) Close(by ID, at time.Time) bool {
	if c.Status == ConversationClosed {
		return false
	}
	c.Status, c.ClosedAt, c.ClosedByID = ConversationClosed, &at, &by
	c.QueuedAt = nil
	c.Version++
	return true
}

// Reopen undoes Close. It reports false if the conversation was open already.
func (c *Conversation) Reopen() bool {
	if c.Status == ConversationOpen {
		return false
	}
	c.Status, c.ClosedAt, c.ClosedByID = ConversationOpen, nil, nil
	c.Version++
	return true
}

// Assign hands the conversation to a user, or to nobody. It reports false if that
// was so already. Who takes it out of the hands of somebody does not put it into
// the queue: it then waits for a person to pick it up.
func (c *Conversation) Assign(to *ID) bool {
	if to == nil && c.AssigneeID == nil || to != nil && IsID(c.AssigneeID, *to) {
		return false
	}
	c.AssigneeID, c.QueuedAt = to, nil
	c.Version++
	return true
}

// Queue has the conversation wait for somebody in the channel's pool to become free.
func (c *Conversation) Queue(at time.Time) {
	c.AssigneeID, c.QueuedAt = nil, &at
	c.Version++
}

// Holder is the user in whose workload the conversation counts; nil if in nobody's.
func (c Conversation) Holder() *ID {
	if c.Status != ConversationOpen {
		return nil
	}
	return c.AssigneeID
}

// SeeCustomer takes over how the newest inbound message names the customer. Of
// two in the same moment the greater wins. An id that a message leaves out does
// not erase the one known.
func (c *Conversation) SeeCustomer(waID, userID string, at time.Time) {
	seeNewest(&c.CustomerWAID, &c.CustomerWAIDSeenAt, waID, at)
	seeNewest(&c.CustomerUserID, &c.CustomerUserIDSeenAt, userID, at)
}

// seeNewest replaces a value by one seen at a time unless the known one is newer.
// It reports whether anything changed.
func seeNewest(known *string, knownAt **time.Time, seen string, at time.Time) bool {
	switch {
	case seen == "":
		return false
	case *knownAt != nil && at.Before(**knownAt):
		return false
	case *knownAt != nil && at.Equal(**knownAt) && seen <= *known:
		return false
	}
	*known, *knownAt = seen, &at
	return true
}

func sortsAfter(at time.Time, id ID, otherAt time.Time, otherID ID) bool {
	if !at.Equal(otherAt) {
		return at.After(otherAt)
	}
	return compareIDs(id, otherID) > 0
}

// Absorb folds in the summary of a conversation whose messages move into this one.
func (c *Conversation) Absorb(other Conversation) {
	c.UnreadCount += other.UnreadCount
	if other.LastMessageID != nil &&
		(c.LastMessageID == nil || sortsAfter(other.LastMessageAt, *other.LastMessageID, c.LastMessageAt, *c.LastMessageID)) {
		c.LastMessageID, c.LastMessageAt = other.LastMessageID, other.LastMessageAt
	}
	c.LastCustomerMessageAt = Later(c.LastCustomerMessageAt, other.LastCustomerMessageAt)
	c.EarlyUntil = Later(c.EarlyUntil, other.EarlyUntil)
	if other.CustomerWAIDSeenAt != nil {
		c.SeeCustomer(other.CustomerWAID, "", *other.CustomerWAIDSeenAt)
	}
	if other.CustomerUserIDSeenAt != nil {
		c.SeeCustomer("", other.CustomerUserID, *other.CustomerUserIDSeenAt)
	}
	c.absorbAssignment(other)
	c.CreatedAt = *Earlier(&c.CreatedAt, &other.CreatedAt)
	c.Version++
}

// absorbAssignment decides who has two conversations that become one: who has one
// that is open, rather than who had one that is closed; else nobody if one of them
// waits in the queue, as long as the longer one waits.
func (c *Conversation) absorbAssignment(other Conversation) {
	switch reopened := other.Status == ConversationOpen && c.Reopen(); {
	case reopened:
		c.AssigneeID, c.QueuedAt = other.AssigneeID, other.QueuedAt
	case c.AssigneeID != nil:
	case other.Status != c.Status:
	case other.AssigneeID != nil:
		c.AssigneeID, c.QueuedAt = other.AssigneeID, nil
	default:
		c.QueuedAt = Earlier(c.QueuedAt, other.QueuedAt)
	}
}
