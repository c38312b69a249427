package graph_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"

	"recado/accounts"
	"recado/graph"
	"recado/models"
	"recado/testkit/rooms"
)

// TestWriteDirectly holds that a page is the same, byte for byte, whether it is
// written directly or by gqlgen.
func TestWriteDirectly(t *testing.T) {
	rooms.OnEach(t, func(t *testing.T, r *rooms.Rooms) {
		now := time.Now().UTC().Truncate(time.Millisecond)
		odd := "Zoé \"the \\ cat\"\t\r\n\x01\x1f\x7f 🙂 \u2028 </script>"
		first := r.Conversation(r.Open, odd, now.Add(-time.Hour))
		first.AssigneeID = &r.Replier.ID
		second := r.Conversation(r.Closed, "", now.Add(-48*time.Hour))
		second.Close(r.Administrator.ID, now)
		var messages []any
		picture := r.Message(&second, "", now.Add(-47*time.Hour))
		picture.Kind, picture.Raw = "image", []byte(`{"type": "image"}`)
		for i, kind := range []string{"image", "video", "audio", "document", "sticker", "interactive", "button", "system"} {
			content := &models.Content{Media: &models.Media{MIME: odd, Caption: odd, FileName: odd, Voice: true, Error: &models.MetaProblem{Code: 131052, Title: odd}}}
			switch kind {
			case "interactive":
				content = &models.Content{ListReply: &models.Choice{ID: odd, Title: odd}}
			case "button":
				content = &models.Content{Button: &models.ButtonTap{Text: odd}}
			case "system":
				content = &models.Content{System: &models.SystemNotice{Type: odd, WAID: "1"}}
			}
			message := r.Message(&second, odd, now.Add(-47*time.Hour+time.Duration(i)*time.Minute))
			message.Kind, message.Content, message.EditedAt, message.Forwarded = kind, content, &now, true
			messages = append(messages, &message)
		}
		sticker := r.Message(&second, "", now.Add(-46*time.Hour))
		sticker.Kind = "sticker"
		reply := r.Message(&first, odd, now.Add(-time.Minute))
		reply.Direction, reply.Status, reply.SenderID = models.Outbound, models.StatusRead, &r.Replier.ID
		reply.AcceptedAt, reply.LeftAt, reply.DeliveredAt, reply.ReadAt, reply.PlayedAt, reply.FailedAt = &now, &now, &now, &now, &now, &now
		empty := r.Conversations(r.Open, []time.Time{now.Add(-time.Second)})[0]
		r.Save(append([]any{&first, &second, &picture, &sticker, &reply, &empty}, messages...)...)

		direct, indirect := newWriting(r, false), newWriting(r, true)
		all := everything(direct.edge.Schema())
		for name, c := range map[string]struct {
			document  string
			variables map[string]any
			directly  bool // whether all of the page is written directly
		}{
			"all fields of nodes":    {document: `{conversations {nodes {` + all("Conversation", "sender") + `}}}`, directly: true},
			"all fields of a page":   {document: `{conversations(first: 2) {` + all("ConversationConnection", "sender") + `}}`, directly: true},
			"nothing to see":         {document: `{conversations(first: 0) {` + all("ConversationConnection") + `}}`, directly: true},
			"another's conversation": {document: `{conversations(filter: {view: MINE}) {nodes {id} pageInfo {endCursor}}}`, directly: true},
			"names of types": {document: `{conversations {__typename nodes {__typename contact {__typename}
				lastMessage {content {__typename}}} pageInfo {__typename}}}`, directly: true},
			"aliases, twice, and in fragments": {document: `{conversations {nodes {a: id b: id id ...row lastMessage {id}}}}
				fragment row on Conversation {id contact {name} ... on Node {id} lastMessage {status content {... on UnknownContent {kind} ... on TextContent {t: body}}}}`, directly: true},
			"left out by variables": {document: `query($no: Boolean!) {conversations {nodes {id @skip(if: $no) status @include(if: $no)
				contact @skip(if: true) {phoneNumber} ... @include(if: false) {messages {nodes {id}}}}}}`, variables: map[string]any{"no": false}, directly: true},
			"a field that is not written directly": {document: `{conversations {nodes {id contact {name phoneNumber}}}}`},
			"a relation that is not loaded":        {document: `{conversations {nodes {id lastMessage {sender {name}}}}}`},
			"a relation that happens to be loaded": {document: `{conversations {nodes {assignee {id} lastMessage {sender {` + all("User") + `}}}}}`, directly: true},
			"messages beneath":                     {document: `{conversations {nodes {messages {` + all("MessageConnection", "sender") + `}}}}`},
			"messages with senders beneath":        {document: `{conversations {nodes {messages {` + all("MessageConnection") + `}}}}`},
		} {
			t.Run(name, func(t *testing.T) {
				expected, _ := indirect.ask(t, c.document, c.variables, r.Viewer(r.Administrator))
				found, resolved := direct.ask(t, c.document, c.variables, r.Viewer(r.Administrator))
				require.Equal(t, expected, found)
				require.Equal(t, c.directly, resolved == 1, "%d fields were resolved by gqlgen", resolved)
				require.NotContains(t, found, "errors")

				expected, _ = indirect.ask(t, c.document, c.variables, r.Viewer(r.Looker))
				found, _ = direct.ask(t, c.document, c.variables, r.Viewer(r.Looker))
				require.Equal(t, expected, found)
			})
		}
	})
}

// everything selects all fields of a type that are written directly, except some.
func everything(schema *ast.Schema) func(name string, except ...string) string {
	direct := graph.DirectFields()
	var all func(name string, except ...string) string
	all = func(name string, except ...string) string {
		var selections []string
		definition := schema.Types[name]
		for _, member := range definition.Types { // of a union
			if len(direct[member]) > 0 {
				selections = append(selections, "... on "+member+" {"+all(member, except...)+"}")
			}
		}
		for _, field := range direct[name] {
			if slices.Contains(except, field) {
				continue
			}
			if inner := schema.Types[definition.Fields.ForName(field).Type.Name()]; !inner.IsLeafType() {
				field += " {" + all(inner.Name, except...) + "}"
			}
			selections = append(selections, field)
		}
		return strings.Join(selections, " ")
	}
	return all
}

// writing is an edge, and a count of the fields that gqlgen resolves.
type writing struct {
	edge     *graph.Edge
	server   *handler.Server
	resolved atomic.Int64
}

func newWriting(r *rooms.Rooms, indirectly bool) *writing {
	w := &writing{edge: graph.New(graph.Rooms{Accounts: r.Accounts, Channels: r.Channels, CRM: r.CRM, Inbox: r.Inbox}, graph.Options{})}
	if indirectly {
		graph.WriteIndirectly(w.edge)
	}
	w.server = w.edge.Handler()
	w.server.AddTransport(transport.POST{})
	w.server.AroundFields(func(ctx context.Context, next graphql.Resolver) (any, error) {
		w.resolved.Add(1)
		return next(ctx)
	})
	return w
}

// ask returns an answer's text, and how many fields gqlgen resolved for it.
func (w *writing) ask(t *testing.T, document string, variables map[string]any, viewer models.Viewer) (string, int64) {
	t.Helper()
	before := w.resolved.Load()
	request := httptest.NewRequest(http.MethodPost, "/graphql", body(t, document, variables))
	request.Header.Set("Content-Type", "application/json")
	recorder := httptest.NewRecorder()
	w.server.ServeHTTP(recorder, request.WithContext(graph.WithIdentity(request.Context(), accounts.Identity{Viewer: viewer})))
	return recorder.Body.String(), w.resolved.Load() - before
}
