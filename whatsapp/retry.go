package whatsapp

import (
	"context"
	"encoding/json"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

const (
	// maxAttempts is one exchange and two quick repeats. Longer patience is the
	// job queue's, which can outlive this process.
	maxAttempts = 3
	// longestQuickWait is the longest Retry-After that is waited for here.
	longestQuickWait = 5 * time.Second
	// firstBackoff is doubled for each repeat.
	firstBackoff = 250 * time.Millisecond
	// longestWait bounds what a header can ask for: the longest of Meta's own
	// limits is 72 hours (reference/whatsapp-cloud-api.md §10.4).
	longestWait = 72 * time.Hour
)

// withRepeats makes a call up to maxAttempts times.
func (c *Client) withRepeats(ctx context.Context, creds Credentials, call call) *Error {
	for attempt := 1; ; attempt++ {
		e := c.attempt(ctx, creds, call)
		if e == nil {
			return nil
		}
		wait, again := quickRepeat(e, attempt, call.repeatable)
		if !again || !sleep(ctx, wait) {
			return e
		}
		c.logger.LogAttrs(ctx, slog.LevelInfo, "repeating a call to Meta",
			slog.String("call", call.name), slog.String("phone_number_id", creds.PhoneNumberID),
			slog.Int("attempt", attempt+1), slog.Duration("waited", wait),
			slog.String("code", string(e.Code)), slog.Int("meta_code", e.Meta.Code),
			slog.Int("http_status", e.HTTPStatus), slog.String("trace", e.Meta.TraceID))
	}
}

// attempt passes one exchange through the pacing and the circuit breaker.
func (c *Client) attempt(ctx context.Context, creds Credentials, call call) *Error {
	if err := ctx.Err(); err != nil {
		return interrupted(false, err)
	}
	if call.message {
		if e := c.pace.wait(ctx, creds.PhoneNumberID); e != nil {
			return e
		}
	}
	done, e := c.breaker.allow()
	if e != nil {
		return e
	}
	e = c.exchange(ctx, creds, call)
	done(e)
	return e
}

// quickRepeat says whether a failed attempt is worth a repeat at once, and
// after which wait. A call that is not repeatable is never repeated while its
// outcome is unknown.
func quickRepeat(e *Error, attempt int, repeatable bool) (time.Duration, bool) {
	switch {
	case attempt >= maxAttempts, e.Class != ClassBackoff, e.Uncertain && !repeatable,
		e.Code == CodeInterrupted, e.heldBack(), e.RetryAfter > longestQuickWait:
		return 0, false
	}
	// Full jitter: callers that failed together do not come back together.
	jitter := rand.N(firstBackoff << (attempt - 1))
	return e.RetryAfter + jitter, true
}

// sleep waits and reports whether ctx allowed it. It does not begin a wait that
// would outlast ctx.
func sleep(ctx context.Context, wait time.Duration) bool {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= wait {
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// noteWait sets RetryAfter of a failure that is worth repeating from the
// headers, which know better than the catalogue.
func (c *Client) noteWait(e *Error, header http.Header) {
	if !e.Retryable {
		return
	}
	if wait, ok := retryAfter(header.Get("Retry-After"), c.now()); ok {
		e.RetryAfter = wait
	} else if wait := regainAccess(header.Get("X-Business-Use-Case-Usage")); wait > 0 && e.Code == CodeRateLimited {
		e.RetryAfter = wait
	}
}

// retryAfter reads the header of that name: seconds, or a date.
func retryAfter(value string, now time.Time) (time.Duration, bool) {
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return min(time.Duration(seconds)*time.Second, longestWait), true
	}
	date, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	return min(max(date.Sub(now), 0), longestWait), true
}

// regainAccess reads the longest estimate of the usage header, which is in
// minutes (reference/whatsapp-cloud-api.md §10.5).
func regainAccess(value string) time.Duration {
	if value == "" {
		return 0
	}
	var usage map[string][]struct {
		Minutes flexible `json:"estimated_time_to_regain_access"`
	}
	if json.Unmarshal([]byte(value), &usage) != nil {
		return 0
	}
	longest := 0
	for _, list := range usage {
		for _, use := range list {
			longest = max(longest, use.Minutes.int())
		}
	}
	return min(time.Duration(min(longest, 1<<20))*time.Minute, longestWait)
}
