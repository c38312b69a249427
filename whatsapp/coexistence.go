package whatsapp

import (
	"encoding/json"
	"errors"
)

// Webhook fields of a number that is also used in the WhatsApp Business app
// (reference/whatsapp-cloud-api.md §4.6).
const (
	// FieldEchoes brings what the business wrote in the app.
	FieldEchoes = "smb_message_echoes"
	// FieldHistory brings the chats from before the number was connected.
	FieldHistory = "history"
	// FieldAppState brings the contacts of the app.
	FieldAppState = "smb_app_state_sync"
)

// BringsMessages reports whether [Change.Messages] is set for a field.
func BringsMessages(field string) bool {
	switch field {
	case FieldMessages, FieldEchoes, FieldHistory, FieldAppState, FieldPreferences:
		return true
	}
	return false
}

// AppContact is an entry of the app's contacts. Removed says that it was taken
// out of them; then there is no name.
type AppContact struct {
	PhoneNumber string // in digits
	FullName    string
	FirstName   string
	Removed     bool
}

// echoes reads the value of [FieldEchoes].
func (d *decoder) echoes(raw json.RawMessage, path string) *MessagesValue {
	var wire struct {
		Metadata wireMetadata      `json:"metadata"`
		Contacts []json.RawMessage `json:"contacts"`
		Echoes   []json.RawMessage `json:"message_echoes"`
	}
	if !d.decode(raw, path, &wire) {
		return nil
	}
	value := wire.Metadata.value()
	value.Contacts = d.contacts(wire.Contacts, path)
	value.Echoes = d.messages(wire.Echoes, path+".message_echoes")
	return value
}

// history reads the value of [FieldHistory]: threads, the media that follow them,
// or the business's refusal to share them.
func (d *decoder) history(raw json.RawMessage, path string) *MessagesValue {
	var wire struct {
		Metadata wireMetadata      `json:"metadata"`
		Contacts []json.RawMessage `json:"contacts"`
		Messages []json.RawMessage `json:"messages"`
		History  []json.RawMessage `json:"history"`
	}
	if !d.decode(raw, path, &wire) {
		return nil
	}
	value := wire.Metadata.value()
	value.Contacts = d.contacts(wire.Contacts, path)
	value.History = d.messages(wire.Messages, path+".messages")
	for i, raw := range wire.History {
		path := at(path+".history", i)
		var chunk struct {
			Threads []json.RawMessage `json:"threads"`
			Errors  []json.RawMessage `json:"errors"`
		}
		if !d.decode(raw, path, &chunk) {
			continue
		}
		value.Errors = append(value.Errors, d.metaErrors(chunk.Errors, path+".errors")...)
		for j, raw := range chunk.Threads {
			value.History = append(value.History, d.thread(raw, at(path+".threads", j))...)
		}
	}
	return value
}

func (d *decoder) thread(raw json.RawMessage, path string) []InboundMessage {
	var wire struct {
		ID       flexible          `json:"id"`
		Messages []json.RawMessage `json:"messages"`
	}
	if !d.decode(raw, path, &wire) {
		return nil
	}
	messages := d.messages(wire.Messages, path+".messages")
	for i := range messages {
		messages[i].ThreadID = string(wire.ID)
	}
	return messages
}

// appState reads the value of [FieldAppState].
func (d *decoder) appState(raw json.RawMessage, path string) *MessagesValue {
	var wire struct {
		Metadata wireMetadata      `json:"metadata"`
		Sync     []json.RawMessage `json:"state_sync"`
	}
	if !d.decode(raw, path, &wire) {
		return nil
	}
	value := wire.Metadata.value()
	for i, raw := range wire.Sync {
		path := at(path+".state_sync", i)
		var entry struct {
			Type    flexible `json:"type"`
			Action  flexible `json:"action"`
			Contact struct {
				FullName    flexible `json:"full_name"`
				FirstName   flexible `json:"first_name"`
				PhoneNumber flexible `json:"phone_number"`
			} `json:"contact"`
		}
		if !d.decode(raw, path, &entry) || entry.Type != "contact" {
			continue
		}
		number := Digits(string(entry.Contact.PhoneNumber))
		if number == "" {
			d.report(path, raw, errors.New("the contact has no number"))
			continue
		}
		value.AppContacts = append(value.AppContacts, AppContact{
			PhoneNumber: number, FullName: string(entry.Contact.FullName), FirstName: string(entry.Contact.FirstName),
			Removed: entry.Action == "remove",
		})
	}
	return value
}
