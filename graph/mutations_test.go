package graph_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/accounts"
	"recado/models"
)

func TestMessageSend(t *testing.T) {
	onEach(t, func(t *testing.T, a *api) {
		conversation := a.Conversation(a.Open, "Maria", a.DB.Now())
		expired := a.Conversation(a.Open, "João", a.DB.Now().Add(-25*time.Hour))
		replier := a.as(a.Replier)
		const document = `mutation($input: MessageSendInput!) {messageSend(input: $input) {
			message {id status direction content {... on TextContent {body}} sender {name} replyTo {id} conversation {id lastMessage {id}}}
			messageEdge {cursor node {id}}
			userErrors {code message field}
		}}`
		input := func(conversation models.Conversation, key, text string) map[string]any {
			return map[string]any{
				"conversationId": public(models.PrefixConversation, conversation.ID), "idempotencyKey": key,
				"content": map[string]any{"text": map[string]any{"body": text}},
			}
		}
		send := func(c *caller, input map[string]any) *answer {
			return c.get(document, map[string]any{"input": input})
		}

		t.Run("queues the message and gives its place", func(t *testing.T) {
			wish := input(conversation, "one", "Bom dia")
			wish["replyToId"] = public(models.PrefixMessage, *conversation.LastMessageID)
			sent := send(replier, wish)
			require.Empty(t, sent.at("messageSend.userErrors"))
			require.Equal(t, "QUEUED", sent.at("messageSend.message.status"))
			require.Equal(t, "Bom dia", sent.at("messageSend.message.content.body"))
			require.Equal(t, "Bruno", sent.at("messageSend.message.sender.name"))
			require.Equal(t, public(models.PrefixMessage, *conversation.LastMessageID), sent.at("messageSend.message.replyTo.id"))
			require.Equal(t, sent.at("messageSend.message.id"), sent.at("messageSend.message.conversation.lastMessage.id"))

			again := send(replier, wish)
			require.Equal(t, sent.at("messageSend.message.id"), again.at("messageSend.message.id"))

			before := replier.get(`query($id: ID!, $cursor: String) {conversation(id: $id) {messages(last: 5, before: $cursor) {nodes {id}}}}`,
				map[string]any{"id": public(models.PrefixConversation, conversation.ID), "cursor": sent.at("messageSend.messageEdge.cursor")})
			require.Equal(t, []any{map[string]any{"id": public(models.PrefixMessage, *conversation.LastMessageID)}}, before.at("conversation.messages.nodes"))
		})

		for name, c := range map[string]struct {
			input map[string]any
			code  string
			field []any
		}{
			"an empty text":                  {input(conversation, "two", " "), "REQUIRED", []any{"input", "content", "text", "body"}},
			"a long text":                    {input(conversation, "two", strings.Repeat("é", 4097)), "INVALID", []any{"input", "content", "text", "body"}},
			"an empty key":                   {input(conversation, "", "Oi"), "REQUIRED", []any{"input", "idempotencyKey"}},
			"a long key":                     {input(conversation, strings.Repeat("k", 65), "Oi"), "INVALID", []any{"input", "idempotencyKey"}},
			"a key that stands for another":  {input(conversation, "one", "Boa tarde"), "IDEMPOTENCY_KEY_REUSED", []any{"input", "idempotencyKey"}},
			"a text outside of the window":   {input(expired, "two", "Oi"), "SERVICE_WINDOW_CLOSED", []any{"input", "conversationId"}},
			"a conversation that is not one": {map[string]any{"conversationId": "x", "idempotencyKey": "two", "content": map[string]any{"text": map[string]any{"body": "Oi"}}}, "NOT_FOUND", []any{"input", "conversationId"}},
		} {
			t.Run("refuses "+name, func(t *testing.T) {
				refused := send(replier, c.input)
				require.Nil(t, refused.at("messageSend.message"))
				require.Nil(t, refused.at("messageSend.messageEdge"))
				require.Len(t, refused.at("messageSend.userErrors"), 1)
				require.Equal(t, c.code, refused.at("messageSend.userErrors.0.code"))
				require.Equal(t, c.field, refused.at("messageSend.userErrors.0.field"))
			})
		}

		t.Run("says in the reader's language since when the window is closed", func(t *testing.T) {
			reader := *replier
			reader.language = "pt"
			refused := send(&reader, input(expired, "three", "Oi"))
			closed := expired.LastMessageAt.Add(models.ServiceWindow).UTC().Format("02/01/2006 15:04 UTC")
			require.Equal(t, "O prazo de 24 horas para mensagens livres terminou em "+closed+". Envie um modelo para falar com o cliente.", refused.at("messageSend.userErrors.0.message"))
		})

		t.Run("refuses content of no kind", func(t *testing.T) {
			wish := input(conversation, "four", "Oi")
			wish["content"] = map[string]any{}
			refused := send(replier, wish)
			require.Equal(t, "REQUIRED", refused.at("messageSend.userErrors.0.code"))
			require.Equal(t, []any{"input", "content"}, refused.at("messageSend.userErrors.0.field"))
		})
	})
}

func TestConversationChanges(t *testing.T) {
	onEach(t, func(t *testing.T, a *api) {
		conversation := a.Conversation(a.Open, "Maria", a.DB.Now())
		second := a.Message(&conversation, "Ainda tem pão?", a.DB.Now())
		id := public(models.PrefixConversation, conversation.ID)
		replier := a.as(a.Replier)
		const assign = `mutation($id: ID!, $to: ID, $version: Int) {conversationAssign(input: {conversationId: $id, assigneeId: $to, expectedVersion: $version}) {
			conversation {version assignee {name}} userErrors {code field message}}}`

		t.Run("assigning gives the conversation as it is now", func(t *testing.T) {
			done := replier.get(assign, map[string]any{"id": id, "to": public(models.PrefixUser, a.Replier.ID), "version": 1})
			require.Empty(t, done.at("conversationAssign.userErrors"))
			require.Equal(t, "Bruno", done.at("conversationAssign.conversation.assignee.name"))
			require.EqualValues(t, 2, done.at("conversationAssign.conversation.version"))
		})
		t.Run("a conflict carries the present conversation", func(t *testing.T) {
			refused := replier.get(assign, map[string]any{"id": id, "to": nil, "version": 1})
			require.Equal(t, "CONFLICT", refused.at("conversationAssign.userErrors.0.code"))
			require.Equal(t, []any{"input", "expectedVersion"}, refused.at("conversationAssign.userErrors.0.field"))
			require.Equal(t, "Bruno", refused.at("conversationAssign.conversation.assignee.name"))
		})
		t.Run("an assignee who may not reply, does not exist, or is not named", func(t *testing.T) {
			for to, code := range map[string]string{
				public(models.PrefixUser, a.Looker.ID): "ASSIGNEE_NOT_ALLOWED", public(models.PrefixUser, models.NewID()): "ASSIGNEE_NOT_ALLOWED", "x": "NOT_FOUND",
			} {
				refused := replier.get(assign, map[string]any{"id": id, "to": to})
				require.Equal(t, code, refused.at("conversationAssign.userErrors.0.code"))
				require.Equal(t, []any{"input", "assigneeId"}, refused.at("conversationAssign.userErrors.0.field"))
				require.Nil(t, refused.at("conversationAssign.conversation"))
			}
			refused := replier.get(`mutation($id: ID!) {conversationAssign(input: {conversationId: $id}) {userErrors {code}}}`, map[string]any{"id": id})
			require.Equal(t, "REQUIRED", refused.at("conversationAssign.userErrors.0.code"))
		})
		t.Run("closing, reopening and reading in one document run in order", func(t *testing.T) {
			done := replier.get(`mutation($id: ID!, $through: ID!) {
				unassign: conversationAssign(input: {conversationId: $id, assigneeId: null}) {conversation {assignee {name}}}
				conversationClose(input: {conversationId: $id}) {conversation {status closedAt closedBy {name} lastMessage {conversation {status}}} userErrors {code}}
				conversationReopen(input: {conversationId: $id}) {conversation {status closedAt closedBy {name} lastMessage {conversation {status}}} userErrors {code}}
				conversationMarkRead(input: {conversationId: $id, throughMessageId: $through}) {conversation {unreadCount} userErrors {code field}}
			}`, map[string]any{"id": id, "through": public(models.PrefixMessage, second.ID)})
			require.Nil(t, done.at("unassign.conversation.assignee"))
			require.Equal(t, "CLOSED", done.at("conversationClose.conversation.status"))
			require.Equal(t, "CLOSED", done.at("conversationClose.conversation.lastMessage.conversation.status"))
			require.Equal(t, "Bruno", done.at("conversationClose.conversation.closedBy.name"))
			require.Equal(t, "OPEN", done.at("conversationReopen.conversation.status"))
			require.Equal(t, "OPEN", done.at("conversationReopen.conversation.lastMessage.conversation.status")) // not what the field before loaded
			require.Nil(t, done.at("conversationReopen.conversation.closedBy"))
			require.EqualValues(t, 0, done.at("conversationMarkRead.conversation.unreadCount"))
		})
		t.Run("reading through a message of nowhere", func(t *testing.T) {
			refused := replier.get(`mutation($id: ID!) {conversationMarkRead(input: {conversationId: $id, throughMessageId: "msg_"}) {conversation {id} userErrors {code field}}}`, map[string]any{"id": id})
			require.Equal(t, []any{map[string]any{"code": "NOT_FOUND", "field": []any{"input", "throughMessageId"}}}, refused.at("conversationMarkRead.userErrors"))
		})
	})
}

func TestSessions(t *testing.T) {
	onEach(t, func(t *testing.T, a *api) {
		const password = "correct horse battery staple"
		organization, err := a.Accounts.CreateOrganization(t.Context(), "Padaria Central")
		require.NoError(t, err)
		profile, err := a.Accounts.CreateProfile(t.Context(), organization.ID, "Balcão")
		require.NoError(t, err)
		_, err = a.Accounts.CreateUser(t.Context(), accounts.NewUser{
			OrganizationID: organization.ID, ProfileID: profile.ID, Email: "zoe@padaria.example", Name: "Zoe", Password: password,
		})
		require.NoError(t, err)
		anyone := a.anonymous()
		const create = `mutation($password: String!) {sessionCreate(input: {email: "ZOE@padaria.example", password: $password}) {
			session {accessToken expiresAt refreshToken sessionExpiresAt} userErrors {code message field}}}`
		const refresh = `mutation($token: String!) {sessionRefresh(input: {refreshToken: $token}) {session {accessToken refreshToken} userErrors {code}}}`
		const revoke = `mutation($token: String) {sessionRevoke(input: {refreshToken: $token}) {userErrors {code}}}`
		const who = `{viewer {user {name}}}`
		bearer := func(token any) *caller {
			identity, err := a.Accounts.Authenticate(t.Context(), fmt.Sprint(token))
			require.NoError(t, err)
			return &caller{api: a, identity: &identity}
		}

		refused := anyone.get(create, map[string]any{"password": "wrong"})
		require.Nil(t, refused.at("sessionCreate.session"))
		require.Equal(t, map[string]any{"code": "INVALID_CREDENTIALS", "message": "The email or the password is wrong.", "field": nil}, refused.at("sessionCreate.userErrors.0"))

		created := anyone.get(create, map[string]any{"password": password})
		require.Empty(t, created.at("sessionCreate.userErrors"))
		zoe := bearer(created.at("sessionCreate.session.accessToken"))
		require.Equal(t, "Zoe", zoe.get(who, nil).at("viewer.user.name"))

		refreshed := anyone.get(refresh, map[string]any{"token": created.at("sessionCreate.session.refreshToken")})
		require.Empty(t, refreshed.at("sessionRefresh.userErrors"))
		require.Equal(t, "SESSION_EXPIRED", anyone.get(refresh, map[string]any{"token": "nonsense"}).at("sessionRefresh.userErrors.0.code"))

		require.Empty(t, zoe.get(revoke, nil).at("sessionRevoke.userErrors"))
		require.Equal(t, "UNAUTHENTICATED", zoe.ask(who, nil).code())
		require.Equal(t, "SESSION_EXPIRED", anyone.get(refresh, map[string]any{"token": refreshed.at("sessionRefresh.session.refreshToken")}).at("sessionRefresh.userErrors.0.code"))

		second := anyone.get(create, map[string]any{"password": password})
		require.Empty(t, anyone.get(revoke, map[string]any{"token": second.at("sessionCreate.session.refreshToken")}).at("sessionRevoke.userErrors"))
		require.Equal(t, "SESSION_EXPIRED", anyone.get(refresh, map[string]any{"token": second.at("sessionCreate.session.refreshToken")}).at("sessionRefresh.userErrors.0.code"))
	})
}
