package stripe_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v83/webhook"

	"recado/credits"
	"recado/credits/stripe"
	"recado/models"
)

func errorsAsRefusal(err error) (*credits.RefusalError, bool) {
	return errors.AsType[*credits.RefusalError](err)
}

// sign writes an event as Stripe posts it.
func sign(t *testing.T, secret, kind string, object map[string]any, at time.Time) (body []byte, signature string) {
	t.Helper()
	body, err := json.Marshal(map[string]any{
		"id": "evt_1", "object": "event", "api_version": "2024-06-20", "type": kind, "data": map[string]any{"object": object},
	})
	require.NoError(t, err)
	return body, webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: body, Secret: secret, Timestamp: at}).Header
}

func TestProvider_Payment(t *testing.T) {
	provider := stripe.New(stripe.Options{SecretKey: "sk_test_123", WebhookSecrets: []string{"whsec_new", "whsec_old"}})
	organization, purchase := models.NewID(), models.NewID()
	ids := map[string]any{"recado_organization": organization.String(), "recado_purchase": purchase.String()}
	session := func(status string) map[string]any {
		return map[string]any{
			"id": "cs_1", "object": "checkout.session", "metadata": ids, "currency": "usd", "amount_total": 5000,
			"payment_status": status, "payment_intent": "pi_1", "customer": "cus_1",
		}
	}
	intent := map[string]any{
		"id": "pi_1", "object": "payment_intent", "metadata": ids, "currency": "usd", "amount": 5000, "amount_received": 5000,
		"customer": "cus_1", "payment_method": "pm_1", "setup_future_usage": "off_session",
	}
	for name, test := range map[string]struct {
		kind   string
		object map[string]any
		want   *credits.Payment
	}{
		"paid on the page": {"checkout.session.completed", session("paid"), &credits.Payment{Outcome: models.PurchasePaid, Minor: 5000}},
		"done, but the money comes later": {
			"checkout.session.completed", session("unpaid"), &credits.Payment{Minor: 5000},
		},
		"the money came": {"checkout.session.async_payment_succeeded", session("paid"), &credits.Payment{Outcome: models.PurchasePaid, Minor: 5000}},
		"the money did not come": {
			"checkout.session.async_payment_failed", session("unpaid"),
			&credits.Payment{Outcome: models.PurchaseFailed, FailureCode: "async_payment_failed", Minor: 5000},
		},
		"nobody paid": {"checkout.session.expired", session("unpaid"), &credits.Payment{Outcome: models.PurchaseExpired, Minor: 5000}},
		"a payment succeeded, and its card may be used again": {
			"payment_intent.succeeded", intent,
			&credits.Payment{Outcome: models.PurchasePaid, Minor: 5000, CustomerRef: "cus_1", MethodRef: "pm_1"},
		},
		"a card was declined, another may do": {"payment_intent.payment_failed", intent, &credits.Payment{Minor: 5000}},
		"something else":                      {"invoice.paid", intent, nil},
		"of somebody else":                    {"payment_intent.succeeded", map[string]any{"id": "pi_2", "metadata": map[string]any{}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			body, signature := sign(t, "whsec_old", test.kind, test.object, time.Now())
			payment, err := provider.Payment(body, signature)
			require.NoError(t, err)
			if test.want != nil {
				test.want.EventID, test.want.Kind, test.want.Reference, test.want.Currency = "evt_1", test.kind, "pi_1", "USD"
				test.want.OrganizationID, test.want.PurchaseID = organization, purchase
			}
			require.Equal(t, test.want, payment)
		})
	}

	t.Run("refuses what Stripe did not sign just now", func(t *testing.T) {
		body, signature := sign(t, "whsec_new", "payment_intent.succeeded", intent, time.Now())
		_, old := sign(t, "whsec_new", "payment_intent.succeeded", intent, time.Now().Add(-time.Hour))
		_, wrong := sign(t, "whsec_other", "payment_intent.succeeded", intent, time.Now())
		for _, refused := range []string{"", "t=1,v1=00", old, wrong} {
			_, err := provider.Payment(body, refused)
			require.Equal(t, models.CodeUnauthenticated, models.CodeOf(err), refused)
		}
		_, err := provider.Payment(append(body, ' '), signature)
		require.Equal(t, models.CodeUnauthenticated, models.CodeOf(err))
	})
}
