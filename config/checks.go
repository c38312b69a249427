package config

import (
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

const hour = time.Hour

// checks are the rules that the types do not hold. What is not set passes: whether
// it may be is decided elsewhere.
var checks = []struct {
	variable string
	passes   func(Config) bool
}{
	{"RECADO_HTTP_ADDR", func(c Config) bool { return isAddress(c.HTTPAddr) }},
	{"RECADO_OPS_ADDR", func(c Config) bool {
		return isAddress(c.OpsAddr) && (c.OpsAddr != c.HTTPAddr || strings.HasSuffix(c.OpsAddr, ":0"))
	}},
	{"RECADO_PUBLIC_URL", func(c Config) bool { return c.PublicURL == "" || isURL(c.PublicURL) }},
	{"RECADO_DATABASE_URL", func(c Config) bool { return isDatabase(c.DatabaseURL) }},
	{"RECADO_DATABASE_CONNECTIONS", func(c Config) bool { return c.DatabaseConnections >= 2 && c.DatabaseConnections <= 1000 }},
	{"RECADO_MIGRATE", func(c Config) bool { return c.Migrate == MigrateAuto || c.Migrate == MigrateOff }},
	{"RECADO_NATS_URL", func(c Config) bool { return c.NATSURL == "" || areNATSServers(c.NATSURL) }},
	{"RECADO_BLOB_URL", func(c Config) bool { return c.BlobURL == "" || isBlobStore(c.BlobURL) }},
	{"RECADO_META_GRAPH_URL", func(c Config) bool { return isURL(c.MetaGraphURL) }},
	{"RECADO_META_LOGIN_URL", func(c Config) bool { return isURL(c.MetaLoginURL) }},
	{"RECADO_META_LOGIN_CONFIG_ID", func(c Config) bool { return c.MetaLoginConfig == "" || digits.MatchString(c.MetaLoginConfig) }},
	{"RECADO_META_GRAPH_VERSION", func(c Config) bool { return graphVersion.MatchString(c.MetaGraphVersion) }},
	{"RECADO_META_APP_ID", func(c Config) bool { return c.MetaAppID == "" || digits.MatchString(c.MetaAppID) }},
	{"RECADO_META_APP_SECRET", func(c Config) bool {
		return !slices.ContainsFunc(c.MetaAppSecrets, func(s Secret) bool { return !isWord(string(s)) })
	}},
	{"RECADO_META_VERIFY_TOKEN", func(c Config) bool { return c.MetaVerifyToken == "" || isWord(string(c.MetaVerifyToken)) }},
	{"RECADO_ACCESS_TOKEN_LIFETIME", func(c Config) bool { return within(c.AccessTokenLifetime, time.Second, 24*hour) }},
	{"RECADO_SESSION_LIFETIME", func(c Config) bool {
		return within(c.SessionLifetime, time.Minute, 8760*hour) && c.SessionLifetime >= c.AccessTokenLifetime
	}},
	{"RECADO_DELIVERY_RETENTION", func(c Config) bool { return within(c.DeliveryRetention, time.Minute, 87600*hour) }},
	{"RECADO_FEED_RETENTION", func(c Config) bool { return within(c.FeedRetention, time.Minute, 87600*hour) }},
	{"RECADO_SEND_QUIET_PERIOD", func(c Config) bool { return within(c.SendQuietPeriod, time.Second, 24*hour) }},
	{"RECADO_STRIPE_SECRET_KEY", func(c Config) bool {
		return c.StripeSecretKey == "" || isWord(string(c.StripeSecretKey)) && len(c.StripeWebhookSecrets) > 0
	}},
	{"RECADO_STRIPE_WEBHOOK_SECRET", func(c Config) bool {
		return !slices.ContainsFunc(c.StripeWebhookSecrets, func(s Secret) bool { return !isWord(string(s)) })
	}},
	{"RECADO_STRIPE_RETURN_URL", func(c Config) bool {
		if c.StripeReturnURL == "" {
			return c.StripeSecretKey == "" || c.PublicURL != ""
		}
		return isURL(c.StripeReturnURL)
	}},
	{"RECADO_STRIPE_URL", func(c Config) bool { return isURL(c.StripeURL) }},
	{"RECADO_ALLOWED_ORIGINS", func(c Config) bool {
		return !slices.ContainsFunc(c.AllowedOrigins, func(o string) bool { return !isOrigin(o) })
	}},
	{"RECADO_LOG_FORMAT", func(c Config) bool { return c.LogFormat == LogText || c.LogFormat == LogJSON }},
}

var (
	graphVersion = regexp.MustCompile(`^v[0-9]{1,3}\.[0-9]$`)
	digits       = regexp.MustCompile(`^[0-9]{1,32}$`)
)

// isBlobStore reports whether a text is the address of a folder, or of a bucket of S3
// with nothing but options behind its name.
func isBlobStore(text string) bool {
	if path, ok := strings.CutPrefix(text, "file:"); ok {
		return path != ""
	}
	u, err := url.Parse(text)
	return err == nil && u.Scheme == "s3" && u.Host != "" && u.User == nil && u.Path == "" && u.Fragment == ""
}

func isAddress(text string) bool {
	_, port, err := net.SplitHostPort(text)
	if err != nil {
		return false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil
}

func isURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && u.User == nil &&
		!strings.ContainsAny(text, "?#")
}

func isOrigin(text string) bool {
	u, err := url.Parse(text)
	return err == nil && isURL(text) && u.Scheme+"://"+u.Host == text
}

func isDatabase(text string) bool {
	if path, ok := sqlitePath(text); ok {
		_, query, _ := strings.Cut(text, "?")
		_, err := url.ParseQuery(query)
		return err == nil && path != "" && !strings.HasPrefix(path, ":memory:")
	}
	// The rest is for the driver, which knows forms that are no URL: several hosts.
	scheme, rest, _ := strings.Cut(text, "://")
	return (scheme == "postgres" || scheme == "postgresql") && rest != "" && !strings.ContainsFunc(rest, unicode.IsSpace)
}

// sqlitePath returns the path of the database file, if text is the address of one.
// It reads the address as the store does.
func sqlitePath(text string) (path string, ok bool) {
	rest, ok := strings.CutPrefix(text, "sqlite:")
	path, _, _ = strings.Cut(strings.TrimPrefix(rest, "//"), "?")
	return path, ok
}

func areNATSServers(text string) bool {
	for server := range strings.SplitSeq(text, ",") {
		u, err := url.Parse(strings.TrimSpace(server))
		if err != nil || u.Hostname() == "" || !slices.Contains([]string{"nats", "tls", "ws", "wss"}, u.Scheme) {
			return false
		}
	}
	return true
}

func isWord(text string) bool {
	return len(text) >= 8 && len(text) <= 200 && !strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r)
	})
}

func within(d, least, most time.Duration) bool { return d >= least && d <= most }
