package graph_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"recado/models"
	"recado/testkit"
)

func TestMessageReactions(t *testing.T) {
	onEach(t, func(t *testing.T, a *api) {
		other := testkit.NewWorld(t, a.DB)
		react := func(w *testkit.World, conversation models.Conversation, wamid string) {
			a.Exec("UPDATE messages SET wamid = ? WHERE id = ?", wamid, *conversation.LastMessageID)
			now := a.DB.Now()
			for direction, sender := range map[models.Direction]*models.ID{models.Inbound: nil, models.Outbound: &w.Replier.ID} {
				w.Save(&models.MessageReaction{
					OrganizationID: w.Organization.ID, ChannelID: conversation.ChannelID, WAMID: wamid, Direction: direction, Emoji: "👍",
					ReactionWAMID: wamid + string(direction), SenderID: sender, ReactedAt: now, CreatedAt: now, UpdatedAt: now,
				})
			}
		}
		react(a.World, a.Conversation(a.Open, "Maria", a.DB.Now()), "wamid.same")
		react(a.World, a.Conversation(a.Open, "João", a.DB.Now()), "wamid.1")
		hidden := a.Conversation(a.Closed, "Rita", a.DB.Now())
		react(a.World, hidden, "wamid.2")
		react(other, other.Conversation(other.Open, "José", a.DB.Now()), "wamid.same")
		const page = `{conversations {nodes {lastMessage {reactions {direction emoji user {name}}}}}}`
		looker := a.as(a.Looker)

		t.Run("are those of the message, in its organization", func(t *testing.T) {
			want := []any{
				map[string]any{"direction": "INBOUND", "emoji": "👍", "user": nil},
				map[string]any{"direction": "OUTBOUND", "emoji": "👍", "user": map[string]any{"name": "Bruno"}},
			}
			for _, caller := range []*caller{looker, a.as(other.Administrator)} {
				for _, node := range caller.get(page, nil).at("conversations.nodes").([]any) { //nolint:errcheck // a list, by the schema
					require.Equal(t, map[string]any{"lastMessage": map[string]any{"reactions": want}}, node)
				}
			}
			require.Len(t, looker.get(page, nil).at("conversations.nodes"), 2)
			require.Len(t, a.as(other.Administrator).get(page, nil).at("conversations.nodes"), 1)
		})
		t.Run("are not there for those who may not see the channel", func(t *testing.T) {
			message := map[string]any{"id": public(models.PrefixMessage, *hidden.LastMessageID)}
			const node = `query($id: ID!) {node(id: $id) {... on Message {reactions {emoji}}}}`
			require.Nil(t, looker.get(node, message).at("node"))
			require.Nil(t, a.as(other.Administrator).get(node, message).at("node"))
			require.Len(t, a.as(a.Administrator).get(node, message).at("node.reactions"), 2)
		})
		t.Run("cost one statement for all messages of a page", func(t *testing.T) {
			statements := testkit.CountStatements(t, a.DB)
			looker.get(`{conversations {nodes {lastMessage {id}}}}`, nil)
			without := statements.Swap(0)
			looker.get(`{conversations {nodes {lastMessage {reactions {emoji}}}}}`, nil)
			require.Equal(t, without+1, statements.Load())
		})
	})
}
