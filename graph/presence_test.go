package graph_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/models"
)

func TestPresence(t *testing.T) {
	onEach(t, func(t *testing.T, a *api) {
		conversation := a.Conversation(a.Open, "Iris", a.DB.Now())
		variables := map[string]any{"id": public(models.PrefixConversation, conversation.ID)}
		replier, looker, outsider := a.as(a.Replier), a.as(a.Looker), a.as(a.Outsider)
		const watch = `subscription($id: ID!) {conversationPresence(conversationId: $id) {conversationId presence {user {name} state since}}}`
		const set = `mutation($id: ID!, $state: PresenceState!) {conversationPresenceSet(input: {conversationId: $id, state: $state}) {
			conversation {presence {user {name} state}} userErrors {code field}}}`
		is := func(state string) map[string]any {
			return map[string]any{"id": variables["id"], "state": state}
		}

		watching := looker.subscribe(watch, variables)
		require.Empty(t, watching.next().at("conversationPresence.presence"))
		typing := replier.get(set, is("TYPING"))
		require.Equal(t, []any{map[string]any{"user": map[string]any{"name": "Bruno"}, "state": "TYPING"}}, typing.at("conversationPresenceSet.conversation.presence"))
		seen := watching.next()
		require.Equal(t, "TYPING", seen.at("conversationPresence.presence.0.state"))
		require.Equal(t, "Bruno", seen.at("conversationPresence.presence.0.user.name"))
		require.Equal(t, variables["id"], seen.at("conversationPresence.conversationId"))
		replier.get(set, is("NONE"))
		require.Empty(t, watching.next().at("conversationPresence.presence"))

		t.Run("is hidden from who may not see the channel", func(t *testing.T) {
			require.Equal(t, "NOT_FOUND", outsider.get(set, is("VIEWING")).at("conversationPresenceSet.userErrors.0.code"))
			require.Equal(t, "NOT_FOUND", outsider.subscribe(watch, variables).next().code())
		})
	})
}

func TestSnooze(t *testing.T) {
	onEach(t, func(t *testing.T, a *api) {
		conversation := a.Conversation(a.Open, "Iris", a.DB.Now())
		replier := a.as(a.Replier)
		until := a.DB.Now().Add(time.Hour)
		variables := map[string]any{"id": public(models.PrefixConversation, conversation.ID), "until": until.Format(time.RFC3339Nano)}
		const snooze = `mutation($id: ID!, $until: DateTime!) {conversationSnooze(input: {conversationId: $id, until: $until}) {conversation {snoozedUntil} userErrors {code field}}}`
		require.Equal(t, until.Format("2006-01-02T15:04:05.000Z"), replier.get(snooze, variables).at("conversationSnooze.conversation.snoozedUntil"))
		require.Nil(t, replier.get(`mutation($id: ID!) {conversationUnsnooze(input: {conversationId: $id}) {conversation {snoozedUntil}}}`, variables).at("conversationUnsnooze.conversation.snoozedUntil"))
		variables["until"] = "2020-01-01T00:00:00Z"
		require.Equal(t, []any{map[string]any{"code": "INVALID", "field": []any{"input", "until"}}}, replier.get(snooze, variables).at("conversationSnooze.userErrors"))
		closed := replier.get(`mutation($id: ID!) {conversationClose(input: {conversationId: $id, reason: "Resolvido"}) {conversation {closeReason}}}`, variables)
		require.Equal(t, "Resolvido", closed.at("conversationClose.conversation.closeReason"))
	})
}
