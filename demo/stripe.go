package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// stripe plays Stripe, as far as buying credits needs it: a page on which people pay
// with a card that always works, payments without them by a card they left there, and
// signed webhooks. Recado reaches it by its address alone and gets its webhooks over
// HTTP, as with the real one.
type stripe struct {
	key, signing string // the account's key, and what signs webhooks
	declines     bool   // cards that were kept are refused
	server       *http.Server
	address      string
	client       *http.Client
	delivering   sync.WaitGroup
	ctx          context.Context //nolint:containedctx // ends the deliveries under way
	cancel       context.CancelFunc

	mu       sync.Mutex
	webhook  string // where events are posted
	made     int    // how many ids were given out
	sessions map[string]*stripeSession
	intents  map[string]*stripeIntent
	cards    map[string]string // whose it is, by the card's id
	answers  map[string]stripeAnswer
}

// stripeSession is a payment that waits for a person, in Stripe's words.
type stripeSession struct {
	ID            string            `json:"id"`
	Object        string            `json:"object"`
	URL           string            `json:"url,omitempty"`
	SuccessURL    string            `json:"success_url"`
	AmountTotal   int64             `json:"amount_total"`
	Currency      string            `json:"currency"`
	PaymentStatus string            `json:"payment_status"`
	PaymentIntent string            `json:"payment_intent,omitempty"`
	Customer      string            `json:"customer,omitempty"`
	Metadata      map[string]string `json:"metadata"`

	wish stripeIntent // what paying makes
}

// stripeIntent is a payment, in Stripe's words.
type stripeIntent struct {
	ID               string            `json:"id"`
	Object           string            `json:"object"`
	Status           string            `json:"status"`
	Amount           int64             `json:"amount"`
	AmountReceived   int64             `json:"amount_received"`
	Currency         string            `json:"currency"`
	Customer         string            `json:"customer"`
	PaymentMethod    string            `json:"payment_method"`
	SetupFutureUsage string            `json:"setup_future_usage,omitempty"`
	Metadata         map[string]string `json:"metadata"`

	offSession bool
}

// stripeAnswer is what a call was answered, for when it is repeated.
type stripeAnswer struct {
	status int
	body   []byte
}

// startStripe serves it on a free port. The caller closes it.
func startStripe(ctx context.Context, key, signing string, declines bool) (*stripe, error) {
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the simulated Stripe: %w", err)
	}
	s := &stripe{
		key: key, signing: signing, declines: declines, address: listener.Addr().String(), client: &http.Client{Timeout: answerTimeout},
		sessions: make(map[string]*stripeSession), intents: make(map[string]*stripeIntent),
		cards: make(map[string]string), answers: make(map[string]stripeAnswer),
	}
	s.ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	routes := http.NewServeMux()
	routes.HandleFunc("POST /v1/checkout/sessions", s.call(s.makeSession))
	routes.HandleFunc("POST /v1/payment_intents", s.call(s.makeIntent))
	routes.HandleFunc("GET /v1/payment_intents/{id}", s.call(s.readIntent))
	routes.HandleFunc("GET /pay/{id}", s.showPayment)
	routes.HandleFunc("POST /pay/{id}", s.takePayment)
	routes.HandleFunc("GET /paid", func(w http.ResponseWriter, _ *http.Request) { page(w, "Paid. The credits are there.") })
	s.server = &http.Server{Handler: routes, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = s.server.Serve(listener) }() // ends with close; what is missing until then, the story misses
	return s, nil
}

// close ends it, and returns when no webhook is on its way any more.
func (s *stripe) close() error {
	err := s.server.Close()
	s.mu.Lock() // a call under way may be about to tell
	s.cancel()
	s.mu.Unlock()
	s.delivering.Wait()
	s.client.CloseIdleConnections()
	return err
}

// url is the address of its API, and returnURL where people come back to after
// paying, which stands for a page of a front end.
func (s *stripe) url() string       { return "http://" + s.address }
func (s *stripe) returnURL() string { return s.url() + "/paid" }

// paidOffSession is how many payments were taken without a person.
func (s *stripe) paidOffSession() (times int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, intent := range s.intents {
		if intent.offSession {
			times++
		}
	}
	return times
}

// call checks the key, and repeats an answer for a call that is repeated. The handler
// runs with s.mu held.
func (s *stripe) call(handle func(r *http.Request) (any, *stripeError)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		key := r.Header.Get("Idempotency-Key")
		answer, repeated := s.answers[key]
		if !repeated {
			answer = s.answer(handle, r)
		}
		if key != "" {
			s.answers[key] = answer
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(answer.status)
		_, _ = w.Write(answer.body) // who has gone asks again
	}
}

func (s *stripe) answer(handle func(r *http.Request) (any, *stripeError), r *http.Request) stripeAnswer {
	var object any
	failure := &stripeError{Status: http.StatusUnauthorized, Type: "invalid_request_error", Message: "Invalid API Key provided"}
	if r.Header.Get("Authorization") == "Bearer "+s.key {
		object, failure = handle(r)
	}
	status := http.StatusOK
	if failure != nil {
		status, object = failure.Status, map[string]any{"error": failure}
	}
	body, err := json.Marshal(object)
	if err != nil {
		return stripeAnswer{http.StatusInternalServerError, []byte(`{"error":{"type":"api_error"}}`)}
	}
	return stripeAnswer{status, body}
}

// stripeError is a refusal, in Stripe's words.
type stripeError struct {
	Status      int    `json:"-"`
	Type        string `json:"type"`
	Code        string `json:"code,omitempty"`
	DeclineCode string `json:"decline_code,omitempty"`
	Message     string `json:"message"`
}

func badRequest(code, message string) *stripeError {
	return &stripeError{Status: http.StatusBadRequest, Type: "invalid_request_error", Code: code, Message: message}
}

// makeSession prepares a payment by a person. s.mu is held.
func (s *stripe) makeSession(r *http.Request) (any, *stripeError) {
	amount, err := wholeNumber(r, "line_items[0][price_data][unit_amount]")
	quantity, err2 := wholeNumber(r, "line_items[0][quantity]")
	currency := r.PostFormValue("line_items[0][price_data][currency]")
	if errors.Join(err, err2) != nil || currency == "" || r.PostFormValue("success_url") == "" {
		return nil, badRequest("parameter_missing", "A price, a quantity and success_url are needed.")
	}
	session := &stripeSession{
		ID: s.id("cs"), Object: "checkout.session", SuccessURL: r.PostFormValue("success_url"), AmountTotal: amount * quantity,
		Currency: currency, PaymentStatus: "unpaid", Metadata: metadataOf(r, "metadata"),
	}
	session.URL = s.url() + "/pay/" + session.ID
	session.wish = stripeIntent{
		SetupFutureUsage: r.PostFormValue("payment_intent_data[setup_future_usage]"), Metadata: metadataOf(r, "payment_intent_data[metadata]"),
	}
	s.sessions[session.ID] = session
	return session, nil
}

// makeIntent takes a payment by a card that was kept. s.mu is held.
func (s *stripe) makeIntent(r *http.Request) (any, *stripeError) {
	amount, err := wholeNumber(r, "amount")
	card, customer := r.PostFormValue("payment_method"), r.PostFormValue("customer")
	switch {
	case err != nil || r.PostFormValue("currency") == "":
		return nil, badRequest("parameter_missing", "An amount and a currency are needed.")
	case r.PostFormValue("off_session") != "true" || r.PostFormValue("confirm") != "true":
		return nil, badRequest("", "Only payments off-session are taken here.")
	case customer == "" || s.cards[card] != customer:
		return nil, badRequest("resource_missing", "No such payment method of the customer.")
	case s.declines:
		return nil, &stripeError{
			Status: http.StatusPaymentRequired, Type: "card_error", Code: "card_declined", DeclineCode: "insufficient_funds", Message: "Your card has insufficient funds.",
		}
	}
	return s.pay(stripeIntent{
		Amount: amount, Currency: r.PostFormValue("currency"), Customer: customer, PaymentMethod: card,
		Metadata: metadataOf(r, "metadata"), offSession: true,
	}), nil
}

func (s *stripe) readIntent(r *http.Request) (any, *stripeError) {
	if intent := s.intents[r.PathValue("id")]; intent != nil {
		return intent, nil
	}
	return nil, &stripeError{Status: http.StatusNotFound, Type: "invalid_request_error", Code: "resource_missing", Message: "No such payment_intent."}
}

// pay makes a payment that succeeds, and tells. s.mu is held.
func (s *stripe) pay(wish stripeIntent) *stripeIntent {
	wish.ID, wish.Object, wish.Status, wish.AmountReceived = s.id("pi"), "payment_intent", "succeeded", wish.Amount
	s.intents[wish.ID] = &wish
	s.tell("payment_intent.succeeded", wish)
	return &wish
}

// id makes an id. s.mu is held.
func (s *stripe) id(prefix string) string {
	s.made++
	return fmt.Sprintf("%s_demo_%d", prefix, s.made)
}

func wholeNumber(r *http.Request, name string) (int64, error) {
	return strconv.ParseInt(r.PostFormValue(name), 10, 64)
}

// metadataOf are the values of a form under name[…].
func metadataOf(r *http.Request, name string) map[string]string {
	found := make(map[string]string)
	for field := range r.PostForm {
		if key, ok := strings.CutPrefix(field, name+"["); ok {
			found[strings.TrimSuffix(key, "]")] = r.PostForm.Get(field)
		}
	}
	return found
}
