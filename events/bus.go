package events

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"

	"recado/models"
	"recado/store"
)

// Options configure Start. The zero value serves one process.
type Options struct {
	URL       string                // of NATS, several separated by commas; empty: NATS runs in this process, without a socket
	Heartbeat time.Duration         // how often feeds are compared with the database; 0: 2 s
	Ring      int                   // events kept in memory per followed organization, at least, and twice as many at most; 0: 1,024
	MaxLag    int64                 // how many events a reader may fall behind; 0: 10,000
	Queue     int                   // commits that wait to be published, at most; 0: 4,096
	Clock     models.Clock          // nil: the system's
	Logger    *slog.Logger          // nil: nothing is logged
	Metrics   prometheus.Registerer // where the counters are registered; nil: nowhere
}

func (o Options) withDefaults() Options {
	if o.Heartbeat <= 0 {
		o.Heartbeat = 2 * time.Second
	}
	if o.Ring <= 0 {
		o.Ring = 1024
	}
	if o.MaxLag <= 0 {
		o.MaxLag = 10_000
	}
	if o.Queue <= 0 {
		o.Queue = 4096
	}
	if o.Clock == nil {
		o.Clock = models.SystemClock
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// ErrClosed is returned once the bus has been closed.
var ErrClosed = errors.New("the event bus is closed")

// Bus carries committed events to the readers of this process and publishes
// those committed here. It is safe for concurrent use.
type Bus struct {
	db      *store.Store
	options Options
	log     *slog.Logger
	metrics *metrics

	embedded *server.Server // nil if NATS runs elsewhere
	conn     *nats.Conn

	queue   chan []models.Event // commits on their way to NATS
	dropped atomic.Int64        // commits that found the queue full, and were not reported yet
	beat    chan struct{}       // asks for a heartbeat out of turn

	life    context.Context // ends with Close
	end     context.CancelFunc
	running sync.WaitGroup

	mu     sync.Mutex
	closed bool
	feeds  map[models.ID]*feed
}

// Start connects to NATS, or starts it, and from then on publishes what db
// commits. An external NATS that does not answer is no error: the bus goes on
// trying for ever, see Healthy, and readers live on heartbeats meanwhile. ctx only
// bounds the start.
//
// It must be called before db is used by more than one goroutine, and once per
// store.
func Start(ctx context.Context, db *store.Store, o Options) (*Bus, error) {
	o = o.withDefaults()
	b := &Bus{
		db: db, options: o, log: o.Logger,
		queue: make(chan []models.Event, o.Queue),
		beat:  make(chan struct{}, 1),
		feeds: make(map[models.ID]*feed),
	}
	var err error
	if b.metrics, err = newMetrics(o.Metrics, b.following); err != nil {
		return nil, fmt.Errorf("register metrics of the event bus: %w", err)
	}
	b.life, b.end = context.WithCancel(context.WithoutCancel(ctx))
	if err := b.connect(ctx); err != nil {
		b.end()
		b.metrics.unregister(o.Metrics)
		return nil, err
	}
	b.running.Go(b.publishAll)
	b.running.Go(b.keepBeating)
	db.OnCommit(b.enqueue)
	return b, nil
}

// Close ends the bus: commits that still wait are published, every reader's Next
// returns ErrClosed, and an embedded NATS is shut down. Closing twice is harmless.
func (b *Bus) Close() error {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return nil
	}
	b.closed = true
	feeds := b.feeds
	b.feeds = nil
	b.mu.Unlock()

	for _, f := range feeds {
		f.stop()
	}
	b.end()
	b.running.Wait()
	b.disconnect()
	b.metrics.unregister(b.options.Metrics)
	return nil
}

// Healthy returns nil while NATS is connected. Otherwise events still arrive, but
// only with the heartbeats.
func (b *Bus) Healthy() error {
	if b.life.Err() != nil {
		return ErrClosed
	}
	if b.embedded != nil && !b.embedded.Running() {
		return errors.New("the embedded NATS has stopped")
	}
	if status := b.conn.Status(); status != nats.CONNECTED {
		if err := b.conn.LastError(); err != nil {
			return fmt.Errorf("NATS is %s: %w", status, err)
		}
		return fmt.Errorf("NATS is %s", status)
	}
	return nil
}

// join returns the organization's feed, with one more reader, and starts it if
// nobody followed it yet.
func (b *Bus) join(organization models.ID) (*feed, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, ErrClosed
	}
	f, ok := b.feeds[organization]
	if !ok {
		f = newFeed(b, organization)
		b.feeds[organization] = f
		b.running.Go(f.start)
	}
	f.readers++
	f.idleBeats = 0
	return f, nil
}

// leave takes back one join.
func (b *Bus) leave(f *feed) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f.readers--
}

// discard forgets a feed that could not be started, so that the next follower
// tries again.
func (b *Bus) discard(f *feed) {
	b.mu.Lock()
	if b.feeds[f.organization] == f {
		delete(b.feeds, f.organization)
	}
	b.mu.Unlock()
	f.stop()
}

// following counts feeds and readers, for the metrics.
func (b *Bus) following() (feeds, readers int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range b.feeds {
		readers += f.readers
	}
	return len(b.feeds), readers
}
