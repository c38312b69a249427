package credits

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"gorm.io/gorm"

	"recado/events"
	"recado/jobs"
	"recado/models"
	"recado/store"
	"recado/whatsapp"
)

// Options configure a Service. The zero value serves.
type Options struct {
	Clock  models.Clock // nil: the system's
	Logger *slog.Logger // nil: discard
	// HoldLifetime is how long a hold waits for a status; 0: 31 days, which is longer
	// than Meta goes on delivering a message.
	HoldLifetime time.Duration
	// PricingWait is how long a delivery whose status had no price waits for one that
	// has; 0: 24 h.
	PricingWait time.Duration
	// Provider takes payments; nil: administrators record them by hand.
	Provider Provider
	// ReturnURL is where people come back to after paying.
	ReturnURL string
	// PublicURL is where the outside world reaches the program; empty: addresses of
	// exports are paths alone.
	PublicURL string
	// SigningKey signs the addresses of exports; without one no export is given out.
	SigningKey []byte
}

// Rooms are what credits work with.
type Rooms struct {
	DB    *store.Store
	Queue *jobs.Queue      // gets the jobs registered
	Bus   *events.Bus      // carries events to streams
	Meta  *whatsapp.Client // asked for Meta's own figures
	// AccessToken opens the token of a channel.
	AccessToken func(models.Channel) (string, error)
	// Rights returns the rights that a viewer has by now; streams ask for each event.
	Rights func(context.Context, models.Viewer) (models.Viewer, error)
}

// Service is the room's front door. It is safe for concurrent use.
type Service struct {
	db       *store.Store
	queue    *jobs.Queue
	rooms    Rooms
	options  Options
	provider Provider
	clock    models.Clock
	log      *slog.Logger
}

// New returns a Service on the given rooms and registers its jobs with the queue.
func New(rooms Rooms, options Options) *Service {
	if options.Clock == nil {
		options.Clock = models.SystemClock
	}
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	if options.HoldLifetime == 0 {
		options.HoldLifetime = 31 * 24 * time.Hour
	}
	if options.PricingWait == 0 {
		options.PricingWait = 24 * time.Hour
	}
	if options.Provider == nil {
		options.Provider = Manual{}
	}
	s := &Service{
		db: rooms.DB, queue: rooms.Queue, rooms: rooms, options: options, provider: options.Provider,
		clock: options.Clock, log: options.Logger,
	}
	s.registerJobs()
	return s
}

// requireAdministrator keeps money to administrators.
func requireAdministrator(viewer models.Viewer) error {
	if !viewer.Administrator {
		return models.NewError(models.CodeForbidden, "")
	}
	return nil
}

// found reports whether a query for one row found it.
func found(err error) (bool, error) {
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return false, nil
	}
	return err == nil, err
}
