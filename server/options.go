package server

import (
	"context"
	"log/slog"
	"net/url"
	"time"

	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/prometheus/client_golang/prometheus"

	"recado/accounts"
	"recado/inbox"
	"recado/models"
)

// Sessions tell who is asking; accounts.Service does.
type Sessions interface {
	// Authenticate returns who an access token belongs to, or UNAUTHENTICATED.
	Authenticate(ctx context.Context, accessToken string) (accounts.Identity, error)
	// Refreshed returns the rights that a session has now, or UNAUTHENTICATED if
	// it was revoked or its user switched off.
	Refreshed(ctx context.Context, viewer models.Viewer) (models.Viewer, error)
}

// Webhook is what the route of Meta's deliveries needs.
type Webhook struct {
	AppSecrets  []string // any of them may have signed; none: every delivery is answered with 503
	VerifyToken string   // empty: no verification succeeds
	// Accept stores a delivery. It returns nil once the delivery is durable; an
	// error has Meta send it again.
	Accept func(ctx context.Context, delivery inbox.RawDelivery) error
}

// Timing says how long the edge waits. A zero field has its default.
type Timing struct {
	BodyRead      time.Duration // for a request's body; 10 s
	Accept        time.Duration // for a delivery to become durable; 15 s
	SocketInit    time.Duration // for connection_init after the upgrade; 5 s
	SocketPing    time.Duration // between pings; a peer silent for twice that is dropped; 25 s
	StreamComment time.Duration // between comments on an idle stream; 10 s
	Write         time.Duration // for one write to a live connection; 5 s
	RightsCheck   time.Duration // between questions whether a live connection's session still stands; 5 s
	DrainSpread   time.Duration // over which live connections are closed when draining; 2 s
}

func (t Timing) withDefaults() Timing {
	for _, field := range []struct {
		value     *time.Duration
		otherwise time.Duration
	}{
		{&t.BodyRead, 10 * time.Second},
		{&t.Accept, 15 * time.Second},
		{&t.SocketInit, 5 * time.Second},
		{&t.SocketPing, 25 * time.Second},
		{&t.StreamComment, 10 * time.Second},
		{&t.Write, 5 * time.Second},
		{&t.RightsCheck, 5 * time.Second},
		{&t.DrainSpread, 2 * time.Second},
	} {
		if *field.value <= 0 {
			*field.value = field.otherwise
		}
	}
	return t
}

// Options configure a Server. Sessions, Webhook.Accept and GraphQL are required.
type Options struct {
	Address        string   // host:port; port 0 picks a free one
	OpsAddress     string   // health, readiness, metrics and profiles; empty: not served
	AllowedOrigins []string // browser origins other than our own, each as scheme://host[:port]
	GraphiQL       bool     // serve the explorer at /graphiql and let anybody introspect; for development

	Sessions Sessions
	Webhook  Webhook
	// GraphQL answers operations. It comes without transports, limits and caches,
	// which New adds.
	GraphQL *handler.Server
	// Files gives out and takes in files; nil: there are none.
	Files Files
	// TakePayment takes a webhook of the payment provider. Nil once it is stored;
	// UNAUTHENTICATED for a wrong signature, NOT_FOUND if there is no provider; any other
	// error has it come again.
	TakePayment func(ctx context.Context, body []byte, signature string) error
	// CreditExport is the CSV behind a signed address; FORBIDDEN if the signature is wrong
	// or too old.
	CreditExport func(ctx context.Context, query url.Values) ([]byte, error)
	// Logins takes the people whom Meta sends back; nil: nobody is sent.
	Logins Logins
	// Ready are the checks of readiness by name. They are asked one after the
	// other at each request to /readyz.
	Ready map[string]func(context.Context) error

	Metrics *prometheus.Registry // nil: one of its own
	Clock   models.Clock         // nil: the system's
	Logger  *slog.Logger         // nil: discard
	Timing  Timing
}
