package simulator

import (
	"cmp"
	"context"
	crand "crypto/rand"
	"encoding/binary"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"
)

// The app of a simulator whose Options name none.
const (
	DefaultAppID     = "990011223344556"
	DefaultAppSecret = "demo-app-secret-0001" // a sample value of the reference, guards nothing
)

// Immediately is a Timing field's value for "without delay"; zero means the
// default.
const Immediately time.Duration = -1

// Timing says how long the simulated world takes. A zero field has its
// default, Immediately (or any negative duration) means without delay.
type Timing struct {
	Sent      time.Duration // from acceptance to the sent status; 300 ms
	Delivered time.Duration // from acceptance to the arrival on the phone; 1 s
	Read      time.Duration // from arrival until a customer reads who reads by himself; 2 s
	Failed    time.Duration // from acceptance to the failed status; 500 ms
	Review    time.Duration // from handing a template in to the decision; 3 s
}

// Options configure a Simulator. The zero value is usable.
type Options struct {
	// AppID and AppSecret identify the app whose webhooks are sent; the secret
	// signs them. Default: DefaultAppID and DefaultAppSecret.
	AppID, AppSecret string
	// Clock drives everything that happens later; nil means RealClock.
	Clock  Clock
	Timing Timing
	// RetryPauses are the waits before the second, third, … attempt of a webhook
	// that was not answered with 200; after the last attempt it is lost. Nil
	// means 1 s, 5 s, 30 s, 2 min, 10 min, 1 h, 6 h, 24 h; empty means no retry.
	RetryPauses []time.Duration
	// WebhookTimeout is how long one attempt may take in real time, whatever the
	// Clock says; 5 s by default.
	WebhookTimeout time.Duration
	// MaxInFlightWebhooks bounds concurrent webhook requests; 16 by default. With
	// 1 webhooks leave one after the other, in order.
	MaxInFlightWebhooks int
	// MessagesPerSecond is the throughput of each number, 80 by default;
	// beyond it sends are refused with 130429.
	MessagesPerSecond int
	// PairBurst messages may be sent to one user at once (45 by default), one
	// per PairInterval (6 s) on average; beyond it sends are refused with 131056
	// until the burst is paid back.
	PairBurst    int
	PairInterval time.Duration
	// ManagementCallsPerHour is the limit per account of calls that are not
	// messages or media, 5,000 by default; beyond it they are refused with 80007.
	ManagementCallsPerHour int
	// LinkHosts are the hosts, with the port if a link has one, that files of messages by
	// link are fetched from, redirects included; a file anywhere else makes its
	// message fail with 131053. Nil: none, so that nobody can have a simulator ask
	// addresses that only it can reach.
	LinkHosts []string
	// PricingDate is the day whose price rules hold; the Clock's day by default.
	PricingDate time.Time
	// Seed makes ids and shuffles repeatable; zero picks one by chance, so that
	// ids of two runs never meet in one database.
	Seed uint64
	// Logger hears of what happens at levels Info and Debug; nil discards it.
	Logger *slog.Logger
}

func (o Options) withDefaults() Options {
	o.AppID = cmp.Or(o.AppID, DefaultAppID)
	o.AppSecret = cmp.Or(o.AppSecret, DefaultAppSecret)
	if o.Clock == nil {
		o.Clock = RealClock{}
	}
	o.Timing.Sent = cmp.Or(o.Timing.Sent, 300*time.Millisecond)
	o.Timing.Delivered = cmp.Or(o.Timing.Delivered, time.Second)
	o.Timing.Read = cmp.Or(o.Timing.Read, 2*time.Second)
	o.Timing.Failed = cmp.Or(o.Timing.Failed, 500*time.Millisecond)
	o.Timing.Review = cmp.Or(o.Timing.Review, 3*time.Second)
	if o.RetryPauses == nil {
		o.RetryPauses = []time.Duration{
			time.Second, 5 * time.Second, 30 * time.Second, 2 * time.Minute,
			10 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour,
		}
	}
	positive := func(n, otherwise int) int {
		if n > 0 {
			return n
		}
		return otherwise
	}
	o.MaxInFlightWebhooks = positive(o.MaxInFlightWebhooks, 16)
	o.MessagesPerSecond = positive(o.MessagesPerSecond, 80)
	o.PairBurst = positive(o.PairBurst, 45)
	o.ManagementCallsPerHour = positive(o.ManagementCallsPerHour, 5000)
	if o.PairInterval <= 0 {
		o.PairInterval = 6 * time.Second
	}
	if o.WebhookTimeout <= 0 {
		o.WebhookTimeout = 5 * time.Second
	}
	if o.Seed == 0 {
		var seed [8]byte
		_, _ = crand.Read(seed[:]) // never fails since Go 1.24
		o.Seed = binary.LittleEndian.Uint64(seed[:])
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// Simulator is one app of Meta's with its numbers, customers and webhooks. It
// is an http.Handler for the Graph, media and control paths.
type Simulator struct {
	opts    Options
	clock   Clock
	log     *slog.Logger
	control *http.ServeMux

	transport *http.Transport
	client    *http.Client
	life      context.Context
	end       context.CancelFunc
	running   sync.WaitGroup // posts and pending tasks

	mu        sync.Mutex // guards everything below
	closed    bool
	changed   chan struct{} // closed and replaced at each change
	random    *rand.Rand
	tasks     map[*task]struct{}
	numbers   map[string]*number
	accounts  map[string]*account
	tokens    map[string]*token
	codes     map[string]*loginCode
	templates map[templateKey]Template

	accountTemplates map[string]*metaTemplate // by id
	reviews          map[string][]Review      // planned, by the name of the template
	uploads          map[string]*sampleUpload
	byNumber         map[string]*customer // by wa_id
	byUser           map[string]*customer // by business-scoped user id
	chats            map[chatKey]*chat
	messages         map[string]*message
	sent             []*message
	marks            []ReadMark
	typing           []TypingRecord
	files            map[string]*file
	links            map[string]linked // by link
	fetching         int               // messages whose links are being fetched
	app              subscription
	faults           faultState
	out              outbox
	deliveries       []Delivery
}

type task struct{ timer Timer }

// New starts a simulator without numbers, customers or callback. Close ends it.
func New(opts Options) *Simulator {
	opts = opts.withDefaults()
	transport := &http.Transport{
		MaxIdleConnsPerHost: opts.MaxInFlightWebhooks,
		IdleConnTimeout:     30 * time.Second,
	}
	life, end := context.WithCancel(context.Background())
	s := &Simulator{
		opts:      opts,
		clock:     opts.Clock,
		log:       opts.Logger,
		transport: transport,
		client: &http.Client{
			Transport:     transport,
			Timeout:       opts.WebhookTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		life:      life,
		end:       end,
		changed:   make(chan struct{}),
		random:    rand.New(rand.NewPCG(opts.Seed, opts.Seed)), // repeatable on purpose
		tasks:     map[*task]struct{}{},
		numbers:   map[string]*number{},
		accounts:  map[string]*account{},
		tokens:    map[string]*token{},
		codes:     map[string]*loginCode{},
		templates: map[templateKey]Template{},

		accountTemplates: map[string]*metaTemplate{}, reviews: map[string][]Review{}, uploads: map[string]*sampleUpload{},
		byNumber: map[string]*customer{},
		byUser:   map[string]*customer{},
		chats:    map[chatKey]*chat{},
		messages: map[string]*message{},
		files:    map[string]*file{},
		links:    map[string]linked{},
	}
	s.control = s.routes()
	return s
}

// Close cancels everything that is still to happen, aborts webhooks in flight
// and returns when all goroutines have ended. Afterwards Graph calls are
// answered with 503. Closing twice is harmless.
func (s *Simulator) Close() error {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		s.end()
		for t := range s.tasks {
			if t.timer.Stop() {
				s.running.Done()
			}
		}
		clear(s.tasks)
		s.out.queue = nil
		s.notify()
	}
	s.mu.Unlock()
	s.running.Wait()
	s.transport.CloseIdleConnections()
	return nil
}

// ServeHTTP answers Graph, media and control requests; 503 after Close.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	closed := s.closed
	s.mu.Unlock()
	switch {
	case closed:
		http.Error(w, "the simulator is closed", http.StatusServiceUnavailable)
	case strings.HasPrefix(r.URL.Path, controlPath):
		s.control.ServeHTTP(w, r)
	case r.URL.Path == mediaPath:
		s.serveDownload(w, r)
	default:
		s.serveGraph(w, r)
	}
}

// AppID is the id of the simulated app.
func (s *Simulator) AppID() string { return s.opts.AppID }

// AppToken is the app access token, for the app's own subscription (§1.3).
func (s *Simulator) AppToken() string { return s.opts.AppID + "|" + s.opts.AppSecret }

// Seed is the seed in use, to repeat a run.
func (s *Simulator) Seed() uint64 { return s.opts.Seed }

// after calls f with s.mu held, d from now on the Clock, unless the simulator is
// closed before. s.mu must be held.
func (s *Simulator) after(d time.Duration, f func()) {
	if s.closed {
		return
	}
	t := &task{}
	s.tasks[t] = struct{}{}
	s.running.Add(1)
	t.timer = s.clock.AfterFunc(max(d, 0), func() {
		defer s.running.Done()
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.closed {
			return
		}
		delete(s.tasks, t)
		f()
		s.notify()
	})
}

// notify wakes everybody who waits for a change. s.mu must be held.
func (s *Simulator) notify() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// Await returns nil as soon as condition holds. It is evaluated now and after
// every change of the simulated world, without a lock, so it may call any
// method. It gives up when ctx ends.
func (s *Simulator) Await(ctx context.Context, condition func() bool) error {
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		if condition() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("waiting for the simulated world: %w", ctx.Err())
		}
	}
}

// Flush releases webhooks that a batch or reorder fault holds back and returns
// when every file of a link has been fetched and every webhook that is due has been
// answered or has failed its attempt.
// What waits for a later moment of the Clock (statuses, delayed webhooks,
// retries) does not count.
func (s *Simulator) Flush(ctx context.Context) error {
	s.mu.Lock()
	s.releaseHeld()
	s.mu.Unlock()
	return s.Await(ctx, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.out.idle() && s.fetching == 0
	})
}

// Settle returns when nothing is left to happen: no webhook is due and no
// status, reading, delay or retry waits for its time. With a ManualClock
// somebody else has to advance it meanwhile.
func (s *Simulator) Settle(ctx context.Context) error {
	return s.Await(ctx, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.out.idle() && s.fetching == 0 && s.out.held() == 0 && len(s.tasks) == 0
	})
}
