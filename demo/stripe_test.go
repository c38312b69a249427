package demo_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"recado/credits"
	"recado/credits/stripe"
	"recado/demo"
	"recado/models"
)

// The simulated Stripe is held against what Recado has for the real one, which the tests
// of credits/stripe hold against Stripe's own description.
func TestSimulatedStripe(t *testing.T) {
	const signing = "whsec_demo"
	payments := make(chan credits.Payment, 10)
	provider := stripe.New(stripe.Options{WebhookSecrets: []string{signing}})
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		payment, err := provider.Payment(body, r.Header.Get("Stripe-Signature"))
		if err != nil || payment == nil {
			http.Error(w, "not taken", http.StatusBadRequest)
			return
		}
		payments <- *payment
	}))
	t.Cleanup(receiver.Close)
	s := demo.StartStripe(t, "sk_test_demo", signing, receiver.URL)
	payer := stripe.New(stripe.Options{SecretKey: "sk_test_demo", BaseURL: s.URL()})
	wanted := func() models.CreditPurchase {
		return models.CreditPurchase{
			OrganizationID: models.NewID(), ID: models.NewID(), Credits: 3 * models.Credit, Currency: "BRL", Minor: 3300, Digits: 2,
		}
	}
	browser := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

	// What a person pays is told twice, and once for sure however often they press.
	purchase := wanted()
	checkout, err := payer.Checkout(t.Context(), purchase, s.ReturnURL())
	require.NoError(t, err)
	again, err := payer.Checkout(t.Context(), purchase, s.ReturnURL())
	require.NoError(t, err)
	require.Equal(t, checkout, again)
	for range 2 {
		back, err := browser.Post(checkout.URL, "", nil)
		require.NoError(t, err)
		require.NoError(t, back.Body.Close())
		require.Equal(t, s.ReturnURL(), back.Request.URL.String())
	}
	var method models.PaymentMethod
	for range 2 {
		paid := <-payments
		require.Equal(t, models.PurchasePaid, paid.Outcome)
		require.Equal(t, purchase.ID, paid.PurchaseID)
		require.Equal(t, purchase.OrganizationID, paid.OrganizationID)
		require.Equal(t, purchase.Minor, paid.Minor)
		require.Equal(t, purchase.Currency, paid.Currency)
		if paid.MethodRef != "" {
			method = models.PaymentMethod{CustomerRef: paid.CustomerRef, MethodRef: paid.MethodRef}
		}
	}
	require.Empty(t, payments)

	// By the card that they left there is paid without them, once for a key.
	later := wanted()
	charge, err := payer.Charge(t.Context(), later, method)
	require.NoError(t, err)
	require.True(t, charge.Paid)
	repeated, err := payer.Charge(t.Context(), later, method)
	require.NoError(t, err)
	require.Equal(t, charge, repeated)
	require.Equal(t, later.ID, (<-payments).PurchaseID)
	require.Equal(t, 1, s.PaidOffSession())
	asked, err := payer.Charged(t.Context(), charge.Reference)
	require.NoError(t, err)
	require.Equal(t, charge, asked)

	// By any other card, and with any other key, nothing is.
	var refusal *credits.RefusalError
	_, err = payer.Charge(t.Context(), wanted(), models.PaymentMethod{CustomerRef: method.CustomerRef, MethodRef: "pm_other"})
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, "resource_missing", refusal.Code)
	_, err = stripe.New(stripe.Options{SecretKey: "sk_test_other", BaseURL: s.URL()}).Charge(t.Context(), wanted(), method)
	require.Error(t, err)
	require.NotErrorAs(t, err, &refusal)
	require.Equal(t, 1, s.PaidOffSession())
}
