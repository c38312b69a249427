package stripe_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"recado/credits"
	"recado/credits/stripe"
	"recado/models"
	"recado/testkit/stripemock"
)

// front is a proxy before stripe-mock, which only knows examples: it remembers what was
// asked, and puts a status into the answer.
type front struct {
	mu       sync.Mutex
	requests []*http.Request
	forms    []url.Values
	status   string // of the payment intent; empty: the example's
	answer   string // instead of the mock's, with code
	code     int
}

func newFront(t *testing.T) (*front, *stripe.Provider) {
	t.Helper()
	target, err := url.Parse(stripemock.URL(t))
	require.NoError(t, err)
	f := &front{}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ModifyResponse = f.change
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		form, _ := url.ParseQuery(string(body))
		f.mu.Lock()
		f.requests, f.forms = append(f.requests, r), append(f.forms, form)
		answer, code := f.answer, f.code
		f.mu.Unlock()
		if answer != "" {
			w.WriteHeader(code)
			_, _ = io.WriteString(w, answer)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return f, stripe.New(stripe.Options{SecretKey: "sk_test_123", BaseURL: server.URL})
}

func (f *front) change(response *http.Response) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.status == "" || response.StatusCode != http.StatusOK {
		return nil
	}
	var object map[string]any
	if err := json.NewDecoder(response.Body).Decode(&object); err != nil {
		return err
	}
	object["status"] = f.status
	delete(object, "last_payment_error") // which the example has, whatever its status
	text, err := json.Marshal(object)
	response.Body = io.NopCloser(bytes.NewReader(text))
	response.ContentLength = int64(len(text))
	response.Header.Set("Content-Length", strconv.Itoa(len(text)))
	return err
}

func purchase() models.CreditPurchase {
	return models.CreditPurchase{
		OrganizationID: models.NewID(), ID: models.NewID(), Credits: 25 * models.Credit, Currency: "USD", Minor: 5000, Digits: 2,
	}
}

func TestProvider(t *testing.T) {
	f, provider := newFront(t)
	last := func() (*http.Request, url.Values) {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.requests[len(f.requests)-1], f.forms[len(f.forms)-1]
	}

	t.Run("makes a page for a person to pay on", func(t *testing.T) {
		wanted := purchase()
		checkout, err := provider.Checkout(t.Context(), wanted, "https://recado.example/credits")
		require.NoError(t, err, "stripe-mock holds the request against Stripe's description")
		require.NotEmpty(t, checkout.Reference)
		request, form := last()
		require.Equal(t, "/v1/checkout/sessions", request.URL.Path)
		require.Equal(t, "checkout/"+wanted.ID.String(), request.Header.Get("Idempotency-Key"))
		require.Equal(t, "5000", form.Get("line_items[0][price_data][unit_amount]"))
		require.Equal(t, "usd", form.Get("line_items[0][price_data][currency]"))
		require.Equal(t, wanted.ID.String(), form.Get("metadata[recado_purchase]"))
		require.Equal(t, wanted.OrganizationID.String(), form.Get("payment_intent_data[metadata][recado_organization]"))
		require.Equal(t, "off_session", form.Get("payment_intent_data[setup_future_usage]"))
	})

	t.Run("charges without a person", func(t *testing.T) {
		method := models.PaymentMethod{CustomerRef: "cus_1", MethodRef: "pm_1"}
		for status, test := range map[string]struct {
			paid   bool
			refuse string
		}{
			"succeeded":       {paid: true},
			"processing":      {},
			"requires_action": {refuse: "requires_action"},
		} {
			f.status = status
			wanted := purchase()
			wanted.Attempts = 2
			charge, err := provider.Charge(t.Context(), wanted, method)
			request, form := last()
			require.Equal(t, "/v1/payment_intents", request.URL.Path)
			require.Equal(t, "charge/"+wanted.ID.String()+"/2", request.Header.Get("Idempotency-Key"))
			require.Equal(t, []string{"true", "true", "5000", "cus_1", "pm_1"},
				[]string{form.Get("off_session"), form.Get("confirm"), form.Get("amount"), form.Get("customer"), form.Get("payment_method")})
			if test.refuse != "" {
				require.Equal(t, &credits.RefusalError{Code: test.refuse}, err)
				continue
			}
			require.NoError(t, err)
			require.Equal(t, test.paid, charge.Paid)
			require.NotEmpty(t, charge.Reference)
			asked, err := provider.Charged(t.Context(), charge.Reference)
			require.NoError(t, err)
			require.Equal(t, test.paid, asked.Paid)
		}
		f.status = ""
	})

	t.Run("tells a refusal from what is not known", func(t *testing.T) {
		for answer, test := range map[string]struct {
			status int
			refuse string // empty: not known
		}{
			`{"error":{"type":"card_error","code":"card_declined","decline_code":"insufficient_funds"}}`: {http.StatusPaymentRequired, "insufficient_funds"},
			`{"error":{"type":"card_error","code":"authentication_required"}}`:                           {http.StatusPaymentRequired, "authentication_required"},
			`{"error":{"type":"invalid_request_error","code":"resource_missing"}}`:                       {http.StatusNotFound, "resource_missing"},
			`{"error":{"type":"invalid_request_error","message":"no such key"}}`:                         {http.StatusUnauthorized, ""},
			`{"error":{"type":"idempotency_error"}}`:                                                     {http.StatusBadRequest, ""},
		} {
			f.mu.Lock()
			f.answer, f.code = answer, test.status
			f.mu.Unlock()
			_, err := provider.Charge(t.Context(), purchase(), models.PaymentMethod{CustomerRef: "cus_1", MethodRef: "pm_1"})
			require.Error(t, err, answer)
			if refusal, ok := errorsAsRefusal(err); test.refuse != "" {
				require.True(t, ok, answer)
				require.Equal(t, test.refuse, refusal.Code)
			} else {
				require.False(t, ok, answer)
			}
		}
	})
}
