package cli

import (
	"context"
	"errors"
	"fmt"

	"recado/config"
	"recado/store"
)

type migrateCommand struct {
	Up     migrateUpCommand     `cmd:"" help:"Bring the schema up to date. Several processes may do so at once."`
	Status migrateStatusCommand `cmd:"" help:"List the migrations. Exit code 1 if any is pending."`
}

type (
	migrateUpCommand     struct{}
	migrateStatusCommand struct{}
)

// Run migrates.
func (migrateUpCommand) Run(ctx context.Context, p *program) error {
	return p.withStore(ctx, func(db *store.Store) error {
		if err := db.Migrate(ctx); err != nil {
			return err
		}
		fmt.Fprintln(p.stdout, "The schema is up to date.")
		return nil
	})
}

// Run lists the migrations.
func (migrateStatusCommand) Run(ctx context.Context, p *program) error {
	return p.withStore(ctx, func(db *store.Store) error {
		steps, err := db.Migrations(ctx)
		if err != nil {
			return err
		}
		pending := 0
		for _, step := range steps {
			state := "applied"
			if !step.Applied {
				state = "pending"
				pending++
			}
			fmt.Fprintf(p.stdout, "%-8s %s\n", state, step.Name)
		}
		if pending > 0 {
			return fmt.Errorf("%d of %d migrations are pending: run recado migrate up", pending, len(steps))
		}
		return nil
	})
}

func (p *program) withStore(ctx context.Context, do func(*store.Store) error) (err error) {
	c, err := config.LoadWithoutSecrets(p.environ)
	if err != nil {
		return err
	}
	db, err := store.Open(ctx, c.DatabaseURL, store.Options{MaxConnections: c.DatabaseConnections})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return do(db)
}
