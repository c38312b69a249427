package whatsapp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"
)

// ObjectWhatsApp is the object of every webhook of this product. The same URL
// can be subscribed to other products of Meta, which are to be ignored
// (reference/whatsapp-cloud-api.md §3.1).
const ObjectWhatsApp = "whatsapp_business_account"

// FieldMessages is the webhook field of messages and their statuses.
const FieldMessages = "messages"

// Webhook is one decoded delivery: all changes of all entries, in the order in
// which they were written, which says nothing about the order of the events.
type Webhook struct {
	Object    string
	Changes   []Change
	Malformed []Malformed
}

// Change is one event, or one batch of messages or statuses of a phone number.
type Change struct {
	// WABAID is the id of the entry: the WhatsApp Business Account, except for
	// a few account events of partners (reference/whatsapp-cloud-api.md §3.1).
	WABAID string
	// Time is set on management fields and zero on messages, in UTC.
	Time  time.Time
	Field string
	// Value is the change's value as received, compact. See [DecodeWebhook].
	Value json.RawMessage
	// Messages is Value decoded; nil unless Field is one that brings messages
	// ([FieldMessages], [FieldEchoes], [FieldHistory], [FieldAppState],
	// [FieldPreferences]) and Value is
	// an object.
	Messages *MessagesValue
	// Account is Value decoded; nil unless Field is one that tells of an account or
	// a number ([AccountUpdate]) and Value is an object.
	Account *AccountUpdate
	// Template is Value decoded; nil unless Field is one that tells of a template
	// ([FieldTemplateStatus] and the like) and Value names one.
	Template *TemplateUpdate
}

// Malformed is a piece of a delivery that could not be understood, in whole or
// in part.
type Malformed struct {
	// Path leads to the piece: "entry[0].changes[1].value.messages[2]".
	Path string
	// Raw is the piece, or the nearest one around it.
	Raw json.RawMessage
	// Reason is for the log and for the operator who looks at the delivery.
	Reason string
}

// DecodeWebhook decodes the body of a delivery. It fails only if the body is
// not a JSON object; anything odd inside it is reported in Malformed while all
// the rest is decoded. Ids, timestamps and sizes may be strings or numbers.
//
// Text is safe to store: bytes that are not UTF-8 and NUL characters, which
// PostgreSQL refuses in text, are replaced by U+FFFD. Raw JSON is compact and
// valid UTF-8, and keeps its escapes as they were, so it may contain the six
// characters \u0000: it fits a text or bytea column, not a jsonb column.
func DecodeWebhook(body []byte) (Webhook, error) {
	if !utf8.Valid(body) {
		body = bytes.ToValidUTF8(body, []byte("\uFFFD"))
	}
	var compact bytes.Buffer
	compact.Grow(len(body))
	if err := json.Compact(&compact, body); err != nil {
		return Webhook{}, fmt.Errorf("decoding webhook: %w", err)
	}
	body = compact.Bytes()
	if len(body) == 0 || body[0] != '{' {
		return Webhook{}, errors.New("decoding webhook: the body is not a JSON object")
	}

	var wire struct {
		Object flexible          `json:"object"`
		Entry  []json.RawMessage `json:"entry"`
	}
	var d decoder
	d.decode(body, "", &wire)
	d.webhook.Object = string(wire.Object)
	for i, raw := range wire.Entry {
		d.entry(raw, at("entry", i))
	}
	return d.webhook, nil
}

// decoder collects what the pieces of one delivery hold.
type decoder struct {
	webhook Webhook
}

func (d *decoder) entry(raw json.RawMessage, path string) {
	var wire struct {
		ID      flexible          `json:"id"`
		Time    flexible          `json:"time"`
		Changes []json.RawMessage `json:"changes"`
	}
	if !d.decode(raw, path, &wire) {
		return
	}
	var when time.Time
	if wire.Time != "" {
		var err error
		if when, err = unixSeconds(wire.Time); err != nil {
			d.report(path+".time", raw, err)
		}
	}
	for i, raw := range wire.Changes {
		d.change(raw, string(wire.ID), when, at(path+".changes", i))
	}
}

func (d *decoder) change(raw json.RawMessage, wabaID string, when time.Time, path string) {
	var wire struct {
		Field flexible        `json:"field"`
		Value json.RawMessage `json:"value"`
	}
	if !d.decode(raw, path, &wire) {
		return
	}
	if wire.Field == "" {
		d.report(path, raw, errors.New("the change names no field"))
		return
	}
	change := Change{WABAID: wabaID, Time: when, Field: string(wire.Field), Value: wire.Value}
	switch change.Field {
	case FieldMessages:
		change.Messages = d.messagesValue(wire.Value, path+".value")
	case FieldEchoes:
		change.Messages = d.echoes(wire.Value, path+".value")
	case FieldHistory:
		change.Messages = d.history(wire.Value, path+".value")
	case FieldAppState:
		change.Messages = d.appState(wire.Value, path+".value")
	case FieldPreferences:
		change.Messages = d.preferences(wire.Value, path+".value")
	case FieldTemplateStatus, FieldTemplateQuality, FieldTemplateComponents, FieldTemplateCategory:
		change.Template = d.templateUpdate(change.Field, wire.Value, path+".value")
	default:
		if TellsOfAccount(change.Field) {
			change.Account = d.accountUpdate(change, path+".value")
		}
	}
	d.webhook.Changes = append(d.webhook.Changes, change)
}

// decode fills v, a pointer to a struct, from a piece of JSON and reports
// whether v holds it. Where a single property has an unexpected type, that
// property is reported and the others are kept.
func (d *decoder) decode(raw json.RawMessage, path string, v any) bool {
	if len(raw) == 0 || raw[0] != '{' {
		d.report(path, raw, errors.New("not a JSON object"))
		return false
	}
	err := json.Unmarshal(raw, v)
	if err == nil {
		return true
	}
	if mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if path != "" {
			path += "."
		}
		d.report(path+mismatch.Field, raw, fmt.Errorf("unexpected JSON %s", mismatch.Value))
		return true
	}
	d.report(path, raw, err)
	return false
}

func (d *decoder) report(path string, raw json.RawMessage, reason error) {
	d.webhook.Malformed = append(d.webhook.Malformed, Malformed{Path: path, Raw: raw, Reason: reason.Error()})
}

func at(list string, i int) string {
	return list + "[" + strconv.Itoa(i) + "]"
}
