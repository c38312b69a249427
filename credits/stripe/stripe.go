// Package stripe takes payments for credits with Stripe: on a page of Stripe's for
// people, and off-session for auto-recharge. What became of a payment Stripe tells by
// signed webhooks.
//
// Every payment carries the ids of its purchase and organization as metadata, by which
// webhooks find them, and a key of ours, so that repeating a call pays once.
package stripe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	stripego "github.com/stripe/stripe-go/v83"

	"recado/credits"
	"recado/models"
)

// Options configure a Provider.
type Options struct {
	SecretKey      string   // of the Stripe account
	WebhookSecrets []string // any of them may sign webhooks; several while one is rotated
	BaseURL        string   // empty: Stripe itself
}

// Provider is Stripe. It is safe for concurrent use.
type Provider struct {
	client  *stripego.Client
	secrets []string
}

var (
	_ credits.Provider = (*Provider)(nil)
	_ credits.Webhook  = (*Provider)(nil)
)

// callTimeout bounds a call to Stripe, whose charges take some seconds.
const callTimeout = 30 * time.Second

// New returns a Provider that calls nobody yet.
func New(options Options) *Provider {
	config := &stripego.BackendConfig{
		HTTPClient:      &http.Client{Timeout: callTimeout},
		LeveledLogger:   &stripego.LeveledLogger{Level: stripego.LevelNull},
		EnableTelemetry: new(false),
	}
	if options.BaseURL != "" {
		config.URL = &options.BaseURL
	}
	return &Provider{
		client:  stripego.NewClient(options.SecretKey, stripego.WithBackends(stripego.NewBackendsWithConfig(config))),
		secrets: options.WebhookSecrets,
	}
}

// Name is STRIPE.
func (*Provider) Name() models.PaymentProvider { return models.ProviderStripe }

// Names of our ids in Stripe's metadata.
const (
	metaOrganization = "recado_organization"
	metaPurchase     = "recado_purchase"
)

func metadata(purchase models.CreditPurchase) map[string]string {
	return map[string]string{metaOrganization: purchase.OrganizationID.String(), metaPurchase: purchase.ID.String()}
}

// Checkout makes a Checkout Session. The card may be used again off-session.
func (p *Provider) Checkout(ctx context.Context, purchase models.CreditPurchase, returnTo string) (credits.Checkout, error) {
	params := &stripego.CheckoutSessionCreateParams{
		Mode:             new("payment"),
		SuccessURL:       &returnTo,
		CancelURL:        &returnTo,
		CustomerCreation: new("always"),
		Metadata:         metadata(purchase),
		LineItems: []*stripego.CheckoutSessionCreateLineItemParams{{
			Quantity: new(int64(1)),
			PriceData: &stripego.CheckoutSessionCreateLineItemPriceDataParams{
				Currency:   new(strings.ToLower(purchase.Currency)),
				UnitAmount: &purchase.Minor,
				ProductData: &stripego.CheckoutSessionCreateLineItemPriceDataProductDataParams{
					Name: new(purchase.Credits.String() + " credits"),
				},
			},
		}},
		PaymentIntentData: &stripego.CheckoutSessionCreatePaymentIntentDataParams{
			Metadata:         metadata(purchase),
			SetupFutureUsage: new("off_session"),
		},
	}
	params.SetIdempotencyKey("checkout/" + purchase.ID.String())
	session, err := p.client.V1CheckoutSessions.Create(ctx, params)
	if err != nil {
		return credits.Checkout{}, fmt.Errorf("make checkout session: %w", err)
	}
	return credits.Checkout{Reference: session.ID, URL: session.URL}, nil
}

// Charge makes and confirms a PaymentIntent without a person.
func (p *Provider) Charge(ctx context.Context, purchase models.CreditPurchase, method models.PaymentMethod) (credits.Charge, error) {
	params := &stripego.PaymentIntentCreateParams{
		Amount:        &purchase.Minor,
		Currency:      new(strings.ToLower(purchase.Currency)),
		Customer:      &method.CustomerRef,
		PaymentMethod: &method.MethodRef,
		OffSession:    new(true),
		Confirm:       new(true),
		Metadata:      metadata(purchase),
	}
	params.SetIdempotencyKey("charge/" + credits.ChargeKey(purchase))
	intent, err := p.client.V1PaymentIntents.Create(ctx, params)
	if err != nil {
		return credits.Charge{}, refusal(err)
	}
	return chargeOf(intent)
}

// Charged reads a PaymentIntent.
func (p *Provider) Charged(ctx context.Context, reference string) (credits.Charge, error) {
	intent, err := p.client.V1PaymentIntents.Retrieve(ctx, reference, nil)
	if err != nil {
		return credits.Charge{}, refusal(err)
	}
	return chargeOf(intent)
}

func chargeOf(intent *stripego.PaymentIntent) (credits.Charge, error) {
	switch intent.Status {
	case stripego.PaymentIntentStatusSucceeded:
		return credits.Charge{Reference: intent.ID, Paid: true}, nil
	case stripego.PaymentIntentStatusProcessing:
		return credits.Charge{Reference: intent.ID}, nil
	}
	if intent.LastPaymentError != nil {
		return credits.Charge{}, &credits.RefusalError{Code: codeOf(intent.LastPaymentError)}
	}
	return credits.Charge{}, &credits.RefusalError{Code: string(intent.Status)} // it wants a person
}

// refusal sorts an error of Stripe: a *credits.RefusalError where nothing was paid for sure.
// Rate limits, conflicts of a key in use and wrong keys of the account are none: the
// same call may yet succeed.
func refusal(err error) error {
	failure, ok := errors.AsType[*stripego.Error](err)
	if !ok || failure.Type == stripego.ErrorTypeIdempotency {
		return fmt.Errorf("call Stripe: %w", err)
	}
	switch failure.HTTPStatusCode {
	case http.StatusBadRequest, http.StatusPaymentRequired, http.StatusNotFound:
		return &credits.RefusalError{Code: codeOf(failure)}
	}
	return fmt.Errorf("call Stripe: %w", err)
}

func codeOf(failure *stripego.Error) string {
	for _, code := range []string{string(failure.DeclineCode), string(failure.Code), string(failure.Type)} {
		if code != "" {
			return code
		}
	}
	return "refused"
}
