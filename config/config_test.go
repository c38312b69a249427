package config_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/config"
	"recado/secrets"
)

var update = flag.Bool("update", false, "write .env.example anew")

// complete is the environment of a process on PostgreSQL, with changes.
func complete(changes ...string) map[string]string {
	environ := map[string]string{
		"RECADO_DATABASE_URL":      "postgres://recado:hunter22@db.example:5432/recado?sslmode=require&password=hunter33",
		"RECADO_NATS_URL":          "nats://bus:hunter44@nats-1.example:4222,tls://nats-2.example",
		"RECADO_SECRET_KEY":        secretKey,
		"RECADO_JWT_KEYS":          jwtKeys,
		"RECADO_META_APP_SECRET":   appSecret + ", " + oldAppSecret,
		"RECADO_META_VERIFY_TOKEN": verifyToken,
		"PATH":                     "/bin",
	}
	for i := 0; i < len(changes); i += 2 {
		environ[changes[i]] = changes[i+1]
	}
	return environ
}

var (
	secretKey   = secrets.GenerateKey()
	jwtKeys     = secrets.GenerateSigningKey().Text()
	verifyToken = secrets.GenerateToken()
)

const (
	appSecret    = "0123456789abcdef0123456789abcdef"
	oldAppSecret = "fedcba9876543210fedcba9876543210"
)

// confidential are the parts of complete that must not be seen anywhere.
func confidential() []string {
	_, seed, _ := strings.Cut(jwtKeys, ":")
	return []string{secretKey, seed, verifyToken, appSecret, oldAppSecret, "hunter"}
}

func TestLoad(t *testing.T) {
	t.Run("has defaults for everything but secrets", func(t *testing.T) {
		c, err := config.LoadWithoutSecrets(nil)
		require.NoError(t, err)
		require.Equal(t, config.Config{
			HTTPAddr: "127.0.0.1:8080", OpsAddr: "127.0.0.1:9090",
			DatabaseURL: "sqlite:recado.db", DatabaseConnections: 16, Migrate: config.MigrateAuto,
			MetaGraphURL: "https://graph.facebook.com", MetaGraphVersion: "v26.0", MetaLoginURL: "https://www.facebook.com",
			AccessTokenLifetime: 10 * time.Minute, SessionLifetime: 720 * time.Hour,
			DeliveryRetention: 168 * time.Hour, FeedRetention: 168 * time.Hour, SendQuietPeriod: 10 * time.Minute,
			StripeURL: "https://api.stripe.com", LogLevel: config.LogLevel(slog.LevelInfo), LogFormat: config.LogText,
		}, c)
		require.True(t, c.Embedded())
	})

	t.Run("reads every setting", func(t *testing.T) {
		c, err := config.Load(complete(
			"RECADO_HTTP_ADDR", ":80", "RECADO_OPS_ADDR", "[::1]:81", "RECADO_PUBLIC_URL", " https://recado.example.com/ ",
			"RECADO_DATABASE_CONNECTIONS", "99", "RECADO_MIGRATE", "off", "RECADO_META_GRAPH_URL", "http://127.0.0.1:7000/meta/",
			"RECADO_META_GRAPH_VERSION", "v27.0", "RECADO_META_APP_ID", "1234567890", "RECADO_ACCESS_TOKEN_LIFETIME", "2s",
			"RECADO_SESSION_LIFETIME", "24h", "RECADO_DELIVERY_RETENTION", "48h", "RECADO_FEED_RETENTION", "1h30m",
			"RECADO_SEND_QUIET_PERIOD", "1s", "RECADO_ALLOWED_ORIGINS", "https://a.example, http://localhost:3000",
			"RECADO_GRAPHIQL", "true", "RECADO_LOG_LEVEL", "WARN", "RECADO_LOG_FORMAT", "json",
			"RECADO_STRIPE_SECRET_KEY", "sk_test_0123456789", "RECADO_STRIPE_WEBHOOK_SECRET", "whsec_new01,whsec_old01",
			"RECADO_STRIPE_RETURN_URL", "https://app.example.com/credits", "RECADO_STRIPE_URL", "http://127.0.0.1:12111/",
		))
		require.NoError(t, err)
		require.False(t, c.Embedded())
		require.Equal(t, ":80", c.HTTPAddr)
		require.Equal(t, "[::1]:81", c.OpsAddr)
		require.Equal(t, "https://recado.example.com", c.PublicURL)
		require.Equal(t, 99, c.DatabaseConnections)
		require.Equal(t, config.MigrateOff, c.Migrate)
		require.Equal(t, "http://127.0.0.1:7000/meta", c.MetaGraphURL)
		require.Equal(t, "v27.0", c.MetaGraphVersion)
		require.Equal(t, "1234567890", c.MetaAppID)
		require.Equal(t, []config.Secret{appSecret, oldAppSecret}, c.MetaAppSecrets)
		require.Equal(t, verifyToken, string(c.MetaVerifyToken))
		require.Equal(t, 2*time.Second, c.AccessTokenLifetime)
		require.Equal(t, 24*time.Hour, c.SessionLifetime)
		require.Equal(t, 48*time.Hour, c.DeliveryRetention)
		require.Equal(t, 90*time.Minute, c.FeedRetention)
		require.Equal(t, time.Second, c.SendQuietPeriod)
		require.Equal(t, []string{"https://a.example", "http://localhost:3000"}, c.AllowedOrigins)
		require.Equal(t, "sk_test_0123456789", string(c.StripeSecretKey))
		require.Equal(t, []config.Secret{"whsec_new01", "whsec_old01"}, c.StripeWebhookSecrets)
		require.Equal(t, "https://app.example.com/credits", c.StripeReturnURL)
		require.Equal(t, "http://127.0.0.1:12111", c.StripeURL)
		require.True(t, c.GraphiQL)
		require.Equal(t, slog.LevelWarn, c.LogLevel.Level())
		require.Equal(t, config.LogJSON, c.LogFormat)
		_, err = secrets.NewBox(c.SecretKey)
		require.NoError(t, err)
		require.Len(t, c.JWTKeys, 1)
		require.Equal(t, jwtKeys, c.JWTKeys[0].Text())
		require.Empty(t, c.SecretsFile)
	})

	t.Run("takes an empty variable for one that is not set", func(t *testing.T) {
		c, err := config.Load(complete("RECADO_HTTP_ADDR", "", "RECADO_NATS_URL", " ", "RECADO_LOG_LEVEL", ""))
		require.NoError(t, err)
		require.Equal(t, "127.0.0.1:8080", c.HTTPAddr)
		require.Empty(t, c.NATSURL)
	})

	t.Run("does not mind what tests, compose and Kubernetes set", func(t *testing.T) {
		_, err := config.Load(complete(
			"RECADO_TEST_POSTGRES_URL", "x", "RECADO_POSTGRES_PASSWORD", "x", "RECADO_SERVICE_HOST", "10.0.0.1",
			"RECADO_SERVICE_PORT", "80", "RECADO_SERVICE_PORT_HTTP", "80", "RECADO_PORT", "tcp://10.0.0.1:80",
			"RECADO_PORT_80_TCP", "tcp://10.0.0.1:80", "RECADO_PORT_80_TCP_ADDR", "10.0.0.1",
			"RECADO_WEB_PORT", "tcp://10.0.0.1:80", "RECADO_WEB_SERVICE_HOST", "10.0.0.1",
		))
		require.NoError(t, err)
	})

	t.Run("takes several hosts of PostgreSQL", func(t *testing.T) {
		c, err := config.Load(complete("RECADO_DATABASE_URL", "postgres://recado:hunter22@a.example:5432,b.example:5432/recado"))
		require.NoError(t, err)
		require.NotContains(t, c.String(), "hunter22")
	})
}

func TestLoadRefuses(t *testing.T) {
	const notShown = " characters that are not shown"
	for _, c := range []struct{ variable, value, found string }{
		{"RECADO_HTTP_ADDR", "8080", `"8080"`},
		{"RECADO_HTTP_ADDR", "localhost:http", `"localhost:http"`},
		{"RECADO_HTTP_ADDR", ":65536", `":65536"`},
		{"RECADO_OPS_ADDR", "127.0.0.1:8080", `"127.0.0.1:8080"`},
		{"RECADO_PUBLIC_URL", "recado.example.com", `"recado.example.com"`},
		{"RECADO_PUBLIC_URL", "https://recado.example.com/?a=b", `"https://recado.example.com/?a=b"`},
		{"RECADO_PUBLIC_URL", "https://x.example/" + strings.Repeat("é", 200) + "?", "é…\""},
		{"RECADO_DATABASE_URL", "mysql://root:hunter22@db/recado", `"mysql://db/recado" (without credentials and query)`},
		{"RECADO_DATABASE_URL", "host=db password=hunter22", "set to 25" + notShown},
		{"RECADO_DATABASE_URL", "recado:hunter22@db/recado", "set to 25" + notShown},
		{"RECADO_DATABASE_URL", "postgres:/recado:hunter22@db/recado", "set to 35" + notShown},
		{"RECADO_DATABASE_URL", "mysql://recado:12/hunter22@db/recado", "set to 36" + notShown},
		{"RECADO_DATABASE_URL", "sqlite:", `"sqlite:"`},
		{"RECADO_DATABASE_URL", "sqlite::memory:", `"sqlite::memory:"`},
		{"RECADO_DATABASE_CONNECTIONS", "many", `"many"`},
		{"RECADO_DATABASE_CONNECTIONS", "1", `"1"`},
		{"RECADO_DATABASE_CONNECTIONS", "99999999999999999999", `"99999999999999999999"`},
		{"RECADO_MIGRATE", "yes", `"yes"`},
		{"RECADO_NATS_URL", "http://bus:hunter22@nats:4222", `"http://nats:4222"`},
		{"RECADO_NATS_URL", "nats:4222", "set to 9" + notShown},
		{"RECADO_BLOB_URL", "s3://", `"s3://"`},
		{"RECADO_BLOB_URL", "s3://bucket/folder", `"s3://bucket/folder"`},
		{"RECADO_BLOB_URL", "gs://bucket", `"gs://bucket"`},
		{"RECADO_BLOB_URL", "file:", `"file:"`},
		{"RECADO_META_GRAPH_URL", "ftp://graph.facebook.com", `"ftp://graph.facebook.com"`},
		{"RECADO_META_GRAPH_VERSION", "26", `"26"`},
		{"RECADO_META_APP_ID", "app", `"app"`},
		{"RECADO_META_APP_SECRET", "short", "set to 5" + notShown},
		{"RECADO_META_APP_SECRET", appSecret + ",", "set to 33" + notShown + " (entry 2 is empty)"},
		{"RECADO_META_VERIFY_TOKEN", "two words and more", "set to 18" + notShown},
		{"RECADO_SECRET_KEY", "hunter22", "set to 8" + notShown + " (it holds 6 bytes)"},
		{"RECADO_SECRET_KEY", strings.Repeat("%", 44), "set to 44" + notShown + " (it is not base64)"},
		{"RECADO_JWT_KEYS", secretKey, "set to 44" + notShown + " (key 1 has no id before a colon)"},
		{"RECADO_JWT_KEYS", jwtKeys + ",b:hunter22", "(the seed of key 2 is wrong: it holds 6 bytes)"},
		{"RECADO_ACCESS_TOKEN_LIFETIME", "10", `"10"`},
		{"RECADO_ACCESS_TOKEN_LIFETIME", "25h", `"25h"`},
		{"RECADO_SESSION_LIFETIME", "5m", `"5m"`},
		{"RECADO_SESSION_LIFETIME", "-720h", `"-720h"`},
		{"RECADO_DELIVERY_RETENTION", "7d", `"7d"`},
		{"RECADO_FEED_RETENTION", "0", `"0"`},
		{"RECADO_SEND_QUIET_PERIOD", "0s", `"0s"`},
		{"RECADO_STRIPE_SECRET_KEY", "sk_test_hunter22", "set to 16" + notShown}, // without a webhook secret
		{"RECADO_STRIPE_WEBHOOK_SECRET", "whsec", "set to 5" + notShown},
		{"RECADO_STRIPE_RETURN_URL", "app.example.com", `"app.example.com"`},
		{"RECADO_STRIPE_URL", "api.stripe.com", `"api.stripe.com"`},
		{"RECADO_ALLOWED_ORIGINS", "*", `"*"`},
		{"RECADO_ALLOWED_ORIGINS", "https://a.example/", `"https://a.example/"`},
		{"RECADO_ALLOWED_ORIGINS", "https://a.example,,https://b.example", `"https://a.example,,https://b.example"`},
		{"RECADO_GRAPHIQL", "yes", `"yes"`},
		{"RECADO_LOG_LEVEL", "verbose", `"verbose"`},
		{"RECADO_LOG_FORMAT", "xml", `"xml"`},
	} {
		t.Run(c.variable+" "+c.value, func(t *testing.T) {
			_, err := config.Load(complete(c.variable, c.value))
			require.Error(t, err)
			message := err.Error()
			require.True(t, strings.HasPrefix(message, c.variable+" is "), message)
			require.Contains(t, message, c.found)
			require.Contains(t, message, ": expected ")
			require.NotContains(t, message, "\n")
			for _, secret := range confidential() {
				require.NotContains(t, message, secret)
			}
		})
	}

	t.Run("a misspelt name, with the one it may have been", func(t *testing.T) {
		_, err := config.Load(complete("RECADO_DATABASE_ULR", "x"))
		require.EqualError(t, err, "RECADO_DATABASE_ULR is set, but there is no such setting: expected perhaps RECADO_DATABASE_URL")
		_, err = config.Load(complete("RECADO_META_APP_SECRETS", appSecret))
		require.ErrorContains(t, err, "perhaps RECADO_META_APP_SECRET")
		_, err = config.Load(complete("RECADO_PORT", "8080"))
		require.ErrorContains(t, err, "RECADO_PORT is set, but there is no such setting")
		_, err = config.Load(complete("RECADO_QQQQQQQQQQQQ", "1"))
		require.ErrorContains(t, err, "recado --help")
	})

	for _, name := range []string{"RECADO_META_APP_SECRET", "RECADO_META_VERIFY_TOKEN", "RECADO_SECRET_KEY", "RECADO_JWT_KEYS"} {
		t.Run("PostgreSQL without "+name+", unless nothing needs secrets", func(t *testing.T) {
			environ := complete()
			delete(environ, name)
			_, err := config.Load(environ)
			require.ErrorContains(t, err, name+" is not set: with PostgreSQL, expected ")
			require.NotContains(t, err.Error(), "\n")
			_, err = config.LoadWithoutSecrets(environ)
			require.NoError(t, err)
		})
	}
}

func TestConfigKeepsItsSecrets(t *testing.T) {
	c, err := config.Load(complete())
	require.NoError(t, err)
	var text, encoded bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("settings", "config", c, "one", c.MetaVerifyToken, "key", c.SecretKey, "all", c.MetaAppSecrets)
	slog.New(slog.NewJSONHandler(&encoded, nil)).Info("settings", "config", c, "nested", map[string]any{"a": c.MetaAppSecrets, "k": c.SecretKey, "j": c.JWTKeys})
	asJSON, err := json.Marshal([]any{c.SecretKey, c.JWTKeys, c.MetaAppSecrets, c.MetaVerifyToken})
	require.NoError(t, err)
	shown := []string{text.String(), encoded.String(), string(asJSON)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		shown = append(shown, fmt.Sprintf(verb, c), fmt.Sprintf(verb, &c),
			fmt.Sprintf(verb, c.SecretKey), fmt.Sprintf(verb, c.JWTKeys), fmt.Sprintf(verb, c.MetaAppSecrets))
	}
	hidden := append(confidential(), fmt.Sprintf("%d", []byte(c.SecretKey))[1:20], fmt.Sprintf("%x", []byte(c.SecretKey))[:10],
		fmt.Sprintf("%d", []byte(c.JWTKeys[0].Key))[1:20])
	for _, s := range shown {
		for _, secret := range hidden {
			require.NotContains(t, s, secret)
		}
	}
	require.Contains(t, text.String(), "RECADO_DATABASE_URL=postgres://db.example:5432/recado ")
	require.Contains(t, text.String(), "RECADO_NATS_URL=nats://nats-1.example:4222,tls://nats-2.example ")
	require.Contains(t, text.String(), `RECADO_SECRET_KEY="set, not shown"`)
	require.Contains(t, encoded.String(), `"RECADO_LOG_LEVEL":"info"`)
}

func TestConfig_Blobs(t *testing.T) {
	require.Equal(t, "file:/data/x.db.files", config.Config{DatabaseURL: "sqlite:/data/x.db?synchronous=normal"}.Blobs())
	require.Equal(t, "file:recado-files", config.Config{DatabaseURL: "postgres://db/recado"}.Blobs())
	require.Equal(t, "file:/files", config.Config{DatabaseURL: "postgres://db/recado", BlobURL: "file:/files"}.Blobs())
}

func TestVariables(t *testing.T) {
	variables := config.Variables()

	t.Run("say all that people need", func(t *testing.T) {
		require.Len(t, variables, 30)
		names := map[string]bool{}
		for _, v := range variables {
			require.True(t, strings.HasPrefix(v.Name, "RECADO_"))
			require.False(t, names[v.Name], v.Name)
			names[v.Name] = true
			require.True(t, strings.HasSuffix(v.Description, "."), v.Name)
			require.NotEmpty(t, v.Expected, v.Name)
			require.False(t, v.Secret && v.Default != "", v.Name)
		}
	})

	t.Run("have defaults that are what is expected", func(t *testing.T) {
		environ := map[string]string{}
		for _, v := range variables {
			environ[v.Name] = v.Default
		}
		explicit, err := config.LoadWithoutSecrets(environ)
		require.NoError(t, err)
		implicit, err := config.LoadWithoutSecrets(nil)
		require.NoError(t, err)
		require.Equal(t, implicit, explicit)
	})

	t.Run("are what .env.example holds (go test ./config -update writes it)", func(t *testing.T) {
		path := filepath.Join("..", ".env.example")
		if *update {
			require.NoError(t, os.WriteFile(path, []byte(config.EnvExample()), 0o644))
		}
		file, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, config.EnvExample(), string(file))
		for _, v := range variables {
			require.Contains(t, string(file), "#"+v.Name+"="+v.Default+"\n")
		}
	})
}

func FuzzLoad(f *testing.F) {
	for _, v := range config.Variables() {
		f.Add(v.Name, v.Default)
	}
	f.Add("RECADO_DATABASE_URL", "postgres://a:b@c,d/e")
	f.Fuzz(func(t *testing.T, name, value string) {
		environ := complete()
		maps.Copy(environ, map[string]string{name: value})
		c, err := config.LoadWithoutSecrets(environ)
		if err == nil {
			_ = c.String()
			return
		}
		require.NotContains(t, err.Error(), "\n")
		require.True(t, strings.HasPrefix(err.Error(), "RECADO_"), err.Error())
	})
}
