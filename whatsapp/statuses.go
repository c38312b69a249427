package whatsapp

import (
	"encoding/json"
	"errors"
	"time"
)

// Status is a step in the life of a message that we sent
// (reference/whatsapp-cloud-api.md §3.5). MessageID, Status and Timestamp are
// always set. Statuses come in any order and more than once.
type Status struct {
	MessageID string
	// Status is an open set: sent, delivered, read, played, failed.
	Status    string
	Timestamp time.Time
	// RecipientID is a wa_id or the id of a group; it may be missing.
	RecipientID     string
	RecipientUserID string
	// CallbackData is what the send call gave along as [OutboundMessage.CallbackData].
	CallbackData string
	Pricing      *Pricing
	// Errors are set on failed; [ErrorFromMeta] classifies them.
	Errors []MetaError
	// Raw is the status as received, compact. See [DecodeWebhook].
	Raw json.RawMessage
}

// Pricing is what Meta says a message costs us. Its texts are open sets.
type Pricing struct {
	// Billable is nil where Meta does not say; prefer Type.
	Billable *bool
	Model    string
	Type     string
	Category string
}

func (d *decoder) status(raw json.RawMessage, path string) (Status, bool) {
	var wire struct {
		ID              flexible `json:"id"`
		Status          flexible `json:"status"`
		Timestamp       flexible `json:"timestamp"`
		RecipientID     flexible `json:"recipient_id"`
		RecipientUserID flexible `json:"recipient_user_id"`
		CallbackData    flexible `json:"biz_opaque_callback_data"`
		Pricing         *struct {
			Billable flexible `json:"billable"`
			Model    flexible `json:"pricing_model"`
			Type     flexible `json:"type"`
			Category flexible `json:"category"`
		} `json:"pricing"`
		Errors []json.RawMessage `json:"errors"`
	}
	if !d.decode(raw, path, &wire) {
		return Status{}, false
	}
	if wire.ID == "" || wire.Status == "" {
		d.report(path, raw, errors.New("the status has no id or no status"))
		return Status{}, false
	}
	timestamp, err := unixSeconds(wire.Timestamp)
	if err != nil {
		d.report(path, raw, err)
		return Status{}, false
	}
	status := Status{
		MessageID:       string(wire.ID),
		Status:          string(wire.Status),
		Timestamp:       timestamp,
		RecipientID:     string(wire.RecipientID),
		RecipientUserID: string(wire.RecipientUserID),
		CallbackData:    string(wire.CallbackData),
		Errors:          d.metaErrors(wire.Errors, path+".errors"),
		Raw:             raw,
	}
	if p := wire.Pricing; p != nil {
		status.Pricing = &Pricing{Model: string(p.Model), Type: string(p.Type), Category: string(p.Category)}
		if p.Billable != "" {
			billable := p.Billable.bool()
			status.Pricing.Billable = &billable
		}
	}
	return status, true
}
