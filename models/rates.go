package models

import (
	"strings"
	"time"
)

// PricingModel is what is paid for.
type PricingModel string

// The models (reference/whatsapp-cloud-api.md §12.1).
const (
	PerConversation PricingModel = "PER_CONVERSATION" // the first template of a category opens a session, further ones in it are free
	PerMessage      PricingModel = "PER_MESSAGE"      // each delivered message
)

// PricingCategory is what a message is priced as.
type PricingCategory string

// The categories.
const (
	CategoryMarketing                   PricingCategory = "MARKETING"
	CategoryUtility                     PricingCategory = "UTILITY"
	CategoryAuthentication              PricingCategory = "AUTHENTICATION"
	CategoryAuthenticationInternational PricingCategory = "AUTHENTICATION_INTERNATIONAL"
	CategoryService                     PricingCategory = "SERVICE" // no template: the answer to a customer
)

// CategoryOf reads Meta's word for a category, in any of its spellings
// (reference/whatsapp-cloud-api.md §3.5). It reports false for words that no rate
// card knows.
func CategoryOf(word string) (PricingCategory, bool) {
	switch strings.ReplaceAll(strings.ToLower(word), "-", "_") {
	case "marketing", "marketing_lite":
		return CategoryMarketing, true
	case "utility":
		return CategoryUtility, true
	case "authentication":
		return CategoryAuthentication, true
	case "authentication_international":
		return CategoryAuthenticationInternational, true
	case "service":
		return CategoryService, true
	}
	return "", false
}

// SessionLength is how long a paid session of a category lasts.
const SessionLength = 24 * time.Hour

// RateCard is a way of pricing messages. Cards are the operator's data, the same for
// all organizations.
type RateCard struct {
	ID        ID           `gorm:"type:uuid;primaryKey"`
	Name      string       `gorm:"not null;uniqueIndex:rate_cards_name_key"`
	Model     PricingModel `gorm:"not null"`
	CreatedAt time.Time
	UpdatedAt time.Time
}

// DefaultRateCard is the card of organizations that were given none: the product's
// own.
var DefaultRateCard = ID{0x01, 0x99, 0xa0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 1}

// Rate is a price of a card from a date on, until the next one of the same category
// and country.
type Rate struct {
	CardID        ID              `gorm:"type:uuid;primaryKey"`
	Category      PricingCategory `gorm:"primaryKey"`
	Country       string          `gorm:"primaryKey"` // of the recipient, ISO 3166-1 alpha-2; empty: every other
	EffectiveFrom time.Time       `gorm:"primaryKey"`
	Price         Credits         `gorm:"not null"`
}

// Same reports whether two rates say the same.
func (r Rate) Same(other Rate) bool {
	return r.CardID == other.CardID && r.Category == other.Category && r.Country == other.Country &&
		r.Price == other.Price && r.EffectiveFrom.Equal(other.EffectiveFrom)
}

// AllowanceScope is who shares a free allowance.
type AllowanceScope string

// The scopes.
const (
	AllowanceOrganization AllowanceScope = "ORGANIZATION"
	AllowanceChannel      AllowanceScope = "CHANNEL"
)

// RateAllowance is how much of a category is free in each calendar month (UTC), from
// a date on. What is left of a month is lost.
type RateAllowance struct {
	CardID        ID              `gorm:"type:uuid;primaryKey"`
	Category      PricingCategory `gorm:"primaryKey"`
	EffectiveFrom time.Time       `gorm:"primaryKey"`
	Scope         AllowanceScope  `gorm:"not null"`
	Monthly       int64           `gorm:"not null"` // conversations or messages, as the card's model counts
}

// OrganizationRateCard says that an organization is on a card from a date on.
type OrganizationRateCard struct {
	OrganizationID ID        `gorm:"type:uuid;primaryKey"`
	EffectiveFrom  time.Time `gorm:"primaryKey"`
	CardID         ID        `gorm:"type:uuid;not null"`
	CreatedAt      time.Time
}

// CardInForce is a card with all its rates and allowances, of any date.
type CardInForce struct {
	RateCard
	Rates      []Rate
	Allowances []RateAllowance
}

// PriceAt returns what the category costs to a country at a time: by the newest rate
// for the country that is in effect, else by the newest for every other country. It
// reports false if there is none.
func (c CardInForce) PriceAt(category PricingCategory, country string, at time.Time) (Credits, bool) {
	var best *Rate
	for i := range c.Rates {
		rate := &c.Rates[i]
		if rate.Category != category || rate.EffectiveFrom.After(at) || rate.Country != "" && rate.Country != country {
			continue
		}
		if best == nil || best.Country == "" && rate.Country != "" ||
			best.Country == rate.Country && rate.EffectiveFrom.After(best.EffectiveFrom) {
			best = rate
		}
	}
	if best == nil {
		return 0, false
	}
	return best.Price, true
}

// AllowanceAt returns the allowance of a category at a time; nil if there is none.
func (c CardInForce) AllowanceAt(category PricingCategory, at time.Time) *RateAllowance {
	var best *RateAllowance
	for i := range c.Allowances {
		allowance := &c.Allowances[i]
		if allowance.Category == category && !allowance.EffectiveFrom.After(at) &&
			(best == nil || allowance.EffectiveFrom.After(best.EffectiveFrom)) {
			best = allowance
		}
	}
	return best
}

// PriceBasis is what a price follows from.
type PriceBasis string

// The bases.
const (
	BasisRate           PriceBasis = "RATE"             // the card's price
	BasisSession        PriceBasis = "SESSION"          // inside an open session of the category
	BasisAllowance      PriceBasis = "ALLOWANCE"        // inside the month's free allowance
	BasisFreeEntryPoint PriceBasis = "FREE_ENTRY_POINT" // the customer came by an advertisement (§10.2)
)

// Sending is all that the price of a message depends on.
type Sending struct {
	At             time.Time
	Category       PricingCategory
	Country        string // of the recipient; empty: not known
	FreeEntryPoint bool   // the 72-hour window of a free entry point is open
	SessionOpen    bool   // a session of the category is open with the recipient
	SessionPaid    bool   // and a message in it was charged
	AllowanceLeft  int64  // of the category in this month
}

// Quote is the price of a message before it is sent.
type Quote struct {
	Price   Credits // if nothing unusual happens
	Dearest Credits // the most that it can turn out to cost; never below Price
	Basis   PriceBasis
}

// Quote prices a message. The dearest outcome is what has to be held: Meta may find
// that a template belongs to another category, a free window may end before the
// message arrives, and the message that was to pay for the session may fail. It
// reports false if the card has no rate for the category.
func (c CardInForce) Quote(sending Sending) (Quote, bool) {
	price, known := c.PriceAt(sending.Category, sending.Country, sending.At)
	if !known {
		return Quote{}, false
	}
	quote := Quote{Price: price, Dearest: max(price, c.otherCategory(sending)), Basis: BasisRate}
	switch {
	case c.Model == PerConversation && sending.SessionPaid:
		quote = Quote{Basis: BasisSession}
	case c.Model == PerMessage && sending.AllowanceLeft > 0:
		quote = Quote{Basis: BasisAllowance}
	case sending.FreeEntryPoint:
		quote.Price, quote.Basis = 0, BasisFreeEntryPoint
	case c.Model == PerConversation && sending.SessionOpen:
		quote.Price, quote.Basis = 0, BasisSession
	}
	return quote, true
}

// otherCategory is the price of the category that Meta may move the message to.
func (c CardInForce) otherCategory(sending Sending) Credits {
	var other PricingCategory
	switch sending.Category {
	case CategoryUtility:
		other = CategoryMarketing
	case CategoryAuthentication:
		other = CategoryAuthenticationInternational
	default:
		return 0
	}
	price, _ := c.PriceAt(other, sending.Country, sending.At)
	return price
}

// MonthOf is the first moment of the calendar month, in UTC.
func MonthOf(at time.Time) time.Time {
	at = at.UTC()
	return time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, time.UTC)
}

// DayOf is the first moment of the day, in UTC.
func DayOf(at time.Time) time.Time { return at.UTC().Truncate(24 * time.Hour) }
