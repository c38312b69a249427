package gqlmodel

import (
	"time"

	"github.com/99designs/gqlgen/graphql"

	"recado/models"
)

// MarshalCredits writes an amount of credits as a decimal number.
func MarshalCredits(amount models.Credits) graphql.Marshaler {
	return graphql.MarshalString(amount.String())
}

// UnmarshalCredits reads an amount of credits.
func UnmarshalCredits(v any) (models.Credits, error) {
	text, ok := v.(string)
	if !ok {
		return 0, invalidScalar(`Credits must be a decimal number in a string, as in "12.5"`)
	}
	amount, ok := models.ParseCredits(text)
	if !ok {
		return 0, invalidScalar(`Credits must be a decimal number with at most six decimals, as in "12.5"`)
	}
	return amount, nil
}

// Money is models.Money as clients see it.
type Money models.Money

// Amount is the number alone.
func (m *Money) Amount() string { return models.Money(*m).Amount() }

// CreditAccount is what an organization has.
type CreditAccount struct {
	Balances models.Balances
	Full     bool // whether the viewer may see more than what is left
}

// Available is what can be spent.
func (a *CreditAccount) Available() models.Credits { return a.Balances[models.AccountAvailable] }

// Held is what is kept for messages under way.
func (a *CreditAccount) Held() models.Credits { return a.Balances[models.AccountHeld] }

// Spent is all that was charged.
func (a *CreditAccount) Spent() *models.Credits { return a.money(a.Balances[models.AccountSpent]) }

// Purchased is all that was bought.
func (a *CreditAccount) Purchased() *models.Credits {
	return a.money(-a.Balances[models.AccountPurchased])
}

// Granted is all that was given.
func (a *CreditAccount) Granted() *models.Credits {
	return a.money(-a.Balances[models.AccountGranted])
}

// Owed is what is still to be paid.
func (a *CreditAccount) Owed() *models.Credits { return a.money(-a.Balances[models.AccountOwed]) }

func (a *CreditAccount) money(amount models.Credits) *models.Credits {
	if !a.Full {
		return nil
	}
	return &amount
}

// RateCard is a card with its rates.
type RateCard struct {
	models.RateCard

	Rates []Rate
}

// NewRateCard is a card as clients see it.
func NewRateCard(card models.CardInForce) *RateCard {
	shown := &RateCard{RateCard: card.RateCard, Rates: make([]Rate, len(card.Rates))}
	for i, rate := range card.Rates {
		shown.Rates[i] = Rate(rate)
	}
	return shown
}

// PublicID is the id that clients see.
func (c *RateCard) PublicID() string { return models.PublicID(models.PrefixRateCard, c.ID) }

// Rate is models.Rate as clients see it.
type Rate models.Rate

// For is the country; nil: every other.
func (r *Rate) For() *string { return orNil(r.Country) }

// CreditPrice is what a credit costs.
type CreditPrice models.CreditPrice

// Price is for one credit.
func (p *CreditPrice) Price() Money { return Money(models.CreditPrice(*p).Of(models.Credit)) }

// FreeAllowance is what is free in a month.
type FreeAllowance struct {
	Category  models.PricingCategory
	CountedBy models.PricingModel
	ChannelID *models.ID
	Monthly   int64
	Used      int64
}

// AutoRecharge is how credits are bought automatically.
type AutoRecharge models.CreditSettings

// IsEnabled tells whether they are.
func (a *AutoRecharge) IsEnabled() bool { return a.RechargeEnabled }

// Threshold is when credits are bought.
func (a *AutoRecharge) Threshold() models.Credits { return a.RechargeThreshold }

// Amount is how many are bought.
func (a *AutoRecharge) Amount() models.Credits { return a.RechargeAmount }

// MonthlyCeiling is how many at most.
func (a *AutoRecharge) MonthlyCeiling() models.Credits { return a.RechargeCeiling }

// Currency is what they are paid in.
func (a *AutoRecharge) Currency() *string { return orNil(a.RechargeCurrency) }

// StoppedBecause is why auto-recharge was switched off by itself.
func (a *AutoRecharge) StoppedBecause() *string { return orNil(a.RechargeStopped) }

// LowBalanceThreshold is when administrators are told.
func (a *AutoRecharge) LowBalanceThreshold() models.Credits { return a.LowBalance }

// PaymentMethod is a way to pay.
type PaymentMethod models.PaymentMethod

// PublicID is the id that clients see.
func (m *PaymentMethod) PublicID() string { return models.PublicID(models.PrefixPaymentMethod, m.ID) }

// CreditEntry is a movement of credits.
type CreditEntry struct {
	models.CreditEntry

	Postings []models.CreditPosting
}

// PublicID is the id that clients see.
func (e *CreditEntry) PublicID() string { return models.PublicID(models.PrefixCreditEntry, e.ID) }

// CreditPosting is what an entry does to an account.
type CreditPosting = models.CreditPosting

// CreditPurchase is models.CreditPurchase as clients see it.
type CreditPurchase models.CreditPurchase

// PublicID is the id that clients see.
func (p *CreditPurchase) PublicID() string { return models.PublicID(models.PrefixCreditPurchase, p.ID) }

// IsNode marks the type as a Node.
func (*CreditPurchase) IsNode() {}

// Price is what it costs.
func (p *CreditPurchase) Price() Money { return Money(models.CreditPurchase(*p).Price()) }

// PayAt is where to pay.
func (p *CreditPurchase) PayAt() *string { return orNil(p.PaymentURL) }

// PaymentReference names the payment.
func (p *CreditPurchase) PaymentReference() *string { return orNil(p.Reference) }

// Refused is why the payment was refused.
func (p *CreditPurchase) Refused() *string { return orNil(p.FailureCode) }

// CreditUsage is a line of a report by one dimension.
type CreditUsage struct {
	Day          *time.Time
	Category     *models.PricingCategory
	Country      *string
	ChannelID    *models.ID
	TemplateName *string
	Messages     int64
	Billable     int64
	Charged      models.Credits
}

// CreditReconciliation is what the ledger and Meta count.
type CreditReconciliation models.CreditReconciliation

// BusinessAccountID is Meta's id of the account.
func (r *CreditReconciliation) BusinessAccountID() string { return r.WABAID }

// CategoryText is the category, also one that no rate card knows.
func (r *CreditReconciliation) CategoryText() string { return string(r.Category) }

// NewReconciliations are comparisons as clients see them.
func NewReconciliations(rows []models.CreditReconciliation) []CreditReconciliation {
	shown := make([]CreditReconciliation, len(rows))
	for i, row := range rows {
		shown[i] = CreditReconciliation(row)
	}
	return shown
}

// CreditEvent is something that happened to credits.
type CreditEvent struct {
	models.Event

	Kind    CreditEventKind
	Payload models.CreditEventPayload
}

// PublicID is the id that clients see.
func (e *CreditEvent) PublicID() string { return eventID(e.Event) }

// OccurredAt is when it happened.
func (e *CreditEvent) OccurredAt() time.Time { return e.CreatedAt }

// Account is what there was right after it.
func (e *CreditEvent) Account() *CreditAccount {
	return &CreditAccount{Balances: e.Payload.Balances, Full: true}
}

// Purchase is the purchase that it is about.
func (e *CreditEvent) Purchase() *CreditPurchase { return (*CreditPurchase)(e.Payload.Purchase) }

// Reconciliations are what differs.
func (e *CreditEvent) Reconciliations() []CreditReconciliation {
	return NewReconciliations(e.Payload.Reconciliation)
}

// orNil is nil for an empty text.
func orNil(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// NewMessageCharge is what a message costs as clients see it; nil if nothing is held for
// it.
func NewMessageCharge(hold *models.CreditHold) *MessageCharge {
	if hold == nil {
		return nil
	}
	charge := &MessageCharge{Status: hold.Status, Category: hold.Category, Basis: hold.Basis, Expected: hold.Quoted}
	switch hold.Status {
	case models.HoldOpen:
		charge.Held = hold.Amount
	case models.HoldSettled:
		charge.Charged = &hold.Charged
	}
	if said := hold.Pricing; said != nil {
		charge.IsBillable = said.Billable
		charge.WhatsAppCategory, charge.WhatsAppType = unlessEmpty(said.Category), unlessEmpty(said.Type)
	}
	return charge
}
