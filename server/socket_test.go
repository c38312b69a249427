package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
	"github.com/stretchr/testify/require"

	"recado/models"
	"recado/server"
)

type message struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// peer is a raw client.
type peer struct {
	t    *testing.T
	conn *websocket.Conn
}

func (w *world) connect(headers ...string) *peer {
	w.t.Helper()
	header := http.Header{}
	for i := 0; i < len(headers); i += 2 {
		header.Set(headers[i], headers[i+1])
	}
	conn, _, err := websocket.Dial(w.t.Context(), "ws://"+w.server.Address()+"/graphql", //nolint:bodyclose // taken over by conn
		&websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}, HTTPHeader: header})
	require.NoError(w.t, err)
	conn.SetReadLimit(8 << 20)
	w.t.Cleanup(func() { _ = conn.CloseNow() })
	return &peer{w.t, conn}
}

// signIn connects and waits for the ack.
func (w *world) signIn() *peer {
	w.t.Helper()
	p := w.connect()
	p.init(goodToken)
	require.Equal(w.t, "connection_ack", p.receive().Type)
	return p
}

func (p *peer) send(m message) {
	p.t.Helper()
	require.NoError(p.t, wsjson.Write(p.t.Context(), p.conn, m))
}

func (p *peer) init(token string) {
	p.t.Helper()
	p.send(message{Type: "connection_init", Payload: json.RawMessage(`{"authorization":"Bearer ` + token + `"}`)})
}

func (p *peer) subscribe(id, document string) {
	p.t.Helper()
	payload, err := json.Marshal(map[string]string{"query": document})
	require.NoError(p.t, err)
	p.send(message{ID: id, Type: "subscribe", Payload: payload})
}

func (p *peer) read() (message, error) {
	ctx, cancel := context.WithTimeout(p.t.Context(), 10*time.Second)
	defer cancel()
	var m message
	err := wsjson.Read(ctx, p.conn, &m)
	return m, err
}

func (p *peer) receive() message {
	p.t.Helper()
	m, err := p.read()
	require.NoError(p.t, err)
	return m
}

// closedWith waits until the server closes the socket.
func (p *peer) closedWith(code int) {
	p.t.Helper()
	for {
		if _, err := p.read(); err != nil {
			require.EqualValues(p.t, code, websocket.CloseStatus(err), err)
			return
		}
	}
}

func TestSocketBeginning(t *testing.T) {
	t.Run("who says nothing is closed with 4408", func(t *testing.T) {
		start(t, nil).connect().closedWith(4408)
	})

	t.Run("who is slow to be answered is not", func(t *testing.T) {
		w := start(t, nil)
		p := w.signIn()
		select {
		case <-time.After(2 * fast.SocketInit):
		case <-t.Context().Done():
		}
		p.subscribe("1", "{ who }")
		require.Equal(t, "next", p.receive().Type)
	})

	t.Run("a bad token is closed with 4403", func(t *testing.T) {
		p := start(t, nil).connect()
		p.init("stolen")
		p.closedWith(4403)
	})

	t.Run("no token is closed with 4403", func(t *testing.T) {
		p := start(t, nil).connect()
		p.send(message{Type: "connection_init"})
		p.closedWith(4403)
	})

	t.Run("the upgrade's token is taken as well", func(t *testing.T) {
		p := start(t, nil).connect(authorization, "Bearer "+goodToken)
		p.send(message{Type: "connection_init"})
		require.Equal(t, "connection_ack", p.receive().Type)
	})

	t.Run("when nobody can tell who asks, the client may come again", func(t *testing.T) {
		w := start(t, nil)
		w.sessions.breakDown(errors.New("database down"))
		p := w.connect()
		p.init(goodToken)
		p.closedWith(1013)
	})

	t.Run("only our subprotocol and our origins are upgraded", func(t *testing.T) {
		w := start(t, nil)
		for name, test := range map[string]struct {
			origin, protocol string
			status           int
		}{
			"legacy protocol": {"", "graphql-ws", http.StatusBadRequest},
			"no protocol":     {"", "", http.StatusBadRequest},
			"foreign page":    {"https://evil.example", "graphql-transport-ws", http.StatusForbidden},
			"sandboxed page":  {"null", "graphql-transport-ws", http.StatusForbidden},
			"our front end":   {"https://app.example.org", "graphql-ws, graphql-transport-ws", http.StatusSwitchingProtocols},
			"our own page":    {"http://" + w.server.Address(), "graphql-transport-ws", http.StatusSwitchingProtocols},
		} {
			options := &websocket.DialOptions{HTTPHeader: http.Header{}}
			if test.origin != "" {
				options.HTTPHeader.Set("Origin", test.origin)
			}
			if test.protocol != "" {
				options.Subprotocols = strings.Split(test.protocol, ", ")
			}
			conn, response, err := websocket.Dial(t.Context(), "ws://"+w.server.Address()+"/graphql", options) //nolint:bodyclose // by the library
			require.Equal(t, test.status, response.StatusCode, name)
			if err == nil {
				require.NoError(t, conn.CloseNow())
			}
		}
	})
}

func TestSocketProtocol(t *testing.T) {
	w := start(t, nil)
	for name, test := range map[string]struct {
		do   func(p *peer)
		code int
	}{
		"a second init":   {func(p *peer) { p.init(goodToken) }, 4429},
		"an unknown type": {func(p *peer) { p.send(message{Type: "start", ID: "1"}) }, 4400},
		"no JSON":         {func(p *peer) { _ = p.conn.Write(t.Context(), websocket.MessageText, []byte("hello")) }, 4400},
		"bytes":           {func(p *peer) { _ = p.conn.Write(t.Context(), websocket.MessageBinary, []byte(`{"type":"ping"}`)) }, 4400},
		"an id that is a number": {func(p *peer) {
			_ = p.conn.Write(t.Context(), websocket.MessageText, []byte(`{"type":"complete","id":1}`))
		}, 4400},
		"subscribe without id": {func(p *peer) { p.subscribe("", "{ who }") }, 4400},
		"complete without id":  {func(p *peer) { p.send(message{Type: "complete"}) }, 4400},
		"no request":           {func(p *peer) { p.send(message{Type: "subscribe", ID: "1"}) }, 4400},
		"an array of requests": {func(p *peer) { p.send(message{Type: "subscribe", ID: "1", Payload: json.RawMessage(`[]`)}) }, 4400},
		"an id in use": {func(p *peer) {
			p.subscribe("1", "subscription { ticks }")
			p.subscribe("1", "subscription { ticks }")
		}, 4409},
		"a message over 256 KiB": {func(p *peer) { p.subscribe("1", strings.Repeat(" ", 257<<10)) }, 1009},
	} {
		t.Run(name, func(t *testing.T) {
			p := w.signIn()
			test.do(p)
			p.closedWith(test.code)
		})
	}

	t.Run("subscribe before the ack", func(t *testing.T) {
		p := w.connect()
		p.subscribe("1", "{ who }")
		p.closedWith(4401)
	})

	t.Run("ping is answered at any time, with its payload", func(t *testing.T) {
		p := w.connect()
		p.send(message{Type: "ping", Payload: json.RawMessage(`{"n":1}`)})
		require.Equal(t, message{Type: "pong", Payload: json.RawMessage(`{"n":1}`)}, p.receive())
	})

	t.Run("the server pings", func(t *testing.T) {
		w := start(t, func(o *server.Options) { o.Timing.SocketPing = 20 * time.Millisecond })
		p := w.signIn()
		require.Equal(t, "ping", p.receive().Type)
		w.clock.advance(time.Second) // nothing is heard for longer than two pings
		p.closedWith(-1)
	})
}

func TestSocketOperations(t *testing.T) {
	w := start(t, nil)
	user := w.sessions.tokens[goodToken].Viewer.UserID.String()

	t.Run("a query is answered once and completed", func(t *testing.T) {
		p := w.signIn()
		p.subscribe("q", "{ who }")
		require.Equal(t, message{"q", "next", json.RawMessage(`{"data":{"who":"` + user + `"}}`)}, p.receive())
		require.Equal(t, message{ID: "q", Type: "complete"}, p.receive())
		p.subscribe("q", "{ who }") // the id is free again
		require.Equal(t, "next", p.receive().Type)
	})

	t.Run("a subscription goes on until the client ends it", func(t *testing.T) {
		p := w.signIn()
		p.subscribe("s", "subscription { ticks }")
		for _, tick := range []string{"one", "two"} {
			w.schema.feed <- tick
			require.JSONEq(t, `{"data":{"ticks":"`+tick+`"}}`, string(p.receive().Payload))
		}
		p.send(message{ID: "s", Type: "complete"})
		p.send(message{ID: "unknown", Type: "complete"})
		p.subscribe("s", "{ who }")
		require.Equal(t, message{"s", "next", json.RawMessage(`{"data":{"who":"` + user + `"}}`)}, p.receive(), "of the new operation")
		require.Equal(t, "complete", p.receive().Type)
	})

	t.Run("a refused document is an error and no complete", func(t *testing.T) {
		p := w.signIn()
		p.subscribe("bad", "{ nothing }")
		refused := p.receive()
		require.Equal(t, "error", refused.Type)
		require.Contains(t, string(refused.Payload), "GRAPHQL_VALIDATION_FAILED")
		p.subscribe("good", "{ who }")
		require.Equal(t, "good", p.receive().ID)
	})

	t.Run("a stream that fails ends with its error", func(t *testing.T) {
		w := start(t, nil)
		p := w.signIn()
		p.subscribe("s", "subscription { ticks }")
		w.schema.endBy(models.NewError(models.CodeCursorExpired, "after"))
		failed := p.receive()
		require.Equal(t, "error", failed.Type)
		require.Contains(t, string(failed.Payload), "CURSOR_EXPIRED")
		p.subscribe("q", "{ who }")
		require.Equal(t, "q", p.receive().ID, "nothing follows the error")
	})

	t.Run("operations of a socket are limited", func(t *testing.T) {
		p := w.signIn()
		for i := range 50 {
			p.subscribe(string(rune('A'+i)), "subscription { ticks }")
		}
		p.subscribe("one-more", "{ who }")
		refused := p.receive()
		require.Equal(t, "error", refused.Type)
		require.Contains(t, string(refused.Payload), "SUBSCRIPTION_LIMIT_EXCEEDED")
	})
}

func TestSocketEnd(t *testing.T) {
	t.Run("an idle socket is closed when its token expires", func(t *testing.T) {
		w := start(t, nil)
		idle, busy := w.signIn(), w.signIn()
		busy.subscribe("s", "subscription { ticks }")
		w.schema.feed <- "before"
		require.Equal(t, "next", busy.receive().Type)
		w.clock.advance(10*time.Minute - time.Millisecond)
		idle.subscribe("q", "{ who }")
		require.Equal(t, "next", idle.receive().Type, "a moment earlier all is well")
		w.clock.advance(time.Millisecond)
		idle.closedWith(4403)
		busy.closedWith(4403)
	})

	t.Run("a token's end is not found by polling", func(t *testing.T) {
		w := start(t, func(o *server.Options) {
			o.Clock = models.SystemClock
			o.Timing.RightsCheck = time.Hour
		})
		w.sessions.mu.Lock()
		short := w.sessions.tokens[goodToken]
		short.ExpiresAt = models.SystemClock().Add(150 * time.Millisecond)
		w.sessions.tokens[goodToken] = short
		w.sessions.mu.Unlock()
		w.signIn().closedWith(4403)
		require.WithinDuration(t, short.ExpiresAt, models.SystemClock(), 2*time.Second)
	})

	t.Run("an idle socket is closed when its session ends", func(t *testing.T) {
		w := start(t, nil)
		p := w.signIn()
		w.sessions.revoke()
		p.closedWith(4403)
	})

	t.Run("an operation after the session's end closes the socket", func(t *testing.T) {
		w := start(t, func(o *server.Options) { o.Timing.RightsCheck = time.Hour })
		p := w.signIn()
		w.sessions.revoke()
		p.subscribe("1", "{ who }")
		p.closedWith(4403)
	})

	t.Run("a session that cannot be confirmed is not trusted for long", func(t *testing.T) {
		w := start(t, nil)
		p := w.signIn()
		w.sessions.breakDown(errors.New("database down"))
		p.subscribe("1", "{ who }")
		refused := p.receive()
		require.Contains(t, string(refused.Payload), "UNAVAILABLE")
		w.clock.advance(20 * time.Second)
		p.closedWith(1013)
	})

	t.Run("a slow reader is dropped and not waited for", func(t *testing.T) {
		w := start(t, nil)
		slow, quick := w.signIn(), w.signIn()
		slow.subscribe("s", "subscription { ticks }")
		large := strings.Repeat("x", 1<<20)
		for i := 0; ; i++ { // until no more is taken: the socket was dropped and its subscription with it
			require.Less(t, i, 100)
			timer := time.NewTimer(5 * time.Second)
			select {
			case w.schema.feed <- large:
				timer.Stop()
				continue
			case <-timer.C:
			}
			break
		}
		quick.subscribe("q", "{ who }")
		require.Equal(t, "next", quick.receive().Type)
		require.Contains(t, w.do(http.MethodGet, w.ops("/metrics"), nil).body, "recado_slow_readers_dropped_total 1")
		require.Contains(t, w.do(http.MethodGet, w.ops("/metrics"), nil).body, "recado_sockets 1")
	})
}
