package graph_test

import (
	"encoding/json"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/inbox"
	"recado/models"
)

// delivers has Meta deliver a value of the field messages about a channel.
func (a *api) delivers(channel models.Channel, value map[string]any) {
	a.t.Helper()
	value["messaging_product"], value["metadata"] = "whatsapp", map[string]any{"phone_number_id": channel.PhoneNumberID}
	body, err := json.Marshal(map[string]any{"object": "whatsapp_business_account", "entry": []any{
		map[string]any{"id": channel.WABAID, "changes": []any{map[string]any{"field": "messages", "value": value}}},
	}})
	require.NoError(a.t, err)
	for _, err := range a.Inbox.Receive(a.t.Context(), []inbox.RawDelivery{{Body: body, ReceivedAt: a.DB.Now()}}) {
		require.NoError(a.t, err)
	}
}

// hears has a person write to a channel, known by a number, by a user id, or by both.
func (a *api) hears(channel models.Channel, number, user, wamid string) {
	a.t.Helper()
	contact := map[string]any{"profile": map[string]any{"name": "Iris"}}
	message := map[string]any{"id": wamid, "type": "text", "text": map[string]any{"body": wamid}, "timestamp": strconv.FormatInt(a.DB.Now().Unix(), 10)}
	if number != "" {
		contact["wa_id"], message["from"] = number, number
	}
	if user != "" {
		contact["user_id"], message["from_user_id"] = user, user
	}
	a.delivers(channel, map[string]any{"contacts": []any{contact}, "messages": []any{message}})
}

// TestMergedContact has two contacts turn out to be one person, who writes to two
// numbers: front ends see one contact, and each message where it belongs.
func TestMergedContact(t *testing.T) {
	onEach(t, func(t *testing.T, a *api) {
		const number, user = "5511987654321", "BR.7"
		admin := a.as(a.Administrator)
		policy := admin.get(`mutation($id: ID!) { channelReopenPolicySet(input: {channelId: $id, reopenPolicy: NEW_CONVERSATION}) { userErrors { code } } }`,
			map[string]any{"id": public(models.PrefixChannel, a.Open.ID)})
		require.Empty(t, policy.at("channelReopenPolicySet.userErrors"))
		stored := func(wamid string) (row models.Message) {
			require.NoError(t, a.DB.Read(t.Context()).Take(&row, "wamid = ?", wamid).Error)
			return row
		}
		says := func(conversation models.ID, body string) any {
			t.Helper()
			sent := admin.get(`mutation($id: ID!, $key: String!, $body: String!) { messageSend(input: {conversationId: $id, idempotencyKey: $key, content: {text: {body: $body}}}) {
				message { id conversation { id channel { name } } } userErrors { code } } }`,
				map[string]any{"id": public(models.PrefixConversation, conversation), "key": body, "body": body})
			if problems, _ := sent.at("messageSend.userErrors").([]any); len(problems) > 0 {
				return sent.at("messageSend.userErrors.0.code")
			}
			return sent.at("messageSend.message")
		}
		a.hears(a.Open, number, "", "wamid.first")
		first := stored("wamid.first").ConversationID
		admin.get(`mutation($id: ID!) { conversationClose(input: {conversationId: $id}) { userErrors { code } } }`, map[string]any{"id": public(models.PrefixConversation, first)})
		a.hears(a.Open, number, "", "wamid.second")
		a.hears(a.Open, "", user, "wamid.hidden")
		a.hears(a.Closed, "", user, "wamid.away")
		a.hears(a.Closed, number, user, "wamid.links")
		here, there := stored("wamid.second").ConversationID, stored("wamid.away").ConversationID

		contact := admin.get(`query($id: ID!) { conversation(id: $id) { supersededBy { id } isCurrent contact { identities { value }
			conversations { nodes { id isCurrent channel { name } messages { nodes { text } } } } } } }`, map[string]any{"id": public(models.PrefixConversation, first)})
		require.Equal(t, false, contact.at("conversation.isCurrent"))
		require.Equal(t, public(models.PrefixConversation, here), contact.at("conversation.supersededBy.id"))
		texts := func(bodies ...string) any {
			nodes := []any{}
			for _, body := range bodies {
				nodes = append(nodes, map[string]any{"text": body})
			}
			return map[string]any{"nodes": nodes}
		}
		require.ElementsMatch(t, []any{
			map[string]any{"id": public(models.PrefixConversation, first), "isCurrent": false, "channel": map[string]any{"name": a.Open.Name}, "messages": texts("wamid.first")},
			map[string]any{"id": public(models.PrefixConversation, here), "isCurrent": true, "channel": map[string]any{"name": a.Open.Name}, "messages": texts("wamid.second", "wamid.hidden")},
			map[string]any{"id": public(models.PrefixConversation, there), "isCurrent": true, "channel": map[string]any{"name": a.Closed.Name}, "messages": texts("wamid.away", "wamid.links")},
		}, contact.at("conversation.contact.conversations.nodes"))

		require.Equal(t, "CONVERSATION_SUPERSEDED", says(first, "Oi?"))
		for _, each := range []struct {
			channel      models.Channel
			conversation models.ID
		}{{a.Open, here}, {a.Closed, there}} {
			sent, ok := says(each.conversation, "Bom dia, "+each.channel.Name).(map[string]any)
			require.True(t, ok)
			require.Equal(t, map[string]any{"id": public(models.PrefixConversation, each.conversation), "channel": map[string]any{"name": each.channel.Name}}, sent["conversation"])
			id, ok := models.ParsePublicID(models.PrefixMessage, sent["id"].(string)) //nolint:errcheck // an id
			require.True(t, ok)
			a.delivers(each.channel, map[string]any{"statuses": []any{map[string]any{
				"id": "wamid.of." + each.channel.Name, "status": "read", "timestamp": strconv.FormatInt(time.Now().Unix(), 10), "biz_opaque_callback_data": id.String(),
			}}})
			read := admin.get(`query($id: ID!) { node(id: $id) { ... on Message { status conversation { lastMessage { id } } } } }`, map[string]any{"id": sent["id"]})
			require.Equal(t, "READ", read.at("node.status"))
			require.Equal(t, sent["id"], read.at("node.conversation.lastMessage.id"))
		}
	})
}
