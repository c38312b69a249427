//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is `recado serve` as a child of ours.
type process struct {
	address    string // of webhooks and GraphQL
	ops        string
	readyAfter time.Duration // from the start of the process

	command *exec.Cmd
	log     *tail
	ended   chan struct{}
	err     error // how it ended; read after ended
}

// startWithin is how long a start may take.
const startWithin = 60 * time.Second

// serve starts the program on a database and waits until it is ready.
func (r *rig) serve(ctx context.Context, database string) (*process, error) {
	return r.serveIn(ctx, r.dir, map[string]string{
		"RECADO_DATABASE_URL":          database,
		"RECADO_SECRET_KEY":            r.secretKey,
		"RECADO_JWT_KEYS":              r.signingKey.Text(),
		"RECADO_META_APP_SECRET":       r.appSecret,
		"RECADO_META_VERIFY_TOKEN":     r.verifyToken,
		"RECADO_META_GRAPH_URL":        "http://127.0.0.1:9", // nothing is sent, and nobody is there
		"RECADO_ACCESS_TOKEN_LIFETIME": "24h",
		"RECADO_LOG_LEVEL":             "warn",
	})
}

// serveIn starts the program in a folder with nothing set but the two addresses
// and the given variables.
func (r *rig) serveIn(ctx context.Context, dir string, variables map[string]string) (*process, error) {
	address, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	ops, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	p := &process{address: address, ops: ops, ended: make(chan struct{}), log: &tail{}}
	if r.verbose {
		p.log.also = r.progress
	}
	p.command = exec.Command(r.program, "serve") //nolint:gosec,noctx // the binary that is to be measured; it outlives the start's context and is ended by stop or kill
	p.command.Dir = dir
	p.command.Stdout, p.command.Stderr = p.log, p.log
	p.command.WaitDelay = time.Second
	p.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for us to pass on
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "GOMAXPROCS", "GOGC", "GOMEMLIMIT"} {
		if value, set := os.LookupEnv(name); set {
			p.command.Env = append(p.command.Env, name+"="+value)
		}
	}
	p.command.Env = append(p.command.Env, "RECADO_HTTP_ADDR="+address, "RECADO_OPS_ADDR="+ops)
	for name, value := range variables {
		p.command.Env = append(p.command.Env, name+"="+value)
	}
	begun := time.Now()
	if err := p.command.Start(); err != nil {
		return nil, fmt.Errorf("start the program: %w", err)
	}
	go func() {
		p.err = p.command.Wait()
		close(p.ended)
	}()
	if err := p.awaitReady(ctx); err != nil {
		p.kill()
		return nil, err
	}
	p.readyAfter = time.Since(begun)
	return p, nil
}

func (p *process) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	ticks := time.NewTicker(2 * time.Millisecond)
	defer ticks.Stop()
	for {
		if status, _ := get(ctx, client, "http://"+p.ops+"/readyz"); status == http.StatusOK {
			return nil
		}
		select {
		case <-ticks.C:
		case <-p.ended:
			return fmt.Errorf("the program ended instead of starting: %w\n%s", p.err, p.log)
		case <-ctx.Done():
			return fmt.Errorf("the program is not ready: %w\n%s", ctx.Err(), p.log)
		}
	}
}

// stop asks the program to end, and waits until it has. An exit code other than 0
// is an error.
func (p *process) stop() error {
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal the program: %w", err)
	}
	select {
	case <-p.ended:
	case <-time.After(startWithin):
		p.kill()
		return errors.New("the program did not end after SIGTERM")
	}
	if p.err != nil {
		return fmt.Errorf("the program ended badly: %w\n%s", p.err, p.log)
	}
	return nil
}

// kill ends the program at once, as kill -9 does.
func (p *process) kill() {
	_ = p.command.Process.Kill() // it may have ended already
	<-p.ended
}

func (p *process) pid() int { return p.command.Process.Pid }

// fetch reads a path of the operations address.
func (p *process) fetch(ctx context.Context, path string) (string, error) {
	status, body := get(ctx, http.DefaultClient, "http://"+p.ops+path)
	if status != http.StatusOK {
		return "", fmt.Errorf("GET %s answers %d: %s", path, status, body)
	}
	return body, nil
}

// metric reads a figure of the program's. The sum over its labels is returned.
func (p *process) metric(ctx context.Context, name string) (float64, error) {
	text, err := p.fetch(ctx, "/metrics")
	if err != nil {
		return 0, err
	}
	total, found := 0.0, false
	for line := range strings.Lines(text) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), " ")
		if key, _, _ := strings.Cut(key, "{"); !ok || key != name {
			continue
		}
		number, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return 0, fmt.Errorf("metric %s: %w", name, err)
		}
		total, found = total+number, true
	}
	if !found {
		return 0, fmt.Errorf("there is no metric %s", name)
	}
	return total, nil
}

// profile writes a CPU profile of the next seconds to a file.
func (p *process) profile(ctx context.Context, lasting time.Duration, path string) error {
	body, err := p.fetch(ctx, fmt.Sprintf("/debug/pprof/profile?seconds=%d", max(1, int(lasting.Seconds()))))
	if err != nil {
		return fmt.Errorf("profile the program: %w", err)
	}
	if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
		return fmt.Errorf("write the profile: %w", err)
	}
	return nil
}

// get returns status 0 and the error's text if there was no answer.
func get(ctx context.Context, client *http.Client, url string) (int, string) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return 0, err.Error()
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err.Error()
	}
	return response.StatusCode, string(body)
}

// freeAddress asks the system for a port nobody listens on.
func freeAddress(ctx context.Context) (string, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("look for a free port: %w", err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String(), nil
}

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
	also io.Writer
}

// Write never fails.
func (t *tail) Write(text []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	const most = 8 << 10
	t.text = append(t.text, text...)
	if len(t.text) > most {
		t.text = bytes.Clone(t.text[len(t.text)-most:])
	}
	if t.also != nil {
		_, _ = t.also.Write(text)
	}
	return len(text), nil
}

// String is what was kept.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}
