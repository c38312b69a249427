package models

import "time"

// Deal is a sale that somebody works on, or that was won or lost.
type Deal struct {
	OrganizationID ID           `gorm:"type:uuid;primaryKey"`
	ID             ID           `gorm:"type:uuid;primaryKey"`
	Name           string       `gorm:"not null"` // as CleanName makes it
	PipelineID     ID           `gorm:"type:uuid;not null"`
	StageID        ID           `gorm:"type:uuid;not null"`         // of the pipeline
	Amount         *int64       `json:",omitzero"`                  // in the currency's smallest unit; nil: not known
	Currency       string       `gorm:"not null" json:",omitzero"`  // ISO 4217; empty without an amount
	ClosingDate    *Date        `json:",omitzero"`                  // when it is expected to be closed; nil: not known
	OwnerID        *ID          `gorm:"type:uuid" json:",omitzero"` // the user who works on it; nil: nobody
	ContactID      *ID          `gorm:"type:uuid" json:",omitzero"`
	CompanyID      *ID          `gorm:"type:uuid" json:",omitzero"`
	ConversationID *ID          `gorm:"type:uuid" json:",omitzero"` // that it came from
	CustomValues   CustomValues `gorm:"serializer:json;type:text" json:",omitzero"`
	StageChangedAt time.Time    // since when it is in its stage
	ClosedAt       *time.Time   `json:",omitzero"`                  // when it came into a stage that is won or lost; nil: it is open
	Version        int64        `gorm:"not null"`                   // grows with every change; for expectedVersion
	CreatedByID    *ID          `gorm:"type:uuid" json:",omitzero"` // nil: a channel's rule
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// Enter puts the deal into a stage at a time. A deal that goes from one closed stage to
// another stays closed since when it was.
func (d *Deal) Enter(stage PipelineStage, at time.Time) {
	if d.StageID == stage.ID {
		return
	}
	d.PipelineID, d.StageID, d.StageChangedAt = stage.PipelineID, stage.ID, at
	switch {
	case stage.Kind == StageOpen:
		d.ClosedAt = nil
	case d.ClosedAt == nil:
		d.ClosedAt = &at
	}
}

// Price is the amount; nil if it is not known.
func (d Deal) Price() *Money {
	if d.Amount == nil {
		return nil
	}
	return new(NewMoney(*d.Amount, d.Currency))
}

// SetPrice sets the amount; nil: it is not known.
func (d *Deal) SetPrice(price *Money) {
	d.Amount, d.Currency = nil, ""
	if price != nil {
		d.Amount, d.Currency = new(price.Minor), price.Currency
	}
}

// RuleRecord says which deal a channel's rule made for a conversation, so that it makes
// it once, also if the deal was deleted since.
type RuleRecord struct {
	OrganizationID ID `gorm:"type:uuid;primaryKey"`
	ConversationID ID `gorm:"type:uuid;primaryKey"`
	RuleID         ID `gorm:"type:uuid;primaryKey"` // what the rule is known by, for example its channel
	DealID         ID `gorm:"type:uuid;not null"`
	CreatedAt      time.Time
}
