package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
	"github.com/stretchr/testify/require"

	"recado/models"
)

// client is a signed-in user at one process.
type client struct {
	t       *testing.T
	address string
	token   string
}

// signIn signs a user in.
func signIn(t *testing.T, p *process, user models.User) *client {
	t.Helper()
	c := &client{t: t, address: p.address}
	var answer struct {
		SessionCreate struct {
			Session    struct{ AccessToken string }
			UserErrors []struct{ Code string }
		}
	}
	c.ask(`mutation ($input: SessionCreateInput!) { sessionCreate(input: $input) { session { accessToken } userErrors { code } } }`,
		map[string]any{"input": map[string]string{"email": user.Email, "password": password}}, &answer)
	require.Empty(t, answer.SessionCreate.UserErrors)
	c.token = answer.SessionCreate.Session.AccessToken
	return c
}

// at is the same user, with the same token, at another process.
func (c *client) at(p *process) *client { return &client{c.t, p.address, c.token} }

// ask runs an operation that must succeed.
func (c *client) ask(document string, variables map[string]any, into any) {
	c.t.Helper()
	require.NoError(c.t, c.tryAsk(document, variables, into))
}

// tryAsk is ask for goroutines beside the test's own.
func (c *client) tryAsk(document string, variables map[string]any, into any) error {
	body, err := json.Marshal(map[string]any{"query": document, "variables": variables})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, "http://"+c.address+"/graphql", bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	var answer struct {
		Data   json.RawMessage
		Errors json.RawMessage
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return err
	}
	if len(answer.Errors) > 0 || response.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d: %s", response.StatusCode, answer.Errors)
	}
	return json.Unmarshal(answer.Data, into)
}

// conversation is one as the API shows it.
type conversation struct {
	ID          string
	UnreadCount int
	Contact     struct{ ID, Name string }
	Assignee    *struct{ ID, Name string }
	bodies      []string // of its messages, in their order
}

// conversations reads the whole inbox with all messages, page by page, and makes
// sure that nothing is shown twice.
func (c *client) conversations() (all []conversation) {
	c.t.Helper()
	seen := make(map[string]bool)
	once := func(id string) {
		require.False(c.t, seen[id], "%s is shown twice", id)
		seen[id] = true
	}
	var after *string
	for {
		var page struct {
			Conversations struct {
				Nodes    []conversation
				PageInfo pageInfo
			}
		}
		c.ask(`query ($after: String) { conversations(first: 100, after: $after) {
			nodes { id unreadCount contact { id name } assignee { id name } } pageInfo { hasNextPage endCursor } } }`,
			map[string]any{"after": after}, &page)
		for _, conversation := range page.Conversations.Nodes {
			once(conversation.ID)
			conversation.bodies = c.bodies(conversation.ID, once)
			all = append(all, conversation)
		}
		if !page.Conversations.PageInfo.HasNextPage {
			return all
		}
		after = page.Conversations.PageInfo.EndCursor
	}
}

type pageInfo struct {
	HasNextPage bool
	EndCursor   *string
}

func (c *client) bodies(conversation string, once func(id string)) (bodies []string) {
	c.t.Helper()
	var after *string
	for {
		var page struct {
			Conversation struct {
				Messages struct {
					Nodes []struct {
						ID      string
						Content struct{ Body string }
					}
					PageInfo pageInfo
				}
			}
		}
		c.ask(`query ($id: ID!, $after: String) { conversation(id: $id) { messages(first: 100, after: $after) {
			nodes { id content { ... on TextContent { body } } } pageInfo { hasNextPage endCursor } } } }`,
			map[string]any{"id": conversation, "after": after}, &page)
		for _, message := range page.Conversation.Messages.Nodes {
			once(message.ID)
			bodies = append(bodies, message.Content.Body)
		}
		if !page.Conversation.Messages.PageInfo.HasNextPage {
			return bodies
		}
		after = page.Conversation.Messages.PageInfo.EndCursor
	}
}

// event is one as a subscription shows it.
type event struct {
	Type         string `json:"__typename"`
	ID, Cursor   string
	Conversation struct{ ID string }
	Message      *struct {
		ID, Status, Direction string
		Content               struct{ Body string }
	}
}

// String says of an event what tests go by.
func (e event) String() string {
	if e.Message == nil {
		return e.Type + " " + e.ID
	}
	return e.Type + " " + e.ID + " " + e.Message.Status + " " + e.Message.Content.Body
}

// socket is a subscription to the inbox.
type socket struct{ *stream[event] }

// stream is a graphql-transport-ws connection with one subscription, whose only field
// is a T.
type stream[T any] struct {
	t    *testing.T
	conn *websocket.Conn

	mu      sync.Mutex
	events  []T
	end     error         // why nothing more comes
	changed chan struct{} // closed and replaced when something came
}

// listen subscribes to inboxEvents after a cursor, or from now on if it is empty.
func (c *client) listen(after string) *socket {
	c.t.Helper()
	variables := map[string]any{}
	if after != "" {
		variables["after"] = after
	}
	const fields = "id cursor conversation { id }"
	const message = "message { id status direction content { ... on TextContent { body } } }"
	return &socket{subscribe[event](c, `subscription ($after: String) { inboxEvents(after: $after) { __typename
		... on MessageAddedEvent { `+fields+` `+message+` } ... on MessageStatusChangedEvent { `+fields+` `+message+` }
		... on ConversationChangedEvent { `+fields+` } ... on ConversationMergedEvent { `+fields+` } } }`, variables)}
}

// subscribe opens a connection with a subscription.
func subscribe[T any](c *client, document string, variables map[string]any) *stream[T] {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, "ws://"+c.address+"/graphql", //nolint:bodyclose // taken over by conn
		&websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
	require.NoError(c.t, err)
	conn.SetReadLimit(1 << 20)
	s := &stream[T]{t: c.t, conn: conn, changed: make(chan struct{})}
	c.t.Cleanup(func() { _ = conn.CloseNow() })
	require.NoError(c.t, wsjson.Write(ctx, conn, map[string]any{
		"type": "connection_init", "payload": map[string]string{"authorization": "Bearer " + c.token},
	}))
	require.Equal(c.t, "connection_ack", s.read(ctx).Type)
	require.NoError(c.t, wsjson.Write(ctx, conn, map[string]any{
		"id": "1", "type": "subscribe", "payload": map[string]any{"query": document, "variables": variables},
	}))
	go s.gather()
	return s
}

type frame struct {
	Type    string
	Payload json.RawMessage
}

func (s *stream[T]) read(ctx context.Context) (f frame) {
	s.t.Helper()
	require.NoError(s.t, wsjson.Read(ctx, s.conn, &f))
	return f
}

// gather takes in what comes until the connection ends.
func (s *stream[T]) gather() {
	for {
		var f frame
		err := wsjson.Read(context.Background(), s.conn, &f)
		var next struct{ Data map[string]*T }
		switch {
		case err != nil:
		case f.Type == "ping":
			err = wsjson.Write(context.Background(), s.conn, map[string]string{"type": "pong"})
		case f.Type == "next":
			err = json.Unmarshal(f.Payload, &next)
		case f.Type == "pong":
		default:
			err = &unexpected{f}
		}
		if err == nil && f.Type == "next" && (len(next.Data) != 1 || slices.Contains(slices.Collect(maps.Values(next.Data)), nil)) {
			err = &unexpected{f}
		}
		s.mu.Lock()
		if err != nil {
			s.end = err
		} else {
			for _, event := range next.Data {
				s.events = append(s.events, *event)
			}
		}
		close(s.changed)
		s.changed = make(chan struct{})
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

type unexpected struct{ frame }

func (u *unexpected) Error() string { return "unexpected " + u.Type + ": " + string(u.Payload) }

// await waits until the condition holds for what came so far, which it returns. A
// socket that ended fails the test, unless ending is what is waited for.
func (s *stream[T]) await(what string, condition func(events []T, end error) bool) []T {
	s.t.Helper()
	return s.awaitFor(patience, what, condition)
}

// awaitFor is await with another patience.
func (s *stream[T]) awaitFor(limit time.Duration, what string, condition func(events []T, end error) bool) []T {
	s.t.Helper()
	timeout := time.NewTimer(limit)
	defer timeout.Stop()
	for {
		s.mu.Lock()
		events, end, changed := slices.Clip(s.events), s.end, s.changed
		s.mu.Unlock()
		if condition(events, end) {
			return events
		}
		require.NoError(s.t, end, "the socket ended before %s", what)
		select {
		case <-changed:
		case <-timeout.C:
			require.FailNow(s.t, "waited in vain for "+what, "%d events came: %s", len(events), described(events))
		}
	}
}

// awaitTexts waits until each of the texts was told of.
func (s *socket) awaitTexts(texts ...text) []event {
	s.t.Helper()
	return s.await("all messages", func(events []event, _ error) bool {
		told := make(map[string]bool)
		for _, event := range events {
			if event.Type == "MessageAddedEvent" {
				told[event.Message.Content.Body] = true
			}
		}
		for _, text := range texts {
			if !told[text.body] {
				return false
			}
		}
		return true
	})
}

// begins waits for the first event, until ctx ends.
func (s *stream[T]) begins(ctx context.Context) bool {
	for {
		s.mu.Lock()
		begun, changed := len(s.events) > 0, s.changed
		s.mu.Unlock()
		if begun {
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

// ended is why nothing more comes; nil while something may.
func (s *stream[T]) ended() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.end
}

// soFar returns what came until now.
func (s *stream[T]) soFar() []T {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clip(s.events)
}

func ids(events []event) []string {
	list := make([]string, len(events))
	for i, event := range events {
		list[i] = event.ID
	}
	return list
}

// described shows the last of the events.
func described[T any](events []T) string {
	var b strings.Builder
	for _, event := range events[max(0, len(events)-20):] {
		fmt.Fprintf(&b, "\n%v", event)
	}
	return b.String()
}
