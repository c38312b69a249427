package simulator

import (
	"encoding/json"
	"time"
)

// Customer is a WhatsApp user.
type Customer struct {
	WAID     string `json:"waId"` // digits; see MagicRecipients for the endings with a fixed outcome
	Name     string `json:"name"`
	Username string `json:"username,omitempty"`
	// UserID is the business-scoped user id; empty derives one from the wa_id.
	UserID string `json:"userId,omitempty"`
	// HidesNumber leaves the wa_id out of webhooks, unless the business has sent
	// to the number itself within 30 days (§13.3).
	HidesNumber bool `json:"hidesNumber,omitempty"`
	// ReadsManually keeps arrived messages unread until Read is called; otherwise
	// each is read ReadsAfter (zero: Timing.Read) after its arrival.
	ReadsManually bool          `json:"readsManually,omitempty"`
	ReadsAfter    time.Duration `json:"-"`
}

type customer struct {
	Customer
	unreachable bool // no WhatsApp user behind this number or id
}

// CustomerHandle acts for one customer.
type CustomerHandle struct {
	s *Simulator
	c *customer
}

// Customer makes a customer, or replaces the profile of the one with this wa_id,
// and returns its handle; chats stay, and so does the user id if none is given.
// A customer need not be declared to be written to: any plausible number is a
// WhatsApp user. To get at a customer without changing him use CustomerByWAID.
func (s *Simulator) Customer(c Customer) *CustomerHandle {
	s.mu.Lock()
	defer s.mu.Unlock()
	if digits, _, ok := digitsOf(c.WAID); ok {
		c.WAID = digits
	}
	found, ok := s.byNumber[c.WAID]
	if !ok {
		return &CustomerHandle{s, s.addCustomer(c, false)}
	}
	if c.UserID == "" {
		c.UserID = found.UserID
	}
	delete(s.byUser, found.UserID)
	s.byUser[c.UserID] = found
	found.Customer = c
	found.unreachable = false
	return &CustomerHandle{s, found}
}

// CustomerByWAID is the handle of a customer who exists, declared or written to
// by the business; nil if there is none.
func (s *Simulator) CustomerByWAID(waID string) *CustomerHandle {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.byNumber[waID]; ok {
		return &CustomerHandle{s, c}
	}
	return nil
}

// addCustomer registers a customer. s.mu must be held.
func (s *Simulator) addCustomer(c Customer, unreachable bool) *customer {
	if c.UserID == "" {
		c.UserID = businessScopedID(s.opts.AppID, c.WAID)
	}
	added := &customer{Customer: c, unreachable: unreachable}
	if c.WAID != "" {
		s.byNumber[c.WAID] = added
	}
	s.byUser[c.UserID] = added
	return added
}

// recipient finds who a send is for, or makes him. Declared customers are found
// under the variants of their number; a national number (no plus, at most ten
// digits, nobody's international one) gets the country code of the business in
// front (§13.1, §13.2). s.mu must be held.
func (s *Simulator) recipient(n *number, req *sendRequest) *customer {
	if req.scoped {
		if c, ok := s.byUser[req.input]; ok {
			return c
		}
		return s.addCustomer(Customer{UserID: req.input}, true)
	}
	digits, international, _ := digitsOf(req.input)
	if c := s.registered(digits); c != nil {
		return c
	}
	if !international && len(digits) <= 10 {
		digits = callingCode(n.DisplayNumber) + digits
		if c := s.registered(digits); c != nil {
			return c
		}
	}
	waID := usualWAID(digits)
	if c, ok := s.byNumber[waID]; ok {
		return c
	}
	return s.addCustomer(Customer{WAID: waID}, !plausible(digits))
}

// registered is the customer with this number or a variant of it.
func (s *Simulator) registered(digits string) *customer {
	if c, ok := s.byNumber[digits]; ok {
		return c
	}
	for _, other := range variants(digits) {
		if c, ok := s.byNumber[other]; ok {
			return c
		}
	}
	return nil
}

// SendOption changes a message a customer sends.
type SendOption func(*message)

// ReplyTo makes the message a quoted reply to another one.
func ReplyTo(wamid string) SendOption { return func(m *message) { m.replyTo = wamid } }

// At sets the time the phone wrote the message, as for one that was offline.
// The service window starts when Meta gets the message all the same (§10.1).
func At(t time.Time) SendOption { return func(m *message) { m.at = t } }

// SendText writes to a business number, opens the service window and sends the
// webhook. It returns the message's id, or an empty one if there is no such
// number.
func (h *CustomerHandle) SendText(numberID, body string, opts ...SendOption) (wamid string) {
	return h.write(numberID, &message{kind: "text", body: body}, opts)
}

// Read opens the chat with a number: everything that has arrived and is unread
// is read now, and read statuses go out.
func (h *CustomerHandle) Read(numberID string) {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	for _, m := range h.s.chat(numberID, h.c).arrived {
		h.s.open(m)
	}
	h.s.notify()
}

// CloseWindow ends the customer's service window with a number, as if 24 hours
// had passed since the last message.
func (h *CustomerHandle) CloseWindow(numberID string) {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	h.s.chat(numberID, h.c).opened = time.Time{}
}

// WindowOpen reports whether the business may send free text now.
func (h *CustomerHandle) WindowOpen(numberID string) bool {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	return h.s.chat(numberID, h.c).windowOpen(h.s.clock.Now())
}

// WAID is the customer's wa_id.
func (h *CustomerHandle) WAID() string { return h.profile().WAID }

// UserID is the customer's business-scoped user id.
func (h *CustomerHandle) UserID() string { return h.profile().UserID }

func (h *CustomerHandle) profile() Customer {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	return h.c.Customer
}

// ReceivedMessage is a message on the customer's phone.
type ReceivedMessage struct {
	ID           string          `json:"id"`
	Type         string          `json:"type"`
	Body         string          `json:"body"`               // of a text or interactive message, caption of a file, text of a template (its name if that is not known)
	Content      json.RawMessage `json:"content"`            // the object of its type, as sent
	File         *ReceivedFile   `json:"file,omitempty"`     // what is shown of an image, a document and so on
	Choices      []Choice        `json:"choices,omitempty"`  // what can be tapped
	Reaction     string          `json:"reaction,omitempty"` // the business's own
	ReplyTo      string          `json:"replyTo,omitempty"`
	CallbackData string          `json:"callbackData,omitempty"`
	At           time.Time       `json:"at"`     // of arrival
	ReadAt       time.Time       `json:"readAt"` // zero: unread
}

// Inbox is what has arrived from a number on the customer's phone, in order of
// arrival; what failed or is still on its way is not there. A reaction is shown
// on its message.
func (h *CustomerHandle) Inbox(numberID string) []ReceivedMessage {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	out := []ReceivedMessage{}
	for _, m := range h.s.chat(numberID, h.c).arrived {
		out = append(out, ReceivedMessage{
			ID: m.id, Type: m.kind, Body: m.body, Content: m.content, File: m.shown(), Choices: m.choices, Reaction: m.reacted,
			ReplyTo: m.replyTo, CallbackData: m.callbackData, At: m.arrivedAt, ReadAt: m.readAt,
		})
	}
	return out
}

// WrittenMessage is a message the customer wrote.
type WrittenMessage struct {
	ID       string    `json:"id"`
	Type     string    `json:"type"`
	Body     string    `json:"body"`
	At       time.Time `json:"at"`
	ReadAt   time.Time `json:"readAt"`             // by the business's read mark; zero: unread
	Reaction string    `json:"reaction,omitempty"` // the business's
}

// Written is what the customer wrote to a number, in order.
func (h *CustomerHandle) Written(numberID string) []WrittenMessage {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	out := []WrittenMessage{}
	for _, m := range h.s.chat(numberID, h.c).written {
		out = append(out, WrittenMessage{ID: m.id, Type: m.kind, Body: m.body, At: m.at, ReadAt: m.readAt, Reaction: m.reacted})
	}
	return out
}
