package models

import "time"

// ConversationStatus says whether the team still has work to do.
type ConversationStatus string

// The states of a conversation.
const (
	ConversationOpen   ConversationStatus = "OPEN"
	ConversationClosed ConversationStatus = "CLOSED"
)

// Origin says who began a conversation.
type Origin string

// Who began it: the sender of the message with the earliest time; of two in the
// same moment the customer's.
const (
	OriginCustomer Origin = "CUSTOMER"
	OriginBusiness Origin = "BUSINESS"
)

// author is the side that began.
func (o Origin) author() Author {
	if o == OriginBusiness {
		return AuthorTeam
	}
	return AuthorCustomer
}

// Author is the side that wrote a message.
type Author string

// The two sides of a conversation.
const (
	AuthorCustomer Author = "CUSTOMER"
	AuthorTeam     Author = "TEAM" // people, phones and programs of the business alike
)

// Conversation is what one contact and the organization wrote to each other on one
// channel: all of it, or, on a channel with NewConversation, the part between two
// closings. A contact has one Current conversation on a channel; the ones before it
// are closed for good.
//
// Its summary columns (unread count, last message, window, waiting, origin) are
// functions of the messages' own times, so that the order in which webhooks arrive
// does not show.
type Conversation struct {
	OrganizationID ID                 `gorm:"type:uuid;primaryKey"`
	ID             ID                 `gorm:"type:uuid;primaryKey"`
	ChannelID      ID                 `gorm:"type:uuid;not null"`
	ContactID      ID                 `gorm:"type:uuid;not null"`
	Current        bool               `gorm:"not null" json:",omitzero"` // false: superseded by a newer one with the same contact on the channel
	Status         ConversationStatus `gorm:"not null"`
	AssigneeID     *ID                `gorm:"type:uuid" json:",omitzero"`
	QueuedAt       *time.Time         `json:",omitzero"` // since when it waits for somebody in the channel's pool to become free; nil when it does not
	Origin         Origin             `gorm:"not null"`

	UnreadCount           int             `gorm:"not null" json:",omitzero"` // inbound messages since the team last marked it as read
	InboundCount          int             `gorm:"not null" json:",omitzero"` // messages of the customer so far; a reader's place is counted in them
	LastMessageID         *ID             `gorm:"type:uuid" json:",omitzero"`
	LastMessageAt         time.Time       `gorm:"not null"`                                  // the last message's SentAt; when there is none, CreatedAt
	FirstMessageAt        *time.Time      `json:",omitzero"`                                 // of the earliest message that either side wrote
	LastCustomerMessageAt *time.Time      `json:",omitzero"`                                 // Meta's time of the newest inbound message, never later than when we received it
	LastTeamMessageAt     *time.Time      `json:",omitzero"`                                 // SentAt of the newest outbound message
	LastWrittenAt         *time.Time      `json:",omitzero"`                                 // of the newest message that either side wrote
	LastMessageBy         *Author         `json:",omitzero"`                                 // whose that is; nil if there is none
	WaitingSince          *time.Time      `json:",omitzero"`                                 // the customer's oldest message since the team last wrote, or closed; nil: does not wait
	WindowEndsAt          *time.Time      `gorm:"column:window_expires_at" json:",omitzero"` // WindowExpiresAt, for lists
	LastTemplateAt        *time.Time      `json:",omitzero"`                                 // SentAt of the newest template that has not failed; see Session
	LastOutreachAt        *time.Time      `json:",omitzero"`                                 // of the newest that was sent while the service window was not open, likewise; see ReachedOut
	MarketingStopped      bool            `gorm:"not null" json:",omitzero"`                 // the customer wants no marketing on the channel
	MarketingSaidAt       *time.Time      `json:",omitzero"`                                 // when they last said so, or that they do; nil: never
	MarketingSaidBy       MarketingSource `gorm:"not null;default:''" json:",omitzero"`      // how
	LastReferralAt        *time.Time      `json:",omitzero"`                                 // of the newest message that came from an ad (§10.2)
	FreeEntryExpiresAt    *time.Time      `json:",omitzero"`                                 // see FreeEntryPoint; nil: there never was one

	CustomerWAID         string     `gorm:"column:customer_wa_id;not null" json:",omitzero"` // how to address the customer: as their newest message said; may be empty
	CustomerWAIDSeenAt   *time.Time `gorm:"column:customer_wa_id_seen_at" json:",omitzero"`
	CustomerUserID       string     `gorm:"not null" json:",omitzero"` // business-scoped user id, likewise
	CustomerUserIDSeenAt *time.Time `json:",omitzero"`
	EarlyUntil           *time.Time `json:"-"` // until then, edits or deletions may be waiting for messages that are new here

	SnoozedUntil *time.Time `json:",omitzero"`                 // put off until then; nil: it is not
	Muted        bool       `gorm:"not null" json:",omitzero"` // new messages notify nobody
	Blocked      bool       `gorm:"not null" json:",omitzero"` // the team blocks the contact on the channel; as ContactBlock says, while Current
	ClosedAt     *time.Time `json:",omitzero"`
	ClosedByID   *ID        `gorm:"type:uuid" json:",omitzero"`
	CloseReason  string     `gorm:"not null" json:",omitzero"` // in the words of who closed it; empty if none was given, and while open
	Version      int64      `gorm:"not null"`                  // grows when assignment or status change; for expectedVersion
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

// SeeMessage folds a message into the summary. Each message is folded once, when
// its row is made; any order gives the same result, except that it reports false
// when WaitingSince cannot be told from the summary: then it is the time of the
// oldest customer message after LastTeamMessageAt, which the caller has to look up.
func (c *Conversation) SeeMessage(m Message) (waitingKnown bool) {
	if !m.Listed() {
		return true
	}
	if c.LastMessageID == nil || sortsAfter(m.SentAt, m.ID, c.LastMessageAt, *c.LastMessageID) {
		c.LastMessageID, c.LastMessageAt = new(m.ID), m.SentAt
	}
	switch {
	case m.FromCustomer():
		c.UnreadCount++
		c.InboundCount++
		c.seeCustomerMessage(m.HeardAt())
		return true
	case m.Direction == Outbound:
		if m.Kind == KindTemplate && !m.FromHistory {
			c.LastTemplateAt = Later(c.LastTemplateAt, &m.SentAt)
		}
		if c.ReachesOut(m, m.SentAt) {
			c.LastOutreachAt = Later(c.LastOutreachAt, &m.SentAt)
		}
		return c.seeTeamMessage(m.SentAt)
	}
	return true
}

// SeeCustomerAct folds in something that the customer did without writing a
// message, such as a reaction: it opens the service window and leaves nothing unread.
// It reports whether that moved the window.
func (c *Conversation) SeeCustomerAct(at, receivedAt time.Time) bool {
	before := c.LastCustomerMessageAt
	c.hearCustomer(*Earlier(&at, &receivedAt))
	return before == nil || !before.Equal(*c.LastCustomerMessageAt)
}

// Silent reports whether nobody was ever told of the conversation: so far there are
// only messages from before the number was connected, or reactions and the like to
// messages that we do not have.
func (c *Conversation) Silent() bool {
	return c.Status == ConversationClosed && c.ClosedByID == nil && c.AssigneeID == nil && c.UnreadCount == 0
}

// hearCustomer opens the service window.
func (c *Conversation) hearCustomer(at time.Time) {
	c.LastCustomerMessageAt = Later(c.LastCustomerMessageAt, &at)
	c.WindowEndsAt = c.WindowExpiresAt()
}

// HeardAt is the time of a customer's message as it counts for windows and waiting:
// a sender's clock that runs ahead must not lengthen them.
func (m Message) HeardAt() time.Time {
	if m.CreatedAt.Before(m.SentAt) {
		return m.CreatedAt
	}
	return m.SentAt
}

func (c *Conversation) seeCustomerMessage(at time.Time) {
	c.hearCustomer(at)
	c.seeWritten(at, AuthorCustomer)
	if c.LastTeamMessageAt == nil || at.After(*c.LastTeamMessageAt) {
		c.WaitingSince = Earlier(c.WaitingSince, &at)
	}
}

func (c *Conversation) seeTeamMessage(at time.Time) (waitingKnown bool) {
	c.answerReferral(at)
	c.seeWritten(at, AuthorTeam)
	c.LastTeamMessageAt = Later(c.LastTeamMessageAt, &at)
	return c.settleWaiting()
}

// seeWritten notes who wrote first and last. In the same moment, which Meta's times
// cut to the second, the customer wrote before the team.
func (c *Conversation) seeWritten(at time.Time, by Author) {
	if c.FirstMessageAt == nil || at.Before(*c.FirstMessageAt) || at.Equal(*c.FirstMessageAt) && by == AuthorCustomer {
		c.FirstMessageAt, c.Origin = &at, OriginBusiness
		if by == AuthorCustomer {
			c.Origin = OriginCustomer
		}
	}
	if c.LastWrittenAt == nil || at.After(*c.LastWrittenAt) || at.Equal(*c.LastWrittenAt) && by == AuthorTeam {
		c.LastWrittenAt, c.LastMessageBy = &at, &by
	}
}

// settleWaiting ends the waiting that the team's last message answers: an answer
// counts for all that the customer wrote up to its moment. It reports false if the
// customer wrote both before and after it.
func (c *Conversation) settleWaiting() (known bool) {
	answered := c.LastTeamMessageAt
	if c.WaitingSince == nil || answered == nil || c.WaitingSince.After(*answered) {
		return true
	}
	c.WaitingSince = nil
	return !c.LastWrittenAt.After(*answered)
}

// Waiting returns since when the customer waits for an answer; nil if they do not,
// as with a closed conversation.
func (c Conversation) Waiting() *time.Time {
	if c.Status != ConversationOpen {
		return nil
	}
	return c.WaitingSince
}

// Quiet reports whether the customer's messages notify nobody.
func (c Conversation) Quiet() bool { return c.Muted || c.Blocked }

// Snoozed reports whether the conversation is put off at the given time.
func (c Conversation) Snoozed(now time.Time) bool {
	return c.SnoozedUntil != nil && now.Before(*c.SnoozedUntil)
}

// Close ends the team's work on the conversation: the customer no longer waits. It
// reports false if that was so already.
func (c *Conversation) Close(by ID, at time.Time) bool {
	if c.Status == ConversationClosed {
		return false
	}
	c.Status, c.ClosedAt, c.ClosedByID = ConversationClosed, &at, &by
	c.QueuedAt = nil
	c.WaitingSince = nil
	c.SnoozedUntil = nil
	c.Version++
	return true
}

// Reopen undoes Close. It reports false if the conversation was open already.
func (c *Conversation) Reopen() bool {
	if c.Status == ConversationOpen {
		return false
	}
	c.Status, c.ClosedAt, c.ClosedByID, c.CloseReason = ConversationOpen, nil, nil, ""
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
// It reports false when WaitingSince has to be looked up, as SeeMessage does.
func (c *Conversation) Absorb(other Conversation) (waitingKnown bool) {
	c.UnreadCount += other.UnreadCount
	c.InboundCount += other.InboundCount
	if other.LastMessageID != nil &&
		(c.LastMessageID == nil || sortsAfter(other.LastMessageAt, *other.LastMessageID, c.LastMessageAt, *c.LastMessageID)) {
		c.LastMessageID, c.LastMessageAt = other.LastMessageID, other.LastMessageAt
	}
	waitingKnown = c.absorbTimes(other)
	c.EarlyUntil = Later(c.EarlyUntil, other.EarlyUntil)
	if other.CustomerWAIDSeenAt != nil {
		c.SeeCustomer(other.CustomerWAID, "", *other.CustomerWAIDSeenAt)
	}
	if other.CustomerUserIDSeenAt != nil {
		c.SeeCustomer("", other.CustomerUserID, *other.CustomerUserIDSeenAt)
	}
	c.absorbAssignment(other)
	c.Muted = c.Muted && other.Muted
	c.SnoozedUntil = nil // what was put off is no longer all there is
	c.CreatedAt = *Earlier(&c.CreatedAt, &other.CreatedAt)
	c.Version++
	return waitingKnown
}

func (c *Conversation) absorbTimes(other Conversation) (waitingKnown bool) {
	if other.FirstMessageAt != nil {
		c.seeWritten(*other.FirstMessageAt, other.Origin.author())
	}
	if other.LastWrittenAt != nil {
		c.seeWritten(*other.LastWrittenAt, *other.LastMessageBy)
	}
	c.LastCustomerMessageAt = Later(c.LastCustomerMessageAt, other.LastCustomerMessageAt)
	c.LastTeamMessageAt = Later(c.LastTeamMessageAt, other.LastTeamMessageAt)
	if other.MarketingSaidAt != nil {
		c.HearMarketing(other.MarketingStopped, *other.MarketingSaidAt, other.MarketingSaidBy)
	}
	c.LastTemplateAt = Later(c.LastTemplateAt, other.LastTemplateAt)
	c.LastOutreachAt = Later(c.LastOutreachAt, other.LastOutreachAt)
	c.LastReferralAt = Later(c.LastReferralAt, other.LastReferralAt)
	c.FreeEntryExpiresAt = Later(c.FreeEntryExpiresAt, other.FreeEntryExpiresAt)
	c.WindowEndsAt = c.WindowExpiresAt()
	c.WaitingSince = Earlier(c.WaitingSince, other.WaitingSince)
	return c.settleWaiting()
}

// Successor begins the conversation that supersedes a closed one: the same two
// sides on the same channel, with nothing said yet, still with who had the closed
// one. What holds for the pair of numbers goes on: the window, and how the customer
// is called.
func (c *Conversation) Successor(id ID, at time.Time) Conversation {
	c.Current = false
	return Conversation{
		OrganizationID: c.OrganizationID, ID: id, ChannelID: c.ChannelID, ContactID: c.ContactID, Current: true,
		Status: ConversationOpen, AssigneeID: c.AssigneeID, Origin: OriginCustomer, LastMessageAt: at,
		LastCustomerMessageAt: c.LastCustomerMessageAt, WindowEndsAt: c.WindowEndsAt,
		MarketingStopped: c.MarketingStopped, MarketingSaidAt: c.MarketingSaidAt, MarketingSaidBy: c.MarketingSaidBy,
		LastTemplateAt: c.LastTemplateAt, LastOutreachAt: c.LastOutreachAt,
		LastReferralAt: c.LastReferralAt, FreeEntryExpiresAt: c.FreeEntryExpiresAt,
		CustomerWAID: c.CustomerWAID, CustomerWAIDSeenAt: c.CustomerWAIDSeenAt,
		CustomerUserID: c.CustomerUserID, CustomerUserIDSeenAt: c.CustomerUserIDSeenAt,
		EarlyUntil: c.EarlyUntil, Muted: c.Muted, Version: 1, CreatedAt: at, UpdatedAt: at,
	}
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
