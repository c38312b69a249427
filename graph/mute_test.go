package graph_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"recado/inbox"
	"recado/models"
	"recado/testkit"
)

func TestMute(t *testing.T) {
	onEach(t, func(t *testing.T, a *api) {
		conversation := a.Conversation(a.Open, "Maria", a.DB.Now())
		id := map[string]any{"id": public(models.PrefixConversation, conversation.ID)}
		const mute = `mutation($id: ID!) {conversationMute(input: {conversationId: $id}) {conversation {isMuted} userErrors {code}}}`
		const unmute = `mutation($id: ID!) {conversationUnmute(input: {conversationId: $id}) {conversation {isMuted} userErrors {code}}}`
		replier := a.as(a.Replier)
		require.Equal(t, true, replier.get(mute, id).at("conversationMute.conversation.isMuted"))
		require.Equal(t, []any{map[string]any{"isMuted": true}}, a.as(a.Looker).get(`{conversations {nodes {isMuted}}}`, nil).at("conversations.nodes"))
		for _, text := range []string{mute, unmute} {
			require.Equal(t, "FORBIDDEN", a.as(a.Looker).ask(text, id).code())
		}
		stranger := a.as(testkit.NewWorld(t, a.DB).Administrator)
		require.Equal(t, "NOT_FOUND", stranger.get(unmute, id).at("conversationUnmute.userErrors.0.code"))
		require.Equal(t, false, replier.get(unmute, id).at("conversationUnmute.conversation.isMuted"))
	})
}

func TestConversationsTag(t *testing.T) {
	onEach(t, func(t *testing.T, a *api) {
		id := public(models.PrefixConversation, a.Conversation(a.Open, "Maria", a.DB.Now()).ID)
		gone := public(models.PrefixConversation, models.NewID())
		tag, err := a.Inbox.CreateTag(t.Context(), a.Viewer(a.Replier), inbox.TagDraft{Name: "Bolos", Color: models.TagPink})
		require.NoError(t, err)
		const change = `mutation($ids: [ID!]!, $add: [ID!]) {conversationsTag(input: {conversationIds: $ids, addTagIds: $add}) {
			results {conversationId conversation {tags {name}} userErrors {code field}} userErrors {code field}}}`
		input := func(tag models.ID) map[string]any {
			return map[string]any{"ids": []string{id, gone}, "add": []any{public(models.PrefixTag, tag)}}
		}
		tagged := a.as(a.Replier).get(change, input(tag.ID))
		require.Equal(t, []any{map[string]any{"name": "Bolos"}}, tagged.at("conversationsTag.results.0.conversation.tags"))
		require.Equal(t, gone, tagged.at("conversationsTag.results.1.conversationId"))
		require.Equal(t, "NOT_FOUND", tagged.at("conversationsTag.results.1.userErrors.0.code"))
		unknown := a.as(a.Replier).get(change, input(models.NewID()))
		require.Equal(t, []any{map[string]any{"code": "NOT_FOUND", "field": []any{"input", "addTagIds"}}}, unknown.at("conversationsTag.results.0.userErrors"))
		refused := a.as(a.Looker).get(change, input(tag.ID))
		require.Equal(t, "FORBIDDEN", refused.at("conversationsTag.results.0.userErrors.0.code"))
	})
}
