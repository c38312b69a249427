package gqlmodel

import "recado/models"

// Message is models.Message as clients see it.
type Message models.Message

// PublicID is the id that clients see.
func (m *Message) PublicID() string { return models.PublicID(models.PrefixMessage, m.ID) }

// IsNode marks the type as a Node.
func (*Message) IsNode() {}

// Says is what the message says.
func (m *Message) Says() MessageContent {
	if m.Kind == models.KindText {
		return TextContent{Body: m.Body}
	}
	content := UnknownContent{Kind: m.Kind}
	if m.Raw != nil {
		raw := string(m.Raw)
		content.RawJSON = &raw
	}
	return content
}

// StatusTimes tells when each step happened.
func (m *Message) StatusTimes() *MessageStatusTimes {
	return &MessageStatusTimes{
		AcceptedAt: m.AcceptedAt, SentAt: m.LeftAt, DeliveredAt: m.DeliveredAt,
		ReadAt: m.ReadAt, PlayedAt: m.PlayedAt, FailedAt: m.FailedAt,
		CanceledAt: m.CanceledAt,
	}
}
