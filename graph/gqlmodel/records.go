package gqlmodel

import (
	"time"

	"github.com/99designs/gqlgen/graphql"

	"recado/models"
)

// MarshalDate writes a day.
func MarshalDate(d models.Date) graphql.Marshaler { return graphql.MarshalString(string(d)) }

// UnmarshalDate reads a day.
func UnmarshalDate(v any) (models.Date, error) {
	text, ok := v.(string)
	if date := models.Date(text); ok && date.Valid() {
		return date, nil
	}
	return "", invalidScalar("Date must be a day, as in 2026-03-01")
}

// Company is models.Company as clients see it.
type Company models.Company

// PublicID is the id that clients see.
func (c *Company) PublicID() string { return models.PublicID(models.PrefixCompany, c.ID) }

// IsNode marks the type as a Node.
func (*Company) IsNode() {}

// PhoneText is the phone number, nil if it is not known.
func (c *Company) PhoneText() *string { return orNil(c.Phone) }

// Site is the website, nil if it is not known.
func (c *Company) Site() *string { return orNil(c.Website) }

// Pipeline is models.Pipeline as clients see it.
type Pipeline models.Pipeline

// PublicID is the id that clients see.
func (p *Pipeline) PublicID() string { return models.PublicID(models.PrefixPipeline, p.ID) }

// IsNode marks the type as a Node.
func (*Pipeline) IsNode() {}

// PipelineStage is models.PipelineStage as clients see it.
type PipelineStage models.PipelineStage

// PublicID is the id that clients see.
func (s *PipelineStage) PublicID() string { return models.PublicID(models.PrefixPipelineStage, s.ID) }

// IsNode marks the type as a Node.
func (*PipelineStage) IsNode() {}

// Deal is models.Deal as clients see it.
type Deal models.Deal

// PublicID is the id that clients see.
func (d *Deal) PublicID() string { return models.PublicID(models.PrefixDeal, d.ID) }

// IsNode marks the type as a Node.
func (*Deal) IsNode() {}

// IsOpen reports whether somebody works on it.
func (d *Deal) IsOpen() bool { return d.ClosedAt == nil }

// Price is what it is worth, nil if that is not known.
func (d *Deal) Price() *Money { return (*Money)(models.Deal(*d).Price()) }

// CustomField is models.CustomField as clients see it.
type CustomField models.CustomField

// PublicID is the id that clients see.
func (f *CustomField) PublicID() string { return models.PublicID(models.PrefixCustomField, f.ID) }

// IsNode marks the type as a Node.
func (*CustomField) IsNode() {}

// Choices are the options, none if it has no choice.
func (f *CustomField) Choices() []string { return append([]string{}, f.Options...) }

// CustomValue is what a record has in a field.
type CustomValue struct {
	Field CustomField
	Value string
}

// DealChangedEvent tells that a deal was made or changed.
type DealChangedEvent Change

// DealDeletedEvent tells that a deal is no more.
type DealDeletedEvent Change

// PipelinesChangedEvent tells that pipelines or stages are not as they were.
type PipelinesChangedEvent Change

// PublicID is the id that clients see.
func (e *DealChangedEvent) PublicID() string { return eventID(e.Event) }

// PublicID is the id that clients see.
func (e *DealDeletedEvent) PublicID() string { return eventID(e.Event) }

// PublicID is the id that clients see.
func (e *PipelinesChangedEvent) PublicID() string { return eventID(e.Event) }

// OccurredAt is when it happened.
func (e *DealChangedEvent) OccurredAt() time.Time { return e.CreatedAt }

// OccurredAt is when it happened.
func (e *DealDeletedEvent) OccurredAt() time.Time { return e.CreatedAt }

// OccurredAt is when it happened.
func (e *PipelinesChangedEvent) OccurredAt() time.Time { return e.CreatedAt }

// Deal is the deal after the event.
func (e *DealChangedEvent) Deal() Deal { return Deal(*e.Payload.Deal) }

// DeletedDealID is the id of the deal, as clients knew it.
func (e *DealDeletedEvent) DeletedDealID() string {
	return models.PublicID(models.PrefixDeal, e.Payload.Deal.ID)
}

// IsInboxEvent marks the type as an InboxEvent.
func (*DealChangedEvent) IsInboxEvent() {}

// IsInboxEvent marks the type as an InboxEvent.
func (*DealDeletedEvent) IsInboxEvent() {}

// IsInboxEvent marks the type as an InboxEvent.
func (*PipelinesChangedEvent) IsInboxEvent() {}
