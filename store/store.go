package store

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"recado/models"
)

// Dialect is the database spoken.
type Dialect string

// The dialects.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// Options configure Open. The zero value serves.
type Options struct {
	Logger         *slog.Logger  // warnings about slow statements; nil discards them
	Clock          models.Clock  // nil: the system's
	MaxConnections int           // PostgreSQL pool size; 0: 16
	SlowStatement  time.Duration // statements slower than this are logged; 0: 500 ms
}

// Store is an open database. It is safe for concurrent use.
type Store struct {
	dialect  Dialect
	clock    models.Clock
	writer   *gorm.DB
	reader   *gorm.DB
	writerDB *sql.DB
	readerDB *sql.DB
	pool     *pgxpool.Pool // nil on SQLite
	onCommit []func([]models.Event)
}

// Open connects to the database at url: `sqlite:PATH` (with `?synchronous=normal`
// for speed over safety from power loss), or `postgres://…`. It does not migrate.
func Open(ctx context.Context, url string, options Options) (*Store, error) {
	if options.Clock == nil {
		options.Clock = models.SystemClock
	}
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	if options.MaxConnections == 0 {
		options.MaxConnections = 16
	}
	if options.SlowStatement == 0 {
		options.SlowStatement = 500 * time.Millisecond
	}
	config := &gorm.Config{
		SkipDefaultTransaction: true,
		TranslateError:         true,
		NowFunc:                options.Clock,
		Logger: slowOnly{logger.NewSlogLogger(options.Logger, logger.Config{
			SlowThreshold:             options.SlowStatement,
			IgnoreRecordNotFoundError: true,
			ParameterizedQueries:      true,
			LogLevel:                  logger.Warn,
		}), options.SlowStatement},
	}
	switch dialect, rest, _ := strings.Cut(url, ":"); dialect {
	case "sqlite":
		return openSQLite(ctx, rest, config, options)
	case "postgres", "postgresql":
		return openPostgres(ctx, url, config, options)
	default:
		return nil, fmt.Errorf("database url must start with sqlite: or postgres://, not %q", dialect)
	}
}

// Dialect tells which database this is.
func (s *Store) Dialect() Dialect { return s.dialect }

// Now is the store's clock.
func (s *Store) Now() time.Time { return s.clock() }

// Read returns a handle for queries outside of a transaction. It must not be used
// to write.
func (s *Store) Read(ctx context.Context) *gorm.DB { return s.reader.WithContext(ctx) }

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.readerDB.PingContext(ctx); err != nil {
		return fmt.Errorf("ping database: %w", err)
	}
	return nil
}

// Pool is the PostgreSQL pool beneath the store, nil on SQLite.
func (s *Store) Pool() *pgxpool.Pool { return s.pool }

// WriterDB is the handle that writes.
func (s *Store) WriterDB() *sql.DB { return s.writerDB }

// OnCommit has listener called with the events of each transaction right after
// its commit, by the goroutine that committed: it must not block. Listeners are
// added before the store is used by more than one goroutine.
func (s *Store) OnCommit(listener func([]models.Event)) {
	s.onCommit = append(s.onCommit, listener)
}

// Close ends all connections.
func (s *Store) Close() error {
	err := s.writerDB.Close()
	if s.readerDB != s.writerDB {
		err = firstError(err, s.readerDB.Close())
	}
	if s.pool != nil {
		s.pool.Close()
	}
	if err != nil {
		return fmt.Errorf("close database: %w", err)
	}
	return nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
