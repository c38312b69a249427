package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// openPostgres shares one pgx pool between GORM and the job queue. Statements
// are cached by pgx; GORM's own PrepareStmt would only slow writes down.
func openPostgres(ctx context.Context, url string, config *gorm.Config, options Options) (*Store, error) {
	poolConfig, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("read postgres url: %w", err)
	}
	poolConfig.MaxConns = int32(min(options.MaxConnections, 1000))
	poolConfig.ConnConfig.RuntimeParams["timezone"] = "UTC"
	// Rows are looked up by key, in memory or on a disk without moving parts: the
	// default, made for spinning disks, has small tables scanned instead.
	poolConfig.ConnConfig.RuntimeParams["random_page_cost"] = "1.1"
	poolConfig.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
		conn.TypeMap().RegisterType(&pgtype.Type{
			Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
		})
		return nil
	}
	pool, err := pgxpool.NewWithConfig(ctx, poolConfig)
	if err != nil {
		return nil, fmt.Errorf("open postgres: %w", err)
	}
	db := stdlib.OpenDBFromPool(pool)
	db.SetMaxIdleConns(0) // idle connections wait in the pgx pool, where both users find them
	quiet := *config
	quiet.Logger = logger.Discard // or else GORM logs the error as well that it returns
	gdb, err := gorm.Open(postgres.New(postgres.Config{Conn: db}), &quiet)
	if err != nil {
		pool.Close()
		return nil, fmt.Errorf("connect to postgres: %w", err)
	}
	gdb.Logger = config.Logger
	if err := gdb.Callback().Query().Replace("gorm:query", directReads{db: db, pool: pool}.query); err != nil {
		return nil, errors.Join(fmt.Errorf("set up reads: %w", err), db.Close())
	}
	return &Store{
		dialect: Postgres, clock: options.Clock, pool: pool,
		writer: gdb, reader: gdb, writerDB: db, readerDB: db,
	}, nil
}
