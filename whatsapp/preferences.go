package whatsapp

import (
	"encoding/json"
	"errors"
	"time"
)

// FieldPreferences is the webhook field of what users want of marketing
// (reference/whatsapp-cloud-api.md §4.5).
const FieldPreferences = "user_preferences"

// CategoryMarketingMessages is the one category of preferences.
const CategoryMarketingMessages = "marketing_messages"

// Preference is what a user wants to get. WAID or UserID is set.
type Preference struct {
	WAID      string
	UserID    string
	Category  string // an open set; see CategoryMarketingMessages
	Value     string // an open set: stop, resume, signup
	Timestamp time.Time
}

// preferences reads the value of [FieldPreferences].
func (d *decoder) preferences(raw json.RawMessage, path string) *MessagesValue {
	var wire struct {
		Metadata    wireMetadata      `json:"metadata"`
		Contacts    []json.RawMessage `json:"contacts"`
		Preferences []json.RawMessage `json:"user_preferences"`
	}
	if !d.decode(raw, path, &wire) {
		return nil
	}
	value := wire.Metadata.value()
	value.Contacts = d.contacts(wire.Contacts, path)
	for i, raw := range wire.Preferences {
		if preference, ok := d.preference(raw, at(path+".user_preferences", i)); ok {
			value.Preferences = append(value.Preferences, preference)
		}
	}
	return value
}

func (d *decoder) preference(raw json.RawMessage, path string) (Preference, bool) {
	var wire struct {
		WAID      flexible `json:"wa_id"`
		UserID    flexible `json:"user_id"`
		Category  flexible `json:"category"`
		Value     flexible `json:"value"`
		Timestamp flexible `json:"timestamp"`
	}
	if !d.decode(raw, path, &wire) {
		return Preference{}, false
	}
	if wire.WAID == "" && wire.UserID == "" {
		d.report(path, raw, errors.New("the preference names nobody"))
		return Preference{}, false
	}
	timestamp, err := unixSeconds(wire.Timestamp)
	if err != nil {
		d.report(path+".timestamp", raw, err)
		return Preference{}, false
	}
	return Preference{
		WAID: string(wire.WAID), UserID: string(wire.UserID),
		Category: string(wire.Category), Value: string(wire.Value), Timestamp: timestamp,
	}, true
}
