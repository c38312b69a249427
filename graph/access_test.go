package graph_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/models"
	"recado/testkit"
)

// TestAccess holds that an object that a viewer may not see does not exist, on each
// path that leads to it.
func TestAccess(t *testing.T) {
	onEach(t, func(t *testing.T, a *api) {
		now := a.DB.Now()
		seen := a.Conversation(a.Open, "seen", now)
		hidden := a.Conversation(a.Closed, "hidden", now)
		other := testkit.NewWorld(t, a.DB)
		foreign := other.Conversation(other.Open, "foreign", now)

		// One person on two channels; and a reply to a message on the hidden one cannot be, but an assigned row can.
		shared := a.Conversation(a.Open, "shared", now.Add(-time.Hour))
		alsoHidden := hidden
		alsoHidden.ID, alsoHidden.ContactID, alsoHidden.LastMessageID = models.NewID(), shared.ContactID, nil
		a.Save(&alsoHidden, &models.ContactIdentity{
			OrganizationID: a.Organization.ID, ChannelID: a.Closed.ID, Kind: models.IdentityWAID,
			Value: shared.CustomerWAID, MatchKey: shared.CustomerWAID, ContactID: shared.ContactID,
		})

		unseen := map[string][]string{ // kinds of object, as ids that the looker must not see
			"conversation": {
				public(models.PrefixConversation, hidden.ID), public(models.PrefixConversation, alsoHidden.ID),
				public(models.PrefixConversation, foreign.ID), public(models.PrefixConversation, models.NewID()),
				public(models.PrefixContact, seen.ID), "conv_", "", strings.Repeat("x", 200),
			},
			"contact": {public(models.PrefixContact, hidden.ContactID), public(models.PrefixContact, foreign.ContactID)},
			"message": {public(models.PrefixMessage, *hidden.LastMessageID), public(models.PrefixMessage, *foreign.LastMessageID)},
			"channel": {public(models.PrefixChannel, a.Closed.ID), public(models.PrefixChannel, other.Open.ID)},
			"user":    {public(models.PrefixUser, other.Administrator.ID)},
			"profile": {public(models.PrefixProfile, other.Administrator.ProfileID)},
			"others":  {public(models.PrefixOrganization, other.Organization.ID), public(models.PrefixEvent, seen.ID), public(models.PrefixSession, seen.ID)},
		}
		seenNodes := map[string]string{
			"Conversation": public(models.PrefixConversation, seen.ID),
			"Contact":      public(models.PrefixContact, seen.ContactID),
			"Message":      public(models.PrefixMessage, *seen.LastMessageID),
			"Channel":      public(models.PrefixChannel, a.Open.ID),
			"User":         public(models.PrefixUser, a.Administrator.ID),
			"Profile":      public(models.PrefixProfile, a.Administrator.ProfileID),
			"Organization": public(models.PrefixOrganization, a.Organization.ID),
		}
		looker, replier, outsider := a.as(a.Looker), a.as(a.Replier), a.as(a.Outsider)

		t.Run("node and nodes", func(t *testing.T) {
			for kind, id := range seenNodes {
				node := looker.get(`query($id: ID!) {node(id: $id) {id __typename}}`, map[string]any{"id": id})
				require.Equal(t, map[string]any{"id": id, "__typename": kind}, node.at("node"))
			}
			var ids []string
			for kind, objects := range unseen {
				for _, id := range objects {
					require.Nil(t, looker.get(`query($id: ID!) {node(id: $id) {id}}`, map[string]any{"id": id}).at("node"), kind)
					ids = append(ids, id)
				}
			}
			ids = append(ids, seenNodes["Message"])
			nodes := looker.get(`query($ids: [ID!]!) {nodes(ids: $ids) {id}}`, map[string]any{"ids": ids})
			want := make([]any, len(ids))
			want[len(ids)-1] = map[string]any{"id": seenNodes["Message"]}
			require.Equal(t, want, nodes.at("nodes"))
		})
		t.Run("lookups by id", func(t *testing.T) {
			for _, field := range []string{"conversation", "contact"} {
				for _, id := range unseen[field] {
					document := fmt.Sprintf(`query($id: ID!) {%s(id: $id) {id}}`, field)
					require.Nil(t, looker.get(document, map[string]any{"id": id}).at(field), id)
				}
			}
		})
		t.Run("lists", func(t *testing.T) {
			const document = `{conversations {nodes {id}} channels {nodes {id}} viewer {channelPermissions {level channel {id}}}}`
			list := looker.get(document, nil)
			require.Equal(t, []any{
				map[string]any{"id": public(models.PrefixConversation, seen.ID)}, map[string]any{"id": public(models.PrefixConversation, shared.ID)},
			}, list.at("conversations.nodes"))
			require.Equal(t, []any{map[string]any{"id": seenNodes["Channel"]}}, list.at("channels.nodes"))
			require.Equal(t, []any{map[string]any{"level": "VIEW", "channel": map[string]any{"id": seenNodes["Channel"]}}}, list.at("viewer.channelPermissions"))
			empty := outsider.get(document, nil)
			require.Empty(t, empty.at("conversations.nodes"))
			require.Empty(t, empty.at("channels.nodes"))
			require.Empty(t, empty.at("viewer.channelPermissions"))
		})
		t.Run("nested edges", func(t *testing.T) {
			const document = `query($id: ID!) {contact(id: $id) {identities {channel {id}} conversations {nodes {id}}}}`
			id := map[string]any{"id": public(models.PrefixContact, shared.ContactID)}
			contact := looker.get(document, id)
			require.Len(t, contact.at("contact.identities"), 1)
			require.Len(t, contact.at("contact.conversations.nodes"), 1)
			contact = a.as(a.Administrator).get(document, id)
			require.Len(t, contact.at("contact.identities"), 2)
			require.Len(t, contact.at("contact.conversations.nodes"), 2)
		})

		mutations := map[string]string{ // by the input around the conversation's id
			"messageSend":          `content: {text: {body: "Olá"}}, idempotencyKey: "k"`,
			"conversationAssign":   `assigneeId: null`,
			"conversationClose":    ``,
			"conversationReopen":   ``,
			"conversationMarkRead": ``,
		}
		mutate := func(c *caller, mutation, id string) *answer {
			return c.ask(fmt.Sprintf(`mutation($id: ID!) {%s(input: {conversationId: $id, %s}) {userErrors {code message field}}}`,
				mutation, mutations[mutation]), map[string]any{"id": id})
		}
		t.Run("mutations of what is not seen", func(t *testing.T) {
			for mutation := range mutations {
				for _, id := range unseen["conversation"] {
					result := mutate(replier, mutation, id)
					require.Empty(t, result.Errors)
					require.Len(t, result.at(mutation+".userErrors"), 1)
					require.Equal(t, "NOT_FOUND", result.at(mutation+".userErrors.0.code"), mutation)
				}
			}
		})
		t.Run("mutations of what may only be looked at", func(t *testing.T) {
			for mutation := range mutations {
				result := mutate(looker, mutation, seenNodes["Conversation"])
				require.Equal(t, "FORBIDDEN", result.code(), mutation)
				require.Nil(t, result.at(mutation))
				result = mutate(replier, mutation, seenNodes["Conversation"])
				require.Empty(t, result.Errors)
				require.Empty(t, result.at(mutation+".userErrors"), mutation)
			}
		})
		t.Run("administration by others", func(t *testing.T) {
			permission := `mutation($channel: ID!, $profile: ID!) {channelPermissionSet(input: {channelId: $channel, profileId: $profile, level: REPLY}) {profile {id} channelPermission {level channel {id}} userErrors {code field}}}`
			active := `mutation($user: ID!) {userSetActive(input: {userId: $user, isActive: false}) {user {id isActive} userErrors {code field}}}`
			input := map[string]any{
				"channel": seenNodes["Channel"], "profile": public(models.PrefixProfile, a.Outsider.ProfileID), "user": public(models.PrefixUser, a.Outsider.ID),
			}
			require.Equal(t, "FORBIDDEN", replier.ask(permission, input).code())
			require.Equal(t, "FORBIDDEN", replier.ask(active, input).code())

			administrator := a.as(a.Administrator)
			foreign := map[string]any{
				"channel": public(models.PrefixChannel, other.Open.ID), "profile": input["profile"], "user": unseen["user"][0],
			}
			require.Equal(t, "NOT_FOUND", administrator.get(permission, foreign).at("channelPermissionSet.userErrors.0.code"))
			require.Equal(t, "NOT_FOUND", administrator.get(active, foreign).at("userSetActive.userErrors.0.code"))
			set := administrator.get(permission, input)
			require.Empty(t, set.at("channelPermissionSet.userErrors"))
			require.Equal(t, "REPLY", set.at("channelPermissionSet.channelPermission.level"))
			require.Len(t, outsider.get(`{channels {nodes {id viewerLevel}}}`, nil).at("channels.nodes"), 1) // takes effect at once here
			switched := administrator.get(active, input)
			require.Equal(t, false, switched.at("userSetActive.user.isActive"))
			require.Equal(t, "UNAUTHENTICATED", outsider.ask(`{viewer {user {id}}}`, nil).code())
		})
		t.Run("nobody who is not signed in", func(t *testing.T) {
			for _, document := range []string{
				`{viewer {isAdministrator}}`, `{node(id: "x") {id}}`, `{nodes(ids: []) {id}}`, `{conversations {nodes {id}}}`,
				`{conversation(id: "x") {id}}`, `{contact(id: "x") {id}}`, `{channels {nodes {id}}}`,
				`mutation {messageSend(input: {conversationId: "x", content: {text: {body: "x"}}, idempotencyKey: "x"}) {userErrors {code}}}`,
				`mutation {conversationAssign(input: {conversationId: "x"}) {userErrors {code}}}`,
				`mutation {conversationClose(input: {conversationId: "x"}) {userErrors {code}}}`,
				`mutation {conversationReopen(input: {conversationId: "x"}) {userErrors {code}}}`,
				`mutation {conversationMarkRead(input: {conversationId: "x"}) {userErrors {code}}}`,
				`mutation {channelPermissionSet(input: {channelId: "x", profileId: "x", level: VIEW}) {userErrors {code}}}`,
				`mutation {userSetActive(input: {userId: "x", isActive: true}) {userErrors {code}}}`,
				`mutation {sessionRevoke(input: {}) {userErrors {code}}}`,
			} {
				require.Equal(t, "UNAUTHENTICATED", a.anonymous().ask(document, nil).code(), document)
			}
		})
	})
}
