package whatsapp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
)

const (
	// breakerWindow is the time over which faults are counted, in
	// breakerWindow/breakerBucket steps.
	breakerWindow = 30 * time.Second
	breakerBucket = 5 * time.Second
	// The breaker opens after so many faults in a row, or when at least half of
	// so many exchanges in the window were faults.
	breakerRow     = 10
	breakerSamples = 20
	// breakerPause is how long it stays open before one call may probe.
	breakerPause = 15 * time.Second
)

// breaker spares a service that is down, and the callers the wait for it. It is
// per client, that is per host.
type breaker struct {
	circuit  *gobreaker.TwoStepCircuitBreaker[struct{}]
	openedAt atomic.Int64
	now      func() time.Time
}

func newBreaker(now func() time.Time, logger *slog.Logger) *breaker {
	b := &breaker{now: now}
	b.circuit = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Name:         "graph",
		MaxRequests:  1,
		Interval:     breakerWindow,
		BucketPeriod: breakerBucket,
		Timeout:      breakerPause,
		ReadyToTrip: func(counts gobreaker.Counts) bool {
			return counts.ConsecutiveFailures >= breakerRow ||
				counts.Requests >= breakerSamples && counts.TotalFailures*2 >= counts.Requests
		},
		IsExcluded: func(err error) bool { return errors.Is(err, context.Canceled) },
		OnStateChange: func(_ string, from, to gobreaker.State) {
			if to == gobreaker.StateOpen {
				b.openedAt.Store(now().UnixNano())
			}
			logger.Warn("circuit breaker of the Graph API changed", "from", from.String(), "to", to.String())
		},
	})
	return b
}

// allow asks for leave to make an exchange. The outcome must be given to done.
func (b *breaker) allow() (done func(*Error), refused *Error) {
	report, err := b.circuit.Allow()
	if err != nil {
		e := unavailable(false, fmt.Errorf("%w: %w", errHeldBack, err))
		open := b.now().Sub(time.Unix(0, b.openedAt.Load()))
		e.RetryAfter = min(max(breakerPause-open, time.Second), breakerPause)
		return nil, e
	}
	return func(e *Error) { report(fault(e)) }, nil
}

// fault returns what counts against the service: no answer, an answer that is
// not Meta's, and Meta's own word that the service is failing. A refusal proves
// that the service works, even one with status 500 because of the state of a
// phone number.
func fault(e *Error) error {
	switch {
	case e == nil:
		return nil
	case e.Code == CodeInterrupted:
		// Cancelled by the caller: says nothing. Out of the caller's time: slow.
		return e
	case e.Code == CodeUnavailable && (e.Uncertain || e.HTTPStatus == 0 || e.HTTPStatus >= http.StatusInternalServerError):
		return e
	}
	return nil
}
