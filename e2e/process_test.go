package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// patience is how long anything may take before a test gives up.
const patience = time.Minute

// The programs under test, built by TestMain.
var recado, natsServer string

func TestMain(m *testing.M) {
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	folder, err := os.MkdirTemp("", "recado-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(folder)
	recado, natsServer = filepath.Join(folder, "recado"), filepath.Join(folder, "nats-server")
	for program, source := range map[string]string{recado: "recado", natsServer: "github.com/nats-io/nats-server/v2"} {
		build := exec.Command("go", "build", "-o", program, source)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if output, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build %s: %v\n%s", source, err, output)
			return 1
		}
	}
	return m.Run()
}

// settings are environment variables of Recado.
type settings map[string]string

// with returns a copy with changes; an empty value unsets.
func (s settings) with(changes ...string) settings {
	changed := maps.Clone(s)
	for i := 0; i < len(changes); i += 2 {
		changed[changes[i]] = changes[i+1]
	}
	return changed
}

// freePorts lets the system choose both addresses.
var freePorts = settings{"RECADO_HTTP_ADDR": "127.0.0.1:0", "RECADO_OPS_ADDR": "127.0.0.1:0", "RECADO_LOG_FORMAT": "json"}

// command prepares the program with no environment but the settings.
func command(folder string, s settings, arguments ...string) *exec.Cmd {
	c := exec.Command(recado, arguments...)
	c.Dir = folder
	c.Env = []string{"HOME=" + folder, "PATH=" + os.Getenv("PATH")}
	for name, value := range s {
		c.Env = append(c.Env, name+"="+value)
	}
	return c
}

// outcome is how a command ended.
type outcome struct {
	code           int
	stdout, stderr string
}

// run runs the program to its end.
func run(t *testing.T, folder string, s settings, arguments ...string) outcome {
	t.Helper()
	result, err := tryRun(folder, s, arguments...)
	require.NoError(t, err)
	return result
}

// tryRun is run for goroutines beside the test's own.
func tryRun(folder string, s settings, arguments ...string) (outcome, error) {
	var stdout, stderr bytes.Buffer
	c := command(folder, s, arguments...)
	c.Stdout, c.Stderr = &stdout, &stderr
	if err := c.Start(); err != nil {
		return outcome{}, err
	}
	overdue := time.AfterFunc(patience, func() { _ = c.Process.Kill() })
	err := c.Wait()
	if !overdue.Stop() {
		return outcome{}, fmt.Errorf("recado %s did not end:\n%s%s", strings.Join(arguments, " "), &stdout, &stderr)
	}
	if _, failed := errors.AsType[*exec.ExitError](err); err != nil && !failed {
		return outcome{}, err
	}
	return outcome{c.ProcessState.ExitCode(), stdout.String(), stderr.String()}, nil
}

// process is a running `recado serve`.
type process struct {
	t     *testing.T
	cmd   *exec.Cmd
	log   *log
	ended chan struct{} // closed when it is gone and everything it wrote was read

	address, ops string // host:port
}

// serve starts `recado serve` and returns when it is ready.
func serve(t *testing.T, folder string, s settings) *process {
	t.Helper()
	began := time.Now()
	p := launch(t, folder, s)
	eventually(t, "answers that it is ready", func() bool {
		status, _ := p.readiness()
		return status == http.StatusOK
	})
	t.Logf("process %d was ready after %s", p.cmd.Process.Pid, time.Since(began).Round(time.Millisecond))
	return p
}

// launch starts `recado serve` and returns when it serves.
func launch(t *testing.T, folder string, s settings) *process {
	t.Helper()
	p := &process{t: t, cmd: command(folder, s, "serve"), log: newLog(), ended: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	require.NoError(t, p.cmd.Start())
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait() // how it ended is in ProcessState
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("log of process %d:\n%s", p.cmd.Process.Pid, p.log.tail(60))
		}
	})
	select {
	case <-p.log.ready:
	case <-p.ended:
		require.FailNow(t, "recado serve ended while it started", "%s\n%s", p.cmd.ProcessState, p.log.tail(60))
	case <-time.After(patience):
		require.FailNow(t, "recado serve did not get ready", p.log.tail(60))
	}
	p.address, p.ops = p.log.address, p.log.ops
	return p
}

// readiness is what /readyz answers; 0 when it does not.
func (p *process) readiness() (status int, body string) {
	response, err := http.Get("http://" + p.ops + "/readyz")
	if err != nil {
		return 0, ""
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, ""
	}
	return response.StatusCode, string(answer)
}

// kill ends the process as a crash does, and returns when it is gone.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // fails when it is gone, which is what is wanted
	<-p.ended
}

// terminate asks the process to end, as a deployment does, and returns its exit
// code.
func (p *process) terminate() int {
	p.t.Helper()
	require.NoError(p.t, p.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case <-p.ended:
	case <-time.After(patience):
		require.FailNow(p.t, "recado serve did not end after SIGTERM", p.log.tail(60))
	}
	return p.cmd.ProcessState.ExitCode()
}

// log is what a process wrote, in lines.
type log struct {
	ready        chan struct{} // closed by the line that says so
	address, ops string        // set before

	mu    sync.Mutex
	rest  []byte
	lines []string
}

func newLog() *log { return &log{ready: make(chan struct{})} }

// Write splits what it gets into lines.
func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest = append(l.rest, p...)
	for {
		line, rest, found := bytes.Cut(l.rest, []byte("\n"))
		if !found {
			return len(p), nil
		}
		l.rest = rest
		l.lines = append(l.lines, string(line))
		var said struct{ Msg, HTTP, Ops string }
		if l.address == "" && json.Unmarshal(line, &said) == nil && said.Msg == "ready" {
			l.address, l.ops = said.HTTP, said.Ops
			close(l.ready)
		}
	}
}

func (l *log) tail(most int) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines[max(0, len(l.lines)-most):], "\n")
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for !condition() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			require.FailNow(t, "waited in vain until it "+what)
		}
	}
}
