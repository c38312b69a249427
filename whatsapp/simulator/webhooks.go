package simulator

import (
	"bytes"
	"errors"
	"strconv"
	"time"
)

// errNoCallback is returned where a webhook was asked for and no callback
// address is set.
var errNoCallback = errors.New("no callback address is set")

// item is one message or one status on its way to the business.
type item struct {
	number  *number
	contact contact // zero: the payload names none
	echo    bool    // the message is the business's own, from its phone
	message *inboundPayload
	status  *statusPayload
}

func unix(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

// payloadOf builds one payload of any number of items. Items of one number and
// kind that follow each other share a change, changes of one account share an
// entry (§2.4).
func payloadOf(items []item) envelope {
	env := envelope{Object: "whatsapp_business_account"}
	for _, it := range items {
		env.add(it)
	}
	return env
}

func (e *envelope) add(it item) {
	if n := len(e.Entry); n == 0 || e.Entry[n-1].ID != it.number.WABAID {
		e.Entry = append(e.Entry, entry{ID: it.number.WABAID})
	}
	last := &e.Entry[len(e.Entry)-1]
	if n := len(last.Changes); n == 0 || !last.Changes[n-1].Value.takes(it) {
		last.Changes = append(last.Changes, change{Field: it.field(), Value: value{
			MessagingProduct: "whatsapp",
			Metadata:         metadata{DisplayPhoneNumber: it.number.DisplayNumber, PhoneNumberID: it.number.ID},
		}})
	}
	v := &last.Changes[len(last.Changes)-1].Value
	known := it.contact == contact{}
	for _, c := range v.Contacts {
		known = known || (c.WAID == it.contact.WAID && c.UserID == it.contact.UserID)
	}
	if !known {
		v.Contacts = append(v.Contacts, it.contact)
	}
	switch {
	case it.echo:
		v.Echoes = append(v.Echoes, *it.message)
	case it.message != nil:
		v.Messages = append(v.Messages, *it.message)
	default:
		v.Statuses = append(v.Statuses, *it.status)
	}
}

func (it item) field() string {
	if it.echo {
		return "smb_message_echoes"
	}
	return "messages"
}

func (v *value) takes(it item) bool {
	return v.Metadata.PhoneNumberID == it.number.ID && it.echo == (len(v.Echoes) > 0) &&
		(it.message != nil && !it.echo) == (len(v.Messages) > 0)
}

// emitInbound sends a customer's message to the business. s.mu must be held.
func (s *Simulator) emitInbound(n *number, c *customer, m *message) {
	who := contact{Profile: &profile{Name: c.Name, Username: c.Username}, WAID: c.WAID, UserID: c.UserID}
	payload := inboundPayload{
		From: c.WAID, FromUserID: c.UserID, ID: m.id, Timestamp: unix(m.at), Type: m.kind,
		content: m.content, Referral: m.referral, Errors: m.errors,
	}
	if m.kind == "text" {
		payload.Text, payload.content = &textPayload{Body: m.body}, nil
	}
	hidden := s.chat(n.ID, c).hidesNumber(c, s.clock.Now())
	if hidden {
		who.WAID, payload.From = "", ""
	}
	if m.forwarded > 0 {
		payload.Context = &contextPayload{Forwarded: m.forwarded <= manyHops, FrequentlyForwarded: m.forwarded > manyHops}
	}
	if m.replyTo != "" {
		payload.Context = &contextPayload{ID: m.replyTo, From: n.DisplayNumber}
		if quoted, ok := s.messages[m.replyTo]; ok && quoted.inbound {
			payload.Context.From = payload.From
		}
	}
	if m.kind == "system" && !bytes.Contains(m.content, []byte(identityChanged)) {
		who = contact{}
	}
	s.emit(item{number: n, contact: who, message: &payload})
}

// identityChanged is the one type of system messages that comes with the customer's
// contact (§3.4).
const identityChanged = `"customer_identity_changed"`

// emitStatus sends one status of a message, as of the moment at. s.mu must be
// held.
func (s *Simulator) emitStatus(m *message, status Status, at time.Time) {
	m.history = append(m.history, StatusAt{Status: status, At: at})
	payload := statusPayload{
		ID: m.id, Status: status, Timestamp: unix(at),
		RecipientID: m.customer.WAID, RecipientUserID: m.customer.UserID, CallbackData: m.callbackData,
	}
	who := contact{WAID: m.customer.WAID, UserID: m.customer.UserID}
	if s.chat(m.number.ID, m.customer).hidesNumber(m.customer, s.clock.Now()) {
		payload.RecipientID, who.WAID = "", ""
	}
	if status == Failed {
		payload.Errors = []statusError{failureOf(m.failure, m.failureDetails)}
	} else {
		payload.Pricing = &m.price
		payload.Conversation = m.conversation(status)
	}
	s.log.Debug("status", "message", m.id, "status", status)
	for range m.script.repeats + 1 {
		s.emit(item{number: m.number, contact: who, status: &payload})
	}
}

// conversation is the object that only version 23 and older carry (§3.5).
func (m *message) conversation(status Status) *conversationPayload {
	if m.conversationID == "" {
		return nil
	}
	c := &conversationPayload{ID: m.conversationID, Origin: conversationOrigin{Type: string(m.price.Category)}}
	if status == Sent {
		c.ExpirationTimestamp = unix(m.at.Add(serviceWindow))
	}
	return c
}

// SendDashboardTest posts the fixed sample of the dashboard's "Test" button to
// the app's callback, with its placeholder ids (§2.6). The error says that no
// callback is set.
func (s *Simulator) SendDashboardTest() error {
	placeholder := &number{Number: Number{ID: "123456123", DisplayNumber: "16505551111", WABAID: "0"}}
	body, err := encode(payloadOf([]item{{
		number:  placeholder,
		contact: contact{Profile: &profile{Name: "test user name"}, WAID: "16315551181"},
		message: &inboundPayload{
			From: "16315551181", ID: "ABGGFlA5Fpa", Timestamp: "1504902988", Type: "text",
			Text: &textPayload{Body: "this is a text message"},
		},
	}}))
	if err != nil {
		return err
	}
	return s.SendRaw(body)
}

// SendRaw posts these very bytes, correctly signed, to the app's callback: for
// events the simulator does not make itself. The error says that no callback is
// set.
func (s *Simulator) SendRaw(body []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.app.URL == "" {
		return errNoCallback
	}
	s.dispatch(&attempt{url: s.app.URL, body: body})
	s.notify()
	return nil
}
