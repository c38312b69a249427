package simulator

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

// typingLasts is how long a typing indicator is shown at most (§5.7).
const typingLasts = 25 * time.Second

// ReadMark is one read mark of the business.
type ReadMark struct {
	NumberID  string    `json:"numberId"`
	MessageID string    `json:"messageId"` // the newest message it covers
	WAID      string    `json:"waId"`
	UserID    string    `json:"userId"`
	At        time.Time `json:"at"`
}

// TypingRecord is one typing indicator of the business.
type TypingRecord struct {
	NumberID  string    `json:"numberId"`
	MessageID string    `json:"messageId"`
	WAID      string    `json:"waId"`
	UserID    string    `json:"userId"`
	At        time.Time `json:"at"`
	Until     time.Time `json:"until"` // 25 s later, or the business's next message
}

// serveReadMark answers the read mark with its optional typing indicator.
func (s *Simulator) serveReadMark(c *call, n *number, fields map[string]json.RawMessage) {
	status, _ := textField(fields, "status")
	if status != "read" {
		c.fail(invalidParameter("Param status must be one of {READ}."))
		return
	}
	id, _ := textField(fields, "message_id")
	if id == "" {
		c.fail(invalidParameter("The parameter message_id is required."))
		return
	}
	var indicator *struct {
		Type string `json:"type"`
	}
	if raw, ok := fields["typing_indicator"]; ok && (json.Unmarshal(raw, &indicator) != nil || indicator == nil || indicator.Type != "text") {
		c.fail(invalidParameter("Param typing_indicator['type'] must be one of {TEXT}."))
		return
	}
	s.mu.Lock()
	m, ok := s.messages[id]
	ok = ok && m.inbound && m.number == n
	if ok {
		s.mark(m, indicator != nil)
		s.notify()
	}
	s.mu.Unlock()
	if !ok {
		c.fail(&graphError{
			Status: http.StatusBadRequest, Code: 100, Message: "(#100) Invalid parameter",
			Details: "Message ID is invalid: no message of this number has it.",
		})
		return
	}
	c.succeed()
}

// mark reads a customer's message and all earlier ones of the chat. s.mu must be
// held.
func (s *Simulator) mark(m *message, typing bool) {
	now := s.clock.Now()
	for _, earlier := range s.chat(m.number.ID, m.customer).written {
		if earlier.readAt.IsZero() {
			earlier.readAt = now
		}
		if earlier == m {
			break
		}
	}
	s.marks = append(s.marks, ReadMark{NumberID: m.number.ID, MessageID: m.id, WAID: m.customer.WAID, UserID: m.customer.UserID, At: now})
	if typing {
		s.typing = append(s.typing, TypingRecord{
			NumberID: m.number.ID, MessageID: m.id, WAID: m.customer.WAID, UserID: m.customer.UserID,
			At: now, Until: now.Add(typingLasts),
		})
	}
}

// stopTyping ends the indicator when the business's message comes. s.mu must be
// held.
func (s *Simulator) stopTyping(numberID string, c *customer, now time.Time) {
	for i := range s.typing {
		t := &s.typing[i]
		if t.NumberID == numberID && t.UserID == c.UserID && now.Before(t.Until) {
			t.Until = now
		}
	}
}

// ReadMarks are all read marks of the business, oldest first.
func (s *Simulator) ReadMarks() []ReadMark {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.marks)
}

// Typing are all typing indicators of the business, oldest first.
func (s *Simulator) Typing() []TypingRecord {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.typing)
}

// SeesTyping reports whether the customer sees now that the number is writing.
func (h *CustomerHandle) SeesTyping(numberID string) bool {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	now := h.s.clock.Now()
	return slices.ContainsFunc(h.s.typing, func(t TypingRecord) bool {
		return t.NumberID == numberID && t.UserID == h.c.UserID && now.Before(t.Until)
	})
}
