package simulator

import (
	"encoding/json"
	"time"
)

// Status is the state a status webhook reports (§3.5).
type Status string

// The statuses the simulator emits.
const (
	Sent      Status = "sent"
	Delivered Status = "delivered"
	Read      Status = "read"
	Failed    Status = "failed"
)

// StatusAt is a status with the time it carries.
type StatusAt struct {
	Status Status    `json:"status"`
	At     time.Time `json:"at"`
}

// play plans what becomes of an accepted message. s.mu must be held.
func (s *Simulator) play(m *message) {
	timing := s.opts.Timing
	switch {
	case m.failure != 0:
		s.after(timing.Failed, func() { s.emitStatus(m, Failed, s.clock.Now()) })
	case m.script.silent:
	case m.script.beforeAnswer:
		s.leave(m)
	default:
		s.after(timing.Sent, func() { s.leave(m) })
	}
}

// leave is the moment a message leaves Meta's servers.
func (s *Simulator) leave(m *message) {
	s.emitStatus(m, Sent, s.clock.Now())
	if m.script.undelivered {
		return
	}
	if m.kind == "reaction" { // no other status follows (§5.4)
		s.react(m)
		return
	}
	s.after(m.at.Add(max(s.opts.Timing.Delivered, 0)).Sub(s.clock.Now()), func() { s.arrive(m) })
}

// arrive is the moment a message appears on the customer's phone.
func (s *Simulator) arrive(m *message) {
	now := s.clock.Now()
	m.arrivedAt = now
	chat := s.chat(m.number.ID, m.customer)
	chat.arrived = append(chat.arrived, m)
	switch {
	case m.script.readFirst:
		m.readAt = now
		s.emitStatus(m, Read, now)
		s.after(s.opts.Timing.Delivered/2, func() { s.emitStatus(m, Delivered, now) })
		return
	case m.script.skipArrival:
		s.open(m)
		return
	}
	s.emitStatus(m, Delivered, now)
	switch {
	case m.script.readsSoon > 0:
		s.after(m.script.readsSoon, func() { s.open(m) })
	case !m.customer.ReadsManually:
		pause := m.customer.ReadsAfter
		if pause == 0 {
			pause = s.opts.Timing.Read
		}
		s.after(pause, func() { s.open(m) })
	}
}

// open is the moment the customer has a message before his eyes.
func (s *Simulator) open(m *message) {
	if !m.readAt.IsZero() || m.script.neverRead {
		return
	}
	m.readAt = s.clock.Now()
	s.emitStatus(m, Read, m.readAt)
}

// SendRecord is one message Meta accepted from the business.
type SendRecord struct {
	ID       string `json:"id"`
	NumberID string `json:"numberId"`
	To       string `json:"to"` // as sent
	WAID     string `json:"waId"`
	UserID   string `json:"userId"`
	Type     string `json:"type"`
	Body     string `json:"body"` // of a text or interactive message, caption of a file, text of a template (its name if that is not known)

	Content      json.RawMessage `json:"content"` // the object of its type, as sent
	ReplyTo      string          `json:"replyTo,omitempty"`
	CallbackData string          `json:"callbackData,omitempty"`
	At           time.Time       `json:"at"`
	Statuses     []StatusAt      `json:"statuses"` // in the order they were emitted
	FailureCode  int             `json:"failureCode,omitempty"`
}

// Sent are all messages accepted from the business, oldest first, whether their
// answers reached it or not.
func (s *Simulator) Sent() []SendRecord {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]SendRecord, 0, len(s.sent))
	for _, m := range s.sent {
		out = append(out, SendRecord{
			ID: m.id, NumberID: m.number.ID, To: m.input, WAID: m.customer.WAID, UserID: m.customer.UserID,
			Type: m.kind, Body: m.body, Content: m.content, ReplyTo: m.replyTo, CallbackData: m.callbackData, At: m.at,
			Statuses: append([]StatusAt{}, m.history...), FailureCode: m.failure,
		})
	}
	return out
}
