package models

import "time"

// InboxCounter is how many conversations of a channel a user has; with NoID as
// AssigneeID, how many nobody has. It is kept with every change of a conversation.
// Only open conversations count.
type InboxCounter struct {
	OrganizationID ID  `gorm:"type:uuid;primaryKey"`
	ChannelID      ID  `gorm:"type:uuid;primaryKey"`
	AssigneeID     ID  `gorm:"type:uuid;primaryKey"`
	OpenCount      int `gorm:"not null"`
	UnreadCount    int `gorm:"not null"` // with messages that the team has not read
	WaitingCount   int `gorm:"not null"` // whose customer waits for an answer
	SnoozedCount   int `gorm:"not null"` // put off until later
}

// Counted is what the conversation adds to its counter, times n.
func (c Conversation) Counted(n int) InboxCounter {
	counter := InboxCounter{OrganizationID: c.OrganizationID, ChannelID: c.ChannelID}
	if c.AssigneeID != nil {
		counter.AssigneeID = *c.AssigneeID
	}
	if c.Status != ConversationOpen {
		return counter
	}
	counter.OpenCount = n
	if c.UnreadCount > 0 {
		counter.UnreadCount = n
	}
	if c.WaitingSince != nil {
		counter.WaitingCount = n
	}
	if c.SnoozedUntil != nil {
		counter.SnoozedCount = n
	}
	return counter
}

// Add returns the sum of two counters, under the key of c.
func (c InboxCounter) Add(other InboxCounter) InboxCounter {
	c.OpenCount += other.OpenCount
	c.UnreadCount += other.UnreadCount
	c.WaitingCount += other.WaitingCount
	c.SnoozedCount += other.SnoozedCount
	return c
}

// Empty reports whether the counter counts nothing.
func (c InboxCounter) Empty() bool {
	return c.OpenCount == 0 && c.UnreadCount == 0 && c.WaitingCount == 0 && c.SnoozedCount == 0
}

// ConversationRead is the place up to which a user has read a conversation.
type ConversationRead struct {
	OrganizationID ID        `gorm:"type:uuid;primaryKey"`
	UserID         ID        `gorm:"type:uuid;primaryKey"`
	ConversationID ID        `gorm:"type:uuid;primaryKey"`
	ReadCount      int       `gorm:"not null"` // how many of the customer's messages, of Conversation.InboundCount
	ReadAt         time.Time `gorm:"not null"`
}
