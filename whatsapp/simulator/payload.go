package simulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

// The structs below are the webhook payload of §3.1 to §3.5, written down here
// a second time on purpose (see the package comment).

type envelope struct {
	Object string  `json:"object"`
	Entry  []entry `json:"entry"`
}

type entry struct {
	ID      string   `json:"id"`
	Changes []change `json:"changes"`
}

type change struct {
	Value value  `json:"value"`
	Field string `json:"field"`
}

type value struct {
	MessagingProduct string           `json:"messaging_product"`
	Metadata         metadata         `json:"metadata"`
	Contacts         []contact        `json:"contacts,omitempty"`
	Messages         []inboundPayload `json:"messages,omitempty"`
	Statuses         []statusPayload  `json:"statuses,omitempty"`
	Echoes           []inboundPayload `json:"message_echoes,omitempty"`
}

type metadata struct {
	DisplayPhoneNumber string `json:"display_phone_number"`
	PhoneNumberID      string `json:"phone_number_id"`
}

type contact struct {
	Profile *profile `json:"profile,omitempty"`
	WAID    string   `json:"wa_id,omitempty"`
	UserID  string   `json:"user_id,omitempty"`
}

type profile struct {
	Name     string `json:"name"`
	Username string `json:"username,omitempty"`
}

type inboundPayload struct {
	Context    *contextPayload `json:"context,omitempty"`
	Referral   any             `json:"referral,omitempty"`
	From       string          `json:"from,omitempty"`
	FromUserID string          `json:"from_user_id,omitempty"`
	To         string          `json:"to,omitempty"`
	ToUserID   string          `json:"to_user_id,omitempty"`
	ID         string          `json:"id"`
	Timestamp  string          `json:"timestamp"`
	Text       *textPayload    `json:"text,omitempty"`
	Type       string          `json:"type"`
	Errors     []statusError   `json:"errors,omitempty"`

	content json.RawMessage // the value of the property named like Type; nil: none
}

// MarshalJSON adds the content under the name of its type.
func (p inboundPayload) MarshalJSON() ([]byte, error) {
	type plain inboundPayload
	known, err := json.Marshal(plain(p))
	if err != nil || p.content == nil {
		return known, err
	}
	name, err := json.Marshal(p.Type)
	if err != nil {
		return nil, err
	}
	return slices.Concat(known[:len(known)-1], []byte{','}, name, []byte{':'}, p.content, []byte{'}'}), nil
}

type contextPayload struct {
	From                string `json:"from,omitempty"`
	ID                  string `json:"id,omitempty"`
	Forwarded           bool   `json:"forwarded,omitempty"`
	FrequentlyForwarded bool   `json:"frequently_forwarded,omitempty"`
}

type textPayload struct {
	Body string `json:"body"`
}

type statusPayload struct {
	ID              string               `json:"id"`
	Status          Status               `json:"status"`
	Timestamp       string               `json:"timestamp"`
	RecipientID     string               `json:"recipient_id,omitempty"`
	RecipientUserID string               `json:"recipient_user_id,omitempty"`
	CallbackData    string               `json:"biz_opaque_callback_data,omitempty"`
	Conversation    *conversationPayload `json:"conversation,omitempty"`
	Pricing         *pricing             `json:"pricing,omitempty"`
	Errors          []statusError        `json:"errors,omitempty"`
}

type conversationPayload struct {
	ID                  string             `json:"id"`
	ExpirationTimestamp string             `json:"expiration_timestamp,omitempty"`
	Origin              conversationOrigin `json:"origin"`
}

type conversationOrigin struct {
	Type string `json:"type"`
}

type statusError struct {
	Code      int        `json:"code"`
	Title     string     `json:"title"`
	Message   string     `json:"message"`
	ErrorData *errorData `json:"error_data,omitempty"`
	Href      string     `json:"href"`
}

type errorData struct {
	MessagingProduct string `json:"messaging_product,omitempty"`
	Details          string `json:"details"`
}

// encode is v as JSON the way Meta serialises it: characters outside ASCII as
// \uXXXX with lower-case hex digits and surrogate pairs, "/" as "\/" (§2.3).
func encode(v any) ([]byte, error) {
	var plain bytes.Buffer
	enc := json.NewEncoder(&plain)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("encoding %T: %w", v, err)
	}
	return escapeASCII(bytes.TrimRight(plain.Bytes(), "\n")), nil
}

// escapeASCII rewrites valid JSON. Outside of strings JSON has neither "/" nor
// characters beyond ASCII, so no parsing is needed; a "/" that is escaped
// already stays as it is.
func escapeASCII(plain []byte) []byte {
	out := make([]byte, 0, len(plain)+len(plain)/8)
	for i := 0; i < len(plain); {
		b := plain[i]
		switch {
		case b == '\\' && i+1 < len(plain):
			out = append(out, b, plain[i+1])
			i += 2
		case b == '/':
			out = append(out, '\\', '/')
			i++
		case b < utf8.RuneSelf:
			out = append(out, b)
			i++
		default:
			r, size := utf8.DecodeRune(plain[i:])
			for _, unit := range utf16.AppendRune(nil, r) {
				out = fmt.Appendf(out, `\u%04x`, unit)
			}
			i += size
		}
	}
	return out
}
