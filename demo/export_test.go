package demo

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/whatsapp/simulator"
)

// WithMeta returns options by which the simulated Meta is changed before the story
// begins, and each step is waited for only so long.
func WithMeta(o Options, patience time.Duration, arrange func(*simulator.Simulator)) Options {
	o.patience, o.arrange = patience, arrange
	return o
}

// WithRefusedCard returns options by which Stripe refuses the card when it is to be
// charged again.
func WithRefusedCard(o Options, patience time.Duration) Options {
	o.patience, o.declines = patience, true
	return o
}

// Stripe is a simulated Stripe that runs.
type Stripe struct{ *stripe }

// StartStripe starts one that sends its webhooks to an address, until the test ends.
func StartStripe(t *testing.T, key, signing, webhook string) Stripe {
	t.Helper()
	s, err := startStripe(t.Context(), key, signing, false)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.close()) })
	s.sendTo(webhook)
	return Stripe{s}
}

// URL is the address of its API, ReturnURL where it sends people back to by itself, and
// PaidOffSession how many payments it took without a person.
func (s Stripe) URL() string         { return s.url() }
func (s Stripe) ReturnURL() string   { return s.returnURL() }
func (s Stripe) PaidOffSession() int { return s.paidOffSession() }

// Wrap breaks a text into lines.
var Wrap = wrap

// AnswerTo is what a customer says to a text.
var AnswerTo = answerTo
