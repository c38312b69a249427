//go:build unix

package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

// User is the superuser of every cluster.
const User = "recado"

// startAttempts bounds how often a free port is drawn again after another process took it in between.
const startAttempts = 10

// Options say what kind of cluster is wanted. The zero value is a cluster for tests.
type Options struct {
	// Dir is the folder in which the cluster's own folder is made; empty means os.TempDir(). A root caller must
	// name one that every user can reach.
	Dir string
	// Durable keeps fsync and full-page writes on, as in production, for benchmarks. Off, a commit survives a
	// killed client but no crash of the server or the machine.
	Durable bool
	// Logger gets the server's own log at debug level and what Start does about installing at info level; nil
	// discards both.
	Logger *slog.Logger
	// Port to listen on; 0 draws a free one.
	Port int
	// MaxConnections the server takes; 0 means 300, enough for packages tested side by side.
	MaxConnections int
}

// Cluster is a running PostgreSQL server with a data folder of its own.
type Cluster struct {
	dir      string
	port     int
	password string
	lock     *os.File
	server   *server

	stop    sync.Once
	stopErr error
}

// running holds the clusters by folder until they are stopped: a cluster that was only held by its URL would lose its
// lock to the garbage collector, and then its folder to the next process that looks for abandoned ones.
var running sync.Map

// Start makes a cluster and starts its server. It returns when the server takes connections, in about a second if the
// binaries are there, in up to some minutes if they have to be installed. ctx bounds the start, not the cluster's life.
// After an error nothing is left running and no folder is left behind.
func Start(ctx context.Context, options Options) (*Cluster, error) {
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	if options.MaxConnections == 0 {
		options.MaxConnections = 300
	}
	account, err := serverAccount()
	if err != nil {
		return nil, err
	}
	binaries, err := find(ctx, account, options.Logger)
	if err != nil {
		return nil, err
	}
	parent, err := parentDir(options.Dir, account)
	if err != nil {
		return nil, err
	}
	removeAbandoned(parent)

	dir, lock, err := makeDir(parent, account)
	if err != nil {
		return nil, err
	}
	cluster := &Cluster{dir: dir, lock: lock, password: rand.Text()}
	running.Store(dir, cluster)
	if err := cluster.start(ctx, binaries, account, options); err != nil {
		return nil, errors.Join(err, cluster.Stop())
	}
	return cluster, nil
}

// URL addresses a database of the cluster as postgres://user:password@127.0.0.1:port/database. The database postgres
// always exists; connect to it to make others.
func (c *Cluster) URL(database string) string {
	address := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(User, c.password),
		Host:     net.JoinHostPort("127.0.0.1", strconv.Itoa(c.port)),
		Path:     "/" + database,
		RawQuery: "sslmode=disable",
	}
	return address.String()
}

// Stop ends the server at once, without waiting for clients, and removes the cluster's folder. Further calls return
// what the first one returned.
func (c *Cluster) Stop() error {
	c.stop.Do(func() {
		if c.server != nil {
			c.server.stop()
		}
		if err := os.RemoveAll(c.dir); err != nil {
			c.stopErr = fmt.Errorf("removing the PostgreSQL cluster: %w", err)
		}
		running.Delete(c.dir)
		_ = c.lock.Close() // Closing releases the lock; the file itself is gone.
	})
	return c.stopErr
}

func (c *Cluster) start(ctx context.Context, binaries Binaries, account account, options Options) error {
	begun := time.Now()
	if err := c.initialize(ctx, binaries, account, options); err != nil {
		return err
	}
	for attempt := 1; ; attempt++ {
		port := options.Port
		if port == 0 {
			var err error
			if port, err = freePort(ctx); err != nil {
				return err
			}
		}
		started, err := startServer(ctx, binaries, account, c.dir, port, options.Logger)
		if err == nil {
			c.port, c.server = port, started
			options.Logger.Debug("PostgreSQL takes connections",
				"version", binaries.Version, "port", port, "after", time.Since(begun))
			return nil
		}
		if !errors.Is(err, errPortTaken) || options.Port != 0 || attempt == startAttempts {
			return err
		}
	}
}

// freePort asks the system for a port nobody listens on. Another process may take it before the server does.
func freePort(ctx context.Context) (int, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("looking for a free port: %w", err)
	}
	defer func() { _ = listener.Close() }()
	address, ok := listener.Addr().(*net.TCPAddr)
	if !ok {
		return 0, fmt.Errorf("looking for a free port: unexpected address %v", listener.Addr())
	}
	return address.Port, nil
}

func dataDir(dir string) string { return filepath.Join(dir, "data") }
