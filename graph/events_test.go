package graph_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"recado/graph"
	"recado/inbox"
	"recado/models"
	"recado/testkit"
)

const eventFields = `{
	__typename
	... on Event {id cursor occurredAt conversation {id version status contact {name} assignee {name} lastMessage {content {... on TextContent {body}}}}}
	... on MessageAddedEvent {message {id status conversation {id}}}
	... on MessageStatusChangedEvent {message {id status}}
	... on ConversationMergedEvent {removedConversationId}
}`

func TestEvents(t *testing.T) {
	onEach(t, func(t *testing.T, a *api) {
		conversation := a.Conversation(a.Open, "Maria", a.DB.Now())
		hidden := a.Conversation(a.Closed, "João", a.DB.Now())
		foreign := testkit.NewWorld(t, a.DB)
		id := public(models.PrefixConversation, conversation.ID)
		administrator := a.Viewer(a.Administrator)
		reply := func(t *testing.T, conversation models.Conversation, key string) {
			t.Helper()
			_, err := a.Inbox.Reply(t.Context(), administrator, inbox.Reply{ConversationID: conversation.ID, IdempotencyKey: key, Content: models.Draft{Text: &models.TextDraft{Body: key}}})
			require.NoError(t, err)
		}
		reply(t, hidden, "hidden")
		reply(t, conversation, "first")
		_, err := a.Inbox.CloseConversation(t.Context(), administrator, inbox.Close{ConversationID: conversation.ID})
		require.NoError(t, err)
		looker := a.as(a.Looker)
		now := func(t *testing.T) string { // the cursor of the newest event
			t.Helper()
			position, err := a.DB.FeedPosition(t.Context(), a.Organization.ID)
			require.NoError(t, err)
			return graph.FeedCursor(models.Event{OrganizationID: a.Organization.ID, Position: position})
		}
		start := graph.FeedCursor(models.Event{OrganizationID: a.Organization.ID})
		const inboxEvents = `subscription($after: String) {inboxEvents(after: $after) ` + eventFields + `}`

		t.Run("come in order, with the whole state, and only where the viewer may look", func(t *testing.T) {
			all := a.as(a.Administrator).subscribe(inboxEvents, map[string]any{"after": start})
			require.Equal(t, "hidden", all.next().at("inboxEvents.conversation.lastMessage.content.body"))
			mine := looker.subscribe(inboxEvents, map[string]any{"after": start})
			for _, events := range []*stream{all, mine} {
				added := events.next()
				require.Empty(t, added.Errors)
				require.Equal(t, "MessageAddedEvent", added.at("inboxEvents.__typename"))
				require.Regexp(t, `^evt_`, added.at("inboxEvents.id"))
				require.Equal(t, id, added.at("inboxEvents.conversation.id"))
				require.Equal(t, id, added.at("inboxEvents.message.conversation.id"))
				require.Equal(t, "QUEUED", added.at("inboxEvents.message.status"))
				require.Equal(t, "Maria", added.at("inboxEvents.conversation.contact.name"))
				require.Equal(t, "first", added.at("inboxEvents.conversation.lastMessage.content.body"))
				changed := events.next()
				require.Equal(t, "ConversationChangedEvent", changed.at("inboxEvents.__typename"))
				require.Equal(t, "CLOSED", changed.at("inboxEvents.conversation.status"))
				require.Equal(t, "first", changed.at("inboxEvents.conversation.lastMessage.content.body"))
			}
		})

		t.Run("resume after a cursor without a gap", func(t *testing.T) {
			after := now(t)
			reply(t, conversation, "second")
			events := looker.subscribe(`subscription($id: ID!, $after: String) {conversationEvents(conversationId: $id, after: $after) `+eventFields+`}`,
				map[string]any{"id": id, "after": after})
			second := events.next()
			require.Equal(t, "second", second.at("conversationEvents.conversation.lastMessage.content.body"))
			cursor := second.at("conversationEvents.cursor")
			reply(t, hidden, "elsewhere")
			reply(t, conversation, "third")
			again := looker.subscribe(inboxEvents, map[string]any{"after": cursor})
			for { // the reply has opened the conversation again, which is an event as well
				event, same := events.next(), again.next()
				require.Equal(t, event.at("conversationEvents.id"), same.at("inboxEvents.id"))
				require.Equal(t, event.at("conversationEvents.cursor"), same.at("inboxEvents.cursor"))
				if event.at("conversationEvents.conversation.lastMessage.content.body") == "third" {
					break
				}
			}
		})

		t.Run("cost no statement unless they are asked for more", func(t *testing.T) {
			const document = `subscription($after: String) {inboxEvents(after: $after) {... on MessageAddedEvent {
				message {id conversation {id}} conversation {contact {name} lastMessage {id} serviceWindow {isOpen} viewerCan {reply}}}}}`
			events := looker.subscribe(document, map[string]any{"after": now(t)})
			reply(t, conversation, "fourth")
			require.Empty(t, events.next().Errors) // from now on the stream and the viewer's rights are warm
			statements := testkit.CountStatements(t, a.DB)
			reply(t, conversation, "fifth")
			written := statements.Load() // PostgreSQL's writer is counted as well
			event := events.next()
			require.Empty(t, event.Errors)
			require.Equal(t, "Maria", event.at("inboxEvents.conversation.contact.name"))
			require.Equal(t, written, statements.Load())
		})

		t.Run("refuse what cannot be", func(t *testing.T) {
			foreignEvents := a.as(foreign.Administrator)
			for name, c := range map[string]struct {
				caller    *caller
				arguments string
				code      string
			}{
				"nobody":                           {a.anonymous(), `inboxEvents`, "UNAUTHENTICATED"},
				"a cursor that is none":            {looker, `inboxEvents(after: "nonsense")`, "BAD_USER_INPUT"},
				"a cursor of another organization": {foreignEvents, `inboxEvents(after: "` + start + `")`, "BAD_USER_INPUT"},
				"a conversation that is none":      {looker, `conversationEvents(conversationId: "conv_")`, "NOT_FOUND"},
				"a conversation out of sight":      {looker, `conversationEvents(conversationId: "` + public(models.PrefixConversation, hidden.ID) + `")`, "NOT_FOUND"},
				"another organization's":           {foreignEvents, `conversationEvents(conversationId: "` + id + `")`, "NOT_FOUND"},
				"the channel of nobody's business": {a.as(a.Outsider), `conversationEvents(conversationId: "` + id + `")`, "NOT_FOUND"},
			} {
				events := c.caller.subscribe(`subscription {`+c.arguments+` {__typename}}`, nil)
				refused := events.next()
				require.NotNil(t, refused, name)
				require.Equal(t, c.code, refused.code(), name)
				require.Nil(t, events.next(), name)
			}
		})

		t.Run("end with the reason when rights are lost", func(t *testing.T) {
			events := a.as(a.Replier).subscribe(`subscription($id: ID!, $after: String) {conversationEvents(conversationId: $id, after: $after) {__typename}}`,
				map[string]any{"id": id, "after": now(t)})
			reply(t, conversation, "sixth")
			require.Empty(t, events.next().Errors)
			_, err := a.Accounts.SetMessagingLevel(t.Context(), administrator, a.Replier.ProfileID, a.Open.ID, models.LevelNone)
			require.NoError(t, err)
			reply(t, conversation, "seventh")
			ended := events.next()
			for ended != nil && len(ended.Errors) == 0 {
				ended = events.next()
			}
			require.NotNil(t, ended)
			require.Equal(t, "NOT_FOUND", ended.code())
			require.Nil(t, events.next())

			events = looker.subscribe(inboxEvents, map[string]any{"after": now(t)})
			reply(t, conversation, "still there")
			require.Empty(t, events.next().Errors)
			_, err = a.Accounts.SetUserActive(t.Context(), administrator, a.Looker.ID, false)
			require.NoError(t, err)
			reply(t, conversation, "eighth")
			ended = events.next()
			require.NotNil(t, ended)
			require.Equal(t, "UNAUTHENTICATED", ended.code())
			require.Nil(t, events.next())
		})
	})
}
