package simulator

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
)

// manyHops is how often a message must have been forwarded to count as frequently
// forwarded, less one (§3.3).
const manyHops = 5

// inboundFileLife is how long a customer's file can be fetched (§3.4).
const inboundFileLife = 7 * 24 * time.Hour

// Forwarded marks the message as forwarded so many times.
func Forwarded(hops int) SendOption { return func(m *message) { m.forwarded = hops } }

// FromAd says that the customer came by an ad or post; the referral is Meta's
// object (§3.3), as anything that encodes to it.
func FromAd(referral any) SendOption { return func(m *message) { m.referral = referral } }

// opensNoWindow are kinds that are sent like messages and are none (§10.1).
var opensNoWindow = map[string]bool{"edit": true, "revoke": true, "system": true}

// write sends a message of the customer.
func (h *CustomerHandle) write(numberID string, m *message, opts []SendOption) (wamid string) {
	s := h.s
	s.mu.Lock()
	defer s.mu.Unlock()
	n, ok := s.numbers[numberID]
	if !ok {
		s.log.Error("customer writes to a number that does not exist", "number", numberID)
		return ""
	}
	now := s.clock.Now()
	m.id, m.number, m.customer, m.inbound, m.at = s.newMessageID(h.c, directionUser), n, h.c, true, now
	for _, opt := range opts {
		opt(m)
	}
	chat := s.chat(numberID, h.c)
	if chat.blocked {
		s.log.Info("a blocked customer writes", "number", numberID, "from", h.c.WAID, "type", m.kind, "id", m.id)
		return m.id
	}
	n.rate.note(now, float64(s.opts.MessagesPerSecond))
	if !opensNoWindow[m.kind] {
		chat.opened = now
		chat.written = append(chat.written, m)
	}
	s.messages[m.id] = m
	s.log.Info("customer writes", "number", numberID, "from", h.c.WAID, "type", m.kind, "id", m.id)
	s.emitInbound(n, h.c, m)
	s.notify()
	return m.id
}

// Send sends a message of any type of §3.4, known to the simulator or not: content
// is what Meta puts under the name of the type, as anything that encodes to it; nil
// leaves it out. It returns the message's id, or an empty one if there is no such
// number or the content does not encode.
func (h *CustomerHandle) Send(numberID, kind string, content any, opts ...SendOption) (wamid string) {
	m := &message{kind: kind}
	if content != nil {
		raw, err := json.Marshal(content)
		if err != nil {
			h.s.log.Error("content not encoded", "type", kind, "error", err)
			return ""
		}
		if string(raw) != "null" {
			m.content = raw
		}
	}
	if text, ok := textOf(kind, m.content); ok {
		m.body = text
	}
	return h.write(numberID, m, opts)
}

// textOf is the body of a text.
func textOf(kind string, content json.RawMessage) (string, bool) {
	var text textPayload
	if kind != "text" || json.Unmarshal(content, &text) != nil {
		return "", false
	}
	return text.Body, true
}

// properties are an object of JSON.
type properties map[string]any

// with adds a property unless it is empty.
func (p properties) with(name, text string) properties {
	if text != "" {
		p[name] = text
	}
	return p
}

// File is what a customer sends as an image, video, audio, document or sticker.
type File struct {
	Kind     string // "image", "video", "audio", "document" or "sticker"
	MIMEType string // as the phone announces it
	Bytes    []byte
	Caption  string
	FileName string // of a document
	Voice    bool   // audio: recorded as a voice note
	Animated bool   // sticker
}

// SendMedia sends a file, which the business can then fetch by its id for seven
// days (§3.4, §6.2).
func (h *CustomerHandle) SendMedia(numberID string, f File, opts ...SendOption) (wamid string) {
	id, ok := h.s.keepFile(numberID, f)
	if !ok {
		h.s.log.Error("customer writes to a number that does not exist", "number", numberID)
		return ""
	}
	content := properties{"mime_type": f.MIMEType, "sha256": webhookSum(f.Bytes), "id": id}.with("caption", f.Caption)
	switch f.Kind {
	case "audio":
		content["voice"] = f.Voice
	case "sticker":
		content["animated"] = f.Animated
	case "document":
		content.with("filename", f.FileName)
	}
	return h.Send(numberID, f.Kind, content, opts...)
}

// SendBrokenMedia sends a file that Meta could not get hold of: the message has
// errors and no id of the file (§3.4).
func (h *CustomerHandle) SendBrokenMedia(numberID, kind string, opts ...SendOption) (wamid string) {
	broken := func(m *message) { m.errors = []statusError{failureOf(131052, "")} }
	return h.Send(numberID, kind, properties{}, append(opts, broken)...)
}

// SendLocation sends a place.
func (h *CustomerHandle) SendLocation(numberID string, latitude, longitude float64, name, address string, opts ...SendOption) (wamid string) {
	place := properties{"latitude": latitude, "longitude": longitude}
	return h.Send(numberID, "location", place.with("name", name).with("address", address), opts...)
}

// SendContact sends a card with a name, which may be empty, and a number.
func (h *CustomerHandle) SendContact(numberID, name, phone string, opts ...SendOption) (wamid string) {
	card := properties{"phones": []any{properties{"phone": phone, "type": "CELL"}}}
	if name != "" {
		card["name"] = properties{"formatted_name": name, "first_name": strings.Fields(name)[0]}
	}
	return h.Send(numberID, "contacts", []any{card}, opts...)
}

// TapButton taps a quick-reply button of a template.
func (h *CustomerHandle) TapButton(numberID, wamid, payload, text string) string {
	return h.Send(numberID, "button", properties{"payload": payload, "text": text}, ReplyTo(wamid))
}

// TapReply taps a reply button of an interactive message.
func (h *CustomerHandle) TapReply(numberID, wamid, id, title string) string {
	return h.answer(numberID, wamid, "button_reply", properties{"id": id, "title": title})
}

// PickRow picks a row of a list; the description may be empty.
func (h *CustomerHandle) PickRow(numberID, wamid, id, title, description string) string {
	return h.answer(numberID, wamid, "list_reply", properties{"id": id, "title": title}.with("description", description))
}

// AnswerFlow sends a filled-in Flow. The response should be JSON and need not be,
// as with Meta.
func (h *CustomerHandle) AnswerFlow(numberID, wamid, response string) string {
	return h.answer(numberID, wamid, "nfm_reply", properties{"name": "flow", "body": "Sent"}.with("response_json", response))
}

func (h *CustomerHandle) answer(numberID, wamid, kind string, reply properties) string {
	return h.Send(numberID, "interactive", properties{"type": kind, kind: reply}, ReplyTo(wamid))
}

// React puts an emoji on a message; an empty one takes it back.
func (h *CustomerHandle) React(numberID, wamid, emoji string, opts ...SendOption) string {
	return h.Send(numberID, "reaction", properties{"message_id": wamid}.with("emoji", emoji), opts...)
}

// SendUnsupported sends what Meta does not pass on, for instance a poll; the kind
// may be empty.
func (h *CustomerHandle) SendUnsupported(numberID, kind string, opts ...SendOption) string {
	unsupported := func(m *message) { m.errors = []statusError{failureOf(131051, "")} }
	return h.Send(numberID, "unsupported", properties{}.with("type", kind), append(opts, unsupported)...)
}

// Edit changes the text of a message.
func (h *CustomerHandle) Edit(numberID, wamid, body string, opts ...SendOption) string {
	return h.Send(numberID, "edit", properties{
		"original_message_id": wamid, "message": properties{"type": "text", "text": properties{"body": body}},
	}, opts...)
}

// Delete deletes a message for everyone.
func (h *CustomerHandle) Delete(numberID, wamid string, opts ...SendOption) string {
	return h.Send(numberID, "revoke", properties{"original_message_id": wamid}, opts...)
}

// keepFile stores a customer's file and returns its id, false if there is no such
// number.
func (s *Simulator) keepFile(numberID string, f File) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, ok := s.numbers[numberID]
	if !ok {
		return "", false
	}
	kept := &file{id: s.newObjectID(), number: n, mime: f.MIMEType, bytes: f.Bytes, expires: s.clock.Now().Add(inboundFileLife)}
	s.files[kept.id] = kept
	return kept.id, true
}

// webhookSum is a file's SHA-256 as webhooks write it (§3.4).
func webhookSum(content []byte) string {
	sum := sha256.Sum256(content)
	return base64.StdEncoding.EncodeToString(sum[:])
}
