package whatsapp

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestBreaker(t *testing.T) {
	// trip sends until the breaker opens and returns how many calls it took.
	trip := func(t *testing.T, c *Client, s *script) int {
		t.Helper()
		for range breakerRow {
			require.Error(t, send(t.Context(), c))
		}
		return len(s.times)
	}

	t.Run("opens_after_faults_in_a_row_and_spares_the_service", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var log bytes.Buffer
			s := &script{steps: []step{dropsAnswer}}
			c := offline(Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}, s.roundTrip)
			require.Equal(t, breakerRow, trip(t, c, s))
			<-time.After(5 * time.Second)

			e := failure(t, send(t.Context(), c))
			require.Len(t, s.times, breakerRow, "no call is made")
			require.Equal(t, CodeUnavailable, e.Code)
			require.True(t, e.Retryable)
			require.False(t, e.Uncertain)
			require.Equal(t, breakerPause-5*time.Second, e.RetryAfter)
			require.Contains(t, log.String(), "to=open")
		})
	})

	t.Run("a_held_back_call_does_not_wait_for_it_to_close", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := &script{steps: []step{dropsAnswer}}
			c := offline(Options{}, s.roundTrip)
			trip(t, c, s)
			<-time.After(breakerPause - 2*time.Second)
			start := time.Now()
			require.Equal(t, 2*time.Second, failure(t, send(t.Context(), c)).RetryAfter)
			require.Zero(t, time.Since(start))
		})
	})

	t.Run("half_opens_for_one_probe_and_closes_on_success", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := &script{steps: []step{dropsAnswer}}
			c := offline(Options{}, s.roundTrip)
			trip(t, c, s)
			<-time.After(breakerPause + time.Millisecond)

			probed, release := make(chan struct{}), make(chan struct{})
			s.steps = []step{{status: 200, body: accepted, before: func() {
				close(probed)
				<-release
			}}}
			probe := make(chan error, 1)
			go func() { probe <- send(t.Context(), c) }()
			<-probed
			require.Equal(t, CodeUnavailable, failure(t, send(t.Context(), c)).Code, "one probe at a time")
			close(release)
			require.NoError(t, <-probe)
			s.steps = []step{says(200, accepted)}
			require.NoError(t, send(t.Context(), c))
		})
	})

	t.Run("opens_again_if_the_probe_fails", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := &script{steps: []step{dropsAnswer}}
			c := offline(Options{}, s.roundTrip)
			before := trip(t, c, s)
			<-time.After(breakerPause + time.Millisecond)
			require.True(t, failure(t, send(t.Context(), c)).Uncertain)
			require.False(t, failure(t, send(t.Context(), c)).Uncertain)
			require.Len(t, s.times, before+1)
		})
	})

	t.Run("opens_on_metas_own_word_that_the_service_fails", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := &script{steps: []step{says(503, graphFailure("2"))}}
			c := offline(Options{}, s.roundTrip)
			for range breakerRow {
				require.Error(t, send(t.Context(), c))
			}
			require.Len(t, s.times, breakerRow, "repeats count as well")
		})
	})

	t.Run("refusals_never_open_it", func(t *testing.T) {
		for _, refusal := range []step{
			says(401, graphFailure("190")), says(400, graphFailure("131056")), says(500, graphFailure("131045")),
			says(500, graphFailure("131057")), says(429, "<html>", "Retry-After", "60"), says(404, "<html>"),
		} {
			synctest.Test(t, func(t *testing.T) {
				s := &script{steps: []step{refusal}}
				c := offline(Options{}, s.roundTrip)
				for range 3 * breakerSamples {
					require.Error(t, send(t.Context(), c))
				}
				require.Len(t, s.times, 3*breakerSamples)
			})
		}
	})

	t.Run("callers_who_leave_never_open_it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			calls := 0
			c := offline(Options{}, func(r *http.Request) (*http.Response, error) {
				calls++
				<-r.Context().Done()
				return nil, r.Context().Err()
			})
			for range 3 * breakerSamples {
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Second, cancel)
				require.Equal(t, CodeInterrupted, failure(t, send(ctx, c)).Code)
			}
			require.Equal(t, 3*breakerSamples, calls)
		})
	})
}
