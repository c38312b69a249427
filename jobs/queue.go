package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"

	"recado/store"
)

// Options configure a Queue. The zero value serves.
type Options struct {
	Logger      *slog.Logger  // nil: discard
	Workers     int           // jobs at a time in this process; 0: 32 on PostgreSQL, 8 on SQLite
	RescueAfter time.Duration // a job whose process died is run again after this; 0: 2 min
}

// jobTimeout bounds one run of a job. It is well below RescueAfter, so that a job
// is never taken for dead while it runs.
const jobTimeout = time.Minute

// Queue holds the jobs of a program. Registering must be over before the first
// job is enqueued; after that a Queue is safe for concurrent use.
type Queue struct {
	db       *store.Store
	workers  *river.Workers
	periodic []*river.PeriodicJob
	config   river.Config
	client   func() (client, error)

	mu      sync.Mutex
	started bool
}

// client is what the queue needs of a river.Client, whatever its driver.
type client interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
	StopAndCancel(ctx context.Context) error
	insert(ctx context.Context, tx *store.Tx, args river.JobArgs, opts *river.InsertOpts) error
}

type postgresClient struct{ *river.Client[pgx.Tx] }

func (c postgresClient) insert(ctx context.Context, tx *store.Tx, args river.JobArgs, opts *river.InsertOpts) error {
	_, err := c.InsertTx(ctx, tx.PGX(), args, opts)
	return err
}

type sqliteClient struct{ *river.Client[*sql.Tx] }

func (c sqliteClient) insert(ctx context.Context, tx *store.Tx, args river.JobArgs, opts *river.InsertOpts) error {
	_, err := c.InsertTx(ctx, tx.SQL(), args, opts)
	return err
}

// New returns a Queue on db without workers.
func New(db *store.Store, options Options) *Queue {
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	if options.Workers == 0 {
		options.Workers = 32
		if db.Dialect() == store.SQLite {
			options.Workers = 8
		}
	}
	if options.RescueAfter == 0 {
		options.RescueAfter = 2 * time.Minute
	}
	q := &Queue{
		db:      db,
		workers: river.NewWorkers(),
		config: river.Config{
			Logger:               slog.New(riverLog{options.Logger.Handler()}),
			JobTimeout:           jobTimeout,
			RescueStuckJobsAfter: options.RescueAfter,
			FetchCooldown:        5 * time.Millisecond,
			FetchPollInterval:    100 * time.Millisecond, // PostgreSQL notifies of new jobs, but not of those that wait a moment
			Queues:               map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: options.Workers}},
		},
	}
	if db.Dialect() == store.SQLite { // nothing notifies
		q.config.FetchPollInterval = 50 * time.Millisecond
	}
	q.client = sync.OnceValues(q.open)
	return q
}

// Register has jobs of type T worked by worker.
func Register[T river.JobArgs](q *Queue, worker river.Worker[T]) {
	river.AddWorker(q.workers, worker)
}

// Every has a job with the given args run at an interval, once over all
// processes, and once at the start.
func (q *Queue) Every(interval time.Duration, args river.JobArgs) {
	q.periodic = append(q.periodic, river.NewPeriodicJob(river.PeriodicInterval(interval),
		func() (river.JobArgs, *river.InsertOpts) {
			return args, &river.InsertOpts{UniqueOpts: river.UniqueOpts{ByPeriod: interval}}
		}, &river.PeriodicJobOpts{RunOnStart: true}))
}

func (q *Queue) open() (client, error) {
	config := q.config
	config.Workers, config.PeriodicJobs = q.workers, q.periodic
	if q.db.Dialect() == store.Postgres {
		opened, err := river.NewClient(riverpgxv5.New(q.db.Pool()), &config)
		if err != nil {
			return nil, fmt.Errorf("open job queue: %w", err)
		}
		return postgresClient{opened}, nil
	}
	opened, err := river.NewClient(riversqlite.New(q.db.WriterDB()), &config)
	if err != nil {
		return nil, fmt.Errorf("open job queue: %w", err)
	}
	return sqliteClient{opened}, nil
}

// Enqueue adds a job to the transaction: it will run if and when the transaction
// commits. A zero time means as soon as possible.
func (q *Queue) Enqueue(ctx context.Context, tx *store.Tx, args river.JobArgs, at time.Time) error {
	c, err := q.client()
	if err != nil {
		return err
	}
	if err := c.insert(ctx, tx, args, &river.InsertOpts{ScheduledAt: at}); err != nil {
		return fmt.Errorf("enqueue %s: %w", args.Kind(), err)
	}
	return nil
}

// EnqueueOnce is Enqueue for a job that is to run at most once in each period of the
// clock, whoever asks for it: one with the same args in the same period is dropped.
func (q *Queue) EnqueueOnce(ctx context.Context, tx *store.Tx, args river.JobArgs, period time.Duration) error {
	c, err := q.client()
	if err != nil {
		return err
	}
	once := river.UniqueOpts{ByArgs: true, ByPeriod: period}
	if err := c.insert(ctx, tx, args, &river.InsertOpts{MaxAttempts: 1, UniqueOpts: once}); err != nil {
		return fmt.Errorf("enqueue %s once: %w", args.Kind(), err)
	}
	return nil
}

// Start begins to work jobs, until Stop.
func (q *Queue) Start(ctx context.Context) error {
	c, err := q.client()
	if err != nil {
		return err
	}
	// River stops hard when the context of Start ends; Stop is the orderly way.
	if err := c.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start job queue: %w", err)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.started = true
	return nil
}

// Stop takes no more jobs and waits for those under way; when ctx ends first, they
// are cancelled and will be run again. It does nothing before Start.
func (q *Queue) Stop(ctx context.Context) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.started {
		return nil
	}
	q.started = false
	c, err := q.client()
	if err != nil {
		return err
	}
	if err := c.Stop(ctx); err != nil {
		return errors.Join(fmt.Errorf("stop job queue: %w", err), c.StopAndCancel(context.WithoutCancel(ctx)))
	}
	return nil
}
