package graph_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"recado/inbox"
	"recado/models"
	"recado/testkit"
)

func TestQuickReplies(t *testing.T) {
	onEach(t, func(t *testing.T, a *api) {
		conversation := a.Conversation(a.Open, "Maria Souza", a.DB.Now())
		id := public(models.PrefixConversation, conversation.ID)
		replier, looker, outsider, administrator := a.as(a.Replier), a.as(a.Looker), a.as(a.Outsider), a.as(a.Administrator)
		const create = `mutation($shortcut: String!, $body: String!, $shared: Boolean!) {quickReplyCreate(input: {shortcut: $shortcut, body: $body, isShared: $shared}) {
			quickReply {id shortcut body attachmentId isShared version createdBy {name}} userErrors {code field message}}}`
		input := func(shortcut, body string, shared bool) map[string]any {
			return map[string]any{"shortcut": shortcut, "body": body, "shared": shared}
		}
		made := administrator.get(create, input("/Olá", "Olá, #{contact.firstName|cliente}!", true))
		greeting := made.at("quickReplyCreate.quickReply.id")
		require.Equal(t, map[string]any{
			"id": greeting, "shortcut": "ola", "body": "Olá, #{contact.firstName|cliente}!", "attachmentId": nil, "isShared": true, "version": 1.0,
			"createdBy": map[string]any{"name": "Ana"},
		}, made.at("quickReplyCreate.quickReply"))
		own := replier.get(create, input("ola", "Oi, #{contact.name}", false)).at("quickReplyCreate.quickReply.id")
		other := testkit.NewWorld(t, a.DB)
		theirs, err := a.Inbox.CreateQuickReply(t.Context(), other.Viewer(other.Administrator), inbox.QuickReplyWish{Shortcut: "ola", Body: "Deles"}, true)
		require.NoError(t, err)

		t.Run("user errors and rights", func(t *testing.T) {
			require.Equal(t, "FORBIDDEN", replier.ask(create, input("x", "x", true)).code())
			require.Equal(t, "FORBIDDEN", looker.ask(create, input("x", "x", false)).code())
			refused := replier.get(create, input("x", "#{order.total}", false))
			require.Equal(t, "UNKNOWN_VARIABLE", refused.at("quickReplyCreate.userErrors.0.code"))
			require.Equal(t, []any{"input", "body"}, refused.at("quickReplyCreate.userErrors.0.field"))
			require.Contains(t, refused.at("quickReplyCreate.userErrors.0.message"), "contact.firstName")
			require.Equal(t, "ALREADY_EXISTS", replier.get(create, input("OLÁ", "x", false)).at("quickReplyCreate.userErrors.0.code"))
			const update = `mutation($id: ID!, $version: Int) {quickReplyUpdate(input: {quickReplyId: $id, shortcut: "bom-dia", body: "Bom dia!", expectedVersion: $version}) {quickReply {body version} userErrors {code}}}`
			require.Equal(t, "NOT_FOUND", administrator.get(update, map[string]any{"id": own}).at("quickReplyUpdate.userErrors.0.code"))
			conflict := administrator.get(update, map[string]any{"id": greeting, "version": 7})
			require.Equal(t, "CONFLICT", conflict.at("quickReplyUpdate.userErrors.0.code"))
			require.EqualValues(t, 1, conflict.at("quickReplyUpdate.quickReply.version"))
			const remove = `mutation($id: ID!) {quickReplyDelete(input: {quickReplyId: $id}) {deletedQuickReplyId userErrors {code}}}`
			for _, foreign := range []any{own, public(models.PrefixQuickReply, theirs.ID), id} {
				require.Equal(t, "NOT_FOUND", administrator.get(remove, map[string]any{"id": foreign}).at("quickReplyDelete.userErrors.0.code"))
			}
		})
		t.Run("are found by shortcut, page by page", func(t *testing.T) {
			const list = `query($after: String) {quickReplies(prefix: "/OL", first: 1, after: $after) {nodes {id} edges {cursor} pageInfo {hasNextPage endCursor}}}`
			first := replier.get(list, nil)
			require.Equal(t, []any{map[string]any{"id": own}}, first.at("quickReplies.nodes"))
			require.Equal(t, true, first.at("quickReplies.pageInfo.hasNextPage"))
			second := replier.get(list, map[string]any{"after": first.at("quickReplies.pageInfo.endCursor")})
			require.Equal(t, []any{map[string]any{"id": greeting}}, second.at("quickReplies.nodes"))
			require.Equal(t, []any{map[string]any{"id": greeting}}, outsider.get(list, nil).at("quickReplies.nodes"))
			node := `query($id: ID!) {node(id: $id) {id}}`
			require.NotNil(t, looker.get(node, map[string]any{"id": greeting}).at("node"))
			require.Nil(t, looker.get(node, map[string]any{"id": own}).at("node"))
			require.Nil(t, looker.get(node, map[string]any{"id": public(models.PrefixQuickReply, theirs.ID)}).at("node"))
		})
		t.Run("are shown as they would be sent", func(t *testing.T) {
			const render = `query($id: ID!, $conversation: ID!) {quickReplyRender(quickReplyId: $id, conversationId: $conversation) {text missingVariables quickReply {shortcut}}}`
			shown := looker.get(render, map[string]any{"id": greeting, "conversation": id})
			require.Equal(t, map[string]any{"text": "Olá, Maria!", "missingVariables": []any{}, "quickReply": map[string]any{"shortcut": "ola"}}, shown.at("quickReplyRender"))
			require.Nil(t, outsider.get(render, map[string]any{"id": greeting, "conversation": id}).at("quickReplyRender"))
			require.Nil(t, looker.get(render, map[string]any{"id": own, "conversation": id}).at("quickReplyRender"))
			require.Nil(t, a.as(other.Administrator).get(render, map[string]any{"id": greeting, "conversation": id}).at("quickReplyRender"))
		})
		t.Run("are sent", func(t *testing.T) {
			const send = `mutation($conversation: ID!, $id: ID!) {messageSend(input: {conversationId: $conversation, idempotencyKey: "k", content: {quickReply: {quickReplyId: $id}}}) {
				message {content {... on TextContent {body}}} userErrors {code field}}}`
			refused := administrator.get(send, map[string]any{"conversation": id, "id": own})
			require.Equal(t, "NOT_FOUND", refused.at("messageSend.userErrors.0.code"))
			require.Equal(t, []any{"input", "content", "quickReply", "quickReplyId"}, refused.at("messageSend.userErrors.0.field"))
			require.Equal(t, "FORBIDDEN", looker.ask(send, map[string]any{"conversation": id, "id": greeting}).code())
			require.Equal(t, "Olá, Maria!", replier.get(send, map[string]any{"conversation": id, "id": greeting}).at("messageSend.message.content.body"))
		})
	})
}
