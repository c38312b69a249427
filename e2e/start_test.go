package e2e_test

import (
	"errors"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"recado/models"
	"recado/secrets"
	"recado/store"
	"recado/testkit"
)

func TestStart(t *testing.T) {
	t.Run("with nothing set it makes all it needs, once", func(t *testing.T) {
		folder := t.TempDir()
		first := serve(t, folder, freePorts)
		path := filepath.Join(folder, "recado.db.secrets")
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o600), info.Mode())
		made, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NotContains(t, first.log.tail(1000), secretIn(t, made, "RECADO_SECRET_KEY"), "a secret in the log")

		created := run(t, folder, freePorts, "user", "create", "--organization=Padaria Aurora", "--create-organization",
			"--email=ana@aurora.example", "--name=Ana", "--password="+password)
		require.Zero(t, created.code, created.stderr)
		ana := signIn(t, first, models.User{Email: "ana@aurora.example"})
		require.Equal(t, "Ana", ana.name())
		require.Zero(t, first.terminate())

		second := serve(t, folder, freePorts)
		kept, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, string(made), string(kept))
		require.Equal(t, "Ana", ana.at(second).name(), "whoever was signed in still is")
	})

	t.Run("several at once on one empty database agree", func(t *testing.T) {
		settings, folder := onEmptyPostgres(t), t.TempDir()
		ended := make(chan error, 4)
		for range cap(ended) {
			go func() {
				result, err := tryRun(folder, settings, "migrate", "up")
				if err == nil && result.code != 0 {
					err = errors.New(result.stderr)
				}
				ended <- err
			}()
		}
		for range cap(ended) {
			require.NoError(t, <-ended)
		}
		serve(t, folder, settings.with("RECADO_MIGRATE", "off"))
	})

	t.Run("without its NATS it serves, and says that it is not ready", func(t *testing.T) {
		nowhere, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		require.NoError(t, nowhere.Close())
		p := launch(t, t.TempDir(), onEmptyPostgres(t).with("RECADO_NATS_URL", "nats://"+nowhere.Addr().String()))
		status, body := p.readiness()
		require.Equal(t, http.StatusServiceUnavailable, status)
		require.JSONEq(t, `{"status":"unready","checks":{"bus":"failed","database":"ok"}}`, body)
	})
}

// TestRefusedStart holds that whoever has set something wrong is told so in one
// line, before anything is served.
func TestRefusedStart(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { taken.Close() })
	complete := onEmptyPostgres(t)

	for name, c := range map[string]struct {
		settings settings
		told     []string
	}{
		"a wrong address":            {freePorts.with("RECADO_HTTP_ADDR", "8080"), []string{"RECADO_HTTP_ADDR", `"8080"`, "expected HOST:PORT"}},
		"a port that is taken":       {freePorts.with("RECADO_HTTP_ADDR", taken.Addr().String()), []string{taken.Addr().String(), "address already in use"}},
		"an unknown setting":         {freePorts.with("RECADO_DATABSE_URL", "sqlite:x.db"), []string{"RECADO_DATABSE_URL", "RECADO_DATABASE_URL"}},
		"a database of another kind": {freePorts.with("RECADO_DATABASE_URL", "mysql://localhost/x"), []string{"RECADO_DATABASE_URL", "mysql://localhost/x", "expected sqlite:"}},
		"a database out of reach":    {complete.with("RECADO_DATABASE_URL", "postgres://u:hunter22@127.0.0.1:1/x"), []string{"127.0.0.1"}},
		"a secret of a wrong form":   {complete.with("RECADO_SECRET_KEY", "hunter22-in-no-base64"), []string{"RECADO_SECRET_KEY", "expected 32 bytes in base64"}},
		"pending migrations and RECADO_MIGRATE=off": {
			complete.with("RECADO_MIGRATE", "off"), []string{"pending migrations", "recado migrate up"},
		},
		"pending migrations on SQLite": {freePorts.with("RECADO_MIGRATE", "off"), []string{"pending migrations", "recado migrate up"}},
	} {
		t.Run(name, func(t *testing.T) {
			result := run(t, t.TempDir(), c.settings, "serve")
			require.Equal(t, 1, result.code)
			require.Empty(t, result.stdout)
			lines := slices.DeleteFunc(strings.Split(strings.TrimSpace(result.stderr), "\n"), func(line string) bool {
				return strings.Contains(line, `"level":"INFO"`) // what was done before
			})
			require.Len(t, lines, 1, result.stderr)
			require.True(t, strings.HasPrefix(lines[0], "recado: "), lines[0])
			for _, told := range c.told {
				require.Contains(t, lines[0], told)
			}
			require.NotContains(t, result.stderr, "hunter22")
		})
	}
	for _, secret := range []string{"RECADO_SECRET_KEY", "RECADO_JWT_KEYS", "RECADO_META_APP_SECRET", "RECADO_META_VERIFY_TOKEN"} {
		t.Run("PostgreSQL without "+secret, func(t *testing.T) {
			result := run(t, t.TempDir(), complete.with(secret, ""), "serve")
			require.Equal(t, 1, result.code)
			require.Contains(t, result.stderr, secret+" is not set")
		})
	}
	t.Run("leaves the database as it was", func(t *testing.T) {
		result := run(t, t.TempDir(), complete, "migrate", "status")
		require.Equal(t, 1, result.code, result.stdout)
	})
}

// onEmptyPostgres has all that is needed on a PostgreSQL database in which nothing
// was done.
func onEmptyPostgres(t *testing.T) settings {
	t.Helper()
	address := testkit.URL(t, store.Postgres)
	db := testkit.Open(t, address, nil)
	_, err := db.WriterDB().ExecContext(t.Context(), "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
	require.NoError(t, err)
	return freePorts.with("RECADO_DATABASE_URL", address,
		"RECADO_SECRET_KEY", secrets.GenerateKey(), "RECADO_JWT_KEYS", secrets.GenerateSigningKey().Text(),
		"RECADO_META_APP_SECRET", appSecret, "RECADO_META_VERIFY_TOKEN", verifyToken)
}

func secretIn(t *testing.T, file []byte, name string) string {
	t.Helper()
	_, value, found := strings.Cut(string(file), name+"=")
	require.True(t, found)
	value, _, _ = strings.Cut(value, "\n")
	require.NotEmpty(t, value)
	return value
}

// name is what the API calls the signed-in user.
func (c *client) name() string {
	c.t.Helper()
	var answer struct {
		Viewer struct{ User struct{ Name string } }
	}
	c.ask(`{ viewer { user { name } } }`, nil, &answer)
	return answer.Viewer.User.Name
}
