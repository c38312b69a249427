package credits_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v83/webhook"

	"recado/credits"
	"recado/credits/stripe"
	"recado/jobs"
	"recado/models"
	"recado/testkit/stripemock"
)

// by makes the counter take payments by another provider.
func (c *counter) by(provider credits.Provider) {
	c.Service = credits.New(credits.Rooms{DB: c.db, Queue: jobs.New(c.db, jobs.Options{})},
		credits.Options{Clock: c.clock.Now, Provider: provider, ReturnURL: "https://recado.example"})
}

func (c *counter) purchase(id models.ID) (purchase models.CreditPurchase) {
	c.t.Helper()
	require.NoError(c.t, c.db.Read(c.t.Context()).Take(&purchase, "organization_id = ? AND id = ?", c.Organization.ID, id).Error)
	return purchase
}

func TestBuy(t *testing.T) {
	onEach(t, func(t *testing.T, c *counter) {
		administrator := c.administrator()
		wish := credits.Purchase{Credits: 25 * credit, Currency: "BRL", IdempotencyKey: "key-1"}
		bought, err := c.Buy(t.Context(), administrator, wish)
		require.NoError(t, err)
		require.Equal(t, "275.00", bought.Price().Amount())
		require.Equal(t, models.PurchasePending, bought.Status)
		require.NotEmpty(t, bought.PaymentURL)
		c.is(0, 0, 0)

		again, err := c.Buy(t.Context(), administrator, wish)
		require.NoError(t, err)
		require.Equal(t, bought.ID, again.ID)
		require.Equal(t, bought.PaymentURL, again.PaymentURL)
		wish.Credits += credit
		_, err = c.Buy(t.Context(), administrator, wish)
		require.Equal(t, models.CodeIdempotencyKeyReused, models.CodeOf(err))

		for field, wrong := range map[string]credits.Purchase{
			"credits":        {Credits: credit / 2, Currency: "USD", IdempotencyKey: "k"},
			"currency":       {Credits: credit, Currency: "XXX", IdempotencyKey: "k"},
			"idempotencyKey": {Credits: credit, Currency: "USD"},
		} {
			_, err := c.Buy(t.Context(), administrator, wrong)
			require.ErrorContains(t, err, "("+field+")")
		}
		_, err = c.Buy(t.Context(), c.Viewer(c.Replier), wish)
		require.Equal(t, models.CodeForbidden, models.CodeOf(err))
		_, err = c.RecordPayment(t.Context(), administrator, bought.ID, "bank transfer")
		require.Equal(t, models.CodePaymentNotPending, models.CodeOf(err), "a provider takes this payment")
	})
}

func TestRecordPayment(t *testing.T) {
	onEach(t, func(t *testing.T, c *counter) {
		c.by(nil)
		administrator := c.administrator()
		bought, err := c.Buy(t.Context(), administrator, credits.Purchase{Credits: 5 * credit, Currency: "USD", IdempotencyKey: "key-1"})
		require.NoError(t, err)
		require.Equal(t, models.ProviderManual, bought.Provider)
		require.Empty(t, bought.PaymentURL)

		_, err = c.RecordPayment(t.Context(), c.Viewer(c.Looker), bought.ID, "cash")
		require.Equal(t, models.CodeForbidden, models.CodeOf(err))
		_, err = c.RecordPayment(t.Context(), administrator, bought.ID, " ")
		require.Equal(t, models.CodeRequired, models.CodeOf(err))
		_, err = c.RecordPayment(t.Context(), administrator, models.NewID(), "cash")
		require.Equal(t, models.CodeNotFound, models.CodeOf(err))

		paid, err := c.RecordPayment(t.Context(), administrator, bought.ID, "transfer 4711")
		require.NoError(t, err)
		require.Equal(t, models.PurchasePaid, paid.Status)
		require.Equal(t, "transfer 4711", paid.Reference)
		c.is(5*credit, 0, 0)
		_, err = c.RecordPayment(t.Context(), administrator, bought.ID, "again")
		require.Equal(t, models.CodePaymentNotPending, models.CodeOf(err))
		c.is(5*credit, 0, 0)
	})
}

const webhookSecret = "whsec_test"

// stripeEvent is a signed webhook delivery.
func stripeEvent(t *testing.T, id, kind string, object map[string]any) (body []byte, signature string) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"id": id, "object": "event", "type": kind, "data": map[string]any{"object": object}})
	require.NoError(t, err)
	return body, webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: body, Secret: webhookSecret, Timestamp: time.Now()}).Header
}

func TestTakePayment(t *testing.T) {
	url := stripemock.URL(t)
	onEach(t, func(t *testing.T, c *counter) {
		c.by(stripe.New(stripe.Options{SecretKey: "sk_test_123", WebhookSecrets: []string{webhookSecret}, BaseURL: url}))
		administrator := c.administrator()
		buy := func(key string) models.CreditPurchase {
			bought, err := c.Buy(t.Context(), administrator, credits.Purchase{Credits: 25 * credit, Currency: "USD", IdempotencyKey: key})
			require.NoError(t, err)
			require.NotEmpty(t, bought.Reference)
			return bought
		}
		of := func(bought models.CreditPurchase, change func(map[string]any)) map[string]any {
			object := map[string]any{
				"id": "pi_1", "object": "payment_intent", "currency": "usd", "amount_received": 5000, "customer": "cus_1",
				"payment_method": "pm_1", "setup_future_usage": "off_session", "payment_intent": "pi_1", "amount_total": 5000, "payment_status": "paid",
				"metadata": map[string]any{"recado_organization": bought.OrganizationID.String(), "recado_purchase": bought.ID.String()},
			}
			if change != nil {
				change(object)
			}
			return object
		}
		take := func(id, kind string, object map[string]any) {
			t.Helper()
			body, signature := stripeEvent(t, id, kind, object)
			require.NoError(t, c.TakePayment(t.Context(), body, signature))
			require.NoError(t, c.TakePayment(t.Context(), body, signature)) // Stripe may send it again
		}

		bought := buy("one")
		take("evt_1", "payment_intent.succeeded", of(bought, func(o map[string]any) { o["amount_received"] = 4999 }))
		take("evt_2", "payment_intent.succeeded", of(bought, func(o map[string]any) { o["currency"] = "brl" }))
		c.is(0, 0, 0)
		require.Equal(t, models.PurchasePending, c.purchase(bought.ID).Status, "not what it costs")
		take("evt_3", "checkout.session.expired", of(bought, nil))
		require.Equal(t, models.PurchaseExpired, c.purchase(bought.ID).Status)
		take("evt_4", "checkout.session.completed", of(bought, nil))
		take("evt_5", "payment_intent.succeeded", of(bought, nil))
		take("evt_6", "checkout.session.expired", of(bought, nil))
		c.is(25*credit, 0, 0) // two events tell of one payment, which came in the end
		require.Equal(t, models.PurchasePaid, c.purchase(bought.ID).Status)
		require.Equal(t, "pi_1", c.purchase(bought.ID).Reference)

		methods, err := c.PaymentMethods(t.Context(), administrator)
		require.NoError(t, err)
		require.Len(t, methods, 1)
		require.Equal(t, "pm_1", methods[0].MethodRef)

		failed := buy("two")
		take("evt_7", "checkout.session.async_payment_failed", of(failed, nil))
		require.Equal(t, models.PurchaseFailed, c.purchase(failed.ID).Status)

		stranger := models.CreditPurchase{OrganizationID: models.NewID(), ID: models.NewID()}
		take("evt_8", "payment_intent.succeeded", of(stranger, nil))
		c.is(25*credit, 0, 0)

		body, _ := stripeEvent(t, "evt_9", "payment_intent.succeeded", of(failed, nil))
		require.Equal(t, models.CodeUnauthenticated, models.CodeOf(c.TakePayment(t.Context(), body, "t=1,v1=00")))
		c.by(nil)
		require.Equal(t, models.CodeNotFound, models.CodeOf(c.TakePayment(t.Context(), body, "")))
	})
}
