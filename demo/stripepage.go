package demo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v83/webhook"
)

// Webhooks that are not taken are tried again so often, with a pause between.
const (
	webhookTries = 10
	webhookPause = 500 * time.Millisecond
)

// showPayment is the page on which people pay.
func (s *stripe) showPayment(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	session := s.sessions[r.PathValue("id")]
	s.mu.Unlock()
	if session == nil {
		http.NotFound(w, r)
		return
	}
	page(w, fmt.Sprintf("A simulated Stripe: %d.%02d %s, by a card that always works.",
		session.AmountTotal/100, session.AmountTotal%100, strings.ToUpper(session.Currency)), `<form method="post"><button>Pay</button></form>`)
}

// takePayment takes what a person pays, once, keeps the card if that was asked for,
// and sends the person back.
func (s *stripe) takePayment(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	session := s.sessions[r.PathValue("id")]
	if session != nil && session.PaymentStatus == "unpaid" {
		wish := session.wish
		wish.Amount, wish.Currency, wish.Customer, wish.PaymentMethod = session.AmountTotal, session.Currency, s.id("cus"), s.id("pm")
		if wish.SetupFutureUsage == "off_session" {
			s.cards[wish.PaymentMethod] = wish.Customer
		}
		session.PaymentStatus, session.PaymentIntent, session.Customer, session.URL = "paid", s.pay(wish).ID, wish.Customer, ""
		s.tell("checkout.session.completed", *session)
	}
	s.mu.Unlock()
	if session == nil {
		http.NotFound(w, r)
		return
	}
	http.Redirect(w, r, session.SuccessURL, http.StatusSeeOther)
}

func page(w http.ResponseWriter, text string, rest ...string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = io.WriteString(w, "<!doctype html><title>Stripe</title><p>"+html.EscapeString(text)+"</p>"+strings.Join(rest, ""))
}

// sendTo has events posted to an address from now on.
func (s *stripe) sendTo(address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.webhook = address
}

// tell posts a signed event soon. s.mu is held.
func (s *stripe) tell(kind string, object any) {
	body, err := json.Marshal(map[string]any{
		"id": s.id("evt"), "object": "event", "type": kind, "created": time.Now().Unix(), "data": map[string]any{"object": object},
	})
	if err != nil || s.webhook == "" || s.ctx.Err() != nil {
		return // what is missing, the story misses
	}
	address := s.webhook
	s.delivering.Go(func() {
		for range webhookTries {
			if s.post(address, body) {
				return
			}
			pause(s.ctx, webhookPause)
		}
	})
}

// post reports whether an event was taken.
func (s *stripe) post(address string, body []byte) bool {
	signed := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: body, Secret: s.signing})
	r, err := http.NewRequestWithContext(s.ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return false
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Stripe-Signature", signed.Header)
	answer, err := s.client.Do(r)
	if err != nil {
		return false
	}
	_ = answer.Body.Close() // which says nothing
	return answer.StatusCode < http.StatusMultipleChoices
}
