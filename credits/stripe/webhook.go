package stripe

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/google/uuid"
	stripego "github.com/stripe/stripe-go/v83"
	"github.com/stripe/stripe-go/v83/webhook"

	"recado/credits"
	"recado/models"
)

// Payment reads a webhook event. Nil for events that are about no purchase of ours.
// Events older than five minutes by their signature are UNAUTHENTICATED, as are those
// without one.
func (p *Provider) Payment(body []byte, signature string) (*credits.Payment, error) {
	event, err := p.verified(body, signature)
	if err != nil {
		return nil, err
	}
	payment := &credits.Payment{EventID: event.ID, Kind: string(event.Type)}
	var ids map[string]string
	switch event.Type {
	case stripego.EventTypeCheckoutSessionCompleted, stripego.EventTypeCheckoutSessionAsyncPaymentSucceeded,
		stripego.EventTypeCheckoutSessionAsyncPaymentFailed, stripego.EventTypeCheckoutSessionExpired:
		ids, err = readSession(event, payment)
	case stripego.EventTypePaymentIntentSucceeded, stripego.EventTypePaymentIntentPaymentFailed:
		ids, err = readIntent(event, payment)
	}
	if err != nil {
		return nil, fmt.Errorf("read event %s of kind %s: %w", event.ID, event.Type, err)
	}
	organization, err := uuid.Parse(ids[metaOrganization])
	if err != nil {
		return nil, nil //nolint:nilerr,nilnil // not ours
	}
	purchase, err := uuid.Parse(ids[metaPurchase])
	if err != nil {
		return nil, nil //nolint:nilerr,nilnil // not ours
	}
	payment.OrganizationID, payment.PurchaseID = organization, purchase
	return payment, nil
}

// verified checks the signature. The account may send events of another version of
// Stripe's API than the library's: what is read here is the same in all.
func (p *Provider) verified(body []byte, signature string) (stripego.Event, error) {
	for _, secret := range p.secrets {
		event, err := webhook.ConstructEventWithOptions(body, signature, secret, webhook.ConstructEventOptions{IgnoreAPIVersionMismatch: true})
		if err == nil && event.Data != nil {
			return event, nil
		}
	}
	return stripego.Event{}, models.NewError(models.CodeUnauthenticated, "")
}

func readSession(event stripego.Event, payment *credits.Payment) (map[string]string, error) {
	var session stripego.CheckoutSession
	if err := json.Unmarshal(event.Data.Raw, &session); err != nil {
		return nil, err
	}
	payment.Currency, payment.Minor = strings.ToUpper(string(session.Currency)), session.AmountTotal
	if session.PaymentIntent != nil {
		payment.Reference = session.PaymentIntent.ID
	}
	switch {
	case event.Type == stripego.EventTypeCheckoutSessionExpired:
		payment.Outcome = models.PurchaseExpired
	case event.Type == stripego.EventTypeCheckoutSessionAsyncPaymentFailed:
		payment.Outcome, payment.FailureCode = models.PurchaseFailed, "async_payment_failed"
	case session.PaymentStatus == stripego.CheckoutSessionPaymentStatusPaid:
		payment.Outcome = models.PurchasePaid
	}
	return session.Metadata, nil
}

// readIntent reads a payment. One that failed says nothing about its purchase: on
// Stripe's page people may try another card, and auto-recharge asks by itself.
func readIntent(event stripego.Event, payment *credits.Payment) (map[string]string, error) {
	var intent stripego.PaymentIntent
	if err := json.Unmarshal(event.Data.Raw, &intent); err != nil {
		return nil, err
	}
	payment.Reference = intent.ID
	payment.Currency, payment.Minor = strings.ToUpper(string(intent.Currency)), intent.AmountReceived
	if event.Type == stripego.EventTypePaymentIntentSucceeded {
		payment.Outcome = models.PurchasePaid
		if intent.SetupFutureUsage == stripego.PaymentIntentSetupFutureUsageOffSession && intent.Customer != nil && intent.PaymentMethod != nil {
			payment.CustomerRef, payment.MethodRef = intent.Customer.ID, intent.PaymentMethod.ID
		}
	}
	return intent.Metadata, nil
}
