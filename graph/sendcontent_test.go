package graph_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"recado/models"
)

// What is sent is shown as it was written.
func TestMessageSendOfPlacesAndContacts(t *testing.T) {
	onEach(t, func(t *testing.T, a *api) {
		conversation := a.Conversation(a.Open, "Maria", a.DB.Now())
		for name, c := range map[string]struct {
			content, shown string
			want           map[string]any
		}{
			"a place": {
				`{location: {latitude: -23.5505, longitude: -46.6333, name: "Padaria", address: "Rua Direita 1"}}`,
				`... on LocationContent {latitude longitude name address url}`,
				map[string]any{"latitude": -23.5505, "longitude": -46.6333, "name": "Padaria", "address": "Rua Direita 1", "url": nil},
			},
			"contacts": {
				`{contacts: {cards: [{name: {formatted: "Ana Lima", first: "Ana"}, phones: [{phone: "+5511987654321", type: "CELL"}], company: "Padaria"}]}}`,
				`... on ContactsContent {cards {displayName firstName lastName company phones {phone type}}}`,
				map[string]any{"cards": []any{map[string]any{
					"displayName": "Ana Lima", "firstName": "Ana", "lastName": nil, "company": "Padaria",
					"phones": []any{map[string]any{"phone": "+5511987654321", "type": "CELL"}},
				}}},
			},
		} {
			t.Run(name, func(t *testing.T) {
				sent := a.as(a.Replier).ask(fmt.Sprintf(`mutation {messageSend(input: {conversationId: %q, content: %s, idempotencyKey: %q}) {
					message {id content {%s}} userErrors {code field message}}}`,
					public(models.PrefixConversation, conversation.ID), c.content, models.NewID(), c.shown), nil)
				require.Empty(t, sent.Errors)
				require.Empty(t, sent.at("messageSend.userErrors"))
				require.Equal(t, c.want, sent.at("messageSend.message.content"))
				again := a.as(a.Looker).get(`query($id: ID!) {node(id: $id) {... on Message {content {`+c.shown+`}}}}`,
					map[string]any{"id": sent.at("messageSend.message.id")})
				require.Equal(t, c.want, again.at("node.content"))
			})
		}
	})
}
