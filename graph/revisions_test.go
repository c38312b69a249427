package graph_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/models"
	"recado/testkit"
)

func TestMessageRevisions(t *testing.T) {
	onEach(t, func(t *testing.T, a *api) {
		at := a.DB.Now().Truncate(time.Second)
		for _, name := range []string{"Maria", "João"} {
			conversation := a.Conversation(a.Open, name, at)
			wamid := "wamid." + name
			a.Exec("UPDATE messages SET wamid = ?, edited_at = ? WHERE id = ?", wamid, at.Add(time.Minute), *conversation.LastMessageID)
			for i, id := range []string{wamid, "edit." + name} {
				a.Save(&models.MessageRevision{
					OrganizationID: a.Organization.ID, ChannelID: a.Open.ID, WAMID: wamid, ID: id, Direction: models.Inbound,
					Body: []string{"Oi, " + name, "Oi"}[i], RevisedAt: at.Add(time.Duration(i) * time.Minute),
				})
			}
		}
		const page = `{conversations {nodes {lastMessage {text revisions {text writtenAt}}}}}`
		looker := a.as(a.Looker)
		seen := looker.get(page, nil)
		require.Equal(t, []any{map[string]any{"text": "Oi, João", "writtenAt": at.UTC().Format("2006-01-02T15:04:05.000Z")}}, seen.at("conversations.nodes.0.lastMessage.revisions"))
		require.Equal(t, "Oi, Maria", seen.at("conversations.nodes.1.lastMessage.revisions.0.text"))

		statements := testkit.CountStatements(t, a.DB)
		looker.get(`{conversations {nodes {lastMessage {text}}}}`, nil)
		without := statements.Swap(0)
		looker.get(page, nil)
		require.Equal(t, without+1, statements.Load(), "one for all messages of a page")

		a.Exec("UPDATE messages SET edited_at = NULL")
		statements.Store(0)
		require.Empty(t, looker.get(page, nil).at("conversations.nodes.0.lastMessage.revisions"))
		require.Equal(t, without, statements.Load(), "none for messages that nobody edited")
	})
}
