//go:build unix

package main

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// asCommand turns the test program into withpostgres.
const asCommand = "RECADO_TEST_AS_WITHPOSTGRES"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
	}
	os.Exit(m.Run())
}

// withPostgres prepares a run of withpostgres whose clusters lie in an own folder, which is returned.
func withPostgres(t *testing.T, args ...string) (*exec.Cmd, string) {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "recado-test-*") //nolint:usetesting // The server's account cannot enter t.TempDir.
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	require.NoError(t, os.Chmod(dir, 0o777))
	self, err := os.Executable()
	require.NoError(t, err)
	command := exec.CommandContext(t.Context(), self, args...)
	command.Env = append(os.Environ(), asCommand+"=yes", "TMPDIR="+dir)
	return command, dir
}

func requireEmpty(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, entries)
}

func TestRun(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args []string
		code int
	}{
		"passes_success_on":               {[]string{"--", "true"}, 0},
		"passes_the_exit_code_on":         {[]string{"--", "sh", "-c", "exit 7"}, 7},
		"reports_a_command_ended_by_TERM": {[]string{"--", "sh", "-c", "kill -TERM $$"}, 128 + 15},
		"reports_a_missing_command":       {[]string{"--", "/no/such/command"}, exitNoCommand},
		"refuses_to_run_nothing":          {nil, exitUsage},
		"refuses_an_unknown_flag":         {[]string{"-fast", "--", "true"}, exitUsage},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			command, dir := withPostgres(t, test.args...)
			output, err := command.CombinedOutput()
			require.Equal(t, test.code, command.ProcessState.ExitCode(), "%v\n%s", err, output)
			requireEmpty(t, dir)
		})
	}
}

func TestRun_reports_a_server_that_cannot_start(t *testing.T) {
	t.Parallel()
	command, dir := withPostgres(t, "--", "true")
	command.Env = append(command.Env, "RECADO_POSTGRES_BIN=/no/such/folder")
	output, err := command.CombinedOutput()
	require.Error(t, err)
	require.Equal(t, exitNoServer, command.ProcessState.ExitCode())
	require.Contains(t, string(output), "RECADO_POSTGRES_BIN=/no/such/folder")
	requireEmpty(t, dir)
}

func TestRun_gives_the_command_a_server_and_the_standard_streams(t *testing.T) {
	t.Parallel()
	command, dir := withPostgres(t, "-durable", "--", "sh", "-c", "echo $RECADO_TEST_POSTGRES_URL; cat")
	input, err := command.StdinPipe()
	require.NoError(t, err)
	output, err := command.StdoutPipe()
	require.NoError(t, err)
	command.Stderr = os.Stderr
	require.NoError(t, command.Start())
	lines := bufio.NewReader(output)
	url, err := lines.ReadString('\n')
	require.NoError(t, err)

	connection, err := pgx.Connect(t.Context(), strings.TrimSpace(url))
	require.NoError(t, err)
	var fsync string
	require.NoError(t, connection.QueryRow(t.Context(), "SHOW fsync").Scan(&fsync))
	require.Equal(t, "on", fsync)

	_, err = io.WriteString(input, "passed on")
	require.NoError(t, err)
	require.NoError(t, input.Close())
	echoed, err := io.ReadAll(lines)
	require.NoError(t, err)
	require.Equal(t, "passed on", string(echoed))
	require.NoError(t, command.Wait())
	requireEmpty(t, dir)
}

func TestRun_passes_signals_on_and_removes_the_cluster(t *testing.T) {
	t.Parallel()
	for name, sent := range map[string]syscall.Signal{"INT": syscall.SIGINT, "TERM": syscall.SIGTERM} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			command, dir := withPostgres(t, "--", "sh", "-c", "trap 'exit 42' "+name+"; echo ready; while :; do read line || exit 1; done")
			input, err := command.StdinPipe()
			require.NoError(t, err)
			output, err := command.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, command.Start())
			lines := bufio.NewReader(output)
			_, err = lines.ReadString('\n')
			require.NoError(t, err)
			require.NoError(t, command.Process.Signal(sent))
			// Shells run the trap when the built-in that waits is done: dash at once, others after the next line.
			_, _ = io.WriteString(input, "go on\n")
			_, _ = io.Copy(io.Discard, lines)
			require.Error(t, command.Wait())
			require.Equal(t, 42, command.ProcessState.ExitCode())
			requireEmpty(t, dir)
		})
	}
}
