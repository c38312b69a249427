package cli

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/config"
)

// terminal runs commands on a database of its own.
type terminal struct {
	t       *testing.T
	environ map[string]string
}

func newTerminal(t *testing.T) terminal {
	t.Helper()
	return terminal{t, map[string]string{
		"RECADO_DATABASE_URL": "sqlite:" + filepath.Join(t.TempDir(), "recado.db"),
		"RECADO_HTTP_ADDR":    "127.0.0.1:0",
		"RECADO_OPS_ADDR":     "127.0.0.1:0",
	}}
}

// output is what a command left behind.
type output struct {
	code           int
	stdout, stderr string
}

func (x terminal) enter(input string, args ...string) output {
	x.t.Helper()
	return x.runIn(x.t.Context(), input, args...)
}

func (x terminal) runIn(ctx context.Context, input string, args ...string) output {
	var stdout, stderr bytes.Buffer
	p := &program{stdin: strings.NewReader(input), stdout: &stdout, stderr: &stderr, environ: x.environ}
	code := p.run(ctx, args)
	return output{code, stdout.String(), stderr.String()}
}

// works runs a command that must succeed and returns what it printed.
func (x terminal) works(input string, args ...string) string {
	x.t.Helper()
	out := x.enter(input, args...)
	require.Equal(x.t, exitDone, out.code, out.stderr)
	return out.stdout
}

// fails runs a command that must fail with one line, and returns the line.
func (x terminal) fails(code int, args ...string) string {
	x.t.Helper()
	out := x.enter("", args...)
	require.Equal(x.t, code, out.code, out.stdout)
	require.Equal(x.t, 1, strings.Count(out.stderr, "\n"), "one line: %q", out.stderr)
	require.Regexp(x.t, "^recado: ", out.stderr)
	return out.stderr
}

func TestHelp(t *testing.T) {
	x := newTerminal(t)

	t.Run("lists every command and every setting", func(t *testing.T) {
		for _, args := range [][]string{nil, {"--help"}} {
			help := x.works("", args...)
			for _, command := range []string{
				"serve", "demo", "migrate up", "migrate status", "organization list", "organization edition", "user create", "user activate", "user deactivate", "channel connect",
				"channel assign", "channel permit", "delivery list", "delivery show", "delivery replay", "key generate", "simulate", "version",
			} {
				require.Contains(t, help, "\n  "+command, command)
			}
			for _, variable := range config.Variables() {
				require.Contains(t, help, variable.Name)
			}
		}
	})

	t.Run("each command explains itself", func(t *testing.T) {
		require.Contains(t, x.works("", "serve", "--help"), "RECADO_DATABASE_URL")
		help := x.works("", "channel", "connect", "--help")
		require.Contains(t, help, "--token-file")
		require.NotContains(t, help, "RECADO_DATABASE_URL")
	})

	require.Regexp(t, `^recado .`, x.works("", "version"))
}

func TestMistakes(t *testing.T) {
	x := newTerminal(t)

	t.Run("in the command line exit with 2", func(t *testing.T) {
		for _, args := range [][]string{
			{"fly"},
			{"user", "create"},
			{"delivery", "list", "--outcome", "lost"},
			{"delivery", "replay"},
			{"delivery", "show", "7"},
			{"user", "create", "--organization=A", "--email=a@example.com", "--name=A", "--password=x", "--password-stdin"},
			{"channel", "permit", "--phone-number-id=1", "--profile=Standard", "--level=ADMIN"},
		} {
			x.fails(exitUsage, args...)
		}
	})

	t.Run("in settings name the variable, what was found and what is expected", func(t *testing.T) {
		for name, test := range map[string]struct{ value, found string }{
			"RECADO_HTTP_ADDR":      {"8080", `"8080"`},
			"RECADO_MIGRATE":        {"sometimes", `"sometimes"`},
			"RECADO_DATABASE_URL":   {"mysql://me:hunter2@host/db", "mysql://host/db"},
			"RECADO_META_GRAPH_URL": {"graph.facebook.com", `"graph.facebook.com"`},
			"RECADO_SECRET_KEY":     {"hunter2", "not shown"},
		} {
			wrong := newTerminal(t)
			wrong.environ[name] = test.value
			line := wrong.fails(exitFailure, "serve")
			require.Contains(t, line, name)
			require.Contains(t, line, "expected")
			require.Contains(t, line, test.found)
			require.NotContains(t, line, "hunter2")
		}
	})

	t.Run("PostgreSQL without secrets does not start", func(t *testing.T) {
		wrong := newTerminal(t)
		wrong.environ["RECADO_DATABASE_URL"] = "postgres://127.0.0.1:1/recado"
		require.Contains(t, wrong.fails(exitFailure, "serve"), "is not set")
	})

	t.Run("pending migrations stop the start when it must not migrate", func(t *testing.T) {
		wrong := newTerminal(t)
		wrong.environ["RECADO_MIGRATE"] = "off"
		require.Contains(t, wrong.fails(exitFailure, "serve"), "recado migrate up")
		require.Contains(t, wrong.fails(exitFailure, "migrate", "status"), "pending")
		wrong.works("", "migrate", "up")
		require.Contains(t, wrong.works("", "migrate", "status"), "applied")
		wrong.works("", "delivery", "list")
	})
}

func TestOperating(t *testing.T) {
	x := newTerminal(t)
	const number = "--phone-number-id=331908274466120"
	user := func(email string, more ...string) []string {
		return append([]string{"user", "create", "--organization=Padaria Aurora", "--email=" + email, "--name=Somebody"}, more...)
	}

	t.Run("an organization is only made when asked for", func(t *testing.T) {
		require.Contains(t, x.fails(exitFailure, user("ana@example.com")...), "--create-organization")
		printed := x.works("", user("ana@example.com", "--create-organization")...)
		require.Regexp(t, `Password, shown only now: \S{20}\n`, printed)
	})

	t.Run("a password comes from standard input, and is not printed", func(t *testing.T) {
		printed := x.works("correct horse battery\n", user("bia@example.com", "--profile=Standard", "--password-stdin", "--create-organization")...)
		require.NotContains(t, printed, "Password")
		require.Contains(t, x.fails(exitFailure, user("caio@example.com", "--password=short")...), "password is not valid")
		require.Contains(t, x.fails(exitFailure, user("bia@example.com")...), "email is taken")
		require.Contains(t, x.fails(exitFailure, user("dora@example.com", "--profile=Sales")...), `no profile "Sales"`)
		require.Equal(t, exitFailure, x.enter("", user("dora@example.com", "--password-stdin")...).code)
	})

	t.Run("a profile is only made when asked for", func(t *testing.T) {
		printed := x.works("", user("dora@example.com", "--profile=Sales", "--create-profile")...)
		require.Contains(t, printed, "profile Sales")
		x.works("", user("edu@example.com", "--profile=Sales", "--create-profile")...)
	})

	t.Run("a number is connected with a token that is not in the command line", func(t *testing.T) {
		connect := []string{"channel", "connect", "--organization=Padaria Aurora", "--name=Balcão", number, "--waba-id=102290129340398", "--number=+55 11 4002-8922"}
		require.Equal(t, exitFailure, x.enter("", connect...).code)
		printed := x.works("EAAG-token-of-the-number\n", connect...)
		require.Contains(t, printed, "/webhooks/whatsapp")
		require.NotContains(t, printed, "EAAG")
		file := filepath.Join(t.TempDir(), "token")
		require.NoError(t, os.WriteFile(file, []byte("EAAG-another-token\n"), 0o600))
		x.works("", append(connect, "--token-file="+file)...)
		require.Contains(t, x.fails(exitFailure, "channel", "connect", "--organization=Nobody", "--name=x", "--phone-number-id=1", "--waba-id=1",
			"--number=+55 11 4002-8922", "--token-file="+file), `no organization "Nobody"`)
	})

	t.Run("rights and turns are given", func(t *testing.T) {
		require.Contains(t, x.works("", "channel", "permit", number, "--profile=Standard", "--level=REPLY"), "REPLY")
		require.Contains(t, x.fails(exitFailure, "channel", "permit", number, "--profile=Administrator", "--level=VIEW"), "cannot be changed")
		require.Contains(t, x.fails(exitFailure, "channel", "permit", "--phone-number-id=1", "--profile=Standard", "--level=VIEW"), "no channel")
		require.Contains(t, x.works("", "channel", "assign", number, "--emails=bia@example.com,ana@example.com"), "bia@example.com, ana@example.com in turn")
		require.Contains(t, x.fails(exitFailure, "channel", "assign", number, "--emails=stranger@example.com"), "stranger@example.com")
		require.Contains(t, x.works("", "channel", "assign", number), "nobody")
	})

	t.Run("users are switched off and on", func(t *testing.T) {
		require.Contains(t, x.works("", "user", "deactivate", "--email=BIA@example.com"), "switched off")
		require.Contains(t, x.works("", "user", "activate", "--email=bia@example.com"), "may sign in")
		require.Contains(t, x.fails(exitFailure, "user", "deactivate", "--email=nobody@example.com"), "no user")
	})

	t.Run("deliveries are listed", func(t *testing.T) {
		require.Contains(t, x.works("", "delivery", "list", "--outcome=failed"), "OUTCOME")
		require.Contains(t, x.works("", "delivery", "replay", "--failed"), "Replayed 0")
		require.Contains(t, x.fails(exitFailure, "delivery", "show", "01a20799-b3ae-784b-af7e-85e447972f1b"), "no delivery")
	})
}

func TestKeyGenerate(t *testing.T) {
	x := newTerminal(t)
	// What it prints serves as settings where nothing is made by itself.
	for line := range strings.Lines(x.works("", "key", "generate")) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		x.environ[name] = value
	}
	c, err := config.Load(x.environ)
	require.NoError(t, err)
	require.Empty(t, c.SecretsFile)
	first, second := x.works("", "key", "generate"), x.works("", "key", "generate")
	require.NotEqual(t, first, second)
}

func TestServe(t *testing.T) {
	t.Run("starts with nothing set, and ends by itself when told to", func(t *testing.T) {
		binary := filepath.Join(t.TempDir(), "recado")
		build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "recado")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if message, err := build.CombinedOutput(); err != nil {
			t.Fatal(err, string(message))
		}
		folder := t.TempDir()
		log := &lines{arrived: make(chan struct{}, 1)}
		serve := exec.CommandContext(t.Context(), binary, "serve")
		serve.Dir, serve.Stderr = folder, log
		serve.Env = []string{"RECADO_HTTP_ADDR=127.0.0.1:0", "RECADO_OPS_ADDR=127.0.0.1:0", "HOME=" + folder}
		require.NoError(t, serve.Start())

		ops := log.waitFor(t, regexp.MustCompile(`msg=ready .*ops=(\S+)`))
		response, err := http.Get("http://" + ops + "/readyz")
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusOK, response.StatusCode)
		info, err := os.Stat(filepath.Join(folder, "recado.db.secrets"))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

		require.NoError(t, serve.Process.Signal(syscall.SIGTERM))
		require.NoError(t, serve.Wait(), "exit code 0")
	})

	t.Run("an address in use is one line", func(t *testing.T) {
		x := newTerminal(t)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		x.environ["RECADO_HTTP_ADDR"] = "192.0.2.1:80" // of nobody
		out := x.runIn(ctx, "", "serve")
		require.Equal(t, exitFailure, out.code)
		last := out.stderr[strings.LastIndex(strings.TrimSpace(out.stderr), "\n")+1:]
		require.Contains(t, last, "listen for HTTP")
	})
}

func TestSimulate(t *testing.T) {
	x := newTerminal(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // starts, and ends at once
	out := x.runIn(ctx, "", "simulate", "--addr=127.0.0.1:0")
	if out.code == exitDone {
		require.Contains(t, out.stdout, "RECADO_META_GRAPH_URL")
	} else {
		require.Contains(t, out.stderr, "canceled")
	}
	require.Equal(t, exitUsage, x.enter("", "simulate", "--addr=127.0.0.1:0", "--number=12").code)
}
