package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	msqlite "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// openSQLite opens one connection that writes and a few that only read. Commits
// are synced to disk by default, so that what was acknowledged survives a power
// cut, not only a killed process.
func openSQLite(ctx context.Context, rest string, config *gorm.Config, options Options) (*Store, error) {
	path, query, _ := strings.Cut(strings.TrimPrefix(rest, "//"), "?")
	parameters, err := url.ParseQuery(query)
	if err != nil || path == "" {
		return nil, fmt.Errorf("sqlite url must be sqlite:PATH, not %q", "sqlite:"+rest)
	}
	synchronous := strings.ToUpper(parameters.Get("synchronous"))
	if synchronous == "" {
		synchronous = "FULL"
	}
	if folder := filepath.Dir(path); folder != "." {
		if err := os.MkdirAll(folder, 0o750); err != nil {
			return nil, fmt.Errorf("make folder of database: %w", err)
		}
	}
	dsn := "file:" + path + "?_txlock=immediate&_time_format=sqlite&_timezone=UTC" +
		"&_pragma=journal_mode(WAL)&_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)" +
		"&_pragma=synchronous(" + url.QueryEscape(synchronous) + ")"

	writer, writerDB, err := dialSQLite(ctx, dsn, 1, config)
	if err != nil {
		return nil, err
	}
	reader, readerDB, err := dialSQLite(ctx, dsn+"&_pragma=query_only(1)", 4, config)
	if err != nil {
		return nil, errors.Join(err, writerDB.Close())
	}
	return &Store{
		dialect: SQLite, clock: options.Clock,
		writer: writer, reader: reader, writerDB: writerDB, readerDB: readerDB,
	}, nil
}

func dialSQLite(ctx context.Context, dsn string, connections int, config *gorm.Config) (*gorm.DB, *sql.DB, error) {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, nil, fmt.Errorf("open sqlite: %w", err)
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	if err := db.PingContext(ctx); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("open sqlite: %w", err), db.Close())
	}
	prepared := *config
	prepared.PrepareStmt = true
	gdb, err := gorm.Open(sqliteDialector{sqlite.Dialector{DriverName: "sqlite", Conn: db}}, &prepared)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("open sqlite: %w", err), db.Close())
	}
	return gdb, db, nil
}

// sqliteDialector teaches GORM's SQLite dialect the error values of the pure Go
// driver.
type sqliteDialector struct{ sqlite.Dialector }

// Translate turns constraint violations into GORM's errors.
func (d sqliteDialector) Translate(err error) error {
	failure, ok := errors.AsType[*msqlite.Error](err)
	if !ok {
		return err
	}
	switch failure.Code() {
	case sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_UNIQUE:
		return gorm.ErrDuplicatedKey
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return gorm.ErrForeignKeyViolated
	}
	return err
}
