package gqlmodel

import (
	"slices"
	"strings"
	"time"

	"recado/models"
)

// Template is models.Template as clients see it.
type Template models.Template

// PublicID is the id that clients see.
func (t *Template) PublicID() string { return models.PublicID(models.PrefixTemplate, t.ID) }

// IsNode marks the type as a Node.
func (*Template) IsNode() {}

// CanBeSent reports whether messages can be sent with it now.
func (t *Template) CanBeSent() bool { return models.Template(*t).Sendable() == nil }

// Supported reports whether Recado can fill it in.
func (t *Template) Supported() bool { return t.Foreign == nil }

// Said is what is sent.
func (t *Template) Said() TemplateParts { return partsOf(t.Content) }

// Drafted is the edit that WhatsApp has not taken.
func (t *Template) Drafted() *TemplateParts {
	if t.Draft == nil {
		return nil
	}
	return new(partsOf(*t.Draft))
}

// WantedCategory is the category that the draft asks for.
func (t *Template) WantedCategory() *models.TemplateCategory { return category(t.DraftCategory) }

// ShownStatus is the status, that of a draft for one that this version does not know.
func (t *Template) ShownStatus() models.TemplateStatus {
	if !slices.Contains(models.TemplateStatuses, t.Status) {
		return models.TemplateLocked
	}
	return t.Status
}

// ShownQuality is the quality, UNKNOWN for one that this version does not know.
func (t *Template) ShownQuality() models.TemplateQuality {
	switch t.Quality {
	case models.QualityGreen, models.QualityYellow, models.QualityRed:
		return t.Quality
	}
	return models.QualityUnknown
}

// Pause is WhatsApp's word for a pause.
func (t *Template) Pause() *string { return given(t.PauseTitle) }

// Asked is what WhatsApp is being asked to do.
func (t *Template) Asked() *models.TemplateRequest {
	if t.Request == models.TemplateNoRequest {
		return nil
	}
	return &t.Request
}

// ChangeOfCategory is the newest change by WhatsApp.
func (t *Template) ChangeOfCategory() *TemplateCategoryChange {
	switch {
	case category(t.ComingCategory) != nil:
		return &TemplateCategoryChange{Previous: t.Category, Next: t.ComingCategory, At: t.ComingAt}
	case category(t.PastCategory) != nil:
		return &TemplateCategoryChange{Previous: t.PastCategory, Next: t.Category, IsMade: true, At: t.CategoryAt}
	}
	return nil
}

func category(c models.TemplateCategory) *models.TemplateCategory {
	if !slices.Contains(models.TemplateCategories, c) {
		return nil
	}
	return &c
}

// MergeFields are those of the newest text.
func (t *Template) MergeFields() []TemplateMergeField {
	content := models.Template(*t).Newest()
	fallbacks := content.Fallbacks()
	return all(content.Fields(), func(name string) TemplateMergeField {
		return TemplateMergeField{
			Name: name, Fallback: given(fallbacks[name]), Sample: given(content.Sample(name)), IsAutomatic: models.AutomaticTemplateField(name),
		}
	})
}

func partsOf(content models.TemplateContent) TemplateParts {
	parts := TemplateParts{
		Body: content.Body, Footer: given(content.Footer),
		Buttons: all(content.Buttons, func(b models.TemplateButton) TemplateButton {
			return TemplateButton{Kind: b.Kind, Text: given(b.Text), URL: given(b.URL), PhoneNumber: given(b.Phone), Code: given(b.Code)}
		}),
	}
	if header := content.Header; header != nil {
		parts.Header = &TemplateHeader{Kind: header.Kind, Text: given(header.Text), SampleID: header.SampleID}
	}
	if chosen := content.OneTimeCode; chosen != nil {
		parts.OneTimeCode = &TemplateOneTimeCode{HasSecurityRecommendation: chosen.SecurityRecommendation}
		if chosen.ExpirationMinutes > 0 {
			parts.OneTimeCode.ExpirationMinutes = new(int32(chosen.ExpirationMinutes))
		}
	}
	return parts
}

// TemplateHeader stands above the body.
type TemplateHeader struct {
	Kind     models.TemplateHeaderKind
	Text     *string
	SampleID *models.ID
}

// TemplateStep is models.TemplateStep as clients see it.
type TemplateStep models.TemplateStep

// Became is what became of it.
func (s *TemplateStep) Became() *string { return given(s.Value) }

// Words are WhatsApp's.
func (s *TemplateStep) Words() *string { return given(s.Detail) }

// TemplateContent is a template, filled in.
type TemplateContent struct {
	TemplateID     models.ID
	Name           string
	Language       string
	Category       models.TemplateCategory
	Header         *string
	HeaderLocation *LocationContent
	Body           string
	Footer         *string
	Buttons        []TemplateContentButton
}

// IsMessageContent marks the type as what a message says.
func (TemplateContent) IsMessageContent() {}

// NewTemplateContent shows a template as it was filled in.
func NewTemplateContent(sent models.SentTemplate) TemplateContent {
	content := TemplateContent{
		TemplateID: sent.TemplateID, Name: sent.Name, Language: sent.Language, Category: sent.Category, Body: sent.Body, Footer: given(sent.Footer),
		Buttons: all(sent.Buttons, func(b models.SentTemplateButton) TemplateContentButton {
			return TemplateContentButton{Kind: b.Kind, Text: given(b.Text), URL: given(b.URL), PhoneNumber: given(b.Phone), Code: given(b.Code), Payload: given(b.Payload)}
		}),
	}
	if header := sent.Header; header != nil {
		content.Header = given(header.Text)
		if place := header.Location; place != nil {
			content.HeaderLocation = &LocationContent{Latitude: place.Latitude, Longitude: place.Longitude, Name: given(place.Name), Address: given(place.Address)}
		}
	}
	return content
}

// TemplatePreview is a template as it would be sent.
type TemplatePreview struct {
	Template      Template
	Content       TemplateContent
	Text          string
	MissingValues []string
	AttachmentID  *models.ID
	Blockers      []TemplateBlocker
}

// TemplateChangedEvent tells that a template changed.
type TemplateChangedEvent Change

// PublicID is the id that clients see.
func (e *TemplateChangedEvent) PublicID() string { return eventID(e.Event) }

// OccurredAt is when it happened.
func (e *TemplateChangedEvent) OccurredAt() time.Time { return e.CreatedAt }

// Template is the template after the event.
func (e *TemplateChangedEvent) Template() Template { return Template(*e.Payload.Template) }

// IsInboxEvent marks the type as an InboxEvent.
func (*TemplateChangedEvent) IsInboxEvent() {}

// FieldPath is the way to a part of a template.
func FieldPath(field string) []string { return strings.Split(field, ".") }

// TemplateConnection is a page of templates.
type TemplateConnection struct {
	Rows     []models.Template
	Cursor   func(index int) string
	PageInfo PageInfo
}

// Edges are the templates with their cursors.
func (c *TemplateConnection) Edges() []TemplateEdge {
	return edges(c.Rows, func(i int) TemplateEdge {
		return TemplateEdge{Node: (*Template)(&c.Rows[i]), cursor: c.Cursor, index: i}
	})
}

// Nodes are the templates alone.
func (c *TemplateConnection) Nodes() []*Template {
	return edges(c.Rows, func(i int) *Template { return (*Template)(&c.Rows[i]) })
}

// TemplateEdge is a template in its place in a list.
type TemplateEdge struct {
	Node   *Template
	cursor func(int) string
	index  int
}

// Cursor is the place.
func (e *TemplateEdge) Cursor() string { return e.cursor(e.index) }

// TemplateStepConnection is a page of the steps of a template's life.
type TemplateStepConnection struct {
	Rows     []models.TemplateStep
	Cursor   func(index int) string
	PageInfo PageInfo
}

// Edges are the steps with their cursors.
func (c *TemplateStepConnection) Edges() []TemplateStepEdge {
	return edges(c.Rows, func(i int) TemplateStepEdge {
		return TemplateStepEdge{Node: (*TemplateStep)(&c.Rows[i]), cursor: c.Cursor, index: i}
	})
}

// Nodes are the steps alone.
func (c *TemplateStepConnection) Nodes() []*TemplateStep {
	return edges(c.Rows, func(i int) *TemplateStep { return (*TemplateStep)(&c.Rows[i]) })
}

// TemplateStepEdge is a step in its place in a list.
type TemplateStepEdge struct {
	Node   *TemplateStep
	cursor func(int) string
	index  int
}

// Cursor is the place.
func (e *TemplateStepEdge) Cursor() string { return e.cursor(e.index) }
