package whatsapp

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxPacedNumbers bounds the memory that pacing takes.
const maxPacedNumbers = 10_000

// errHeldBack is the cause of failures that were decided on this machine
// without asking Meta.
var errHeldBack = errors.New("held back before the call")

// heldBack reports whether no call was made, so that a quick repeat would only
// be held back again.
func (e *Error) heldBack() bool { return errors.Is(e.cause, errHeldBack) }

// pace keeps each phone number below its throughput, since what exceeds it is
// refused with 130429 (reference/whatsapp-cloud-api.md §10.4). Several processes
// each keep a pace of their own.
type pace struct {
	limit rate.Limit
	// burst is kept small: any second then holds at most limit + burst.
	burst int
	max   int

	mu      sync.Mutex
	numbers map[string]*rate.Limiter
}

func newPace(perSecond int) *pace {
	return &pace{
		limit:   rate.Limit(perSecond),
		burst:   max(1, perSecond/10),
		max:     maxPacedNumbers,
		numbers: map[string]*rate.Limiter{},
	}
}

// wait blocks until the number may send, or fails at once if ctx ends before.
func (p *pace) wait(ctx context.Context, phoneNumberID string) *Error {
	err := p.limiter(phoneNumberID).Wait(ctx)
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return interrupted(false, fmt.Errorf("%w: %w", errHeldBack, ctx.Err()))
	}
	e := entry{code: CodeRateLimited, class: ClassBackoff, next: NextActionRetryLater, wait: time.Second}.error()
	e.cause = fmt.Errorf("%w: the pace of the phone number leaves no time", errHeldBack)
	return e
}

// left is how long a message would wait now, if it were the next.
func (p *pace) left(phoneNumberID string) time.Duration {
	missing := 1 - p.limiter(phoneNumberID).Tokens()
	if missing <= 0 {
		return 0
	}
	return time.Duration(missing / float64(p.limit) * float64(time.Second))
}

func (p *pace) limiter(phoneNumberID string) *rate.Limiter {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l, ok := p.numbers[phoneNumberID]; ok {
		return l
	}
	if len(p.numbers) >= p.max {
		p.evict()
	}
	l := rate.NewLimiter(p.limit, p.burst)
	p.numbers[phoneNumberID] = l
	return l
}

// evict forgets the numbers that rest, which are as good as new ones. If none
// rests it forgets any one, which may then burst once more.
func (p *pace) evict() {
	for id, l := range p.numbers {
		if l.Tokens() >= float64(p.burst) {
			delete(p.numbers, id)
		}
	}
	for id := range p.numbers {
		if len(p.numbers) < p.max {
			return
		}
		delete(p.numbers, id)
	}
}
