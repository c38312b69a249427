//go:build unix

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"

	"github.com/jackc/pgx/v5"
)

// Loading millions of rows takes minutes. With the flag -server, what lists and
// search load stays on a server of the caller's, and the next run measures it
// as it is.

// loaded is the database of a benchmark, with all that it measures in it.
type loaded struct {
	url   string
	again bool // it was there before; what was kept about it has been read
}

// load gives the database of that name on the server that keeps databases, or one on
// a server of our own that goes with the rig. If it is not there, or was left half
// loaded, fill is called for it, and what then is in state is remembered with it.
// Else state is read.
func (r *rig) load(ctx context.Context, name string, state any, fill func(url string) error) (made loaded, err error) {
	if r.server == "" {
		made.url, err = r.database(ctx, name)
		if err != nil {
			return made, err
		}
		return made, fill(made.url)
	}
	if made, err = r.keptDatabase(ctx, name, state); err != nil || made.again {
		return made, err
	}
	if err := fill(made.url); err != nil {
		return made, err
	}
	text, err := json.Marshal(state)
	if err != nil {
		return made, fmt.Errorf("write down what was loaded: %w", err)
	}
	return made, onConnection(ctx, made.url, func(conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "CREATE TABLE bench_state AS SELECT $1::jsonb AS state", string(text))
		return err //nolint:wrapcheck // says it all
	})
}

// keptDatabase finds the database, or makes an empty one.
func (r *rig) keptDatabase(ctx context.Context, name string, state any) (made loaded, err error) {
	address, err := url.Parse(r.server)
	if err != nil {
		return made, fmt.Errorf("address of the server: %w", err)
	}
	name = "recado_bench_" + name
	if r.short {
		name += "_short"
	}
	address.Path = "/" + name
	made.url = address.String()
	err = onConnection(ctx, made.url, func(conn *pgx.Conn) error {
		var text []byte
		if err := conn.QueryRow(ctx, "SELECT state FROM bench_state").Scan(&text); err != nil {
			return err //nolint:wrapcheck // not there: it is loaded
		}
		made.again = true
		return json.Unmarshal(text, state)
	})
	if err != nil && made.again {
		return made, err
	}
	return made, onConnection(ctx, r.server, func(conn *pgx.Conn) error {
		if err := r.observe(ctx, conn); err != nil || made.again {
			return err
		}
		quoted := pgx.Identifier{name}.Sanitize()
		for _, statement := range []string{"DROP DATABASE IF EXISTS " + quoted, "CREATE DATABASE " + quoted} {
			if _, err := conn.Exec(ctx, statement); err != nil {
				return fmt.Errorf("make database %s: %w", name, err)
			}
		}
		return nil
	})
}

func onConnection(ctx context.Context, address string, use func(*pgx.Conn) error) (err error) {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	return use(conn)
}
