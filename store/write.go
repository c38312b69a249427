package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	msqlite "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"recado/models"
)

// attempts is how often a transaction is run before losing to others is given up.
const attempts = 5

// Tx is a transaction. It is used by one goroutine.
type Tx struct {
	*gorm.DB
	dialect Dialect
	now     time.Time
	sql     *sql.Tx
	pgx     pgx.Tx // the same transaction; nil on SQLite
	events  []models.Event
	last    []func() error
	writes  *pgx.Batch // bulk writes that wait for Flush; PostgreSQL only
}

// Now is the time of the transaction: the same for all that it does.
func (tx *Tx) Now() time.Time { return tx.now }

// PGX is the transaction for code that speaks pgx; nil on SQLite.
func (tx *Tx) PGX() pgx.Tx { return tx.pgx }

// SQL is the transaction for code that speaks database/sql.
func (tx *Tx) SQL() *sql.Tx { return tx.sql }

// Record adds events to the transaction. Their ids, positions and times are set
// when it commits.
func (tx *Tx) Record(events ...models.Event) { tx.events = append(tx.events, events...) }

// Last has do run at the end of the transaction, right before its events are placed:
// for what locks rows that come last in the order of locks, because many wait for
// them. If do fails, the transaction does. What it records is recorded, and what it
// gives to Last runs too.
func (tx *Tx) Last(do func() error) { tx.last = append(tx.last, do) }

// runLast runs what was given to Last.
func (tx *Tx) runLast() error {
	for len(tx.last) > 0 {
		do := tx.last[0]
		tx.last = tx.last[1:]
		if err := do(); err != nil {
			return err
		}
	}
	return nil
}

// Write runs fn in a transaction and commits it, or rolls back if fn returns an
// error. fn may run several times, see the package comment.
func (s *Store) Write(ctx context.Context, fn func(tx *Tx) error) error {
	for attempt := 1; ; attempt++ {
		events, err := s.writeOnce(ctx, fn)
		if err == nil {
			for _, listener := range s.onCommit {
				listener(events)
			}
			return nil
		}
		if attempt == attempts || !LostToAnother(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(time.Duration(rand.Int64N(int64(5*time.Millisecond) << attempt))):
		}
	}
}

func (s *Store) writeOnce(ctx context.Context, fn func(*Tx) error) (events []models.Event, err error) {
	tx, end, err := s.begin(ctx)
	if err != nil {
		return nil, fmt.Errorf("begin: %w", err)
	}
	defer end()

	if err := fn(tx); err != nil {
		return nil, err
	}
	if err := tx.runLast(); err != nil {
		return nil, err
	}
	if err := tx.placeEvents(); err != nil {
		return nil, err
	}
	if err := tx.Flush(); err != nil {
		return nil, err
	}
	if err := tx.sql.Commit(); err != nil {
		return nil, fmt.Errorf("commit: %w", err)
	}
	return tx.events, nil
}

// begin starts a transaction. The caller calls end when it is over; what was not
// committed by then is rolled back.
func (s *Store) begin(ctx context.Context) (tx *Tx, end func(), err error) {
	tx = &Tx{dialect: s.dialect, now: s.clock()}
	conn, err := s.writerDB.Conn(ctx)
	if err != nil {
		return nil, nil, err
	}
	end = func() {
		if tx.sql != nil {
			_ = tx.sql.Rollback() // nothing after a commit; otherwise the error that led here says more
		}
		_ = conn.Close() // only gives the connection back
	}
	if tx.sql, err = conn.BeginTx(ctx, nil); err != nil {
		end()
		return nil, nil, err
	}
	tx.DB = s.writer.Session(&gorm.Session{NewDB: true, Context: ctx, SkipDefaultTransaction: true})
	if prepared, ok := tx.Statement.ConnPool.(*gorm.PreparedStmtDB); ok {
		tx.Statement.ConnPool = &gorm.PreparedStmtTX{Tx: tx.sql, PreparedStmtDB: prepared}
	} else {
		tx.Statement.ConnPool = tx.sql
	}
	if s.dialect == Postgres {
		err = conn.Raw(func(driverConn any) error {
			std, ok := driverConn.(*stdlib.Conn)
			if !ok {
				return fmt.Errorf("the connection is a %T, not pgx's", driverConn)
			}
			tx.pgx = borrowedTx{conn: std.Conn()}
			return nil
		})
	}
	if err != nil {
		end()
		return nil, nil, err
	}
	return tx, end, nil
}

// LostToAnother reports whether a transaction failed only because of others at the
// same time, so that it may well succeed when run again. Write has tried several
// times when it returns such an error.
func LostToAnother(err error) bool {
	if errors.Is(err, ErrRace) && errors.Is(err, gorm.ErrDuplicatedKey) {
		return true
	}
	if failure, ok := errors.AsType[*pgconn.PgError](err); ok {
		return failure.Code == "40001" || failure.Code == "40P01"
	}
	if failure, ok := errors.AsType[*msqlite.Error](err); ok {
		return failure.Code()&0xff == sqlite3.SQLITE_BUSY
	}
	return false
}

// ErrRace marks a duplicate key that only means that another transaction made the
// same row first: wrapped together with it, it has Write run again.
var ErrRace = errors.New("another transaction made the row first")

// Locking has the rows of a query locked until the transaction ends, against
// changes but not against new rows that refer to them. SQLite has one writer, so
// there it means nothing.
func Locking(db *gorm.DB) *gorm.DB { return LockingOf(db, "") }

// LockingOf is Locking for a query over several tables, of which only the one
// with the given alias is locked.
func LockingOf(db *gorm.DB, alias string) *gorm.DB {
	return lock(db, clause.Locking{Strength: "NO KEY UPDATE", Table: clause.Table{Name: alias}})
}

// Keeping has the rows of a query not be deleted until the transaction ends, for rows
// that will refer to them. It waits for nobody but those who are Removing them, and has
// only those wait.
func Keeping(db *gorm.DB) *gorm.DB { return lock(db, clause.Locking{Strength: "KEY SHARE"}) }

// Removing locks the rows of a query against everything, new rows that refer to them
// included: for who moves what refers to them and then deletes them.
func Removing(db *gorm.DB) *gorm.DB { return lock(db, clause.Locking{Strength: "UPDATE"}) }

func lock(db *gorm.DB, how clause.Locking) *gorm.DB {
	if db.Name() != string(Postgres) {
		return db
	}
	return db.Clauses(how)
}

// LockName makes transactions that lock the same name wait for each other.
func (tx *Tx) LockName(name string) error {
	if tx.dialect != Postgres {
		return nil
	}
	if err := tx.Exec("SELECT pg_advisory_xact_lock(hashtextextended(?, 0))", name).Error; err != nil {
		return fmt.Errorf("lock %q: %w", name, err)
	}
	return nil
}
