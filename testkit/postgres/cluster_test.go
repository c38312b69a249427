//go:build unix

package postgres

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// childVariable turns the test program into a process that starts a cluster in the named folder and waits.
const childVariable = "RECADO_TEST_CLUSTER_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childVariable); dir != "" {
		os.Exit(child(dir))
	}
	os.Exit(m.Run())
}

// child starts a cluster, writes its URL and folder, and stops it when its input ends.
func child(dir string) int {
	ctx := context.Background()
	cluster, err := Start(ctx, Options{Dir: dir})
	if err != nil {
		fmt.Println("error:", err)
		return 1
	}
	fmt.Println(cluster.URL("postgres"), cluster.dir)
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n') // The end of the input is what is waited for.
	if err := cluster.Stop(); err != nil {
		fmt.Println("error:", err)
		return 1
	}
	return 0
}

// openDir is a folder that every user may enter and write, as t.TempDir is not for a root caller's other accounts.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "recado-test-*") //nolint:usetesting // Another user cannot enter t.TempDir.
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	require.NoError(t, os.Chmod(dir, 0o777))
	return dir
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	connection, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = connection.Close(context.Background()) })
	return connection
}

func show(t *testing.T, connection *pgx.Conn, setting string) string {
	t.Helper()
	var value string
	require.NoError(t, connection.QueryRow(t.Context(), "SELECT current_setting($1)", setting).Scan(&value))
	return value
}

func requireEmpty(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, entries)
}

func TestStart(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	cluster, err := Start(t.Context(), Options{Dir: dir, MaxConnections: 17})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, cluster.Stop()) })

	t.Run("runs_with_the_settings_for_tests", func(t *testing.T) {
		connection := connect(t, cluster.URL("postgres"))
		require.Equal(t, "off", show(t, connection, "fsync"))
		require.Equal(t, "17", show(t, connection, "max_connections"))
		require.Equal(t, "UTF8", show(t, connection, "server_encoding"))
		require.NotContains(t, []string{"UTC", "GMT", "Etc/UTC"}, show(t, connection, "TimeZone"))
		var offset string
		require.NoError(t, connection.QueryRow(t.Context(), "SELECT to_char('2026-07-01 12:00:00+00'::timestamptz, 'HH24')").Scan(&offset))
		require.Equal(t, "09", offset, "the session is three hours west of Greenwich")
	})
	t.Run("serves_new_databases_by_URL", func(t *testing.T) {
		_, err := connect(t, cluster.URL("postgres")).Exec(t.Context(), "CREATE DATABASE bakery")
		require.NoError(t, err)
		require.Equal(t, "bakery", connect(t, cluster.URL("bakery")).Config().Database)
	})
	t.Run("refuses_a_wrong_password", func(t *testing.T) {
		_, err := pgx.Connect(t.Context(), strings.Replace(cluster.URL("postgres"), cluster.password, "wrong", 1))
		require.ErrorContains(t, err, "password authentication failed")
	})
	t.Run("refuses_a_taken_port_that_was_asked_for", func(t *testing.T) {
		other := openDir(t)
		_, err := Start(t.Context(), Options{Dir: other, Port: cluster.port})
		require.ErrorIs(t, err, errPortTaken)
		requireEmpty(t, other)
	})
	t.Run("stops_twice_and_leaves_nothing", func(t *testing.T) {
		require.NoError(t, cluster.Stop())
		require.NoError(t, cluster.Stop())
		requireEmpty(t, dir)
		_, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(cluster.port)))
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
	})
}

func TestStart_durable_keeps_fsync(t *testing.T) {
	t.Parallel()
	cluster, err := Start(t.Context(), Options{Dir: openDir(t), Durable: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, cluster.Stop()) })
	connection := connect(t, cluster.URL("postgres"))
	for _, setting := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
		require.Equal(t, "on", show(t, connection, setting), setting)
	}
}

func TestStart_cancelled_leaves_nothing(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := Start(ctx, Options{Dir: dir})
	require.Error(t, err)
	requireEmpty(t, dir)
}

// startChild runs child as another process, as the given user, and returns it with its answer.
func startChild(t *testing.T, program, dir string, credential *syscall.Credential) (command *exec.Cmd, finish func(), url, clusterDir string) {
	t.Helper()
	command = exec.Command(program)
	command.Env = append(os.Environ(), childVariable+"="+dir)
	command.Dir = "/"
	command.Stderr = os.Stderr
	command.SysProcAttr = &syscall.SysProcAttr{Credential: credential}
	input, err := command.StdinPipe()
	require.NoError(t, err)
	output, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	t.Cleanup(func() { _ = command.Process.Kill() })
	answer, err := bufio.NewReader(output).ReadString('\n')
	require.NoError(t, err)
	url, clusterDir, found := strings.Cut(strings.TrimSpace(answer), " ")
	require.True(t, found && strings.HasPrefix(url, "postgres://"), answer)
	return command, func() { require.NoError(t, input.Close()) }, url, clusterDir
}

func TestStart_as_normal_user(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("every test of this package runs as a normal user here")
	}
	account, err := serverAccount()
	require.NoError(t, err)
	dir := openDir(t)
	// The test program lies in a folder that only root can enter.
	program := filepath.Join(openDir(t), "program")
	self, err := os.Executable()
	require.NoError(t, err)
	content, err := os.ReadFile(self)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(program, content, 0o755))

	command, finish, url, clusterDir := startChild(t, program, dir, account.credential)
	info, err := os.Stat(dataDir(clusterDir))
	require.NoError(t, err)
	owner, known := info.Sys().(*syscall.Stat_t)
	require.True(t, known)
	require.Equal(t, account.credential.Uid, owner.Uid)
	require.Equal(t, "recado", connect(t, url).Config().User)
	finish()
	require.NoError(t, command.Wait())
	requireEmpty(t, dir)
}

func TestStart_ends_with_a_killed_parent(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	program, err := os.Executable()
	require.NoError(t, err)
	command, _, url, clusterDir := startChild(t, program, dir, nil)
	connection := connect(t, url)

	require.NoError(t, command.Process.Kill())
	_ = command.Wait()
	if endsWithParent {
		// The server's end closes the connection; without one this waits until the test's time is over.
		_, err = connection.WaitForNotification(t.Context())
		require.Error(t, err)
		require.NoError(t, t.Context().Err())
	}

	require.DirExists(t, clusterDir)
	cluster, err := Start(t.Context(), Options{Dir: dir})
	require.NoError(t, err)
	require.NoDirExists(t, clusterDir, "the next start removes what a killed process left")
	require.NoError(t, cluster.Stop())
	requireEmpty(t, dir)
}

func TestStart_leaves_running_clusters_of_others_alone(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	first, err := Start(t.Context(), Options{Dir: dir})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, first.Stop()) })
	second, err := Start(t.Context(), Options{Dir: dir})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, second.Stop()) })
	connect(t, first.URL("postgres"))
	connect(t, second.URL("postgres"))
}

// The lock ends with its file, which the garbage collector closes when nobody can reach it.
func TestStart_keeps_a_cluster_that_nobody_holds(t *testing.T) {
	dir := openDir(t)
	url := func() string {
		cluster, err := Start(t.Context(), Options{Dir: dir})
		require.NoError(t, err)
		folder := cluster.dir
		t.Cleanup(func() {
			held, ok := running.Load(folder)
			require.True(t, ok)
			require.NoError(t, held.(*Cluster).Stop()) //nolint:errcheck // nothing else is in there
		})
		return cluster.URL("postgres")
	}()
	for range 3 { // a file's turn may come in the round after the one that found it
		collected := make(chan struct{})
		runtime.AddCleanup(new([64]byte), func(done chan struct{}) { close(done) }, collected)
		runtime.GC()
		<-collected
	}
	removeAbandoned(dir)
	connect(t, url)
}
