package graph_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"recado/models"
)

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
