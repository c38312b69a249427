package whatsapp

import (
	"context"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPace(t *testing.T) {
	accept := func(*http.Request) (*http.Response, error) { return answer(200, accepted) }

	t.Run("holds_a_number_to_its_rate", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := offline(Options{MessagesPerSecond: 20}, accept)
			start := time.Now()
			for range 42 { // a burst of 2, then 20 a second
				require.NoError(t, send(t.Context(), c))
			}
			require.InDelta(t, 2.0, time.Since(start).Seconds(), 0.001)
		})
	})

	t.Run("numbers_do_not_wait_for_each_other", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := offline(Options{MessagesPerSecond: 1}, accept)
			start := time.Now()
			for i := range 50 {
				_, err := c.Send(t.Context(), Credentials{PhoneNumberID: strconv.Itoa(i + 1), AccessToken: "t"}, testText)
				require.NoError(t, err)
			}
			require.Zero(t, time.Since(start))
		})
	})

	t.Run("a_deadline_that_is_too_near_fails_at_once_without_a_call", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			calls := 0
			c := offline(Options{MessagesPerSecond: 1}, func(*http.Request) (*http.Response, error) {
				calls++
				return answer(200, accepted)
			})
			require.NoError(t, send(t.Context(), c))
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			start := time.Now()
			e := failure(t, send(ctx, c))
			require.Equal(t, CodeRateLimited, e.Code)
			require.True(t, e.Retryable)
			require.False(t, e.Uncertain)
			require.Positive(t, e.RetryAfter)
			require.Zero(t, time.Since(start))
			require.Equal(t, 1, calls)
		})
	})

	t.Run("a_caller_who_leaves_the_queue_made_no_call", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := offline(Options{MessagesPerSecond: 1}, accept)
			require.NoError(t, send(t.Context(), c))
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(100*time.Millisecond, cancel)
			e := failure(t, send(ctx, c))
			require.Equal(t, CodeInterrupted, e.Code)
			require.ErrorIs(t, e, context.Canceled)
			require.False(t, e.Uncertain)
		})
	})

	t.Run("reading_does_not_count_as_a_message", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := offline(Options{MessagesPerSecond: 1}, func(*http.Request) (*http.Response, error) { return answer(200, `{"id":"1"}`) })
			start := time.Now()
			for range 5 {
				_, err := c.PhoneNumber(t.Context(), testCreds)
				require.NoError(t, err)
			}
			require.Zero(t, time.Since(start))
		})
	})

	t.Run("memory_is_bounded_and_busy_numbers_are_kept", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := newPace(1)
			p.max = 10
			require.Nil(t, p.wait(t.Context(), "busy"))
			for i := range 9 {
				p.limiter(strconv.Itoa(i))
			}
			busy := p.limiter("busy")
			p.limiter("one more")
			require.Len(t, p.numbers, 2, "those at rest are forgotten")
			require.Same(t, busy, p.limiter("busy"))
			for i := range 100 {
				require.Nil(t, p.wait(t.Context(), "all busy "+strconv.Itoa(i)))
				require.LessOrEqual(t, len(p.numbers), 10)
			}
		})
	})
}
