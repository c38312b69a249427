package graph_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"recado/graph"
	"recado/inbox"
	"recado/models"
	"recado/testkit"
)

// fromStart are the variables of a subscription to all events, those before it as
// well.
func (a *api) fromStart() map[string]any {
	return map[string]any{"after": graph.FeedCursor(models.Event{OrganizationID: a.Organization.ID})}
}

func TestTags(t *testing.T) {
	onEach(t, func(t *testing.T, a *api) {
		conversation := a.Conversation(a.Open, "Maria", a.DB.Now())
		id := public(models.PrefixConversation, conversation.ID)
		replier, looker, administrator := a.as(a.Replier), a.as(a.Looker), a.as(a.Administrator)
		const create = `mutation($name: String!) {tagCreate(input: {name: $name, color: GREEN}) {tag {id name color version createdBy {name}} userErrors {code field}}}`
		made := replier.get(create, map[string]any{"name": " Bolo  de festa "})
		tag := made.at("tagCreate.tag.id")
		require.Equal(t, map[string]any{"id": tag, "name": "Bolo de festa", "color": "GREEN", "version": 1.0, "createdBy": map[string]any{"name": "Bruno"}}, made.at("tagCreate.tag"))

		other := testkit.NewWorld(t, a.DB)
		theirs, err := a.Inbox.CreateTag(t.Context(), other.Viewer(other.Administrator), inbox.TagDraft{Name: "Deles", Color: models.TagRed})
		require.NoError(t, err)

		t.Run("user errors and rights", func(t *testing.T) {
			again := replier.get(create, map[string]any{"name": "BOLO DE FESTA"})
			require.Equal(t, "ALREADY_EXISTS", again.at("tagCreate.userErrors.0.code"))
			require.Equal(t, []any{"input", "name"}, again.at("tagCreate.userErrors.0.field"))
			require.Equal(t, "FORBIDDEN", looker.ask(create, map[string]any{"name": "VIP"}).code())
			const update = `mutation($id: ID!, $version: Int) {tagUpdate(input: {tagId: $id, name: "Bolos", color: PINK, expectedVersion: $version}) {tag {name} userErrors {code field}}}`
			require.Equal(t, "FORBIDDEN", replier.ask(update, map[string]any{"id": tag}).code())
			foreign := map[string]any{"id": public(models.PrefixTag, theirs.ID)}
			require.Equal(t, "NOT_FOUND", administrator.get(update, foreign).at("tagUpdate.userErrors.0.code"))
			require.Equal(t, "NOT_FOUND", administrator.get(`mutation($id: ID!) {tagDelete(input: {tagId: $id}) {deletedTagId userErrors {code}}}`, foreign).at("tagDelete.userErrors.0.code"))
			conflict := administrator.get(update, map[string]any{"id": tag, "version": 7})
			require.Equal(t, "CONFLICT", conflict.at("tagUpdate.userErrors.0.code"))
			require.Equal(t, "Bolo de festa", conflict.at("tagUpdate.tag.name"))
			require.Equal(t, "Bolos", administrator.get(update, map[string]any{"id": tag, "version": 1}).at("tagUpdate.tag.name"))
		})
		const change = `mutation($id: ID!, $add: [ID!], $remove: [ID!]) {conversationTagsUpdate(input: {conversationId: $id, addTagIds: $add, removeTagIds: $remove}) {
			conversation {tags {name} viewerCan {tag note}} userErrors {code field}}}`
		// Before anybody follows events, which load tags too.
		t.Run("of a page of conversations take one statement", func(t *testing.T) {
			for range 5 {
				more := a.Conversation(a.Open, "João", a.DB.Now())
				replier.get(change, map[string]any{"id": public(models.PrefixConversation, more.ID), "add": []any{tag}})
			}
			ask := func(fields string) int64 {
				statements := testkit.CountStatements(t, a.DB)
				page := looker.get(`{conversations {nodes {id `+fields+`}}}`, nil)
				require.Len(t, page.at("conversations.nodes"), 6)
				return statements.Load()
			}
			require.Equal(t, ask("")+1, ask("tags {name}"))
		})
		t.Run("on a conversation", func(t *testing.T) {
			live := looker.subscribe(`subscription($after: String) {inboxEvents(after: $after) {__typename ... on ConversationChangedEvent {conversation {tags {name}}}}}`, a.fromStart())
			tagged := replier.get(change, map[string]any{"id": id, "add": []any{tag}})
			require.Equal(t, []any{map[string]any{"name": "Bolos"}}, tagged.at("conversationTagsUpdate.conversation.tags"))
			require.Equal(t, []any{map[string]any{"name": "Bolos"}}, live.next().at("inboxEvents.conversation.tags"))
			require.Equal(t, "FORBIDDEN", looker.ask(change, map[string]any{"id": id, "add": []any{tag}}).code())
			refused := replier.get(change, map[string]any{"id": id, "add": []any{public(models.PrefixTag, theirs.ID)}})
			require.Equal(t, "NOT_FOUND", refused.at("conversationTagsUpdate.userErrors.0.code"))
			require.Equal(t, []any{"input", "addTagIds"}, refused.at("conversationTagsUpdate.userErrors.0.field"))
		})
		t.Run("are found by everybody of the organization, and by nobody else", func(t *testing.T) {
			require.Equal(t, []any{map[string]any{"name": "Bolos"}}, a.as(a.Outsider).get(`{tags {nodes {name}}}`, nil).at("tags.nodes"))
			node := `query($id: ID!) {node(id: $id) {id}}`
			require.NotNil(t, looker.get(node, map[string]any{"id": tag}).at("node"))
			require.Nil(t, looker.get(node, map[string]any{"id": public(models.PrefixTag, theirs.ID)}).at("node"))
		})
	})
}

func TestNotes(t *testing.T) {
	onEach(t, func(t *testing.T, a *api) {
		conversation := a.Conversation(a.Open, "Maria", a.DB.Now())
		hidden := a.Conversation(a.Closed, "João", a.DB.Now())
		replier, looker, outsider, administrator := a.as(a.Replier), a.as(a.Looker), a.as(a.Outsider), a.as(a.Administrator)
		live := replier.subscribe(`subscription($after: String) {inboxEvents(after: $after) {__typename ... on NoteAddedEvent {note {body author {name}} conversation {id}} ... on NoteDeletedEvent {deletedNoteId}}}`, a.fromStart())
		const create = `mutation($id: ID!, $body: String!, $mentions: [ID!]) {noteCreate(input: {conversationId: $id, body: $body, mentionedUserIds: $mentions}) {
			note {id body version author {name} mentions {name} conversation {id}} noteEdge {cursor node {id}} userErrors {code field}}}`
		input := func(conversation models.Conversation, mentions ...any) map[string]any {
			return map[string]any{"id": public(models.PrefixConversation, conversation.ID), "body": "Cliente antiga", "mentions": mentions}
		}
		made := looker.get(create, input(conversation, public(models.PrefixUser, a.Replier.ID)))
		require.Empty(t, made.at("noteCreate.userErrors"))
		require.Equal(t, []any{map[string]any{"name": "Bruno"}}, made.at("noteCreate.note.mentions"))
		note := made.at("noteCreate.note.id")
		secret := administrator.get(create, input(hidden)).at("noteCreate.note.id")

		t.Run("come live to those who may look", func(t *testing.T) {
			added := live.next()
			require.Equal(t, "NoteAddedEvent", added.at("inboxEvents.__typename"))
			require.Equal(t, "Cliente antiga", added.at("inboxEvents.note.body"))
			require.Equal(t, "Carla", added.at("inboxEvents.note.author.name"))
		})
		t.Run("are listed with the conversation", func(t *testing.T) {
			list := `query($id: ID!, $before: String) {conversation(id: $id) {notes(last: 5, before: $before) {nodes {id} pageInfo {hasPreviousPage}}}}`
			id := public(models.PrefixConversation, conversation.ID)
			require.Equal(t, []any{map[string]any{"id": note}}, looker.get(list, map[string]any{"id": id}).at("conversation.notes.nodes"))
			require.Empty(t, looker.get(list, map[string]any{"id": id, "before": made.at("noteCreate.noteEdge.cursor")}).at("conversation.notes.nodes"))
		})
		t.Run("do not exist for those who may not look", func(t *testing.T) {
			node := `query($id: ID!) {node(id: $id) {id}}`
			require.NotNil(t, looker.get(node, map[string]any{"id": note}).at("node"))
			require.Nil(t, outsider.get(node, map[string]any{"id": note}).at("node"))
			require.Nil(t, looker.get(node, map[string]any{"id": secret}).at("node"))
			stranger := testkit.NewWorld(t, a.DB)
			require.Nil(t, a.as(stranger.Administrator).get(node, map[string]any{"id": note}).at("node"))
			require.Equal(t, "NOT_FOUND", looker.get(create, input(hidden)).at("noteCreate.userErrors.0.code"))
			for _, c := range []*caller{outsider, a.as(stranger.Administrator)} {
				require.Equal(t, "NOT_FOUND", c.get(create, input(conversation)).at("noteCreate.userErrors.0.code"))
				update := c.get(`mutation($id: ID!) {noteUpdate(input: {noteId: $id, body: "x"}) {note {id} userErrors {code}}}`, map[string]any{"id": note})
				require.Equal(t, "NOT_FOUND", update.at("noteUpdate.userErrors.0.code"))
				require.Nil(t, update.at("noteUpdate.note"))
				removed := c.get(`mutation($id: ID!) {noteDelete(input: {noteId: $id}) {deletedNoteId userErrors {code}}}`, map[string]any{"id": note})
				require.Equal(t, "NOT_FOUND", removed.at("noteDelete.userErrors.0.code"))
			}
		})
		t.Run("are changed by their author alone", func(t *testing.T) {
			update := `mutation($id: ID!, $version: Int) {noteUpdate(input: {noteId: $id, body: "Cliente nova", expectedVersion: $version}) {note {body version editedAt mentions {name}} userErrors {code field}}}`
			require.Equal(t, "FORBIDDEN", replier.ask(update, map[string]any{"id": note}).code())
			changed := looker.get(update, map[string]any{"id": note, "version": 1})
			require.Equal(t, "Cliente nova", changed.at("noteUpdate.note.body"))
			require.NotNil(t, changed.at("noteUpdate.note.editedAt"))
			require.Empty(t, changed.at("noteUpdate.note.mentions"))
			conflict := looker.get(update, map[string]any{"id": note, "version": 1})
			require.Equal(t, "CONFLICT", conflict.at("noteUpdate.userErrors.0.code"))
			require.EqualValues(t, 2, conflict.at("noteUpdate.note.version"))
			require.Equal(t, "NoteChangedEvent", live.next().at("inboxEvents.__typename"))
		})
		t.Run("mention only who may look", func(t *testing.T) {
			refused := looker.get(create, input(conversation, public(models.PrefixUser, a.Outsider.ID)))
			require.Equal(t, "MENTION_NOT_ALLOWED", refused.at("noteCreate.userErrors.0.code"))
			require.Equal(t, []any{"input", "mentionedUserIds"}, refused.at("noteCreate.userErrors.0.field"))
		})
		t.Run("are deleted", func(t *testing.T) {
			remove := `mutation($id: ID!) {noteDelete(input: {noteId: $id}) {deletedNoteId userErrors {code}}}`
			require.Equal(t, "FORBIDDEN", replier.ask(remove, map[string]any{"id": note}).code())
			require.Equal(t, note, looker.get(remove, map[string]any{"id": note}).at("noteDelete.deletedNoteId"))
			require.Equal(t, note, live.next().at("inboxEvents.deletedNoteId"))
		})
	})
}

func TestNotifications(t *testing.T) {
	onEach(t, func(t *testing.T, a *api) {
		conversation := a.Conversation(a.Open, "Maria", a.DB.Now())
		replier, looker, administrator := a.as(a.Replier), a.as(a.Looker), a.as(a.Administrator)
		const listen = `subscription($after: String) {notificationEvents(after: $after) {__typename ... on NotificationAddedEvent {unreadCount notification {id kind}} ... on NotificationsReadEvent {unreadCount}}}`
		live, others := replier.subscribe(listen, a.fromStart()), administrator.subscribe(listen, a.fromStart())
		mention := func(c *caller, users ...any) string {
			made := c.get(`mutation($id: ID!, $mentions: [ID!]) {noteCreate(input: {conversationId: $id, body: "Veja", mentionedUserIds: $mentions}) {note {id} userErrors {code}}}`,
				map[string]any{"id": public(models.PrefixConversation, conversation.ID), "mentions": users})
			id, _ := made.at("noteCreate.note.id").(string)
			return id
		}
		note := mention(looker, public(models.PrefixUser, a.Replier.ID))
		const list = `{viewer {unreadNotificationCount} notifications(unreadOnly: true) {nodes {id kind isRead actor {name} note {id} message {id} conversation {id}}}}`
		mine := replier.get(list, nil)
		require.EqualValues(t, 1, mine.at("viewer.unreadNotificationCount"))
		require.Equal(t, "MENTION", mine.at("notifications.nodes.0.kind"))
		require.Equal(t, "Carla", mine.at("notifications.nodes.0.actor.name"))
		require.Equal(t, note, mine.at("notifications.nodes.0.note.id"))
		require.Equal(t, public(models.PrefixConversation, conversation.ID), mine.at("notifications.nodes.0.conversation.id"))
		id, _ := mine.at("notifications.nodes.0.id").(string)

		t.Run("come live", func(t *testing.T) {
			added := live.next()
			require.Equal(t, id, added.at("notificationEvents.notification.id"))
			require.EqualValues(t, 1, added.at("notificationEvents.unreadCount"))
		})
		const read = `mutation($id: ID!) {notificationMarkRead(input: {notificationId: $id}) {notification {isRead readAt} unreadCount userErrors {code field}}}`
		t.Run("do not exist for others, administrators included", func(t *testing.T) {
			stranger := a.as(testkit.NewWorld(t, a.DB).Administrator)
			for _, c := range []*caller{looker, administrator, stranger} {
				require.Empty(t, c.get(list, nil).at("notifications.nodes"))
				require.Zero(t, c.get(list, nil).at("viewer.unreadNotificationCount"))
				require.Nil(t, c.get(`query($id: ID!) {node(id: $id) {id}}`, map[string]any{"id": id}).at("node"))
				refused := c.get(read, map[string]any{"id": id})
				require.Equal(t, "NOT_FOUND", refused.at("notificationMarkRead.userErrors.0.code"))
				require.Nil(t, refused.at("notificationMarkRead.notification"))
				require.Zero(t, c.get(`mutation {notificationMarkAllRead(input: {}) {unreadCount}}`, nil).at("notificationMarkAllRead.unreadCount"))
			}
			require.NotNil(t, replier.get(`query($id: ID!) {node(id: $id) {id}}`, map[string]any{"id": id}).at("node"))
		})
		t.Run("are read one by one and all together", func(t *testing.T) {
			done := replier.get(read, map[string]any{"id": id})
			require.Equal(t, true, done.at("notificationMarkRead.notification.isRead"))
			require.Zero(t, done.at("notificationMarkRead.unreadCount"))
			require.Equal(t, "NotificationsReadEvent", live.next().at("notificationEvents.__typename"))
			mention(looker, public(models.PrefixUser, a.Replier.ID), public(models.PrefixUser, a.Administrator.ID))
			require.Zero(t, replier.get(`mutation {notificationMarkAllRead(input: {}) {unreadCount userErrors {code}}}`, nil).at("notificationMarkAllRead.unreadCount"))
			require.EqualValues(t, 1, administrator.get(list, nil).at("viewer.unreadNotificationCount"))
		})
		t.Run("come live to nobody else", func(t *testing.T) {
			event := others.next()
			require.Equal(t, administrator.get(list, nil).at("notifications.nodes.0.id"), event.at("notificationEvents.notification.id"))
		})
		t.Run("vanish with the right to look", func(t *testing.T) {
			a.Exec("DELETE FROM channel_permissions WHERE profile_id = ?", a.Replier.ProfileID)
			blind := a.as(a.Replier)
			require.Empty(t, blind.get(`{notifications {nodes {id}}}`, nil).at("notifications.nodes"))
			require.Nil(t, blind.get(`query($id: ID!) {node(id: $id) {id}}`, map[string]any{"id": id}).at("node"))
		})
	})
}
