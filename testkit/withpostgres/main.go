//go:build unix

// Command withpostgres runs a command with a throw-away PostgreSQL beside it:
//
//	go run ./testkit/withpostgres [-durable] [-v] -- command arguments…
//
// The command finds the server's address in RECADO_TEST_POSTGRES_URL; it names the database postgres, in which the command
// may make others. When the command has ended, or withpostgres is told to end by SIGINT or SIGTERM, which it passes on to
// the command, the server is stopped and its data removed. The exit code is the command's; 128 and the signal's number if a
// signal ended it; 125 if the server could not be started, 127 if the command could not.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"recado/testkit/postgres"
)

// envURL is where tests look for the server.
const envURL = "RECADO_TEST_POSTGRES_URL"

const (
	exitUsage     = 2
	exitNoServer  = 125
	exitNoCommand = 127
	exitSignalled = 128
)

func main() {
	os.Exit(run(os.Args[1:], os.Stderr))
}

func run(args []string, stderr io.Writer) int {
	flags := flag.NewFlagSet("withpostgres", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		_, _ = fmt.Fprintln(stderr, "usage: withpostgres [-durable] [-v] -- command arguments…")
		flags.PrintDefaults()
	}
	durable := flags.Bool("durable", false, "keep fsync on, for benchmarks")
	verbose := flags.Bool("v", false, "show the server's log")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return exitUsage
	}
	if flags.NArg() == 0 {
		flags.Usage()
		return exitUsage
	}
	level := slog.LevelInfo
	if *verbose {
		level = slog.LevelDebug
	}
	logger := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level}))

	signals := make(chan os.Signal, 8)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)

	cluster, err := startUnlessTold(signals, postgres.Options{Durable: *durable, Logger: logger})
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "withpostgres:", err)
		return exitNoServer
	}
	code, err := runCommand(flags.Args(), cluster.URL("postgres"), signals)
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "withpostgres:", err)
	}
	if err := cluster.Stop(); err != nil {
		_, _ = fmt.Fprintln(stderr, "withpostgres:", err)
		if code == 0 {
			return exitNoServer
		}
	}
	return code
}

// startUnlessTold starts the server and gives up when a signal comes first.
func startUnlessTold(signals <-chan os.Signal, options postgres.Options) (*postgres.Cluster, error) {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	type result struct {
		cluster *postgres.Cluster
		err     error
	}
	started := make(chan result, 1)
	go func() {
		cluster, err := postgres.Start(ctx, options)
		started <- result{cluster, err}
	}()
	select {
	case got := <-started:
		return got.cluster, got.err
	case told := <-signals:
		cancel(fmt.Errorf("told to end: %v", told))
		got := <-started
		if got.err == nil {
			got.err = errors.Join(context.Cause(ctx), got.cluster.Stop())
		}
		return nil, got.err
	}
}

// runCommand runs the command with this process's standard streams, passes signals on to it and returns its exit code.
func runCommand(args []string, url string, signals <-chan os.Signal) (int, error) {
	command := exec.Command(args[0], args[1:]...) //nolint:noctx // Signals end the command, not a context.
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	command.Env = append(os.Environ(), envURL+"="+url)
	if err := command.Start(); err != nil {
		return exitNoCommand, fmt.Errorf("starting the command: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	for {
		select {
		case told := <-signals:
			// An error means that the command has just ended.
			_ = command.Process.Signal(told)
		case err := <-ended:
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				return exitNoCommand, fmt.Errorf("running the command: %w", err)
			}
			status, known := command.ProcessState.Sys().(syscall.WaitStatus)
			if known && status.Signaled() {
				return exitSignalled + int(status.Signal()), nil
			}
			return command.ProcessState.ExitCode(), nil
		}
	}
}
