package whatsapp

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// hijacked takes the connection from the server after the body was read.
func hijacked(act func(net.Conn)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		act(conn)
		_ = conn.Close()
	}
}

// reset makes the close of the connection a reset.
func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
}

func raw(answer string) http.HandlerFunc {
	return hijacked(func(conn net.Conn) { _, _ = io.WriteString(conn, answer) })
}

func TestUncertain(t *testing.T) {
	cases := []struct {
		name   string
		answer http.HandlerFunc
		status int
	}{
		{"connection_closed_after_the_body_was_read", hijacked(func(net.Conn) {}), 0},
		{"connection_reset", hijacked(reset), 0},
		{"answer_is_not_http", raw("what?\r\n\r\n"), 0},
		{"success_cut_short", raw("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"messages\":"), 200},
		{"server_error_cut_short", raw("HTTP/1.1 500 Oops\r\nContent-Length: 500\r\n\r\n{\"error\":"), 500},
		{"success_that_is_not_json", reply(200, "<html>welcome</html>"), 200},
		{"success_that_is_empty", reply(200, ""), 200},
		{"success_without_a_message_id", reply(200, `{"messages":[]}`), 200},
		{"success_too_long", reply(200, `{"messages":[{"id":"wamid.A"}],"x":"`+strings.Repeat("x", maxAnswer)+`"}`), 200},
		{"html_server_error", reply(502, "<html>bad gateway</html>"), 502},
		{"json_server_error_not_of_the_graph", reply(500, `{"message":"proxy"}`), 500},
		{"server_error_with_a_text_as_error", reply(503, `{"error":"overloaded"}`), 503},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			g := newGraph(t, Options{}, c.answer)
			e := failure(t, send(t.Context(), g.Client))
			require.True(t, e.Uncertain, e)
			require.True(t, e.Retryable)
			require.Equal(t, CodeUnavailable, e.Code)
			require.Equal(t, c.status, e.HTTPStatus)
			require.EqualValues(t, 1, g.requests.Load(), "an uncertain send is never repeated")
		})
	}

	t.Run("no_answer_in_time", func(t *testing.T) {
		release := make(chan struct{})
		g := newGraph(t, Options{Timeout: 50 * time.Millisecond}, hijacked(func(net.Conn) { <-release }))
		err := send(t.Context(), g.Client)
		close(release)
		e := failure(t, err)
		require.True(t, e.Uncertain)
		require.Equal(t, CodeUnavailable, e.Code)
		require.ErrorIs(t, e, context.DeadlineExceeded)
		require.EqualValues(t, 1, g.requests.Load())
	})

	t.Run("caller_leaves_while_meta_works", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		g := newGraph(t, Options{}, hijacked(func(net.Conn) { cancel(); <-ctx.Done() }))
		e := failure(t, send(ctx, g.Client))
		require.True(t, e.Uncertain)
		require.Equal(t, CodeInterrupted, e.Code)
		require.ErrorIs(t, e, context.Canceled)
	})

	t.Run("http2_stream_dropped_after_the_body_was_read", func(t *testing.T) {
		requests := 0
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			requests++
			_, _ = io.Copy(io.Discard, r.Body)
			if r.ProtoMajor != 2 {
				t.Errorf("the request came by %s", r.Proto)
			}
			panic(http.ErrAbortHandler)
		}))
		server.EnableHTTP2 = true
		server.StartTLS()
		defer server.Close()
		c := NewClient(Options{BaseURL: server.URL, HTTPClient: server.Client()})
		defer c.CloseIdleConnections()
		for i := range 2 { // the second goes over a connection that exists
			e := failure(t, send(t.Context(), c))
			require.True(t, e.Uncertain, e)
			require.Equal(t, i+1, requests)
		}
	})

	t.Run("kept_connection_dropped_after_the_body_was_read", func(t *testing.T) {
		drop := false
		g := newGraph(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
			if drop {
				hijacked(func(net.Conn) {})(w, r)
				return
			}
			reply(200, accepted)(w, r)
		})
		require.NoError(t, send(t.Context(), g.Client))
		drop = true
		require.True(t, failure(t, send(t.Context(), g.Client)).Uncertain)
		require.EqualValues(t, 2, g.requests.Load())
	})

	t.Run("round_tripper_that_does_not_trace", func(t *testing.T) {
		calls := 0
		c := offline(Options{}, func(*http.Request) (*http.Response, error) {
			calls++
			return nil, io.ErrUnexpectedEOF
		})
		require.True(t, failure(t, send(t.Context(), c)).Uncertain)
		require.Equal(t, 1, calls)
	})
}

func TestCertain(t *testing.T) {
	refusedAddress := func(t *testing.T) string {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		require.NoError(t, listener.Close())
		return "http://" + listener.Addr().String()
	}
	connects := []struct {
		name    string
		options func(t *testing.T) Options
	}{
		{"host_that_refuses", func(t *testing.T) Options { return Options{BaseURL: refusedAddress(t)} }},
		{"name_that_does_not_resolve", func(*testing.T) Options {
			resolver := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
				return nil, io.ErrClosedPipe
			}}
			return Options{BaseURL: "http://graph.invalid", HTTPClient: &http.Client{
				Transport: &http.Transport{DialContext: (&net.Dialer{Resolver: resolver}).DialContext},
			}}
		}},
		{"certificate_that_is_not_trusted", func(t *testing.T) Options {
			server := httptest.NewUnstartedServer(reply(200, accepted))
			server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
			server.StartTLS()
			t.Cleanup(server.Close)
			return Options{BaseURL: server.URL}
		}},
	}
	for _, c := range connects {
		t.Run(c.name+"_is_not_uncertain", func(t *testing.T) {
			e := failure(t, send(t.Context(), NewClient(c.options(t))))
			require.False(t, e.Uncertain, e)
			require.True(t, e.Retryable)
			require.Equal(t, CodeUnavailable, e.Code)
			require.Zero(t, e.HTTPStatus)
			require.NotContains(t, e.Error(), "/v26.0/", "no URL in errors")
		})
	}

	answers := []struct {
		name      string
		answer    http.HandlerFunc
		code      Code
		retryable bool
		requests  int32
	}{
		{"graph_error_with_status_500", reply(500, graphFailure("131005")), CodePermissionMissing, false, 1},
		{"graph_error_with_status_200", reply(200, graphFailure("131009")), CodeInvalidRequest, false, 1},
		{"html_429", reply(429, "<html>slow</html>", "Retry-After", "60"), CodeRateLimited, true, 1},
		{"html_404", reply(404, "<html>no</html>"), CodeUnknown, false, 1},
		{"unauthorised_without_a_graph_error", reply(401, "<html>proxy</html>"), CodeUnknown, false, 1},
		{"refusal_cut_short", raw("HTTP/1.1 400 Bad\r\nContent-Length: 500\r\nRetry-After: 60\r\n\r\n{\"error\":"), CodeUnavailable, true, 1},
		{"redirect", reply(307, "", "Location", "/elsewhere"), CodeUnknown, false, 1},
	}
	for _, c := range answers {
		t.Run(c.name+"_is_not_uncertain", func(t *testing.T) {
			g := newGraph(t, Options{}, c.answer)
			e := failure(t, send(t.Context(), g.Client))
			require.False(t, e.Uncertain, e)
			require.Equal(t, c.code, e.Code)
			require.Equal(t, c.retryable, e.Retryable)
			require.Equal(t, c.requests, g.requests.Load())
		})
	}

	t.Run("context_that_ended_before_is_not_uncertain", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		g := newGraph(t, Options{}, reply(200, accepted))
		e := failure(t, send(ctx, g.Client))
		require.False(t, e.Uncertain)
		require.Equal(t, CodeInterrupted, e.Code)
		require.ErrorIs(t, e, context.Canceled)
		require.Zero(t, g.requests.Load())
	})
}
