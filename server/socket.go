package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"

	"recado/accounts"
	"recado/graph"
	"recado/models"
)

// subprotocol is the only one spoken.
const subprotocol = "graphql-transport-ws"

// Close codes of graphql-transport-ws (reference/graphql-api.md §3). A client
// comes back after those marked with *.
const (
	closeRestart        websocket.StatusCode = websocket.StatusServiceRestart // *
	closeTryLater       websocket.StatusCode = websocket.StatusTryAgainLater  // *
	closeInvalidMessage websocket.StatusCode = 4400
	closeUnauthorized   websocket.StatusCode = 4401
	closeForbidden      websocket.StatusCode = 4403 // * with fresh parameters
	closeInitTimeout    websocket.StatusCode = 4408 // *
	closeDuplicateID    websocket.StatusCode = 4409
	closeTooManyInits   websocket.StatusCode = 4429
)

// socketTransport speaks graphql-transport-ws.
type socketTransport struct{ server *Server }

var _ graphql.Transport = socketTransport{}

// Supports takes every upgrade.
func (socketTransport) Supports(r *http.Request) bool { return r.Header.Get("Upgrade") != "" }

// Do serves a socket until it closes.
func (t socketTransport) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	s := t.server
	if !s.mayUpgrade(r) {
		refuse(w, r, http.StatusForbidden, graph.CodeForbidden, "this origin may not open a WebSocket")
		return
	}
	if !offers(r.Header.Values("Sec-WebSocket-Protocol"), subprotocol) {
		refuse(w, r, http.StatusBadRequest, graph.CodeBadRequest, "speak the subprotocol "+subprotocol)
		return
	}
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols: []string{subprotocol}, InsecureSkipVerify: true, // the origin was checked above
	})
	if err != nil {
		return // Accept has answered
	}
	conn.SetReadLimit(maxRequest)
	socket := &socket{server: s, exec: exec, header: r.Header, conn: conn, operations: make(map[string]*operation)}
	socket.ctx, socket.cancel = context.WithCancel(r.Context())
	defer socket.cancel()
	connection := &connection{
		end: func() { socket.close(closeRestart, "service restart") },
		cut: socket.drop,
	}
	if !s.live.enter(connection) {
		socket.close(closeRestart, "service restart")
		return
	}
	defer s.live.leave(connection)
	s.live.sockets.Add(1)
	defer s.live.sockets.Add(-1)
	socket.serve()
}

func offers(headers []string, wanted string) bool {
	return slices.ContainsFunc(headers, func(header string) bool {
		return slices.ContainsFunc(strings.Split(header, ","), func(offer string) bool {
			return strings.TrimSpace(offer) == wanted
		})
	})
}

// socket is one connection. Its reader is the goroutine of the request.
type socket struct {
	server *Server
	exec   graphql.GraphExecutor
	header http.Header // of the upgrade
	conn   *websocket.Conn
	ctx    context.Context // ends with the socket; carries language and request id
	cancel context.CancelFunc

	closed    atomic.Bool
	heard     atomic.Int64 // when the peer last said something, in Unix milliseconds
	initiated atomic.Bool
	attending sync.WaitGroup

	identity *accounts.Identity // set once, by the reader, before any operation

	mu         sync.Mutex // held while writing, so that an operation's messages end with it
	operations map[string]*operation
}

// message is what travels in both directions.
type message struct {
	ID      string          `json:"id"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload"`
}

// serve reads until the socket closes, and returns when all its goroutines have
// ended.
func (s *socket) serve() {
	defer s.attending.Wait()
	defer s.drop()
	hurry := time.AfterFunc(s.server.timing.SocketInit, func() {
		if !s.initiated.Load() {
			s.close(closeInitTimeout, "connection initialisation timeout")
		}
	})
	defer hurry.Stop()
	s.heard.Store(s.server.clock().UnixMilli())
	s.attending.Go(s.ping)
	for {
		// Not s.ctx: its end would break the connection off before the close frame.
		kind, data, err := s.conn.Read(context.WithoutCancel(s.ctx))
		if err != nil {
			return
		}
		s.heard.Store(s.server.clock().UnixMilli())
		var m message
		if kind != websocket.MessageText || json.Unmarshal(data, &m) != nil {
			s.close(closeInvalidMessage, "unreadable message")
			return
		}
		if code, reason := s.take(m); code != 0 {
			s.close(code, reason)
			return
		}
	}
}

// take acts on one message. A code other than 0 closes the socket.
func (s *socket) take(m message) (websocket.StatusCode, string) {
	switch m.Type {
	case "connection_init":
		return s.initiate(m)
	case "ping":
		s.pong(m.Payload)
	case "pong":
	case "subscribe":
		return s.subscribe(m)
	case "complete":
		if m.ID == "" {
			return closeInvalidMessage, "complete without an id"
		}
		s.forget(m.ID)
	default:
		return closeInvalidMessage, "unknown message type"
	}
	return 0, ""
}

// initiate finds out who is asking, from the payload or else from the header of
// the upgrade.
func (s *socket) initiate(m message) (websocket.StatusCode, string) {
	if s.initiated.Swap(true) {
		return closeTooManyInits, "too many initialisation requests"
	}
	var payload struct {
		Authorization string `json:"authorization"`
	}
	if len(m.Payload) > 0 && json.Unmarshal(m.Payload, &payload) != nil {
		return closeInvalidMessage, "unreadable payload of connection_init"
	}
	identity, known := graph.IdentityFrom(s.ctx)
	if payload.Authorization != "" {
		token, err := bearer(payload.Authorization)
		if err == nil {
			identity, err = s.server.options.Sessions.Authenticate(s.ctx, token)
		}
		switch {
		case models.CodeOf(err) == models.CodeUnauthenticated:
			return closeForbidden, "the access token is not valid, or no longer"
		case err != nil:
			s.server.log.Warn("cannot authenticate a socket", "error", err)
			return closeTryLater, "cannot tell who is asking"
		}
		known = true
	}
	if !known {
		return closeForbidden, "an access token is needed"
	}
	s.identity = &identity
	s.attending.Go(s.watch)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.write([]byte(`{"type":"connection_ack"}`))
	return 0, ""
}

// watch closes the socket when the token expires or the session ends.
func (s *socket) watch() {
	switch err := s.server.watch(s.ctx, *s.identity); {
	case err == nil:
	case errors.Is(err, errUnconfirmed):
		s.close(closeTryLater, err.Error())
	default:
		s.close(closeForbidden, err.Error())
	}
}

// ping asks the peer for a sign of life, and drops one that gave none.
func (s *socket) ping() {
	every := s.server.timing.SocketPing
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-ticker.C:
		}
		if s.server.clock().Sub(time.UnixMilli(s.heard.Load())) >= 2*every {
			s.drop()
			return
		}
		s.mu.Lock()
		s.write([]byte(`{"type":"ping"}`))
		s.mu.Unlock()
	}
}

func (s *socket) pong(payload json.RawMessage) {
	answer := []byte(`{"type":"pong"`)
	if len(payload) > 0 {
		answer = append(append(answer, `,"payload":`...), payload...)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.write(append(answer, '}'))
}

// write sends a message; s.mu is held. A peer that does not take it in time is
// dropped.
func (s *socket) write(data []byte) {
	if s.closed.Load() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), s.server.timing.Write)
	defer cancel()
	if err := s.conn.Write(ctx, websocket.MessageText, data); err != nil {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			s.server.metrics.slow.Inc()
		}
		s.drop()
	}
}

// close tells the peer why and ends the socket; it may take some seconds. Only
// the first close counts.
func (s *socket) close(code websocket.StatusCode, reason string) {
	if s.closed.Swap(true) {
		return
	}
	s.server.metrics.closed.WithLabelValues(strconv.Itoa(int(code))).Inc()
	s.cancel()
	_ = s.conn.Close(code, reason) // the peer is gone if this fails
}

// drop ends the socket without a word.
func (s *socket) drop() {
	if s.closed.Swap(true) {
		return
	}
	s.cancel()
	_ = s.conn.CloseNow() // fails only if it is closed already
}
