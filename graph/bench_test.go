package graph_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"

	"recado/accounts"
	"recado/graph"
	"recado/testkit"
	"recado/testkit/rooms"
)

// BenchmarkConversationPage reads the newest 50 of some thousand conversations, with
// contact, last message and assignee, through the whole edge.
func BenchmarkConversationPage(b *testing.B) {
	for _, dialect := range testkit.Databases {
		b.Run(string(dialect), func(b *testing.B) {
			r := rooms.New(b, testkit.Open(b, testkit.URL(b, dialect), nil))
			now := r.DB.Now()
			times := make([]time.Time, 5000)
			for i := range times {
				times[i] = now.Add(-time.Duration(i+100) * time.Second)
			}
			r.Conversations(r.Open, times)
			for i := range 50 {
				conversation := r.Conversation(r.Open, "Maria", now.Add(-time.Duration(i)*time.Second))
				conversation.AssigneeID = &r.Replier.ID
				r.Save(&conversation)
			}
			r.Exec("ANALYZE")
			server := graph.New(graph.Rooms{Accounts: r.Accounts, Channels: r.Channels, CRM: r.CRM, Inbox: r.Inbox}, graph.Options{}).Handler()
			server.AddTransport(transport.POST{})
			server.SetQueryCache(lru.New[*ast.QueryDocument](10))
			identity := accounts.Identity{Viewer: r.Viewer(r.Administrator)}
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					request := httptest.NewRequest(http.MethodPost, "/graphql", body(b, `{conversations(first: 50) {nodes {
						id status unreadCount lastMessageAt contact {id name} assignee {id name}
						lastMessage {id status sentAt content {... on TextContent {body}}}
					} pageInfo {hasNextPage endCursor}}}`, nil))
					request.Header.Set("Content-Type", "application/json")
					recorder := httptest.NewRecorder()
					server.ServeHTTP(recorder, request.WithContext(graph.WithIdentity(request.Context(), identity)))
					require.Greater(b, recorder.Body.Len(), 10_000)
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "pages/s")
		})
	}
}
