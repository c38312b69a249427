package simulator

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Review is what comes of handing a template in (§7.7).
type Review struct {
	Name string `json:"name"` // of the template; its next review ends so
	// Event is APPROVED if empty, or REJECTED, or any other event of §4.2.
	Event string `json:"event"`
	// Reason is the code of a rejection; Text and Recommendation are words for people.
	Reason         string `json:"reason"`
	Text           string `json:"text"`
	Recommendation string `json:"recommendation"`
	// Category is the one under which it is approved; empty: the one asked for.
	Category string `json:"category"`
	// Never leaves it under review.
	Never bool `json:"never"`
}

// TemplateEvent is something that happens to a template at Meta's: exactly one of
// Event, Quality, Category, Coming and Body is set.
type TemplateEvent struct {
	WABAID   string `json:"wabaId"`
	Name     string `json:"name"`
	Language string `json:"language"`

	Event          string `json:"event"` // of §4.2: PAUSED, DISABLED, FLAGGED, REINSTATED, …
	Title          string `json:"title"` // FIRST_PAUSE and the like
	Reason         string `json:"reason"`
	Text           string `json:"text"`
	Recommendation string `json:"recommendation"`

	Quality  string `json:"quality"`  // GREEN, YELLOW, RED
	Category string `json:"category"` // it is changed to this one
	Coming   string `json:"coming"`   // it will be changed to this one in 24 hours
	Body     string `json:"body"`     // somebody changes its text elsewhere

	Silent bool `json:"silent"` // no webhook tells
}

// metaTemplate is a template of an account.
type metaTemplate struct {
	id, wabaID     string
	name, language string
	category       string // upper case
	format         string // NAMED or POSITIONAL
	components     []component
	status         string
	reason         string
	quality        string
	qualityAt      time.Time
	previous       string // category
	correct        string // category
	edits          []time.Time
	approved       bool // ever
	deletedAt      time.Time
}

func (t *metaTemplate) key() templateKey { return templateKey{t.name, t.language} }

// reviewDelay is how long a review takes.
func (s *Simulator) reviewDelay() time.Duration { return s.opts.Timing.Review }

// PlanReview has the next review of a template of that name end so. Without a plan it
// is approved.
func (s *Simulator) PlanReview(r Review) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reviews[r.Name] = append(s.reviews[r.Name], r)
}

// review decides on a template after a while. s.mu must be held.
func (s *Simulator) review(t *metaTemplate) {
	plan := Review{Event: "APPROVED"}
	if planned := s.reviews[t.name]; len(planned) > 0 {
		plan, s.reviews[t.name] = planned[0], planned[1:]
	}
	if plan.Never {
		return
	}
	s.after(s.reviewDelay(), func() {
		if t.status != "PENDING" {
			return
		}
		if plan.Category != "" && plan.Category != t.category {
			t.previous, t.category = t.category, plan.Category
		}
		s.happen(t, TemplateEvent{
			Event: cmp.Or(plan.Event, "APPROVED"), Reason: plan.Reason, Text: plan.Text, Recommendation: plan.Recommendation,
		})
	})
}

// Happen makes something happen to a template. The error says that there is no such
// template.
func (s *Simulator) Happen(e TemplateEvent) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.templateOf(e.WABAID, templateKey{e.Name, e.Language})
	if t == nil {
		return fmt.Errorf("account %s has no template %q in %q", e.WABAID, e.Name, e.Language)
	}
	s.happen(t, e)
	return nil
}

// statusAfter is the status after an event; the others are statuses themselves.
var statusAfter = map[string]string{"FLAGGED": "APPROVED", "REINSTATED": "APPROVED", "UNARCHIVED": "APPROVED"}

// happen changes a template and tells the business. s.mu must be held.
func (s *Simulator) happen(t *metaTemplate, e TemplateEvent) {
	id, _ := strconv.ParseInt(t.id, 10, 64) // an integer in webhooks
	value := map[string]any{"message_template_id": id, "message_template_name": t.name, "message_template_language": t.language}
	field := "message_template_status_update"
	switch {
	case e.Quality != "":
		field = "message_template_quality_update"
		value["previous_quality_score"], value["new_quality_score"] = t.quality, e.Quality
		t.quality, t.qualityAt = e.Quality, s.clock.Now()
	case e.Coming != "":
		field = "template_category_update"
		at := s.clock.Now().Add(24 * time.Hour)
		value["new_category"], value["correct_category"], value["category_update_timestamp"] = t.category, e.Coming, at.Unix()
		t.correct = e.Coming
	case e.Category != "":
		field = "template_category_update"
		value["previous_category"], value["new_category"] = t.category, e.Category
		t.previous, t.category, t.correct = t.category, e.Category, ""
	case e.Body != "":
		field = "message_template_components_update"
		value["message_template_element"] = e.Body
		for i := range t.components {
			if t.components[i].Type == "BODY" {
				t.components[i].Text = e.Body
			}
		}
	default:
		t.status, t.reason = cmp.Or(statusAfter[e.Event], e.Event), "NONE"
		t.approved = t.approved || t.status == "APPROVED"
		value["event"], value["reason"], value["message_template_category"] = e.Event, any(nil), t.category
		if e.Event == "REJECTED" {
			t.reason = cmp.Or(e.Reason, "INVALID_FORMAT")
			value["reason"] = t.reason
			if e.Text != "" {
				value["rejection_info"] = map[string]string{"reason": e.Text, "recommendation": e.Recommendation}
			}
		}
		if e.Title != "" {
			value["other_info"] = map[string]string{"title": e.Title, "description": ""}
		}
		if e.Event == "DELETED" {
			t.deletedAt = s.clock.Now()
		}
	}
	s.notify()
	if e.Silent {
		return
	}
	if err := s.sendManagement(Management{Field: field, WABAID: t.wabaID, Value: value}); err != nil {
		s.log.Info("template event not sent", "field", field, "error", err)
	}
}

// templateOf is the template of an account that is not deleted. s.mu must be held.
func (s *Simulator) templateOf(wabaID string, key templateKey) *metaTemplate {
	for _, t := range s.accountTemplates {
		if t.wabaID == wabaID && t.key() == key && t.deletedAt.IsZero() {
			return t
		}
	}
	return nil
}

// templatesOf are those of an account that are not deleted, by id. s.mu must be held.
func (s *Simulator) templatesOf(wabaID string) []*metaTemplate {
	var found []*metaTemplate
	for _, id := range slices.Sorted(maps.Keys(s.accountTemplates)) {
		if t := s.accountTemplates[id]; t.wabaID == wabaID && t.deletedAt.IsZero() {
			found = append(found, t)
		}
	}
	return found
}

// TemplateState is what Meta has of a template.
type TemplateState struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Language string `json:"language"`
	Category string `json:"category"`
	Status   string `json:"status"`
	Body     string `json:"body"`
}

// TemplatesOf are the templates of an account, by id.
func (s *Simulator) TemplatesOf(wabaID string) []TemplateState {
	s.mu.Lock()
	defer s.mu.Unlock()
	var states []TemplateState
	for _, t := range s.templatesOf(wabaID) {
		state := TemplateState{ID: t.id, Name: t.name, Language: t.language, Category: t.category, Status: t.status}
		if body := t.part("BODY"); body != nil {
			state.Body = body.Text
		}
		states = append(states, state)
	}
	return states
}

// part is the component of a type, nil if there is none.
func (t *metaTemplate) part(kind string) *component {
	for i := range t.components {
		if t.components[i].Type == kind {
			return &t.components[i]
		}
	}
	return nil
}

// node is the template's node (§7.1).
func (t *metaTemplate) node() map[string]any {
	shown := make([]json.RawMessage, len(t.components))
	for i, c := range t.components {
		shown[i] = c.shown(t.format)
	}
	node := map[string]any{
		"id": t.id, "name": t.name, "language": t.language, "status": t.status, "category": t.category, "parameter_format": t.format,
		"components": shown, "rejected_reason": cmp.Or(t.reason, "NONE"),
		"quality_score": map[string]any{"score": t.quality, "date": t.qualityAt.Unix()},
	}
	if t.previous != "" {
		node["previous_category"] = t.previous
	}
	if t.correct != "" {
		node["correct_category"] = t.correct
	}
	return node
}

// charged is the template's category in the words of pricing.
func (t *metaTemplate) charged() Category { return Category(strings.ToLower(t.category)) }
