package simulator

import (
	"encoding/json"
	"fmt"
)

// Hear has the business write to the customer on its own phone, with a number that
// is used there and through the API (§4.6): a message of any type, or a reaction,
// edit or deletion, which the business's webhook gets as an echo. Content is as for
// Send. It returns the message's id, or an empty one if there is no such number or
// the content does not encode.
func (h *CustomerHandle) Hear(numberID, kind string, content any) (wamid string) {
	raw, err := json.Marshal(content)
	if err != nil {
		h.s.log.Error("content not encoded", "type", kind, "error", err)
		return ""
	}
	s := h.s
	s.mu.Lock()
	defer s.mu.Unlock()
	n, ok := s.numbers[numberID]
	if !ok {
		s.log.Error("a number that does not exist writes", "number", numberID)
		return ""
	}
	now := s.clock.Now()
	m := &message{id: s.newMessageID(h.c, directionBusiness), number: n, customer: h.c, kind: kind, content: raw, at: now, arrivedAt: now}
	m.body, _ = textOf(kind, raw)
	s.messages[m.id] = m
	chat := s.chat(numberID, h.c)
	chat.arrived = append(chat.arrived, m)
	payload := inboundPayload{
		From: n.DisplayNumber, To: h.c.WAID, ToUserID: h.c.UserID, ID: m.id, Timestamp: unix(now), Type: kind, content: raw,
	}
	if chat.hidesNumber(h.c, now) {
		payload.To = ""
	}
	s.emit(item{number: n, echo: true, message: &payload})
	s.notify()
	return m.id
}

// HearText is Hear for a text.
func (h *CustomerHandle) HearText(numberID, body string) (wamid string) {
	return h.Hear(numberID, "text", textPayload{Body: body})
}

// ChangeNumber moves the customer's account to another number: every business
// number he has a chat with is told (§3.4). It fails if somebody has the number.
func (h *CustomerHandle) ChangeNumber(waID string) error {
	s := h.s
	s.mu.Lock()
	defer s.mu.Unlock()
	digits, _, ok := digitsOf(waID)
	if !ok || !plausible(digits) {
		return fmt.Errorf("%q is no international number", waID)
	}
	if _, taken := s.byNumber[digits]; taken {
		return fmt.Errorf("somebody has the number %s", digits)
	}
	before := h.c.WAID
	delete(s.byNumber, before)
	h.c.WAID = digits
	s.byNumber[digits] = h.c
	content, err := json.Marshal(properties{
		"body": "User " + h.c.Name + " changed from " + before + " to " + digits, "wa_id": digits, "type": "user_changed_number",
	})
	if err != nil {
		return err
	}
	for _, n := range s.chatsOf(h.c) {
		id := s.newMessageID(h.c, directionUser)
		s.emit(item{number: n, message: &inboundPayload{From: before, ID: id, Timestamp: unix(s.clock.Now()), Type: "system", content: content}})
	}
	s.notify()
	return nil
}
