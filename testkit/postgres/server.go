//go:build unix

package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// errPortTaken reports that another process listens on the chosen port.
var errPortTaken = errors.New("the port is taken")

// stopPatience is how long a server may take to end before it is killed.
const stopPatience = 10 * time.Second

// server is a running postmaster.
type server struct {
	process  *os.Process
	ended    chan struct{} // Closed once the process is gone.
	stopping sync.Once
}

// startServer returns when the server says that it takes connections, or with its last words when it ended before.
func startServer(ctx context.Context, binaries Binaries, account account, dir string, port int, logger *slog.Logger) (*server, error) {
	output := &serverLog{logger: logger, ready: make(chan struct{})}
	// The server outlives the start, so ctx must not end it.
	command := binaries.command(context.WithoutCancel(ctx), account, dir, "postgres",
		"-D", dataDir(dir), "-p", strconv.Itoa(port))
	command.Stdout, command.Stderr = output, output
	command.WaitDelay = time.Second // Backends hold the pipe a little longer than the postmaster lives.
	endWithParent(command.SysProcAttr)

	started := make(chan error, 1)
	running := &server{ended: make(chan struct{})}
	go func() {
		defer close(running.ended)
		// The parent death signal follows the thread that started the process. This goroutine keeps its thread to itself
		// until the server has ended.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := command.Start()
		running.process = command.Process
		started <- err
		if err == nil {
			_ = command.Wait() // How it ended shows in its log.
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting %s: %w", command.Path, err)
	}
	select {
	case <-output.ready:
		return running, nil
	case <-running.ended:
		last := output.tail()
		if strings.Contains(last, "could not bind") {
			return nil, fmt.Errorf("PostgreSQL on port %d: %w\n%s", port, errPortTaken, last)
		}
		return nil, fmt.Errorf("PostgreSQL ended while it started:\n%s", last)
	case <-ctx.Done():
		running.stop()
		return nil, fmt.Errorf("waiting for PostgreSQL: %w\n%s", ctx.Err(), output.tail())
	}
}

// stop ends the server without a checkpoint: nobody reads its data again.
func (s *server) stop() {
	s.stopping.Do(func() {
		// An error means that it has ended already, which is what is wanted.
		_ = s.process.Signal(syscall.SIGQUIT)
		select {
		case <-s.ended:
		case <-time.After(stopPatience):
			_ = s.process.Kill()
			<-s.ended
		}
	})
}

// command prepares a program of the server to run as account, in dir, with an environment that leads no setting of the
// caller's into the cluster.
func (b Binaries) command(ctx context.Context, account account, dir, program string, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, filepath.Join(b.Dir, program), args...)
	command.Dir = dir
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, "PG") || strings.HasPrefix(name, "LC_") || name == "LANG" || name == "TZ" || name == "LD_LIBRARY_PATH" {
			continue
		}
		command.Env = append(command.Env, variable)
	}
	command.Env = append(command.Env, "LC_ALL=C")
	libraries := b.Libraries
	if inherited := os.Getenv("LD_LIBRARY_PATH"); inherited != "" {
		libraries = append(slices.Clip(libraries), inherited)
	}
	if len(libraries) > 0 {
		command.Env = append(command.Env, "LD_LIBRARY_PATH="+strings.Join(libraries, string(os.PathListSeparator)))
	}
	// A group of its own: Ctrl-C in the terminal is for the tests, the server ends after them.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: account.credential}
	return command
}

// serverLog passes the server's log on line by line and tells when the server is ready.
type serverLog struct {
	logger *slog.Logger
	ready  chan struct{} // Closed once the server takes connections.

	mutex   sync.Mutex
	partial []byte
	last    []string
	isReady bool
}

// lastLines is how much of the server's log goes into an error.
const lastLines = 20

func (l *serverLog) Write(text []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.partial = append(l.partial, text...)
	for {
		line, rest, complete := bytes.Cut(l.partial, []byte("\n"))
		if !complete {
			return len(text), nil
		}
		l.partial = rest
		l.line(string(line))
	}
}

func (l *serverLog) line(line string) {
	l.logger.Debug("PostgreSQL: " + line)
	l.last = append(l.last, line)
	if len(l.last) > lastLines {
		l.last = l.last[1:]
	}
	if !l.isReady && strings.Contains(line, "database system is ready to accept connections") {
		l.isReady = true
		close(l.ready)
	}
}

func (l *serverLog) tail() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return strings.Join(l.last, "\n")
}
