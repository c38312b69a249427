package whatsapp

import (
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// step is how one exchange ends.
type step struct {
	status  int
	body    string
	headers []string
	err     error
	// before runs first, if set.
	before func()
}

// script answers exchanges in order, the last step for all that follow, and
// notes when each came.
type script struct {
	steps []step
	times []time.Time
}

func (s *script) roundTrip(*http.Request) (*http.Response, error) {
	step := s.steps[min(len(s.times), len(s.steps)-1)]
	s.times = append(s.times, time.Now())
	if step.before != nil {
		step.before()
	}
	if step.err != nil {
		return nil, step.err
	}
	return answer(step.status, step.body, step.headers...)
}

func says(status int, body string, headers ...string) step {
	return step{status: status, body: body, headers: headers}
}

var (
	refusesConnection = step{err: &net.OpError{Op: "dial", Net: "tcp", Err: io.ErrClosedPipe}}
	dropsAnswer       = step{err: io.ErrUnexpectedEOF}
)

func TestRepeat(t *testing.T) {
	busy := says(500, graphFailure("131000"))
	cases := []struct {
		name     string
		steps    []step
		requests int
		code     Code // "" for success
		atLeast  time.Duration
		atMost   time.Duration
	}{
		{"definite_refusal_then_success", []step{busy, says(200, accepted)}, 2, "", 0, 250 * time.Millisecond},
		{"no_connection_then_success", []step{refusesConnection, refusesConnection, says(200, accepted)}, 3, "", 0, 750 * time.Millisecond},
		{"gives_up_after_two_repeats", []step{busy}, 3, CodeUnavailable, 0, 750 * time.Millisecond},
		{"waits_for_a_short_retry_after", []step{says(400, graphFailure("130429"), "Retry-After", "4"), says(200, accepted)}, 2, "", 4 * time.Second, 4250 * time.Millisecond},
		{"leaves_a_long_retry_after_to_the_caller", []step{says(400, graphFailure("130429"), "Retry-After", "6")}, 1, CodeRateLimited, 0, 0},
		{"leaves_the_pair_rate_to_the_caller", []step{says(400, graphFailure("131056"))}, 1, CodePairRateLimited, 0, 0},
		{"long_waits_of_class_d_are_the_callers", []step{says(400, graphFailure("131048"), "Retry-After", "1")}, 1, CodeSpamRateLimited, 0, 0},
		{"never_after_an_uncertain_answer", []step{busy, dropsAnswer, says(200, accepted)}, 2, CodeUnavailable, 0, 250 * time.Millisecond},
		{"never_after_html", []step{says(503, "<html>", "Retry-After", "1"), says(200, accepted)}, 1, CodeUnavailable, 0, 0},
		{"never_unchanged_requests", []step{says(400, graphFailure("131009"))}, 1, CodeInvalidRequest, 0, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{steps: c.steps}
				start := time.Now()
				err := send(t.Context(), offline(Options{}, s.roundTrip))
				require.Len(t, s.times, c.requests)
				if c.code == "" {
					require.NoError(t, err)
				} else {
					require.Equal(t, c.code, failure(t, err).Code)
				}
				require.GreaterOrEqual(t, time.Since(start), c.atLeast)
				require.LessOrEqual(t, time.Since(start), c.atMost)
			})
		})
	}

	t.Run("calls_that_change_nothing_twice_survive_a_dropped_answer", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := &script{steps: []step{dropsAnswer, says(502, "<html>"), says(200, `{"success":true,"id":"1"}`)}}
			require.NoError(t, offline(Options{}, s.roundTrip).MarkRead(t.Context(), testCreds, "wamid.In", false))
			require.Len(t, s.times, 3)
			s.times = nil
			_, err := offline(Options{}, s.roundTrip).PhoneNumber(t.Context(), testCreds)
			require.NoError(t, err)
			require.Len(t, s.times, 3)
		})
	})

	t.Run("does_not_begin_a_wait_that_outlasts_the_caller", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			start := time.Now()
			s := &script{steps: []step{says(400, graphFailure("130429"), "Retry-After", "3")}}
			e := failure(t, send(ctx, offline(Options{}, s.roundTrip)))
			require.Equal(t, CodeRateLimited, e.Code)
			require.Equal(t, 3*time.Second, e.RetryAfter)
			require.Zero(t, time.Since(start))
		})
	})

	t.Run("a_caller_who_leaves_during_the_wait_gets_the_refusal", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			s := &script{steps: []step{says(400, graphFailure("130429"), "Retry-After", "3")}}
			time.AfterFunc(time.Second, cancel)
			e := failure(t, send(ctx, offline(Options{}, s.roundTrip)))
			require.Equal(t, CodeRateLimited, e.Code)
			require.Len(t, s.times, 1)
		})
	})
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	cases := []struct {
		name    string
		code    string
		headers []string
		want    time.Duration
	}{
		{"seconds", "131056", []string{"Retry-After", "90"}, 90 * time.Second},
		{"date", "131056", []string{"Retry-After", "Fri, 20 Nov 2026 12:01:00 GMT"}, time.Minute},
		{"is_bounded", "131056", []string{"Retry-After", "99999999"}, 72 * time.Hour},
		{"odd_header_leaves_the_catalogue", "131056", []string{"Retry-After", "soon"}, 6 * time.Second},
		{"usage_header_in_minutes", "80007", []string{"X-Business-Use-Case-Usage", `{"2147":[{"type":"x","estimated_time_to_regain_access":19},{"estimated_time_to_regain_access":"3"}]}`}, 19 * time.Minute},
		{"odd_usage_header", "80007", []string{"X-Business-Use-Case-Usage", `[`}, time.Hour},
		{"usage_header_at_zero", "80007", []string{"X-Business-Use-Case-Usage", `{"2147":[{"estimated_time_to_regain_access":0}]}`}, time.Hour},
		{"usage_header_of_another_refusal", "131056", []string{"X-Business-Use-Case-Usage", `{"2147":[{"estimated_time_to_regain_access":19}]}`}, 6 * time.Second},
		{"not_on_what_no_wait_can_mend", "190", []string{"Retry-After", "90"}, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			client := offline(Options{Now: func() time.Time { return now }}, func(*http.Request) (*http.Response, error) {
				return answer(400, graphFailure(c.code), c.headers...)
			})
			require.Equal(t, c.want, failure(t, send(t.Context(), client)).RetryAfter)
		})
	}
}
