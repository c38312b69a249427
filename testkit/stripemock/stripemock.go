// Package stripemock starts Stripe's own mock of its API for tests: a program that
// holds every request against Stripe's published description and answers with examples.
//
// The program is looked for in .tools/bin and installed there by `go install` if it is
// missing; a test that needs it and cannot have it fails.
package stripemock

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// module is pinned: another version knows another API.
const module = "github.com/stripe/stripe-mock@v0.203.0"

// startsWithin bounds the start of the mock, which reads a large description first.
const startsWithin = time.Minute

// URL starts a mock that lasts as long as the test and returns its address.
func URL(t testing.TB) string {
	t.Helper()
	program, err := installed()
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	command := exec.CommandContext(ctx, program, "-http-addr", "127.0.0.1:0", "-https-addr", "127.0.0.1:0")
	output, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		stop()
		_ = command.Wait() // it was killed
	})
	address := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(output)
		for lines.Scan() {
			if found, ok := strings.CutPrefix(lines.Text(), "Listening for HTTP at address: "); ok {
				address <- found
			}
		}
	}()
	select {
	case found := <-address:
		return "http://" + found
	case <-time.After(startsWithin):
		require.Fail(t, "stripe-mock did not start")
		return ""
	}
}

// installed returns the path of the program, installing it first if need be.
var installed = sync.OnceValues(func() (string, error) {
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("find the module: %w", err)
	}
	folder := filepath.Join(strings.TrimSpace(string(root)), ".tools", "bin")
	program := filepath.Join(folder, "stripe-mock")
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	install := exec.Command("go", "install", module)
	install.Env = append(os.Environ(), "GOBIN="+folder, "GOFLAGS=", "CGO_ENABLED=0")
	if output, err := install.CombinedOutput(); err != nil {
		return "", fmt.Errorf("install %s: %w: %s", module, err, output)
	}
	return program, nil
})
