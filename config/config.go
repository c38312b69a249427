package config

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
)

// Migrate says whether the program brings the schema up to date when it starts.
type Migrate string

// The ways to migrate.
const (
	MigrateAuto Migrate = "auto"
	MigrateOff  Migrate = "off" // `recado migrate up` does it
)

// LogFormat is how log lines are written.
type LogFormat string

// The formats.
const (
	LogText LogFormat = "text"
	LogJSON LogFormat = "json"
)

// Config is every setting of the program. Its secrets do not show when it is
// printed or logged.
//
// Tags: env and envDefault are read by caarlos0/env; about and expect are for
// people; secret is "all" for what must not be shown, and "url" for addresses of
// which only user, password and query must not.
type Config struct {
	HTTPAddr  string `env:"RECADO_HTTP_ADDR" envDefault:"127.0.0.1:8080" about:"Address of GraphQL and the webhooks." expect:"HOST:PORT, such as 127.0.0.1:8080 or :8080"`
	OpsAddr   string `env:"RECADO_OPS_ADDR" envDefault:"127.0.0.1:9090" about:"Address of health, readiness and metrics. Keep it private." expect:"HOST:PORT, another one than RECADO_HTTP_ADDR"`
	PublicURL string `env:"RECADO_PUBLIC_URL" about:"Where the outside world reaches RECADO_HTTP_ADDR, to tell people what to enter at Meta." expect:"an address such as https://recado.example.com, without query"`

	DatabaseURL         string  `env:"RECADO_DATABASE_URL" envDefault:"sqlite:recado.db" secret:"url" about:"The database: a file of SQLite (embedded mode) or a PostgreSQL server." expect:"sqlite:PATH of a file or postgres://USER:PASSWORD@HOST/DATABASE"`
	DatabaseConnections int     `env:"RECADO_DATABASE_CONNECTIONS" envDefault:"16" about:"Most connections to PostgreSQL at a time." expect:"a number from 2 to 1000"`
	Migrate             Migrate `env:"RECADO_MIGRATE" envDefault:"auto" about:"Whether the start brings the schema up to date." expect:"auto or off"`
	NATSURL             string  `env:"RECADO_NATS_URL" secret:"url" about:"The NATS servers that carry live events between processes. Not set: one inside this process, for this process alone." expect:"addresses such as nats://HOST:4222, separated by commas"`
	BlobURL             string  `env:"RECADO_BLOB_URL" about:"Where files of messages are kept: a folder, which all copies of the program share, or a bucket of S3. The keys of S3 come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or from the machine's role. Not set: FILE.files beside the file of SQLite, or recado-files in the working directory with PostgreSQL." expect:"file:PATH of a folder, or s3://BUCKET with options, like s3://recado?region=sa-east-1&prefix=files/"`

	MetaGraphURL     string   `env:"RECADO_META_GRAPH_URL" envDefault:"https://graph.facebook.com" about:"Meta's Graph API, or a simulator of it." expect:"an address such as https://graph.facebook.com, without query"`
	MetaGraphVersion string   `env:"RECADO_META_GRAPH_VERSION" envDefault:"v26.0" about:"Version of the Graph API." expect:"a version such as v26.0"`
	MetaAppID        string   `env:"RECADO_META_APP_ID" about:"Id of the app at Meta." expect:"the digits of the app's id"`
	MetaAppSecrets   []Secret `env:"RECADO_META_APP_SECRET" secret:"all" about:"App secret, which signs Meta's webhooks; several while it is rotated. Without it webhooks are refused." expect:"the app secret from the app's dashboard at Meta (App settings, Basic), or several separated by commas"`
	MetaLoginURL     string   `env:"RECADO_META_LOGIN_URL" envDefault:"https://www.facebook.com" about:"Where people sign in at Meta, or a simulator of it." expect:"an address such as https://www.facebook.com, without query"`
	MetaLoginConfig  string   `env:"RECADO_META_LOGIN_CONFIG_ID" about:"Id of the app's configuration of Facebook Login for Business, by which people connect their numbers. Register RECADO_PUBLIC_URL/oauth/meta/callback there." expect:"the digits of the configuration's id"`
	MetaVerifyToken  Secret   `env:"RECADO_META_VERIFY_TOKEN" secret:"all" about:"The word that Meta shows when a webhook is set up. Made by itself in embedded mode." expect:"8 to 200 characters without spaces; make one with: openssl rand -hex 16"`

	SecretKey           Key           `env:"RECADO_SECRET_KEY" secret:"all" about:"Encrypts the tokens of channels in the database. Made by itself in embedded mode. Losing it means connecting all channels again." expect:"32 bytes in base64; make it with: openssl rand -base64 32"`
	JWTKeys             SigningKeys   `env:"RECADO_JWT_KEYS" secret:"all" about:"Ed25519 keys of access tokens: the first signs, all verify. Made by itself in embedded mode." expect:"ID:SEED, where SEED is 32 bytes in base64, or several separated by commas; make one with: recado key generate"`
	AccessTokenLifetime time.Duration `env:"RECADO_ACCESS_TOKEN_LIFETIME" envDefault:"10m" about:"How long an access token serves." expect:"a duration from 1s to 24h, such as 10m"`
	SessionLifetime     time.Duration `env:"RECADO_SESSION_LIFETIME" envDefault:"720h" about:"How long people stay signed in." expect:"a duration from 1m to 8760h, such as 720h, not shorter than RECADO_ACCESS_TOKEN_LIFETIME"`

	DeliveryRetention time.Duration `env:"RECADO_DELIVERY_RETENTION" envDefault:"168h" about:"How long raw webhooks are kept, to be replayed." expect:"a duration from 1m to 87600h, such as 168h"`
	FeedRetention     time.Duration `env:"RECADO_FEED_RETENTION" envDefault:"168h" about:"How long events are kept, for clients that resume." expect:"a duration from 1m to 87600h, such as 168h"`
	SendQuietPeriod   time.Duration `env:"RECADO_SEND_QUIET_PERIOD" envDefault:"10m" about:"How long a message whose sending got no answer waits for a webhook about it before it is sent again." expect:"a duration from 1s to 24h, such as 10m"`

	StripeSecretKey      Secret   `env:"RECADO_STRIPE_SECRET_KEY" secret:"all" optional:"true" about:"Key of the Stripe account that takes payments for credits. Not set: administrators record payments by hand." expect:"a secret or restricted key from Stripe's dashboard, such as sk_live_…, together with RECADO_STRIPE_WEBHOOK_SECRET"`
	StripeWebhookSecrets []Secret `env:"RECADO_STRIPE_WEBHOOK_SECRET" secret:"all" optional:"true" about:"Signs Stripe's webhooks, which go to /webhooks/stripe; several while it is rotated." expect:"the signing secret of the webhook endpoint from Stripe's dashboard, such as whsec_…, or several separated by commas"`
	StripeReturnURL      string   `env:"RECADO_STRIPE_RETURN_URL" about:"Where people come back to after paying. Not set: RECADO_PUBLIC_URL." expect:"an address such as https://app.example.com/credits, without query; with RECADO_STRIPE_SECRET_KEY this or RECADO_PUBLIC_URL is needed"`
	StripeURL            string   `env:"RECADO_STRIPE_URL" envDefault:"https://api.stripe.com" about:"Stripe's API, or a mock of it." expect:"an address such as https://api.stripe.com, without query"`

	AllowedOrigins []string  `env:"RECADO_ALLOWED_ORIGINS" about:"Web pages that may call the API from a browser." expect:"origins such as https://app.example.com, without path, separated by commas"`
	GraphiQL       bool      `env:"RECADO_GRAPHIQL" envDefault:"false" about:"Serve a page to try GraphQL at /graphiql. For development." expect:"true or false"`
	LogLevel       LogLevel  `env:"RECADO_LOG_LEVEL" envDefault:"info" about:"The least important lines to log." expect:"debug, info, warn or error"`
	LogFormat      LogFormat `env:"RECADO_LOG_FORMAT" envDefault:"text" about:"How log lines are written." expect:"text or json"`

	// SecretsFile is the file that some of the secrets were read from; empty if all
	// were given.
	SecretsFile string
	// SecretsMade tells that SecretsFile did not exist and was made just now.
	SecretsMade bool
}

// Load reads the settings from the environment, makes the secrets that are missing
// if the mode is embedded, and requires them otherwise. Blanks around a value are
// cut off; a variable that is empty counts as not set.
//
// Names that begin with RECADO_TEST_ or RECADO_POSTGRES_ are for tests and
// compose.yaml, and those that Kubernetes and container links set for a service
// called recado are theirs; any other RECADO_ name that is no setting is an error.
func Load(environ map[string]string) (Config, error) {
	values, err := settings(environ)
	if err != nil {
		return Config{}, err
	}
	c, err := parse(values, "")
	if err != nil {
		return Config{}, err
	}
	missing := missingSecrets(values)
	if len(missing) == 0 {
		return c, nil
	}
	if !c.Embedded() {
		return Config{}, fmt.Errorf("%s is not set: with PostgreSQL, expected %s", missing[0], fieldOf(missing[0]).Expected)
	}
	path, _ := sqlitePath(c.DatabaseURL)
	path += secretsSuffix
	kept, made, err := keptSecrets(path, missing)
	if err != nil {
		return Config{}, err
	}
	if _, err := parse(kept, path); err != nil { // so that the error tells where to look
		return Config{}, err
	}
	maps.Copy(values, kept)
	c, err = parse(values, "")
	c.SecretsFile, c.SecretsMade = path, made
	return c, err
}

// LoadWithoutSecrets is Load for commands that only use the database: it neither
// makes nor requires secrets, but those that are given must be right.
func LoadWithoutSecrets(environ map[string]string) (Config, error) {
	values, err := settings(environ)
	if err != nil {
		return Config{}, err
	}
	return parse(values, "")
}

// Embedded tells whether everything runs in this process, on a SQLite file.
func (c Config) Embedded() bool {
	_, embedded := sqlitePath(c.DatabaseURL)
	return embedded
}

// Blobs is the address of the blob store.
func (c Config) Blobs() string {
	if c.BlobURL != "" {
		return c.BlobURL
	}
	if path, embedded := sqlitePath(c.DatabaseURL); embedded {
		return "file:" + path + ".files"
	}
	return "file:recado-files"
}

// parse turns the values that are set into a Config. file is where they came from,
// if not from the environment.
func parse(values map[string]string, file string) (Config, error) {
	var c Config
	err := env.ParseWithOptions(&c, env.Options{Environment: values, FuncMap: parsers})
	if failures, ok := errors.AsType[env.AggregateError](err); ok && len(failures.Errors) > 0 {
		if failure, ok := errors.AsType[env.ParseError](failures.Errors[0]); ok {
			return Config{}, wrong(fieldNamed(failure.Name), values, file, failure.Err)
		}
	}
	if err != nil {
		return Config{}, fmt.Errorf("read settings: %w", err)
	}
	c.PublicURL = strings.TrimRight(c.PublicURL, "/")
	c.MetaGraphURL = strings.TrimRight(c.MetaGraphURL, "/")
	c.MetaLoginURL = strings.TrimRight(c.MetaLoginURL, "/")
	c.StripeURL = strings.TrimRight(c.StripeURL, "/")
	for _, check := range checks {
		if !check.passes(c) {
			return Config{}, wrong(fieldOf(check.variable), values, file, nil)
		}
	}
	return c, nil
}

// wrong says that the value of a setting is not as expected. Why is only told of
// our own parsers of secrets, which show nothing of them.
func wrong(f Variable, values map[string]string, file string, why error) error {
	name := f.Name
	if file != "" {
		name += " in " + file
	}
	found := f.shown(values[f.Name])
	if f.secrecy == secretAll && why != nil {
		found += fmt.Sprintf(" (%v)", why)
	}
	return fmt.Errorf("%s is %s: expected %s", name, found, f.Expected)
}

// LogValue shows every setting by the name of its variable; of secrets only
// whether they are set.
func (c Config) LogValue() slog.Value {
	var attrs []slog.Attr
	for _, f := range variables {
		attrs = append(attrs, slog.Any(f.Name, f.loggable(c)))
	}
	return slog.GroupValue(attrs...)
}

// String is LogValue for fmt.
func (c Config) String() string { return c.LogValue().String() }

// GoString is String, so that %#v shows no secret either.
func (c Config) GoString() string { return c.String() }
