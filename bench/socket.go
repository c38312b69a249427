//go:build unix

package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

// socket is a subscription over graphql-transport-ws.
type socket struct{ conn *websocket.Conn }

// frame is a message of the protocol.
type frame struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// subscribe opens a socket and starts one subscription on it. When it returns the
// program has taken the subscription; it begins within moments.
func (c *client) subscribe(ctx context.Context, document string) (*socket, error) {
	conn, response, err := websocket.Dial(ctx, "ws://"+c.address+"/graphql", &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		return nil, fmt.Errorf("open a socket: %w", err)
	}
	if response.Body != nil {
		_ = response.Body.Close()
	}
	conn.SetReadLimit(1 << 20)
	s := &socket{conn: conn}
	payload, err := json.Marshal(map[string]string{"Authorization": "Bearer " + c.token})
	if err != nil {
		return nil, err
	}
	operation, err := json.Marshal(map[string]string{"query": document})
	if err != nil {
		return nil, err
	}
	if err := s.send(ctx, frame{Type: "connection_init", Payload: payload}); err != nil {
		return nil, err
	}
	if err := s.expect(ctx, "connection_ack"); err != nil {
		return nil, err
	}
	if err := s.send(ctx, frame{ID: "1", Type: "subscribe", Payload: operation}); err != nil {
		return nil, err
	}
	if err := s.send(ctx, frame{Type: "ping"}); err != nil {
		return nil, err
	}
	return s, s.expect(ctx, "pong")
}

func (s *socket) send(ctx context.Context, f frame) error {
	if err := wsjson.Write(ctx, s.conn, f); err != nil {
		return fmt.Errorf("write to a socket: %w", err)
	}
	return nil
}

func (s *socket) receive(ctx context.Context) (frame, error) {
	var f frame
	if err := wsjson.Read(ctx, s.conn, &f); err != nil {
		return f, fmt.Errorf("read from a socket: %w", err)
	}
	return f, nil
}

func (s *socket) expect(ctx context.Context, kind string) error {
	f, err := s.receive(ctx)
	if err != nil {
		return err
	}
	if f.Type != kind {
		return fmt.Errorf("a socket says %s instead of %s: %s", f.Type, kind, f.Payload)
	}
	return nil
}

func (s *socket) close() { _ = s.conn.CloseNow() }
