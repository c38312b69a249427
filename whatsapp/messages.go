package whatsapp

import (
	"encoding/json"
	"errors"
	"time"
)

// MessagesValue is traffic of one business phone number
// (reference/whatsapp-cloud-api.md §3.2, §4.6): the value of a change of
// [FieldMessages] or of one of the fields of a number that is used in the app too.
type MessagesValue struct {
	PhoneNumberID      string
	DisplayPhoneNumber string
	Contacts           []Contact
	Messages           []InboundMessage
	Statuses           []Status
	// Echoes are what the business wrote in the app; To and ToUserID name the
	// customer.
	Echoes []InboundMessage
	// History are messages of either side from before the number was connected.
	History []InboundMessage
	// Preferences are what users want of marketing.
	Preferences []Preference
	// AppContacts are changes of the app's contacts.
	AppContacts []AppContact
	// Errors belong to the phone number or the app, not to a message.
	Errors []MetaError
}

// Contact is who a message is from, or who a status is about. At least one of
// WAID and UserID is set; a user who hides the number behind a username has no
// WAID (reference/whatsapp-cloud-api.md §13.3).
type Contact struct {
	// WAID is the phone number under which WhatsApp knows the user, in digits.
	WAID string
	// UserID is the business-scoped user id, as in "GB.7719034482215608".
	UserID       string
	ParentUserID string
	// Name is what the user chose to be called; may be empty.
	Name     string
	Username string
}

// InboundMessage is a message or another act of a customer
// (reference/whatsapp-cloud-api.md §3.3). ID and Timestamp are always set.
type InboundMessage struct {
	ID string
	// From is the sender's wa_id, FromUserID the business-scoped user id. One
	// of them may be missing, and in odd payloads both.
	From       string
	FromUserID string
	// To and ToUserID name the customer of a message of the business, in echoes and
	// in history. ThreadID is the customer's wa_id in history.
	To       string
	ToUserID string
	ThreadID string
	// HistoryStatus is how far a message had come, in history: PENDING, SENT,
	// DELIVERED, READ, PLAYED, ERROR.
	HistoryStatus string
	// Timestamp is the sender's time in UTC, possibly long before the delivery.
	Timestamp time.Time
	// Type is an open set: text, image, reaction, system, unsupported, …
	Type string
	// Text is the body of a message of type text.
	Text string
	// Content is what the message says beyond its text.
	Content Content
	// Referral is the ad that the customer came from; it may be with any type.
	Referral *Referral
	// Context is set on replies and forwards.
	Context *Context
	// GroupID is set on messages in a group.
	GroupID string
	// Errors say why a message is unsupported or its media is missing.
	Errors []MetaError
	// Raw is the message as received, compact. See [DecodeWebhook].
	Raw json.RawMessage
}

// Context says what a message answers or that it was forwarded.
type Context struct {
	// From is the author of the quoted message, which may be the business.
	From string
	// MessageID is the quoted message; it may be missing from a mere forward.
	MessageID           string
	Forwarded           bool
	FrequentlyForwarded bool
	// Product is what the message asks about.
	Product *Product
}

// ContactOf returns the contact that a message of this value came from: the one
// with its wa_id or user id, or else the only one there is.
func (v *MessagesValue) ContactOf(m InboundMessage) (Contact, bool) {
	for _, c := range v.Contacts {
		if m.From != "" && c.WAID == m.From || m.FromUserID != "" && c.UserID == m.FromUserID {
			return c, true
		}
	}
	if len(v.Contacts) == 1 {
		return v.Contacts[0], true
	}
	return Contact{}, false
}

func (d *decoder) messagesValue(raw json.RawMessage, path string) *MessagesValue {
	var wire struct {
		Metadata wireMetadata      `json:"metadata"`
		Contacts []json.RawMessage `json:"contacts"`
		Messages []json.RawMessage `json:"messages"`
		Statuses []json.RawMessage `json:"statuses"`
		Errors   []json.RawMessage `json:"errors"`
	}
	if !d.decode(raw, path, &wire) {
		return nil
	}
	value := wire.Metadata.value()
	value.Errors = d.metaErrors(wire.Errors, path+".errors")
	value.Contacts = d.contacts(wire.Contacts, path)
	value.Messages = d.messages(wire.Messages, path+".messages")
	for i, raw := range wire.Statuses {
		if s, ok := d.status(raw, at(path+".statuses", i)); ok {
			value.Statuses = append(value.Statuses, s)
		}
	}
	return value
}

// wireMetadata is in every value of a phone number.
type wireMetadata struct {
	DisplayPhoneNumber flexible `json:"display_phone_number"`
	PhoneNumberID      flexible `json:"phone_number_id"`
}

func (w wireMetadata) value() *MessagesValue {
	return &MessagesValue{
		PhoneNumberID:      string(w.PhoneNumberID),
		DisplayPhoneNumber: string(w.DisplayPhoneNumber),
	}
}

// contacts reads the contacts of a value that lies at path.
func (d *decoder) contacts(raws []json.RawMessage, path string) (list []Contact) {
	for i, raw := range raws {
		if c, ok := d.contact(raw, at(path+".contacts", i)); ok {
			list = append(list, c)
		}
	}
	return list
}

// messages reads a list of messages that lies at path.
func (d *decoder) messages(raws []json.RawMessage, path string) (list []InboundMessage) {
	for i, raw := range raws {
		if m, ok := d.message(raw, at(path, i)); ok {
			list = append(list, m)
		}
	}
	return list
}

func (d *decoder) contact(raw json.RawMessage, path string) (Contact, bool) {
	var wire struct {
		WAID         flexible `json:"wa_id"`
		UserID       flexible `json:"user_id"`
		ParentUserID flexible `json:"parent_user_id"`
		Profile      struct {
			Name     flexible `json:"name"`
			Username flexible `json:"username"`
		} `json:"profile"`
	}
	if !d.decode(raw, path, &wire) {
		return Contact{}, false
	}
	if wire.WAID == "" && wire.UserID == "" {
		d.report(path, raw, errors.New("the contact has neither wa_id nor user_id"))
		return Contact{}, false
	}
	return Contact{
		WAID:         string(wire.WAID),
		UserID:       string(wire.UserID),
		ParentUserID: string(wire.ParentUserID),
		Name:         string(wire.Profile.Name),
		Username:     string(wire.Profile.Username),
	}, true
}

func (d *decoder) message(raw json.RawMessage, path string) (InboundMessage, bool) {
	var wire struct {
		ID         flexible `json:"id"`
		From       flexible `json:"from"`
		FromUserID flexible `json:"from_user_id"`
		To         flexible `json:"to"`
		ToUserID   flexible `json:"to_user_id"`
		Timestamp  flexible `json:"timestamp"`
		Type       flexible `json:"type"`
		GroupID    flexible `json:"group_id"`
		Text       struct {
			Body flexible `json:"body"`
		} `json:"text"`
		Context *struct {
			From                flexible           `json:"from"`
			ID                  flexible           `json:"id"`
			Forwarded           flexible           `json:"forwarded"`
			FrequentlyForwarded flexible           `json:"frequently_forwarded"`
			Product             loose[wireProduct] `json:"referred_product"`
		} `json:"context"`
		Referral loose[wireReferral] `json:"referral"`
		History  loose[struct {
			Status flexible `json:"status"`
		}] `json:"history_context"`
		Errors []json.RawMessage `json:"errors"`
	}
	if !d.decode(raw, path, &wire) {
		return InboundMessage{}, false
	}
	if wire.ID == "" {
		d.report(path, raw, errors.New("the message has no id"))
		return InboundMessage{}, false
	}
	timestamp, err := unixSeconds(wire.Timestamp)
	if err != nil {
		d.report(path, raw, err)
		return InboundMessage{}, false
	}
	message := InboundMessage{
		ID:         string(wire.ID),
		From:       string(wire.From),
		FromUserID: string(wire.FromUserID),
		To:         string(wire.To),
		ToUserID:   string(wire.ToUserID),
		Referral:   wire.Referral.value.referral(),
		Timestamp:  timestamp,
		Type:       string(wire.Type),
		GroupID:    string(wire.GroupID),
		Errors:     d.metaErrors(wire.Errors, path+".errors"),
		Raw:        raw,
	}
	if message.Type == "text" {
		message.Text = string(wire.Text.Body)
	} else {
		_, _, message.Content = decodeContent(raw, maxEdits)
	}
	if wire.History.value != nil {
		message.HistoryStatus = string(wire.History.value.Status)
	}
	if c := wire.Context; c != nil {
		context := Context{
			From:                string(c.From),
			MessageID:           string(c.ID),
			Forwarded:           c.Forwarded.bool(),
			FrequentlyForwarded: c.FrequentlyForwarded.bool(),
		}
		if p := c.Product.value; p != nil {
			context.Product = &Product{string(p.CatalogID), string(p.RetailerID)}
		}
		if context != (Context{}) {
			message.Context = &context
		}
	}
	return message, true
}
