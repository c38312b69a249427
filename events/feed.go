package events

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"recado/models"
)

const (
	// patience is how long a hole may wait for the bus before it is read from the
	// log. Commits of several goroutines overtake each other by microseconds.
	patience = 5 * time.Millisecond

	// startTimeout bounds how long a feed may take to start.
	startTimeout = 10 * time.Second

	// subscribeTimeout is how long a new feed waits for NATS to confirm its
	// subscription. Without the confirmation the heartbeats will do.
	subscribeTimeout = time.Second
)

// errHoleRemains ends a fill that got nowhere; the next message or heartbeat
// starts another.
var errHoleRemains = errors.New("the log does not hold what the bus announced")

// feed is what this process knows of one organization's events.
type feed struct {
	bus          *Bus
	organization models.ID

	readers   int // guarded by Bus.mu
	idleBeats int // heartbeats since the last reader left; guarded by Bus.mu

	ready chan struct{} // closed when started, or when that failed
	err   error         // why it failed; set before ready is closed

	view atomic.Pointer[view] // never nil once ready without err

	mu           sync.Mutex
	subscription *nats.Subscription
	stopped      bool
	filling      bool                   // a goroutine reads a hole
	announced    int64                  // the newest position known to be committed
	early        map[int64]models.Event // came before those in front of them
}

// view is the newest events of a feed at a moment. It never changes.
type view struct {
	after    int64          // the position before the first event
	events   []models.Event // consecutive positions, shared by all readers
	replaced chan struct{}  // closed when there is a newer view
}

// last is the position that the view ends with.
func (v *view) last() int64 { return v.after + int64(len(v.events)) }

func newFeed(b *Bus, organization models.ID) *feed {
	return &feed{
		bus: b, organization: organization,
		ready: make(chan struct{}), early: make(map[int64]models.Event),
	}
}

// start subscribes and then reads the head of the log, in this order, so that no
// commit falls between the two.
func (f *feed) start() {
	defer close(f.ready)
	ctx, cancel := context.WithTimeout(f.bus.life, startTimeout)
	defer cancel()

	subscription, err := f.bus.conn.Subscribe(subject(f.organization), f.deliver)
	if err != nil {
		f.err = fmt.Errorf("subscribe to events of organization %s: %w", f.organization, err)
		f.bus.discard(f)
		return
	}
	f.mu.Lock()
	f.subscription = subscription
	stopped := f.stopped
	f.mu.Unlock()
	if stopped { // the bus was closed meanwhile
		_ = subscription.Unsubscribe() // the connection is about to end anyway
		f.err = ErrClosed
		return
	}
	if f.bus.conn.IsConnected() {
		confirm, cancel := context.WithTimeout(ctx, subscribeTimeout)
		err := f.bus.conn.FlushWithContext(confirm)
		cancel()
		if err != nil {
			f.bus.log.Warn("NATS did not confirm a subscription", "organization", f.organization, "error", err)
		}
	}
	head, err := f.bus.db.FeedPosition(ctx, f.organization)
	if err != nil {
		f.err = err
		f.bus.discard(f)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.show(&view{after: head, replaced: make(chan struct{})})
	f.settle()
}

// stop ends the subscription. Nobody reads the feed any more, or the bus is being
// closed.
func (f *feed) stop() {
	f.mu.Lock()
	f.stopped = true
	subscription := f.subscription
	f.mu.Unlock()
	if subscription != nil {
		_ = subscription.Unsubscribe() // fails only if the connection is closed, and then nothing is left to end
	}
}

// deliver takes in a message from the bus.
func (f *feed) deliver(m *nats.Msg) {
	decoded, err := decode(m.Data, f.organization)
	if err != nil {
		f.bus.metrics.malformed.Inc()
		f.bus.log.Warn("a message of the event bus was ignored", "subject", m.Subject, "error", err)
		return
	}
	now := f.bus.options.Clock()
	for i := range decoded.Events {
		f.bus.metrics.latency.Observe(now.Sub(decoded.Events[i].CreatedAt).Seconds())
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.announced = max(f.announced, decoded.Position)
	f.take(decoded.Events)
	f.settle()
}

// know says that the log has come as far as position.
func (f *feed) know(position int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if current := f.view.Load(); current != nil && position > max(current.last(), f.announced) {
		f.bus.metrics.healed.Add(float64(position - max(current.last(), f.announced)))
	}
	f.announced = max(f.announced, position)
	f.settle()
}

// take puts events aside until those before them are there. mu is held.
func (f *feed) take(events []models.Event) {
	current := f.view.Load()
	for _, event := range events {
		f.announced = max(f.announced, event.Position)
		_, twice := f.early[event.Position]
		switch {
		case twice || current != nil && event.Position <= current.last():
			f.bus.metrics.repeated.Inc()
		case len(f.early) < f.bus.options.Ring: // beyond that the log serves
			f.early[event.Position] = event
		}
	}
}

// settle moves the events that are due into the view, and has a hole filled if
// one remains. mu is held.
func (f *feed) settle() {
	current := f.view.Load()
	if current == nil || f.stopped {
		return
	}
	var due []models.Event
	for next := current.last() + 1; ; next++ {
		event, ok := f.early[next]
		if !ok {
			break
		}
		due = append(due, event)
	}
	if len(due) > 0 {
		current = f.extend(current, due)
	}
	if f.announced > current.last() && !f.filling {
		f.filling = true
		f.bus.running.Go(f.fill)
	}
}

// extend replaces the view by one with more events. mu is held.
//
// Views may share one array: appending to the newest writes only behind the end of
// every view that a reader may hold. When there are enough for two rings, the
// newest ring moves to another array.
func (f *feed) extend(current *view, due []models.Event) *view {
	ring := f.bus.options.Ring
	if len(due) > ring {
		current = &view{after: due[len(due)-ring].Position - 1}
		due = due[len(due)-ring:]
	}
	after, events := current.after, current.events
	if len(events)+len(due) > 2*ring {
		after += int64(len(events) - ring)
		events = slices.Clone(events[len(events)-ring:])
	}
	next := &view{after: after, events: append(events, due...), replaced: make(chan struct{})}
	f.show(next)
	return next
}

// show makes a view the current one and wakes the readers. mu is held.
func (f *feed) show(next *view) {
	if before := f.view.Swap(next); before != nil {
		close(before.replaced)
	}
	maps.DeleteFunc(f.early, func(position int64, _ models.Event) bool { return position <= next.last() })
}

// fill reads from the log what the bus announced and did not bring. One at a time
// runs per feed.
func (f *feed) fill() {
	failure := f.closeHole()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.filling = false
	if failure != nil && f.bus.life.Err() == nil {
		f.bus.log.Warn("events could not be read from the log", "organization", f.organization, "error", failure)
	}
	if failure == nil {
		f.settle()
	}
}

func (f *feed) closeHole() error {
	stuckAt := int64(-1)
	for {
		from, open := f.hole()
		if !open {
			return nil
		}
		if from != stuckAt { // a hole seen for the first time: the bus may still close it
			stuckAt = from
			select {
			case <-f.bus.life.Done():
				return nil
			case <-time.After(patience):
			}
			continue
		}
		if err := f.read(from); err != nil {
			return err
		}
	}
}

// hole returns the position before the first missing event, and whether there is
// one.
func (f *feed) hole() (from int64, open bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	last := f.view.Load().last()
	return last, f.announced > last && !f.stopped
}

// read takes in events after a position from the log. If there are more than the
// view holds, it begins with the newest of them: readers further behind read for
// themselves.
func (f *feed) read(from int64) error {
	ring := int64(f.bus.options.Ring)
	f.mu.Lock()
	announced := f.announced
	f.mu.Unlock()
	after := max(from, announced-ring)

	f.bus.metrics.reads.WithLabelValues("hole").Inc()
	events, err := f.bus.db.EventsAfter(f.bus.life, f.organization, after, int(ring))
	if models.CodeOf(err) == models.CodeCursorExpired {
		events, after, err = nil, announced, nil // trimmed already, readers will be told when they come to it
	}
	if err != nil {
		return err
	}

	f.mu.Lock()
	defer f.mu.Unlock()
	if len(events) == 0 && after < announced {
		f.announced = f.view.Load().last()
		clear(f.early)
		return fmt.Errorf("position %d of organization %s: %w", announced, f.organization, errHoleRemains)
	}
	current := f.view.Load()
	if after > current.last() {
		current = &view{after: after, replaced: make(chan struct{})}
		f.show(current)
	}
	known := min(current.last()-after, int64(len(events))) // by the bus, meanwhile
	if fresh := events[known:]; len(fresh) > 0 {
		f.extend(current, fresh)
	}
	f.settle()
	return nil
}
