package models

import "time"

// PresenceState says what a user does in a conversation right now.
type PresenceState string

// The states of presence.
const (
	PresenceViewing PresenceState = "VIEWING"
	PresenceTyping  PresenceState = "TYPING"
	PresenceNone    PresenceState = "NONE" // not there, or no longer
)

// Valid reports whether s is one of the states.
func (s PresenceState) Valid() bool {
	return s == PresenceViewing || s == PresenceTyping || s == PresenceNone
}

// PresenceLifetime is how long presence lasts unless it is renewed; clients renew
// it after half of that.
const PresenceLifetime = 30 * time.Second

// Presence is a user who is in a conversation. It is kept nowhere but in memory.
type Presence struct {
	UserID ID
	State  PresenceState // never PresenceNone
	Since  time.Time     // when they began to do this
}
