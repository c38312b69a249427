package graph_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"recado/models"
)

func TestAssignment(t *testing.T) {
	onEach(t, func(t *testing.T, a *api) {
		conversation := a.Conversation(a.Open, "Iris", a.DB.Now())
		id := public(models.PrefixConversation, conversation.ID)
		replier, administrator := a.as(a.Replier), a.as(a.Administrator)
		bruno := public(models.PrefixUser, a.Replier.ID)

		t.Run("oneself goes away, and others see it", func(t *testing.T) {
			set := replier.get(`mutation {userAvailabilitySet(input: {availability: AWAY}) {workload {availability availabilityChangedAt ceiling openCount} userErrors {code}}}`, nil)
			require.Equal(t, "AWAY", set.at("userAvailabilitySet.workload.availability"))
			require.NotNil(t, set.at("userAvailabilitySet.workload.availabilityChangedAt"))
			seen := administrator.get(`query($id: ID!) {node(id: $id) {... on User {workload {availability}}} viewer {user {workload {availability ceiling openCount}}}}`, map[string]any{"id": bruno})
			require.Equal(t, "AWAY", seen.at("node.workload.availability"))
			require.Equal(t, map[string]any{"availability": "ONLINE", "ceiling": nil, "openCount": 0.0}, seen.at("viewer.user.workload"))
			refused := replier.ask(`mutation($id: ID!) {userAvailabilitySet(input: {userId: $id, availability: ONLINE}) {userErrors {code}}}`,
				map[string]any{"id": public(models.PrefixUser, a.Looker.ID)})
			require.Equal(t, "FORBIDDEN", refused.code())
		})
		t.Run("ceilings are set by administrators, and must be given", func(t *testing.T) {
			const set = `mutation($id: ID!, $ceiling: Int) {userCeilingSet(input: {userId: $id, ceiling: $ceiling}) {workload {ceiling} userErrors {code field}}}`
			require.EqualValues(t, 3, administrator.get(set, map[string]any{"id": bruno, "ceiling": 3}).at("userCeilingSet.workload.ceiling"))
			require.Equal(t, "INVALID", administrator.get(set, map[string]any{"id": bruno, "ceiling": -1}).at("userCeilingSet.userErrors.0.code"))
			require.Nil(t, administrator.get(set, map[string]any{"id": bruno, "ceiling": nil}).at("userCeilingSet.workload.ceiling"))
			require.Equal(t, "REQUIRED", administrator.get(set, map[string]any{"id": bruno}).at("userCeilingSet.userErrors.0.code"))
			require.Equal(t, "FORBIDDEN", replier.ask(set, map[string]any{"id": bruno, "ceiling": 3}).code())
		})
		t.Run("pools are set by administrators", func(t *testing.T) {
			const set = `mutation($id: ID!, $users: [ID!]!) {channelAssigneesSet(input: {channelId: $id, userIds: $users}) {channel {assignees {name}} userErrors {code field}}}`
			channel := public(models.PrefixChannel, a.Open.ID)
			pool := []string{public(models.PrefixUser, a.Administrator.ID), bruno}
			done := administrator.get(set, map[string]any{"id": channel, "users": pool})
			require.Equal(t, []any{map[string]any{"name": "Ana"}, map[string]any{"name": "Bruno"}}, done.at("channelAssigneesSet.channel.assignees"))
			require.Equal(t, "FORBIDDEN", replier.ask(set, map[string]any{"id": channel, "users": pool}).code())
			require.Equal(t, []any{map[string]any{"code": "INVALID", "field": []any{"input", "userIds"}}},
				administrator.get(set, map[string]any{"id": channel, "users": []string{bruno, bruno}}).at("channelAssigneesSet.userErrors"))
			hidden := replier.get(set, map[string]any{"id": public(models.PrefixChannel, a.Closed.ID), "users": pool})
			require.Equal(t, "NOT_FOUND", hidden.at("channelAssigneesSet.userErrors.0.code"))
		})
		t.Run("many are assigned and closed, with a result for each", func(t *testing.T) {
			gone := public(models.PrefixConversation, models.NewID())
			many := replier.get(`mutation($ids: [ID!]!, $to: ID) {
				conversationsAssign(input: {conversationIds: $ids, assigneeId: $to}) {results {conversationId conversation {assignee {name}} userErrors {code}} userErrors {code}}
				conversationsClose(input: {conversationIds: $ids}) {results {conversation {status} userErrors {code}} userErrors {code}}
				nobody: conversationsAssign(input: {conversationIds: $ids}) {results {conversationId} userErrors {code field}}
			}`, map[string]any{"ids": []string{id, gone}, "to": bruno})
			require.Equal(t, "Bruno", many.at("conversationsAssign.results.0.conversation.assignee.name"))
			require.Equal(t, gone, many.at("conversationsAssign.results.1.conversationId"))
			require.Equal(t, "NOT_FOUND", many.at("conversationsAssign.results.1.userErrors.0.code"))
			require.Equal(t, "CLOSED", many.at("conversationsClose.results.0.conversation.status"))
			require.Equal(t, []any{map[string]any{"code": "REQUIRED", "field": []any{"input", "assigneeId"}}}, many.at("nobody.userErrors"))
			refused := a.as(a.Looker).get(`mutation($ids: [ID!]!) {conversationsClose(input: {conversationIds: $ids}) {results {userErrors {code}}}}`, map[string]any{"ids": []string{id}})
			require.Equal(t, "FORBIDDEN", refused.at("conversationsClose.results.0.userErrors.0.code"))
		})
		t.Run("the log says who decided", func(t *testing.T) {
			const log = `query($id: ID!) {conversation(id: $id) {queuedAt assignmentLog {
				edges {cursor} nodes {id cause assignee {name} previousAssignee {name} decidedBy {name} skipped {user {name} reason} createdAt} pageInfo {hasNextPage}}}}`
			shown := a.as(a.Looker).get(log, map[string]any{"id": id})
			require.Equal(t, "BULK", shown.at("conversation.assignmentLog.nodes.0.cause"))
			require.Equal(t, "Bruno", shown.at("conversation.assignmentLog.nodes.0.assignee.name"))
			require.Equal(t, "Bruno", shown.at("conversation.assignmentLog.nodes.0.decidedBy.name"))
			require.Nil(t, shown.at("conversation.assignmentLog.nodes.0.previousAssignee"))
			require.Empty(t, shown.at("conversation.assignmentLog.nodes.0.skipped"))
		})
	})
}
