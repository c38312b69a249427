package models

import (
	"slices"
	"time"
)

const (
	// ServiceWindow is how long a business may answer freely after a customer's
	// message (reference/whatsapp-cloud-api.md §10.1).
	ServiceWindow = 24 * time.Hour
	// FreeEntryWindow is how long all messages are free after the answer to a message
	// that came from an ad (reference/whatsapp-cloud-api.md §10.2).
	FreeEntryWindow = 72 * time.Hour
	// referralAnswer is how soon the answer must come to open a FreeEntryWindow.
	referralAnswer = 24 * time.Hour
)

// WindowKind is which of Meta's windows a conversation is in.
type WindowKind string

// The kinds of window.
const (
	// WindowCustomerService: the customer wrote in the last 24 hours, so anything may be
	// sent.
	WindowCustomerService WindowKind = "CUSTOMER_SERVICE"
	// WindowFreeEntryPoint: the customer came from an ad and was answered, so anything is
	// free for 72 hours. What may be sent still depends on the 24 hours: after them,
	// templates alone.
	WindowFreeEntryPoint WindowKind = "FREE_ENTRY_POINT"
)

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

// WindowKindAt is the window that the conversation is in at the given time, nil if
// in none. In both it is in a free entry point.
func (c Conversation) WindowKindAt(now time.Time) *WindowKind {
	switch {
	case c.FreeEntryExpiresAt != nil && now.Before(*c.FreeEntryExpiresAt):
		return new(WindowFreeEntryPoint)
	case c.WindowOpen(now):
		return new(WindowCustomerService)
	}
	return nil
}

// SeeReferral notes that a message came from an ad at the given time. It reports
// false if the team may have answered it already: then FreeEntryExpiresAt is to be
// looked up, as FreeEntryEnd.
func (c *Conversation) SeeReferral(at time.Time) (entryKnown bool) {
	c.LastReferralAt = Later(c.LastReferralAt, &at)
	return !c.wroteSince(at)
}

// EntryKnownAfter reports whether folding in a message leaves FreeEntryExpiresAt
// right. It does not when an answer turns up that was written before the newest
// referral or before other answers: then it is to be looked up, as FreeEntryEnd. It is
// asked before SeeMessage.
func (c *Conversation) EntryKnownAfter(m Message) bool {
	if c.LastReferralAt == nil || !m.Listed() || m.Direction != Outbound {
		return true
	}
	return !m.SentAt.Before(*c.LastReferralAt) && !c.wroteSince(m.SentAt.Add(1))
}

// wroteSince reports whether the team is known to have written at or after a time,
// here or in the conversation before this one.
func (c *Conversation) wroteSince(at time.Time) bool {
	entered := c.enteredAt()
	return c.LastTeamMessageAt != nil && !c.LastTeamMessageAt.Before(at) || entered != nil && !entered.Before(at)
}

// enteredAt is when the answer was written that opened the free entry point.
func (c *Conversation) enteredAt() *time.Time {
	if c.FreeEntryExpiresAt == nil {
		return nil
	}
	return new(c.FreeEntryExpiresAt.Add(-FreeEntryWindow))
}

// answerReferral opens the free entry point if the team's message is the first that
// answers the newest referral. Later ones change nothing; for those that turn up late
// see EntryKnownAfter.
func (c *Conversation) answerReferral(at time.Time) {
	if c.LastReferralAt != nil && !c.wroteSince(*c.LastReferralAt) {
		c.FreeEntryExpiresAt = Later(c.FreeEntryExpiresAt, FreeEntryPoint(*c.LastReferralAt, &at))
	}
}

// FreeEntryEnd is when the last free entry point ends or ended that messages from ads
// at the first times and messages of the team at the others opened; nil if there was
// none. The times may be in any order.
func FreeEntryEnd(referrals, answers []time.Time) (end *time.Time) {
	answers = slices.SortedFunc(slices.Values(answers), time.Time.Compare)
	for _, at := range referrals {
		if first, _ := slices.BinarySearchFunc(answers, at, time.Time.Compare); first < len(answers) {
			end = Later(end, FreeEntryPoint(at, &answers[first]))
		}
	}
	return end
}

// FreeEntryPoint is the end of the window that the first answer to a message from
// an ad opens; nil if the answer is missing or came 24 hours after it or later.
func FreeEntryPoint(referral time.Time, answer *time.Time) *time.Time {
	if answer == nil || answer.Before(referral) || !answer.Before(referral.Add(referralAnswer)) {
		return nil
	}
	expires := answer.Add(FreeEntryWindow)
	return &expires
}
