package models

import "time"

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

// SeeReferral notes that a message came from an ad at the given time. Answer is the
// team's first message at or after that time; nil if there is none yet.
func (c *Conversation) SeeReferral(at time.Time, answer *time.Time) {
	c.LastReferralAt = Later(c.LastReferralAt, &at)
	c.FreeEntryExpiresAt = Later(c.FreeEntryExpiresAt, FreeEntryPoint(at, answer))
}

// answerReferral opens the free entry point if the team's message answers the newest
// referral in time. Of several answers the first one counts.
func (c *Conversation) answerReferral(at time.Time) {
	if c.LastReferralAt == nil {
		return
	}
	expires := FreeEntryPoint(*c.LastReferralAt, &at)
	answered := c.FreeEntryExpiresAt != nil && !c.FreeEntryExpiresAt.Add(-FreeEntryWindow).Before(*c.LastReferralAt)
	switch {
	case expires == nil:
	case answered:
		c.FreeEntryExpiresAt = Earlier(c.FreeEntryExpiresAt, expires)
	default:
		c.FreeEntryExpiresAt = expires
	}
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
