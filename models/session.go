package models

import "time"

// SessionState is what can be sent in a conversation.
type SessionState string

// The states of a session.
const (
	SessionOpen          SessionState = "OPEN"           // the service window is open: everything
	SessionAwaitingReply SessionState = "AWAITING_REPLY" // a template was sent, and the customer has not answered: only templates
	SessionClosed        SessionState = "CLOSED"         // only templates
)

// Session says what can be sent at a time. A template does not open the window; the
// customer's answer to it does (reference/whatsapp-cloud-api.md §10.1).
func (c Conversation) Session(now time.Time) SessionState {
	switch {
	case c.WindowOpen(now):
		return SessionOpen
	case c.LastTemplateAt != nil && (c.LastCustomerMessageAt == nil || c.LastTemplateAt.After(*c.LastCustomerMessageAt)):
		return SessionAwaitingReply
	}
	return SessionClosed
}
