package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"go.uber.org/goleak"

	"recado/accounts"
	"recado/graph"
	"recado/inbox"
	"recado/models"
	"recado/server"
)

// net/http keeps a closed connection for half a second when it refused to read a body.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}

// world is a server on free ports with everything behind it made up.
type world struct {
	t        *testing.T
	server   *server.Server
	sessions *sessions
	schema   *schema
	clock    *clock
	log      *lines

	mu     sync.Mutex
	stored []inbox.RawDelivery
	accept func(context.Context) error
	ready  error
}

const (
	appSecret   = "demo-app-secret-0001" // of the test vectors in reference/whatsapp-cloud-api.md §2.3
	verifyToken = "my-chosen-token"
	goodToken   = "good-token"
)

var fast = server.Timing{
	SocketInit: 100 * time.Millisecond, Write: 300 * time.Millisecond, RightsCheck: 10 * time.Millisecond,
	DrainSpread: 10 * time.Millisecond, StreamComment: 20 * time.Millisecond,
}

// start starts a world; change may alter the options before.
func start(t *testing.T, change func(*server.Options)) *world {
	t.Helper()
	w := &world{
		t: t, clock: &clock{now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}, log: &lines{},
		schema: newSchema(), accept: func(context.Context) error { return nil },
	}
	w.sessions = &sessions{tokens: map[string]accounts.Identity{
		goodToken: {
			Viewer:    models.Viewer{OrganizationID: models.NewID(), UserID: models.NewID(), SessionID: models.NewID()},
			ExpiresAt: w.clock.Now().Add(10 * time.Minute),
		},
	}}
	engine := handler.New(w.schema)
	engine.AroundResponses(w.schema.lastResponse)
	options := server.Options{
		GraphQL: engine,
		Address: "127.0.0.1:0", OpsAddress: "127.0.0.1:0",
		AllowedOrigins: []string{"https://app.example.org"},
		Sessions:       w.sessions,
		Webhook:        server.Webhook{AppSecrets: []string{"an-older-secret", appSecret}, VerifyToken: verifyToken, Accept: w.store},
		Ready:          map[string]func(context.Context) error{"database": func(context.Context) error { w.mu.Lock(); defer w.mu.Unlock(); return w.ready }},
		Clock:          w.clock.Now,
		Logger:         slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Timing:         fast,
	}
	if change != nil {
		change(&options)
	}
	var err error
	w.server, err = server.New(options)
	require.NoError(t, err)
	require.NoError(t, w.server.Start(t.Context()))
	t.Cleanup(func() {
		require.NoError(t, w.server.Close())
		http.DefaultClient.CloseIdleConnections()
	})
	return w
}

func (w *world) store(ctx context.Context, delivery inbox.RawDelivery) error {
	w.mu.Lock()
	accept := w.accept
	w.mu.Unlock()
	if err := accept(ctx); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stored = append(w.stored, delivery)
	return nil
}

func (w *world) storedBodies() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	bodies := make([]string, len(w.stored))
	for i, delivery := range w.stored {
		bodies[i] = string(delivery.Body)
	}
	return bodies
}

// answer is an HTTP response that was read.
type answer struct {
	status int
	header http.Header
	body   string
}

// do makes a request; headers come in pairs.
func (w *world) do(method, address string, body io.Reader, headers ...string) answer {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), method, address, body)
	require.NoError(w.t, err)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(w.t, err)
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	require.NoError(w.t, err)
	return answer{response.StatusCode, response.Header, string(read)}
}

func (w *world) url(path string) string { return "http://" + w.server.Address() + path }
func (w *world) ops(path string) string { return "http://" + w.server.OpsAddress() + path }

// ask posts a GraphQL document.
func (w *world) ask(document string, headers ...string) answer {
	w.t.Helper()
	body, err := json.Marshal(map[string]string{"query": document})
	require.NoError(w.t, err)
	return w.do(http.MethodPost, w.url("/graphql"), strings.NewReader(string(body)), append([]string{"Content-Type", "application/json"}, headers...)...)
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }

func (c *clock) advance(by time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.now = c.now.Add(by) }

// lines collects a log.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string { l.mu.Lock(); defer l.mu.Unlock(); return l.text.String() }

type sessions struct {
	mu      sync.Mutex
	tokens  map[string]accounts.Identity
	revoked bool
	fault   error
}

func (s *sessions) Authenticate(_ context.Context, token string) (accounts.Identity, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	identity, known := s.tokens[token]
	switch {
	case s.fault != nil:
		return accounts.Identity{}, s.fault
	case !known, s.revoked:
		return accounts.Identity{}, models.NewError(models.CodeUnauthenticated, "")
	}
	return identity, nil
}

func (s *sessions) Refreshed(_ context.Context, viewer models.Viewer) (models.Viewer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.fault != nil:
		return models.Viewer{}, s.fault
	case s.revoked:
		return models.Viewer{}, models.NewError(models.CodeUnauthenticated, "")
	}
	return viewer, nil
}

func (s *sessions) revoke() { s.mu.Lock(); defer s.mu.Unlock(); s.revoked = true }

func (s *sessions) breakDown(err error) { s.mu.Lock(); defer s.mu.Unlock(); s.fault = err }

// schema answers with who asks, and streams what it is fed.
type schema struct {
	definition *ast.Schema
	feed       chan string
	mu         sync.Mutex
	ended      error
}

func newSchema() *schema {
	return &schema{feed: make(chan string), definition: gqlparser.MustLoadSchema(&ast.Source{Input: `
		type Query { who: String! }
		type Mutation { touch: String! }
		type Subscription { ticks: String! }
	`})}
}

func (s *schema) Schema() *ast.Schema { return s.definition }

func (s *schema) Complexity(context.Context, string, string, int, map[string]any) (int, bool) {
	return 0, false
}

// lastResponse makes the error that ended a stream its last response, as graph
// does.
func (s *schema) lastResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	response := next(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if response == nil && s.ended != nil {
		graphql.AddError(ctx, s.ended)
		s.ended = nil
		return &graphql.Response{Errors: graphql.GetErrors(ctx)}
	}
	return response
}

func (s *schema) endBy(err error) { s.mu.Lock(); s.ended = err; s.mu.Unlock(); s.feed <- "" }

func (s *schema) Exec(ctx context.Context) graphql.ResponseHandler {
	operation := graphql.GetOperationContext(ctx)
	if operation.Operation.Operation == ast.Subscription {
		return func(ctx context.Context) *graphql.Response {
			select {
			case tick := <-s.feed:
				if tick == "" {
					return nil
				}
				return &graphql.Response{Data: field("ticks", tick)}
			case <-ctx.Done():
				return nil
			}
		}
	}
	who := "nobody"
	if identity, known := graph.IdentityFrom(ctx); known {
		who = identity.Viewer.UserID.String()
	}
	selected, _ := operation.Operation.SelectionSet[0].(*ast.Field)
	switch name := selected.Name; name {
	case "__schema":
		if operation.DisableIntrospection {
			graphql.AddError(ctx, errors.New("introspection disabled"))
		}
		return graphql.OneShot(&graphql.Response{Data: json.RawMessage(`{"__schema":{}}`)})
	default:
		return graphql.OneShot(&graphql.Response{Data: field(name, who)})
	}
}

func field(name, value string) json.RawMessage {
	encoded, err := json.Marshal(map[string]string{name: value})
	if err != nil {
		panic(err)
	}
	return encoded
}
