package inbox

import (
	"log/slog"
	"sync"
	"time"

	"recado/accounts"
	"recado/channels"
	"recado/credits"
	"recado/events"
	"recado/jobs"
	"recado/media"
	"recado/models"
	"recado/store"
	"recado/templates"
	"recado/whatsapp"
)

// Options configure a Service. The zero value serves.
type Options struct {
	Clock             models.Clock   // nil: the system's
	Logger            *slog.Logger   // nil: discard
	QuietPeriod       time.Duration  // how long a send whose answer was lost waits for a webhook before it is tried again; 0: 10 min
	DeliveryRetention time.Duration  // how long raw deliveries are kept; 0: 7 days
	FeedRetention     time.Duration  // how long events are kept; 0: 7 days
	MaxBatch          int            // deliveries committed together; 0: 64
	Committers        int            // groups of deliveries committed at the same time; 0: 2 on PostgreSQL, 1 on SQLite
	ObserveBatch      func(size int) // told the size of each committed group; nil: nobody
}

// Service is the room's front door. It is safe for concurrent use.
type Service struct {
	db          *store.Store
	accounts    *accounts.Service
	channels    *channels.Service
	bus         *events.Bus
	queue       *jobs.Queue
	client      *whatsapp.Client
	media       *media.Service
	credits     *credits.Service
	templates   *templates.Service
	options     Options
	clock       models.Clock
	log         *slog.Logger
	gate        *gate
	process     models.ID // this process, on the bus
	whereabouts *whereabouts
	bounds      bounds // of lists
	outreach    countsOfOutreach
	heard       sync.Map // when a channel was last noted to be heard of, by id; see hear
	numbers     sync.Map // the channels seen, by Meta's id of their number; see findChannels
}

// Rooms are what the inbox works with.
type Rooms struct {
	DB       *store.Store
	Accounts *accounts.Service // asked by streams for rights as they are now
	Channels *channels.Service // opens the tokens of numbers
	Bus      *events.Bus       // carries events to streams
	Queue    *jobs.Queue       // gets the inbox's jobs registered
	Client   *whatsapp.Client  // called by the jobs
	Media    *media.Service    // fetches the files of messages; nil: none are fetched
	Credits  *credits.Service  // is told what messages cost; nil: nothing costs anything

	Templates *templates.Service // fills templates in, and hears what Meta tells of them; nil: there are none
}

// New returns a Service on the given rooms and registers its jobs with the queue.
// Its Accept works until Close.
func New(rooms Rooms, options Options) *Service {
	if options.Clock == nil {
		options.Clock = models.SystemClock
	}
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	if options.QuietPeriod == 0 {
		options.QuietPeriod = 10 * time.Minute
	}
	if options.DeliveryRetention == 0 {
		options.DeliveryRetention = 7 * 24 * time.Hour
	}
	if options.FeedRetention == 0 {
		options.FeedRetention = 7 * 24 * time.Hour
	}
	if options.MaxBatch == 0 {
		options.MaxBatch = 64
	}
	if options.Committers == 0 {
		options.Committers = 2
		if rooms.DB.Dialect() == store.SQLite { // which has one writer
			options.Committers = 1
		}
	}
	if options.ObserveBatch == nil {
		options.ObserveBatch = func(int) {}
	}
	s := &Service{
		db: rooms.DB, accounts: rooms.Accounts, channels: rooms.Channels, bus: rooms.Bus, queue: rooms.Queue, client: rooms.Client, media: rooms.Media, credits: rooms.Credits, templates: rooms.Templates,
		options: options, clock: options.Clock, log: options.Logger, gate: newGate(), bounds: listBounds, outreach: countsOfOutreach{dear: dearCount},
	}
	if s.media != nil {
		s.media.OnChange(s.fileChanged)
	}
	jobs.Register(rooms.Queue, &sendWorker{inbox: s})
	jobs.Register(rooms.Queue, &readWorker{inbox: s})
	jobs.Register(rooms.Queue, &typingWorker{inbox: s})
	jobs.Register(rooms.Queue, &blockWorker{inbox: s})
	jobs.Register(rooms.Queue, &cleanWorker{inbox: s})
	s.process, s.whereabouts = models.NewID(), newWhereabouts(options.Clock)
	jobs.Register(rooms.Queue, &wakeWorker{inbox: s})
	jobs.Register(rooms.Queue, &recountWorker{inbox: s})
	rooms.Queue.Every(recountInterval, RecountArgs{})
	jobs.Register(rooms.Queue, &drainWorker{inbox: s})
	jobs.Register(rooms.Queue, &sweepWorker{inbox: s})
	rooms.Queue.Every(time.Hour, CleanArgs{})
	rooms.Queue.Every(sweepInterval, SweepArgs{})
	if s.bus != nil {
		s.gate.workers.Go(s.keepPresence)
	}
	for range options.Committers {
		s.gate.workers.Go(s.commitGroups)
	}
	return s
}
