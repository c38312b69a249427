package models

import "time"

// CreditPrice is what one credit costs in a currency from a date on.
type CreditPrice struct {
	Currency      string    `gorm:"primaryKey"` // ISO 4217
	EffectiveFrom time.Time `gorm:"primaryKey"`
	Minor         int64     `gorm:"not null"` // of the currency's smallest unit
	Digits        int       `gorm:"not null"` // decimals of the smallest unit
}

// Of is what a number of whole credits costs.
func (p CreditPrice) Of(credits Credits) Money {
	return Money{Currency: p.Currency, Minor: int64(credits/Credit) * p.Minor, Digits: p.Digits}
}

// PaymentProvider is who takes a payment.
type PaymentProvider string

// The providers.
const (
	ProviderStripe PaymentProvider = "STRIPE"
	ProviderManual PaymentProvider = "MANUAL" // an administrator records that money came
)

// PurchaseStatus is how far a purchase has come.
type PurchaseStatus string

// The states of a purchase. Only PAID has added credits. A payment that comes after
// all makes a FAILED or EXPIRED purchase PAID.
const (
	PurchasePending PurchaseStatus = "PENDING"
	PurchasePaid    PurchaseStatus = "PAID"
	PurchaseFailed  PurchaseStatus = "FAILED"
	PurchaseExpired PurchaseStatus = "EXPIRED" // nobody paid in time
)

// PurchaseOrigin is who asked for a purchase.
type PurchaseOrigin string

// The origins.
const (
	OriginPerson       PurchaseOrigin = "PERSON"
	OriginAutoRecharge PurchaseOrigin = "AUTO_RECHARGE"
)

// CreditPurchase is a sale of whole credits; once paid it is a receipt.
type CreditPurchase struct {
	OrganizationID ID              `gorm:"type:uuid;primaryKey;index:credit_purchases_recent_idx,priority:1"`
	ID             ID              `gorm:"type:uuid;primaryKey;index:credit_purchases_recent_idx,priority:3"`
	Origin         PurchaseOrigin  `gorm:"not null"`
	Provider       PaymentProvider `gorm:"not null"`
	Status         PurchaseStatus  `gorm:"not null"`
	Credits        Credits         `gorm:"not null"`
	Currency       string          `gorm:"not null"`
	Minor          int64           `gorm:"not null"` // the amount in the currency's smallest unit
	Digits         int             `gorm:"not null"`
	Reference      string          `gorm:"not null"`                    // the provider's id of the payment, or the administrator's note of it; empty until there is one
	PaymentURL     string          `gorm:"column:payment_url;not null"` // where a person pays; empty if nowhere
	FailureCode    string          `gorm:"not null"`                    // the provider's word for why it failed; empty otherwise
	RequestedByID  *ID             `gorm:"type:uuid"`                   // nil: auto-recharge
	Attempts       int             `gorm:"not null"`                    // auto-recharge: definite refusals so far
	NextAttemptAt  *time.Time      // auto-recharge under way: when the payment is tried (again); nil for all other purchases
	PaidAt         *time.Time
	CreatedAt      time.Time `gorm:"not null;index:credit_purchases_recent_idx,priority:2"`
	UpdatedAt      time.Time
}

// Price is what the purchase costs.
func (p CreditPurchase) Price() Money {
	return Money{Currency: p.Currency, Minor: p.Minor, Digits: p.Digits}
}

// PaymentEvent remembers a provider's webhook event, so that it is applied once.
type PaymentEvent struct {
	Provider  PaymentProvider `gorm:"primaryKey"`
	EventID   string          `gorm:"primaryKey"`
	Kind      string          `gorm:"not null"`
	Outcome   string          `gorm:"not null"` // what came of it: APPLIED, IGNORED, or why it was refused
	CreatedAt time.Time
}

// PaymentMethod is a way to pay without a person, kept by the provider. No number of
// a card is stored here.
type PaymentMethod struct {
	OrganizationID ID              `gorm:"type:uuid;primaryKey;uniqueIndex:payment_methods_method_key,priority:1"`
	ID             ID              `gorm:"type:uuid;primaryKey"`
	Provider       PaymentProvider `gorm:"not null;uniqueIndex:payment_methods_method_key,priority:2"`
	CustomerRef    string          `gorm:"not null"` // the provider's id of the payer
	MethodRef      string          `gorm:"not null;uniqueIndex:payment_methods_method_key,priority:3"`
	CreatedAt      time.Time
}

// CreditSettings are an organization's wishes about its credits. No row means the
// defaults.
type CreditSettings struct {
	OrganizationID    ID      `gorm:"type:uuid;primaryKey"`
	LowBalance        Credits `gorm:"not null"` // below this administrators are told
	RechargeEnabled   bool    `gorm:"not null"`
	RechargeThreshold Credits `gorm:"not null"` // below this credits are bought
	RechargeAmount    Credits `gorm:"not null"` // how many
	RechargeCeiling   Credits `gorm:"not null"` // at most so many in a calendar month (UTC)
	RechargeCurrency  string  `gorm:"not null"`
	PaymentMethodID   *ID     `gorm:"type:uuid"`
	// RechargeStopped is why auto-recharge was switched off by itself; empty if it was
	// not.
	RechargeStopped string `gorm:"not null"`
	// CeilingMonth is the month in which it was told that the ceiling is reached.
	CeilingMonth *time.Time
	Version      int64 `gorm:"not null"`
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

// DefaultLowBalance is the balance below which administrators are told, unless they
// chose another.
const DefaultLowBalance = 10 * Credit

// DefaultCreditSettings are those of an organization that chose nothing.
func DefaultCreditSettings(organization ID) CreditSettings {
	return CreditSettings{OrganizationID: organization, LowBalance: DefaultLowBalance}
}

// rechargeWaits are the pauses after each refusal of an automatic payment.
var rechargeWaits = []time.Duration{time.Hour, 6 * time.Hour, 24 * time.Hour}

// AfterRefusal says when an automatic payment that was refused so many times is
// tried again; false means never: auto-recharge is switched off.
func AfterRefusal(attempts int) (time.Duration, bool) {
	if attempts < 1 || attempts > len(rechargeWaits) {
		return 0, false
	}
	return rechargeWaits[attempts-1], true
}

// RechargeDecision is what auto-recharge does after a movement.
type RechargeDecision string

// The decisions.
const (
	RechargeNothing RechargeDecision = ""
	RechargeBuy     RechargeDecision = "BUY"
	RechargeCeiling RechargeDecision = "CEILING" // it would buy, but the month's ceiling forbids it
)

// Recharge decides whether credits are bought: when less than the threshold is
// available and no purchase of the kind is under way. bought is what auto-recharge
// bought this month, purchases under way included.
func (s CreditSettings) Recharge(available Credits, underWay bool, bought Credits) RechargeDecision {
	switch {
	case !s.RechargeEnabled || underWay || available >= s.RechargeThreshold:
		return RechargeNothing
	case bought+s.RechargeAmount > s.RechargeCeiling:
		return RechargeCeiling
	}
	return RechargeBuy
}
