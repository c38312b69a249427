package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// borrowedTx lets code that wants a pgx.Tx (the job queue) take part in a
// transaction that Store.Write began and will end on the same connection.
type borrowedTx struct {
	conn  *pgx.Conn
	depth int // of savepoints; 0 is the transaction itself
}

var (
	_ pgx.Tx = borrowedTx{}

	errNotOurs = errors.New("a borrowed transaction is ended by who began it")
)

func (tx borrowedTx) savepoint() string { return fmt.Sprintf("borrowed_%d", tx.depth) }

func (tx borrowedTx) Begin(ctx context.Context) (pgx.Tx, error) {
	inner := borrowedTx{conn: tx.conn, depth: tx.depth + 1}
	if _, err := tx.conn.Exec(ctx, "SAVEPOINT "+inner.savepoint()); err != nil {
		return nil, err
	}
	return inner, nil
}

func (tx borrowedTx) Commit(ctx context.Context) error {
	if tx.depth == 0 {
		return errNotOurs
	}
	_, err := tx.conn.Exec(ctx, "RELEASE SAVEPOINT "+tx.savepoint())
	return err
}

func (tx borrowedTx) Rollback(ctx context.Context) error {
	if tx.depth == 0 {
		return errNotOurs
	}
	_, err := tx.conn.Exec(ctx, "ROLLBACK TO SAVEPOINT "+tx.savepoint())
	return err
}

func (tx borrowedTx) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (int64, error) {
	return tx.conn.CopyFrom(ctx, table, columns, rows)
}

func (tx borrowedTx) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	return tx.conn.SendBatch(ctx, b)
}

func (tx borrowedTx) LargeObjects() pgx.LargeObjects { return pgx.LargeObjects{} }

func (tx borrowedTx) Prepare(ctx context.Context, name, sql string) (*pgconn.StatementDescription, error) {
	return tx.conn.Prepare(ctx, name, sql)
}

func (tx borrowedTx) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	return tx.conn.Exec(ctx, sql, args...)
}

func (tx borrowedTx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	return tx.conn.Query(ctx, sql, args...)
}

func (tx borrowedTx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return tx.conn.QueryRow(ctx, sql, args...)
}

func (tx borrowedTx) Conn() *pgx.Conn { return tx.conn }
