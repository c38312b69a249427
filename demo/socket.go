package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

// liveEvent is what a subscription told, and when.
type liveEvent struct {
	Kind         string       `json:"__typename"`
	ID           string       `json:"id"`
	Conversation conversation `json:"conversation"`
	Message      message      `json:"message"`
	Template     template     `json:"template"`
	creditChange              // of a CreditEvent

	at time.Time
}

// The kinds of events that the story waits for.
const (
	messageAdded         = "MessageAddedEvent"
	messageStatusChanged = "MessageStatusChangedEvent"
	messageChanged       = "MessageChangedEvent"
	conversationChanged  = "ConversationChangedEvent"
	templateChanged      = "TemplateChangedEvent"
	creditsChanged       = "CreditEvent"
)

// socket is one or more subscriptions over graphql-transport-ws. It remembers
// everything that came.
type socket struct {
	conn   *websocket.Conn
	cancel context.CancelFunc
	ended  sync.WaitGroup

	mu      sync.Mutex
	events  []liveEvent
	failure error         // why nothing more comes
	changed chan struct{} // closed and replaced with each change
}

// frame is a message of the protocol.
type frame struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// listen opens a socket and subscribes, each document having one field. The server does
// not say when it has begun to listen. The caller closes the socket.
func (a api) listen(ctx context.Context, documents ...string) (*socket, error) {
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s := &socket{cancel: cancel, changed: make(chan struct{})}
	if err := s.open(ctx, a, documents); err != nil {
		s.close()
		return nil, err
	}
	s.ended.Go(func() { s.read(life) })
	return s, nil
}

func (s *socket) open(ctx context.Context, a api, documents []string) (err error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	s.conn, _, err = websocket.Dial(ctx, "ws://"+a.address+"/graphql", &websocket.DialOptions{ //nolint:bodyclose // the body is the socket itself
		HTTPClient: a.client, Subprotocols: []string{"graphql-transport-ws"},
	})
	if err != nil {
		return fmt.Errorf("open a socket: %w", err)
	}
	s.conn.SetReadLimit(1 << 20)
	authorization, err := json.Marshal(map[string]string{"authorization": "Bearer " + a.token})
	if err != nil {
		return fmt.Errorf("encode a token: %w", err)
	}
	if err := wsjson.Write(ctx, s.conn, frame{Type: "connection_init", Payload: authorization}); err != nil {
		return fmt.Errorf("begin a socket: %w", err)
	}
	var answer frame
	if err := wsjson.Read(ctx, s.conn, &answer); err != nil {
		return fmt.Errorf("begin a socket: %w", err)
	}
	if answer.Type != "connection_ack" {
		return fmt.Errorf("begin a socket: %s instead of connection_ack", answer.Type)
	}
	for i, document := range documents {
		subscription, err := json.Marshal(request{Query: document})
		if err != nil {
			return fmt.Errorf("encode a subscription: %w", err)
		}
		if err := wsjson.Write(ctx, s.conn, frame{ID: strconv.Itoa(i), Type: "subscribe", Payload: subscription}); err != nil {
			return fmt.Errorf("subscribe: %w", err)
		}
	}
	return nil
}

// read takes in what comes until the socket ends.
func (s *socket) read(ctx context.Context) {
	for {
		var f frame
		err := wsjson.Read(ctx, s.conn, &f)
		at := time.Now()
		if err != nil {
			s.end(fmt.Errorf("the socket ended: %w", err))
			return
		}
		switch f.Type {
		case "next":
			s.take(f.Payload, at)
		case "ping":
			err = wsjson.Write(ctx, s.conn, frame{Type: "pong"})
		case "error":
			err = fmt.Errorf("the subscription was refused: %s", f.Payload)
		case "complete":
			err = errors.New("the subscription ended")
		}
		if err != nil {
			s.end(err)
			return
		}
	}
}

func (s *socket) take(payload []byte, at time.Time) {
	var response struct {
		Data map[string]*liveEvent `json:"data"`
	}
	if json.Unmarshal(payload, &response) != nil {
		return // what is missing, the story misses
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, event := range response.Data {
		if event != nil {
			event.at = at
			s.events = append(s.events, *event)
		}
	}
	s.notify()
}

func (s *socket) end(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failure = err
	s.notify()
}

// notify wakes all who wait; s.mu is held.
func (s *socket) notify() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// await returns the first event, from the given one on, that matches, and the place
// after it. It gives up when ctx or the socket ends.
func (s *socket) await(ctx context.Context, from int, matches func(liveEvent) bool) (liveEvent, int, error) {
	for {
		s.mu.Lock()
		events, failure, changed := s.events, s.failure, s.changed
		s.mu.Unlock()
		for ; from < len(events); from++ {
			if matches(events[from]) {
				return events[from], from + 1, nil
			}
		}
		if failure != nil {
			return liveEvent{}, from, failure
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return liveEvent{}, from, ctx.Err()
		}
	}
}

// count is how many events came.
func (s *socket) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.events)
}

// close ends the socket and returns when its reader has ended.
func (s *socket) close() {
	if s.conn != nil {
		_ = s.conn.Close(websocket.StatusNormalClosure, "") // it may have ended by itself
	}
	s.cancel()
	s.ended.Wait()
}
