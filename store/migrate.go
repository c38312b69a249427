package store

import (
	"context"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"recado/migrations"
)

// Migration is one step of the schema.
type Migration struct {
	Name    string
	Applied bool
}

// Migrate brings the schema up to date: ours, then the job queue's. Several
// processes may call it at once; one does the work.
func (s *Store) Migrate(ctx context.Context) error {
	provider, err := s.migrations()
	if err != nil {
		return err
	}
	unlock, err := s.lockMigrations(ctx)
	if err != nil {
		return fmt.Errorf("wait for other processes that migrate: %w", err)
	}
	defer unlock()
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return s.migrateQueue(ctx)
}

// Migrations lists the steps of our own schema, oldest first.
func (s *Store) Migrations(ctx context.Context) ([]Migration, error) {
	provider, err := s.migrations()
	if err != nil {
		return nil, err
	}
	status, err := provider.Status(ctx)
	if err != nil {
		return nil, fmt.Errorf("read state of migrations: %w", err)
	}
	steps := make([]Migration, len(status))
	for i, step := range status {
		steps[i] = Migration{Name: step.Source.Path, Applied: step.State == goose.StateApplied}
	}
	return steps, nil
}

// Migrated reports whether nothing is left for Migrate to do. It is false, without
// an error, for an empty database.
func (s *Store) Migrated(ctx context.Context) (bool, error) {
	steps, err := s.Migrations(ctx)
	if err != nil {
		return false, err
	}
	for _, step := range steps {
		if !step.Applied {
			return false, nil
		}
	}
	return true, nil
}

func (s *Store) migrations() (*goose.Provider, error) {
	var (
		dialect goose.Dialect
		files   fs.FS
		err     error
	)
	switch s.dialect {
	case Postgres:
		dialect = goose.DialectPostgres
		files, err = fs.Sub(migrations.Postgres, "postgres")
	default:
		dialect = goose.DialectSQLite3
		files, err = fs.Sub(migrations.SQLite, "sqlite")
	}
	if err != nil {
		return nil, fmt.Errorf("open migrations: %w", err)
	}
	provider, err := goose.NewProvider(dialect, s.writerDB, files)
	if err != nil {
		return nil, fmt.Errorf("open migrations: %w", err)
	}
	return provider, nil
}

// Whoever migrates holds the lock with this number; the pause is between tries.
const (
	migrationLock  = 7310042118
	migrationPause = 100 * time.Millisecond
)

// lockMigrations makes processes that migrate a PostgreSQL wait for each other,
// until unlock is called or the process dies. It asks again and again instead of
// waiting inside the database, because a statement that waits there would hold up a
// CREATE INDEX CONCURRENTLY of the process that it waits for.
func (s *Store) lockMigrations(ctx context.Context) (unlock func(), err error) {
	if s.dialect != Postgres {
		return func() {}, nil
	}
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	// The lock belongs to the connection, and ends with it.
	unlock = func() { _ = conn.Hijack().Close(context.WithoutCancel(ctx)) }
	for {
		var locked bool
		if err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", int64(migrationLock)).Scan(&locked); err != nil {
			unlock()
			return nil, err
		}
		if locked {
			return unlock, nil
		}
		select {
		case <-time.After(migrationPause):
		case <-ctx.Done():
			unlock()
			return nil, ctx.Err()
		}
	}
}

// migrateQueue runs after goose and outside of its transactions, because
// PostgreSQL refuses to use an enum value in the transaction that added it.
func (s *Store) migrateQueue(ctx context.Context) error {
	if s.dialect == Postgres {
		migrator, err := rivermigrate.New(riverpgxv5.New(s.pool), nil)
		if err != nil {
			return fmt.Errorf("open migrations of the job queue: %w", err)
		}
		if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
			return fmt.Errorf("migrate the job queue: %w", err)
		}
		return nil
	}
	migrator, err := rivermigrate.New(riversqlite.New(s.writerDB), nil)
	if err != nil {
		return fmt.Errorf("open migrations of the job queue: %w", err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate the job queue: %w", err)
	}
	return nil
}
