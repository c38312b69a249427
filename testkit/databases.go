// Package testkit gives tests what they need to run on the real thing: both
// databases, migrated and empty, for each test.
package testkit

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"recado/models"
	"recado/store"
	"recado/testkit/postgres"
)

// Databases are the dialects that every test of stored behaviour runs on.
var Databases = []store.Dialect{store.SQLite, store.Postgres}

// OnEach runs the test once per dialect, as subtests, each on a migrated and
// empty database of its own.
func OnEach(t *testing.T, test func(t *testing.T, db *store.Store)) {
	t.Helper()
	for _, dialect := range Databases {
		t.Run(string(dialect), func(t *testing.T) {
			test(t, Open(t, URL(t, dialect), nil))
		})
	}
}

// Open opens a store that is closed when the test ends. A nil clock is the
// system's.
func Open(t testing.TB, url string, clock models.Clock) *store.Store {
	t.Helper()
	db, err := store.Open(t.Context(), url, store.Options{Clock: clock})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// URL makes a migrated, empty database that lasts as long as the test, and
// returns its address in the form of RECADO_DATABASE_URL.
func URL(t testing.TB, dialect store.Dialect) string {
	t.Helper()
	if dialect == store.Postgres {
		return postgresURL(t)
	}
	return sqliteURL(t)
}

var sqliteTemplate = sync.OnceValues(func() ([]byte, error) {
	folder, err := os.MkdirTemp("", "recado-template-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "template.db")
	if err := migrate("sqlite:" + path + "?synchronous=off"); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

func sqliteURL(t testing.TB) string {
	t.Helper()
	template, err := sqliteTemplate()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "recado.db")
	require.NoError(t, os.WriteFile(path, template, 0o600))
	return "sqlite:" + path + "?synchronous=off"
}

// ServerURL is the environment variable that names a PostgreSQL server for the
// tests: the address of its maintenance database. `make test` sets it. Without
// it, each test binary starts a server of its own.
const ServerURL = "RECADO_TEST_POSTGRES_URL"

var postgresServer = sync.OnceValues(func() (string, error) {
	if url := os.Getenv(ServerURL); url != "" {
		return url, nil
	}
	cluster, err := postgres.Start(context.Background(), postgres.Options{})
	if err != nil {
		return "", err
	}
	return cluster.URL("postgres"), nil // the server ends with this process
})

var postgresTemplate = sync.OnceValues(func() (string, error) {
	server, err := postgresServer()
	if err != nil {
		return "", err
	}
	name := databaseName()
	if err := administer(server, "CREATE DATABASE "+name); err != nil {
		return "", err
	}
	return name, migrate(onDatabase(server, name))
})

func postgresURL(t testing.TB) string {
	t.Helper()
	template, err := postgresTemplate()
	require.NoError(t, err)
	server, err := postgresServer()
	require.NoError(t, err)
	name := databaseName()
	require.NoError(t, administer(server, "CREATE DATABASE "+name+" TEMPLATE "+template))
	t.Cleanup(func() {
		require.NoError(t, administer(server, "DROP DATABASE "+name+" WITH (FORCE)"))
	})
	return onDatabase(server, name)
}

func databaseName() string {
	return "recado_" + strings.ReplaceAll(models.NewID().String(), "-", "")
}

func onDatabase(server, name string) string {
	return strings.Replace(server, "/postgres", "/"+name, 1)
}

func administer(server, statement string) error {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return fmt.Errorf("connect to test server: %w", err)
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, statement)
	return err
}

func migrate(url string) error {
	db, err := store.Open(context.Background(), url, store.Options{})
	if err != nil {
		return err
	}
	if err := db.Migrate(context.Background()); err != nil {
		return fmt.Errorf("%w (while closing: %w)", err, db.Close())
	}
	return db.Close()
}
