package models

import "time"

// HoldStatus is what became of a hold.
type HoldStatus string

// The states of a hold.
const (
	HoldOpen     HoldStatus = "OPEN"
	HoldSettled  HoldStatus = "SETTLED"  // the message arrived: it was charged, or it was free
	HoldReleased HoldStatus = "RELEASED" // the message will not arrive, or was not heard of; it may still turn out that it did
)

// ReleaseReason is why a hold was let go.
type ReleaseReason string

// The reasons.
const (
	ReleaseFailed   ReleaseReason = "FAILED"
	ReleaseCanceled ReleaseReason = "CANCELED"
	ReleaseExpired  ReleaseReason = "EXPIRED" // nothing was heard of the message until the deadline
)

// MessagePricing is what Meta's webhook says of a message's price, word for word: an
// open set (reference/whatsapp-cloud-api.md §3.5, §12.2).
type MessagePricing struct {
	Billable *bool  `json:"billable,omitempty"` // nil where Meta does not say
	Model    string `json:"model,omitempty"`
	Type     string `json:"type,omitempty"`
	Category string `json:"category,omitempty"`
}

// Charged reports whether Meta charges the message: by its type, and by the older
// word where there is no type. What Meta does not speak of is charged.
func (p *MessagePricing) Charged() bool {
	switch {
	case p == nil:
		return true
	case p.Type != "":
		return p.Type == "regular"
	case p.Billable != nil:
		return *p.Billable
	}
	return true
}

// CreditHold keeps credits for a message from when it is queued until its price is
// known. There is one for each message that may cost something, also if nothing had
// to be kept.
type CreditHold struct {
	OrganizationID ID              `gorm:"type:uuid;primaryKey"`
	MessageID      ID              `gorm:"type:uuid;primaryKey"`
	ChannelID      ID              `gorm:"type:uuid;not null"`
	ContactID      ID              `gorm:"type:uuid;not null"`
	CardID         ID              `gorm:"type:uuid;not null"` // the card that was in force
	Category       PricingCategory `gorm:"not null"`           // as which it was sent
	Country        string          `gorm:"not null"`
	TemplateName   string          `gorm:"not null"`  // empty: no template
	SessionID      *ID             `gorm:"type:uuid"` // with PER_CONVERSATION
	Basis          PriceBasis      `gorm:"not null"`
	Quoted         Credits         `gorm:"not null"` // the price as it was expected
	Amount         Credits         `gorm:"not null"` // what was kept: the dearest outcome
	Status         HoldStatus      `gorm:"not null"`
	DeliveredAt    *time.Time      // Meta's time of the first status that says so
	Pricing        *MessagePricing `gorm:"serializer:json"` // nil until Meta said
	Charged        Credits         `gorm:"not null"`
	ReleaseReason  ReleaseReason   `gorm:"not null"` // empty unless RELEASED
	// DueAt is when a job looks at the hold: a hold that nothing was heard of is let
	// go, a delivery without a price is charged as quoted. Nil: there is nothing to do.
	DueAt     *time.Time
	CreatedAt time.Time
	UpdatedAt time.Time
}

// CreditSession is 24 hours in which further templates of a category to the same
// person are free, once one of them was charged. It begins when the first is queued.
// Sessions of SERVICE are the conversations that customers began.
type CreditSession struct {
	OrganizationID  ID              `gorm:"type:uuid;primaryKey;index:credit_sessions_open_idx,priority:1"`
	ID              ID              `gorm:"type:uuid;primaryKey"`
	ChannelID       ID              `gorm:"type:uuid;not null;index:credit_sessions_open_idx,priority:2"`
	ContactID       ID              `gorm:"type:uuid;not null;index:credit_sessions_open_idx,priority:3"`
	Category        PricingCategory `gorm:"not null;index:credit_sessions_open_idx,priority:4"`
	ExpiresAt       time.Time       `gorm:"not null;index:credit_sessions_open_idx,priority:5"`
	PaidByMessageID *ID             `gorm:"type:uuid"` // nil: no message in it was charged
	CreatedAt       time.Time
	UpdatedAt       time.Time
}

// Price returns what the delivery of the hold's message costs by itself, by what Meta
// said and by the card that was in force when it was queued; without a word of Meta's,
// as it was quoted. It is never more than was held.
func (h CreditHold) Price(card CardInForce) Credits {
	if !h.Pricing.Charged() || h.Basis == BasisAllowance || h.Pricing == nil && h.Basis == BasisFreeEntryPoint {
		return 0
	}
	category := h.Category
	if h.Pricing != nil {
		if named, known := CategoryOf(h.Pricing.Category); known {
			category = named
		}
	}
	price, known := card.PriceAt(category, h.Country, h.CreatedAt)
	if !known {
		price = h.Amount
	}
	return min(price, h.Amount)
}
