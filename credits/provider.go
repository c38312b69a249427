package credits

import (
	"context"
	"errors"
	"fmt"

	"recado/models"
)

// Provider takes payments. Its calls are made outside of transactions, may be
// repeated with the same key, and then do the same thing once.
type Provider interface {
	// Name is what purchases say about who took the payment.
	Name() models.PaymentProvider
	// Checkout prepares a payment that a person makes. Its method may be kept, to pay
	// again without them.
	Checkout(ctx context.Context, purchase models.CreditPurchase, returnTo string) (Checkout, error)
	// Charge takes a payment without a person. A *RefusalError means that nothing was paid
	// and that trying again at once is pointless; any other error that it is not known.
	Charge(ctx context.Context, purchase models.CreditPurchase, method models.PaymentMethod) (Charge, error)
	// Charged asks what became of a charge that was under way, with the errors of Charge.
	Charged(ctx context.Context, reference string) (Charge, error)
}

// Checkout is a payment that waits for a person.
type Checkout struct {
	Reference string // the provider's id of it; empty if there is none
	URL       string // where they pay; empty if nowhere
}

// Charge is a payment that was asked for.
type Charge struct {
	Reference string
	Paid      bool // false: it is still under way; a webhook will tell
}

// RefusalError is a payment that was refused.
type RefusalError struct {
	Code string // the provider's word, such as card_declined
}

func (r *RefusalError) Error() string { return "the payment was refused: " + r.Code }

// Payment is what a provider's webhook says about a purchase.
type Payment struct {
	EventID        string // the provider's, unique
	Kind           string // the provider's word for what happened
	OrganizationID models.ID
	PurchaseID     models.ID
	Reference      string
	Outcome        models.PurchaseStatus // PAID, FAILED or EXPIRED; empty: nothing that counts
	Currency       string                // upper case
	Minor          int64                 // what was paid
	FailureCode    string
	// CustomerRef and MethodRef name a way to pay that the person allowed to be used
	// again; empty if there is none.
	CustomerRef, MethodRef string
}

// Webhook is a provider that tells by HTTP what became of payments.
type Webhook interface {
	// Payment checks the signature over the body and reads it. UNAUTHENTICATED if the
	// signature is missing, wrong or too old. Nil if the event is about no purchase.
	Payment(body []byte, signature string) (*Payment, error)
}

// Manual is the provider where there is none: an administrator records that the money
// came, with PaymentRecord.
type Manual struct{}

// Name is MANUAL.
func (Manual) Name() models.PaymentProvider { return models.ProviderManual }

// Checkout waits for an administrator.
func (Manual) Checkout(context.Context, models.CreditPurchase, string) (Checkout, error) {
	return Checkout{}, nil
}

// Charge cannot be done by hand.
func (Manual) Charge(context.Context, models.CreditPurchase, models.PaymentMethod) (Charge, error) {
	return Charge{}, errors.New("nobody takes payments here")
}

// Charged knows of no charges.
func (Manual) Charged(context.Context, string) (Charge, error) {
	return Charge{}, errors.New("nobody takes payments here")
}

// ChargeKey is the key of a charge of a purchase at the provider: another one after
// each refusal, the same when only the answer was lost.
func ChargeKey(purchase models.CreditPurchase) string {
	return fmt.Sprintf("%s/%d", purchase.ID, purchase.Attempts)
}
