package graph_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"recado/models"
)

// Whoever may only look changes nothing that the customer sees, on any path; and
// what lies on a hidden channel does not exist.
func TestNobodyWithoutREPLYReachesTheCustomer(t *testing.T) {
	onEach(t, func(t *testing.T, a *api) {
		visible := a.Conversation(a.Open, "Maria", a.DB.Now())
		hidden := a.Conversation(a.Closed, "João", a.DB.Now())
		for _, path := range []struct{ name, field, input string }{
			{"send", "messageSend", `{conversationId: $conversation, content: {text: {body: "Oi"}}, idempotencyKey: "k"}`},
			{"location", "messageSend", `{conversationId: $conversation, content: {location: {latitude: -23.5, longitude: -46.6}}, idempotencyKey: "k"}`},
			{"contacts", "messageSend", `{conversationId: $conversation, content: {contacts: {cards: [{name: {formatted: "Ana"}}]}}, idempotencyKey: "k"}`},
			{"interactive", "messageSend", `{conversationId: $conversation, content: {interactive: {body: "Which?", buttons: [{id: "a", title: "A"}]}}, idempotencyKey: "k"}`},
			{"react", "messageSend", `{conversationId: $conversation, content: {reaction: {messageId: $message, emoji: "👍"}}, idempotencyKey: "k"}`},
			{"take the reaction back", "messageSend", `{conversationId: $conversation, content: {reaction: {messageId: $message, emoji: ""}}, idempotencyKey: "k"}`},
			{"retry", "messageRetry", `{messageId: $message, idempotencyKey: "k"}`},
			{"cancel", "messageCancel", `{messageId: $message}`},
			{"typing", "conversationTypingShow", `{conversationId: $conversation}`},
			{"read", "conversationMarkRead", `{conversationId: $conversation}`},
			{"assign", "conversationAssign", `{conversationId: $conversation, assigneeId: null}`},
			{"close", "conversationClose", `{conversationId: $conversation}`},
			{"reopen", "conversationReopen", `{conversationId: $conversation}`},
		} {
			for want, on := range map[string]models.Conversation{"FORBIDDEN": visible, "NOT_FOUND": hidden} {
				t.Run(path.name+" "+want, func(t *testing.T) {
					input := strings.NewReplacer(
						"$conversation", strconv.Quote(public(models.PrefixConversation, on.ID)),
						"$message", strconv.Quote(public(models.PrefixMessage, *on.LastMessageID)),
					).Replace(path.input)
					answer := a.as(a.Looker).ask(fmt.Sprintf(`mutation {%s(input: %s) {userErrors {code}}}`, path.field, input), nil)
					if len(answer.Errors) > 0 {
						require.Equal(t, want, answer.code())
						return
					}
					require.Equal(t, want, answer.at(path.field+".userErrors.0.code"))
				})
			}
		}
		var outbound int64
		require.NoError(t, a.DB.Read(t.Context()).Model(&models.Message{}).Where("direction = ?", models.Outbound).Count(&outbound).Error)
		require.Zero(t, outbound)
	})
}

// The older of two conversations with a customer is shown, but nothing is sent in it.
func TestMessageSendInASupersededConversation(t *testing.T) {
	onEach(t, func(t *testing.T, a *api) {
		older := a.Conversation(a.Open, "Maria", a.DB.Now())
		newer := a.Conversation(a.Open, "Maria, later", a.DB.Now())
		a.Exec("UPDATE conversations SET current = ? WHERE id = ?", false, older.ID)
		a.Exec("UPDATE conversations SET contact_id = ? WHERE id = ?", older.ContactID, newer.ID)
		answer := a.as(a.Administrator).ask(fmt.Sprintf(`mutation {messageSend(input: {
			conversationId: %q, content: {text: {body: "Oi"}}, idempotencyKey: "k"}) {message {id} userErrors {code field}}}`,
			public(models.PrefixConversation, older.ID)), nil)
		require.Empty(t, answer.Errors)
		require.Nil(t, answer.at("messageSend.message"))
		require.Equal(t, "CONVERSATION_SUPERSEDED", answer.at("messageSend.userErrors.0.code"))
		require.Equal(t, []any{"input", "conversationId"}, answer.at("messageSend.userErrors.0.field"))
	})
}
