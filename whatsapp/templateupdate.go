package whatsapp

import (
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// The webhook fields that tell of templates (reference/whatsapp-cloud-api.md §4.2).
const (
	FieldTemplateStatus     = "message_template_status_update"
	FieldTemplateQuality    = "message_template_quality_update"
	FieldTemplateComponents = "message_template_components_update"
	FieldTemplateCategory   = "template_category_update"
)

// TemplateUpdate is what a webhook tells of a template. Its texts are open sets; what
// it does not tell is empty.
type TemplateUpdate struct {
	TemplateID string
	Name       string
	Language   string // with an underscore, whatever the webhook had

	// Event is a status or a change of it: APPROVED, REJECTED, FLAGGED, REINSTATED, …
	Event string
	// Reason is why it was rejected, a code; RejectionText and Recommendation are Meta's
	// words.
	Reason         string
	RejectionText  string
	Recommendation string
	// PauseTitle is FIRST_PAUSE, SECOND_PAUSE and the like.
	PauseTitle string
	// Category is the one that a status came with.
	Category string

	NewQuality string

	// NewCategory is the present category. With CorrectCategory it is announced that it
	// will be that one, at CategoryAt; with PreviousCategory it was changed.
	NewCategory      string
	PreviousCategory string
	CorrectCategory  string
	CategoryAt       *time.Time

	// ContentChanged says that the text was changed; read the template to know how.
	ContentChanged bool
}

func (d *decoder) templateUpdate(field string, raw json.RawMessage, path string) *TemplateUpdate {
	var wire struct {
		ID       flexible `json:"message_template_id"`
		Name     flexible `json:"message_template_name"`
		Language flexible `json:"message_template_language"`
		Category flexible `json:"message_template_category"`

		Event     flexible `json:"event"`
		Reason    flexible `json:"reason"`
		Rejection loose[struct {
			Reason         flexible `json:"reason"`
			Recommendation flexible `json:"recommendation"`
		}] `json:"rejection_info"`
		Other loose[struct {
			Title flexible `json:"title"`
		}] `json:"other_info"`

		NewQuality flexible `json:"new_quality_score"`

		NewCategory      flexible `json:"new_category"`
		PreviousCategory flexible `json:"previous_category"`
		CorrectCategory  flexible `json:"correct_category"`
		CategoryAt       flexible `json:"category_update_timestamp"`
	}
	if !d.decode(raw, path, &wire) {
		return nil
	}
	if wire.ID == "" {
		d.report(path, raw, errors.New("the update names no template"))
		return nil
	}
	upper := func(text flexible) string { return strings.ToUpper(string(text)) }
	update := &TemplateUpdate{
		TemplateID: string(wire.ID), Name: string(wire.Name), Language: templateLanguage(wire.Language),
		// Meta's own sample of a quality update carries another field: what is in it tells.
		Event: upper(wire.Event), Reason: noneAsEmpty(wire.Reason), Category: upper(wire.Category), NewQuality: upper(wire.NewQuality),
		NewCategory: upper(wire.NewCategory), PreviousCategory: upper(wire.PreviousCategory), CorrectCategory: upper(wire.CorrectCategory),
		ContentChanged: field == FieldTemplateComponents,
	}
	if rejection := wire.Rejection.value; rejection != nil {
		update.RejectionText, update.Recommendation = string(rejection.Reason), string(rejection.Recommendation)
	}
	if other := wire.Other.value; other != nil {
		update.PauseTitle = upper(other.Title)
	}
	if at, err := unixSeconds(wire.CategoryAt); err == nil {
		update.CategoryAt = &at
	}
	return update
}
