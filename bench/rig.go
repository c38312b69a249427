//go:build unix

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"recado/secrets"
	"recado/testkit/postgres"
)

// rig is what benchmarks stand on: a folder, the program's binary, its secrets,
// and a PostgreSQL server once one is asked for.
type rig struct {
	settings
	root     string // of the module
	dir      string // goes when the benchmark ends
	progress io.Writer
	report   report

	secretKey   string
	signingKey  secrets.SigningKey
	appSecret   string
	verifyToken string

	cluster    *postgres.Cluster
	clusterLog *logTap
	binaries   postgres.Binaries
	postmaster int // its process id
}

func newRig(ctx context.Context, b benchmark, s settings, progress io.Writer) (*rig, error) {
	root := outputOf(ctx, ".", "go", "list", "-m", "-f", "{{.Dir}}")
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		return nil, fmt.Errorf("run it inside the repository: %w", err)
	}
	dir, err := os.MkdirTemp("", "recado-bench-")
	if err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	r := &rig{
		settings: s, root: root, dir: dir, progress: progress,
		report:    report{Benchmark: b.name, At: time.Now().UTC(), Short: s.short, Machine: thisMachine(ctx, root)},
		secretKey: secrets.GenerateKey(), signingKey: secrets.GenerateSigningKey(), appSecret: rand.Text(), verifyToken: rand.Text(),
	}
	if r.program == "" {
		r.sayf("building the program")
		r.program = filepath.Join(dir, "recado")
		build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", r.program, ".") //nolint:gosec // into our own folder
		build.Dir = root
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if output, err := build.CombinedOutput(); err != nil {
			return nil, errors.Join(fmt.Errorf("build the program: %w\n%s", err, output), r.close())
		}
	}
	return r, nil
}

func (r *rig) sayf(format string, args ...any) {
	_, _ = fmt.Fprintf(r.progress, "bench %s: "+format+"\n", append([]any{r.report.Benchmark}, args...)...)
}

// close stops the server and removes the folder.
func (r *rig) close() error {
	var err error
	if r.cluster != nil {
		err = r.cluster.Stop()
	}
	return errors.Join(err, os.RemoveAll(r.dir))
}

// roundsOr is the number of rounds asked for, or that of the benchmark.
func (r *rig) roundsOr(usual, short int) int {
	switch {
	case r.rounds > 0:
		return r.rounds
	case r.short:
		return short
	default:
		return usual
	}
}

// lasting is the length of a measurement.
func (r *rig) lasting(usual, short time.Duration) time.Duration {
	if r.short {
		return short
	}
	return usual
}

// database makes an empty database on a PostgreSQL server with fsync on and
// returns its address.
func (r *rig) database(ctx context.Context, name string) (string, error) {
	if r.cluster == nil {
		if err := r.startCluster(ctx); err != nil {
			return "", err
		}
	}
	conn, err := pgx.Connect(ctx, r.cluster.URL("postgres"))
	if err != nil {
		return "", fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()); err != nil {
		return "", fmt.Errorf("make database %s: %w", name, err)
	}
	return r.cluster.URL(name), nil
}

func (r *rig) startCluster(ctx context.Context) (err error) {
	r.clusterLog = &logTap{}
	logger := slog.New(r.clusterLog)
	if r.binaries, err = postgres.Find(ctx, logger); err != nil {
		return fmt.Errorf("find PostgreSQL: %w", err)
	}
	if r.cluster, err = postgres.Start(ctx, postgres.Options{Durable: true, Logger: logger}); err != nil {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	conn, err := pgx.Connect(ctx, r.cluster.URL("postgres"))
	if err != nil {
		return fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	return r.observe(ctx, conn)
}

// observe notes which server is measured, and holds that it is durable.
func (r *rig) observe(ctx context.Context, conn *pgx.Conn) error {
	var fsync string
	if err := conn.QueryRow(ctx, "SELECT current_setting('fsync'), current_setting('server_version')").Scan(&fsync, &r.report.Machine.PostgreSQL); err != nil {
		return fmt.Errorf("ask PostgreSQL for its settings: %w", err)
	}
	if fsync != "on" {
		return fmt.Errorf("fsync is %s", fsync)
	}
	var backend int
	if err := conn.QueryRow(ctx, "SELECT pg_backend_pid()").Scan(&backend); err != nil {
		return fmt.Errorf("ask PostgreSQL for its process: %w", err)
	}
	r.postmaster = parentOf(backend)
	return nil
}

// settle brings the server into the same state before every measurement. A fresh
// table has no statistics, and plans made without them are bad ones: in production
// autovacuum sees to that within minutes.
func settle(ctx context.Context, url string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("connect to settle the database: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	for _, statement := range []string{"VACUUM (ANALYZE)", "CHECKPOINT"} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", strings.ToLower(statement), err)
		}
	}
	return nil
}
