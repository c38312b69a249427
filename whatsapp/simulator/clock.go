package simulator

import (
	"slices"
	"sync"
	"time"
)

// Clock tells the simulator the time and wakes it up later. Everything the
// simulator does after a delay goes through it: statuses, reading, webhook
// retries, expiry of windows, tokens' texts and media addresses.
type Clock interface {
	// Now is the present moment.
	Now() time.Time
	// AfterFunc calls f once, d after now, on any goroutine. It never calls f
	// before it has returned.
	AfterFunc(d time.Duration, f func()) Timer
}

// Timer is a pending call of Clock.AfterFunc.
type Timer interface {
	// Stop cancels the call and reports whether it did: false means that the
	// call has been made, is being made, or was cancelled before.
	Stop() bool
}

// RealClock is the wall clock.
type RealClock struct{}

// Now is time.Now.
func (RealClock) Now() time.Time { return time.Now() }

// AfterFunc is time.AfterFunc.
func (RealClock) AfterFunc(d time.Duration, f func()) Timer { return time.AfterFunc(d, f) }

// ManualClock stands still until Advance moves it. It is safe for concurrent
// use.
type ManualClock struct {
	advancing sync.Mutex // one Advance at a time

	mu     sync.Mutex
	now    time.Time
	timers []*manualTimer // by due time, then by order of creation
}

type manualTimer struct {
	clock *ManualClock
	due   time.Time
	f     func()
}

// NewManualClock returns a clock that stands at start.
func NewManualClock(start time.Time) *ManualClock { return &ManualClock{now: start} }

// Now is the moment the clock stands at; inside a timer's function that is the
// moment the timer was due.
func (c *ManualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// AfterFunc registers f for an Advance that reaches now+d. A d of zero or less
// is due at the next Advance, Advance(0) included.
func (c *ManualClock) AfterFunc(d time.Duration, f func()) Timer {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &manualTimer{clock: c, due: c.now.Add(max(d, 0)), f: f}
	at, _ := slices.BinarySearchFunc(c.timers, t.due, func(other *manualTimer, due time.Time) int {
		if other.due.After(due) {
			return 1
		}
		return -1
	})
	c.timers = slices.Insert(c.timers, at, t)
	return t
}

// Advance moves the clock by d and calls, on the caller's goroutine and in the
// order they are due, all functions due on the way, also those registered by
// the functions it calls. It returns when the last of them has returned. A
// timer's function must not call Advance.
func (c *ManualClock) Advance(d time.Duration) {
	c.advancing.Lock()
	defer c.advancing.Unlock()
	c.mu.Lock()
	target := c.now.Add(max(d, 0))
	for len(c.timers) > 0 && !c.timers[0].due.After(target) {
		next := c.timers[0]
		c.timers = slices.Delete(c.timers, 0, 1)
		if next.due.After(c.now) {
			c.now = next.due
		}
		c.mu.Unlock()
		next.f()
		c.mu.Lock()
	}
	c.now = target
	c.mu.Unlock()
}

// Pending is the number of functions that wait for a later moment.
func (c *ManualClock) Pending() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.timers)
}

// Stop implements Timer.
func (t *manualTimer) Stop() bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	at := slices.Index(t.clock.timers, t)
	if at < 0 {
		return false
	}
	t.clock.timers = slices.Delete(t.clock.timers, at, at+1)
	return true
}
