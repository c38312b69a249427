package graph_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/stretchr/testify/require"

	"recado/accounts"
	"recado/graph"
	"recado/models"
	"recado/testkit/rooms"
)

// api is the GraphQL edge on real rooms and a database, spoken to over HTTP.
type api struct {
	*rooms.Rooms
	t       *testing.T
	handler http.Handler
	log     *bytes.Buffer
}

// onEach runs the test once per dialect, on an api of its own.
func onEach(t *testing.T, test func(t *testing.T, a *api)) {
	t.Helper()
	rooms.OnEach(t, func(t *testing.T, rooms *rooms.Rooms) {
		a := &api{Rooms: rooms, t: t, log: new(bytes.Buffer)}
		edge := graph.New(
			graph.Rooms{Accounts: rooms.Accounts, Channels: rooms.Channels, Credits: rooms.Credits, CRM: rooms.CRM, Inbox: rooms.Inbox, Media: rooms.Media, Templates: rooms.Templates},
			graph.Options{Logger: slog.New(slog.NewTextHandler(a.log, nil))},
		)
		server := edge.Handler()
		server.AddTransport(transport.SSE{})
		server.AddTransport(transport.POST{})
		a.handler = server
		test(t, a)
	})
}

// caller asks in the name of somebody.
type caller struct {
	api      *api
	identity *accounts.Identity
	language string
}

// as returns a caller for a user, with the rights that they have now.
func (a *api) as(user models.User) *caller {
	a.t.Helper()
	return &caller{api: a, identity: &accounts.Identity{Viewer: a.Viewer(user), ExpiresAt: time.Now().Add(time.Hour)}}
}

// anonymous returns a caller who is not signed in.
func (a *api) anonymous() *caller { return &caller{api: a} }

func (c *caller) context(ctx context.Context) context.Context {
	ctx = graph.WithRequestID(ctx, "request-1")
	if c.language != "" {
		ctx = graph.WithLanguage(ctx, graph.Language(c.language))
	}
	if c.identity != nil {
		ctx = graph.WithIdentity(ctx, *c.identity)
	}
	return ctx
}

// answer is a GraphQL response.
type answer struct {
	t      testing.TB
	Data   map[string]any
	Errors []struct {
		Message    string
		Path       []any
		Extensions map[string]any
	}
}

// ask runs a document and returns whatever comes back.
func (c *caller) ask(document string, variables map[string]any) *answer {
	c.api.t.Helper()
	request := httptest.NewRequest(http.MethodPost, "/graphql", body(c.api.t, document, variables))
	request.Header.Set("Content-Type", "application/json")
	recorder := httptest.NewRecorder()
	c.api.handler.ServeHTTP(recorder, request.WithContext(c.context(request.Context())))
	result := &answer{t: c.api.t}
	require.NoError(c.api.t, json.Unmarshal(recorder.Body.Bytes(), result), recorder.Body.String())
	return result
}

// get runs a document that must not fail.
func (c *caller) get(document string, variables map[string]any) *answer {
	c.api.t.Helper()
	result := c.ask(document, variables)
	require.Empty(c.api.t, result.Errors)
	return result
}

func body(t testing.TB, document string, variables map[string]any) io.Reader {
	t.Helper()
	text, err := json.Marshal(map[string]any{"query": document, "variables": variables})
	require.NoError(t, err)
	return bytes.NewReader(text)
}

// at returns the value at a path such as "conversation.messages.nodes.0.id".
func (r *answer) at(path string) any {
	r.t.Helper()
	var value any = r.Data
	for step := range strings.SplitSeq(path, ".") {
		switch inner := value.(type) {
		case map[string]any:
			require.Contains(r.t, inner, step)
			value = inner[step]
		case []any:
			var index int
			_, err := fmt.Sscan(step, &index)
			require.NoError(r.t, err)
			require.Less(r.t, index, len(inner))
			value = inner[index]
		default:
			require.Fail(r.t, "no "+step+" on the way to "+path)
		}
	}
	return value
}

// code is the code of the only error.
func (r *answer) code() any {
	r.t.Helper()
	require.Len(r.t, r.Errors, 1)
	return r.Errors[0].Extensions["code"]
}

// stream is a subscription over server-sent events.
type stream struct {
	t     testing.TB
	lines *bufio.Scanner
}

func (c *caller) subscribe(document string, variables map[string]any) *stream {
	t := c.api.t
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.api.handler.ServeHTTP(w, r.WithContext(c.context(r.Context())))
	}))
	ctx, end := context.WithTimeout(t.Context(), 30*time.Second) // a stream that stays silent fails the test
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL, body(t, document, variables))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "text/event-stream")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	t.Cleanup(func() {
		end()
		_ = response.Body.Close()
		server.Close()
	})
	s := &stream{t: t, lines: bufio.NewScanner(response.Body)}
	require.True(t, s.lines.Scan()) // the comment that opens the stream
	return s
}

// next waits for an answer; nil when the stream is complete.
func (s *stream) next() *answer {
	s.t.Helper()
	for s.lines.Scan() {
		line := s.lines.Text()
		if line == "event: complete" {
			return nil
		}
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			result := &answer{t: s.t}
			require.NoError(s.t, json.Unmarshal([]byte(data), result))
			return result
		}
	}
	require.NoError(s.t, s.lines.Err())
	return nil
}

func public(prefix string, id models.ID) string { return models.PublicID(prefix, id) }
