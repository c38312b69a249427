package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"

	"recado/accounts"
	"recado/app"
	"recado/config"
	"recado/store"
)

// gcPercent lets the heap grow to five times what is in use before it is
// collected: what is in use is small, and under load the collector's share of
// the processor is better spent on messages. GOGC in the environment overrides it.
const gcPercent = 400

type serveCommand struct{}

// Run serves until the program is told to end.
func (serveCommand) Run(ctx context.Context, p *program) (err error) {
	c, err := config.Load(p.environ)
	if err != nil {
		return err
	}
	logger := p.logger(c)
	if p.environ["GOGC"] == "" {
		debug.SetGCPercent(gcPercent)
	}
	opened, err := app.Open(ctx, c, app.Options{Logger: logger})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	if c.SecretsMade {
		logger.Info("made secrets: keep this file beside the database, and back it up with it", "file", c.SecretsFile)
	}
	return opened.Run(ctx)
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(p *program) error {
	shown := p.version
	if info, ok := debug.ReadBuildInfo(); ok && shown == "" {
		shown = info.Main.Version
	}
	_, err := fmt.Fprintln(p.stdout, "recado "+shown)
	return err
}

func (p *program) logger(c config.Config) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.LogLevel}
	if c.LogFormat == config.LogJSON {
		return slog.New(slog.NewJSONHandler(p.stderr, options))
	}
	return slog.New(slog.NewTextHandler(p.stderr, options))
}

// withApp opens the whole program for a command, without serving.
func (p *program) withApp(ctx context.Context, do func(*app.App) error) (err error) {
	c, err := config.Load(p.environ)
	if err != nil {
		return err
	}
	if p.environ["GOGC"] == "" {
		debug.SetGCPercent(gcPercent)
	}
	opened, err := app.Open(ctx, c, app.Options{Logger: p.quietLogger()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	return do(opened)
}

// withAccounts opens the database and accounts for a command that needs no secret.
func (p *program) withAccounts(ctx context.Context, do func(*store.Store, *accounts.Service) error) (err error) {
	c, err := config.LoadWithoutSecrets(p.environ)
	if err != nil {
		return err
	}
	// Failing statements come back as errors: no logger.
	db, err := store.Open(ctx, c.DatabaseURL, store.Options{MaxConnections: c.DatabaseConnections})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if c.Migrate == config.MigrateAuto {
		err = db.Migrate(ctx)
	} else if current, migratedErr := db.Migrated(ctx); migratedErr != nil || !current {
		err = errors.Join(migratedErr, app.ErrMigrationsPending)
	}
	if err != nil {
		return err
	}
	return do(db, accounts.New(db, accounts.Options{Logger: p.quietLogger()}))
}

// quietLogger is for commands, whose answer is on the terminal.
func (p *program) quietLogger() *slog.Logger {
	return slog.New(slog.NewTextHandler(p.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
}
