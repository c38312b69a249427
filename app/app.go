package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"recado/accounts"
	"recado/channels"
	"recado/config"
	"recado/credits"
	"recado/crm"
	"recado/events"
	"recado/inbox"
	"recado/jobs"
	"recado/media"
	"recado/models"
	"recado/secrets"
	"recado/server"
	"recado/store"
	"recado/templates"
	"recado/whatsapp"
)

// drainWithin is how long requests and jobs under way may take when the program
// ends.
const drainWithin = 20 * time.Second

// Options are what tests and the demo set besides the settings. The zero value
// serves.
type Options struct {
	Logger *slog.Logger // nil: discard
	Clock  models.Clock // nil: the system's
	// RightsLifetime is how old the rights of a viewer may be; 0: accounts' default.
	RightsLifetime time.Duration
	Timing         server.Timing
}

// App is the whole program. Its services are safe for concurrent use.
type App struct {
	Config    config.Config
	Store     *store.Store
	Accounts  *accounts.Service
	Channels  *channels.Service
	Credits   *credits.Service
	CRM       *crm.Service
	Bus       *events.Bus
	Queue     *jobs.Queue
	WhatsApp  *whatsapp.Client
	Media     *media.Service
	Templates *templates.Service
	Inbox     *inbox.Service
	Metrics   *prometheus.Registry

	bucket *media.Bucket
	server *server.Server
	log    *slog.Logger
	close  func() error
}

// ErrMigrationsPending stops the start when the schema is older than the program
// and RECADO_MIGRATE is off.
var ErrMigrationsPending = errors.New("the database has pending migrations: run `recado migrate up`, or set RECADO_MIGRATE=auto")

// Open opens the database, brings it up to date if the settings say so, and makes
// the services. The caller calls Close.
func Open(ctx context.Context, c config.Config, options Options) (opened *App, err error) {
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	if options.Clock == nil {
		options.Clock = models.SystemClock
	}
	a := &App{Config: c, Metrics: prometheus.NewRegistry(), log: options.Logger}
	a.close = sync.OnceValue(a.closeRooms)
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	if a.Store, err = store.Open(ctx, c.DatabaseURL, store.Options{
		Logger: options.Logger, Clock: options.Clock, MaxConnections: c.DatabaseConnections,
	}); err != nil {
		return nil, err
	}
	if err := a.migrate(ctx); err != nil {
		return nil, err
	}
	box, err := secrets.NewBox(c.SecretKey)
	if err != nil {
		return nil, fmt.Errorf("use RECADO_SECRET_KEY: %w", err)
	}
	keys, err := accounts.NewKeySet(c.JWTKeys...)
	if err != nil {
		return nil, fmt.Errorf("use RECADO_JWT_KEYS: %w", err)
	}
	if a.Bus, err = events.Start(ctx, a.Store, events.Options{
		URL: c.NATSURL, Clock: options.Clock, Logger: options.Logger, Metrics: a.Metrics,
	}); err != nil {
		return nil, err
	}
	batches := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "recado_webhook_batch_size", Help: "Webhook deliveries committed together.",
		Buckets: []float64{1, 2, 4, 8, 16, 32, 64, 128},
	})
	if err := a.Metrics.Register(batches); err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}
	a.Accounts = accounts.New(a.Store, accounts.Options{
		Clock: options.Clock, Keys: keys, AccessTokenLifetime: c.AccessTokenLifetime, SessionLifetime: c.SessionLifetime,
		SnapshotLifetime: options.RightsLifetime, Logger: options.Logger,
	})
	a.Queue = jobs.New(a.Store, jobs.Options{Logger: options.Logger})
	a.WhatsApp = whatsapp.NewClient(whatsapp.Options{
		BaseURL: c.MetaGraphURL, Version: c.MetaGraphVersion, LoginURL: c.MetaLoginURL, Now: options.Clock,
		AppID: c.MetaAppID, AppSecret: firstSecret(c), Logger: options.Logger,
	})
	if err := a.openChannels(box, options); err != nil {
		return nil, err
	}
	a.CRM = crm.New(a.Store)
	if err := a.openMedia(ctx, options); err != nil {
		return nil, err
	}
	if err := a.openCredits(options); err != nil {
		return nil, err
	}
	a.Templates = templates.New(
		templates.Rooms{DB: a.Store, Channels: a.Channels, Queue: a.Queue, Client: a.WhatsApp, Media: a.Media},
		templates.Options{Clock: options.Clock, Logger: options.Logger},
	)
	a.Inbox = inbox.New(inbox.Rooms{
		DB: a.Store, Accounts: a.Accounts, Channels: a.Channels, Bus: a.Bus, Queue: a.Queue, Client: a.WhatsApp, Media: a.Media,
		Credits: a.Credits, Templates: a.Templates,
	}, inbox.Options{
		Clock: options.Clock, Logger: options.Logger, QuietPeriod: c.SendQuietPeriod,
		DeliveryRetention: c.DeliveryRetention, FeedRetention: c.FeedRetention,
		ObserveBatch: func(size int) { batches.Observe(float64(size)) },
	})
	a.keepHouse()
	if a.server, err = a.newServer(options); err != nil {
		return nil, err
	}
	return a, nil
}

// openChannels makes the room of the numbers.
func (a *App) openChannels(box *secrets.Box, options Options) error {
	key, err := secrets.Derive(a.Config.SecretKey, "recado: state of channel connections")
	if err != nil {
		return err
	}
	a.Channels = channels.New(a.Store, box, channels.Options{
		Logger: options.Logger, Queue: a.Queue, Client: a.WhatsApp, Accounts: a.Accounts,
		Meta: channels.MetaApp{
			AppID: a.Config.MetaAppID, AppSecretSet: len(a.Config.MetaAppSecrets) > 0, LoginConfigID: a.Config.MetaLoginConfig,
			PublicURL: a.Config.PublicURL, AllowedOrigins: a.Config.AllowedOrigins, Key: key,
		},
	})
	return nil
}

// openMedia opens the blob store and makes the room on it.
func (a *App) openMedia(ctx context.Context, options Options) (err error) {
	if a.bucket, err = media.OpenBucket(ctx, a.Config.Blobs()); err != nil {
		return fmt.Errorf("use RECADO_BLOB_URL: %w", err)
	}
	key, err := secrets.Derive(a.Config.SecretKey, "recado: addresses of files")
	if err != nil {
		return err
	}
	a.Media = media.New(media.Rooms{DB: a.Store, Channels: a.Channels, Queue: a.Queue, Client: a.WhatsApp, Bucket: a.bucket},
		media.Options{Clock: options.Clock, Logger: options.Logger, Key: key, PublicURL: a.Config.PublicURL})
	return nil
}

// migrate brings the schema up to date, or makes sure that it is.
func (a *App) migrate(ctx context.Context) error {
	if a.Config.Migrate == config.MigrateAuto {
		return a.Store.Migrate(ctx)
	}
	current, err := a.Store.Migrated(ctx)
	if err == nil && !current {
		return ErrMigrationsPending
	}
	return err
}

// firstSecret is the app secret that signs our own calls.
func firstSecret(c config.Config) string {
	if len(c.MetaAppSecrets) == 0 {
		return ""
	}
	return string(c.MetaAppSecrets[0])
}

// Close ends the services and closes the database. Repeating it is harmless.
func (a *App) Close() error { return a.close() }

func (a *App) closeRooms() error {
	var errs []error
	if a.server != nil {
		errs = append(errs, a.server.Close())
	}
	if a.Queue != nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		errs = append(errs, a.Queue.Stop(ctx))
	}
	if a.Inbox != nil {
		a.Inbox.Close()
	}
	if a.Bus != nil {
		errs = append(errs, a.Bus.Close())
	}
	if a.WhatsApp != nil {
		a.WhatsApp.CloseIdleConnections()
	}
	if a.bucket != nil {
		errs = append(errs, a.bucket.Close())
	}
	if a.Store != nil {
		errs = append(errs, a.Store.Close())
	}
	return errors.Join(errs...)
}
