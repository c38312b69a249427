package graph_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"recado/models"
	"recado/testkit"
)

func TestContactBlock(t *testing.T) {
	onEach(t, func(t *testing.T, a *api) {
		conversation := a.Conversation(a.Open, "Maria", a.DB.Now())
		id := map[string]any{"id": public(models.PrefixContact, conversation.ContactID)}
		const block = `mutation($id: ID!) {contactBlock(input: {contactId: $id}) {
			contact {blocks {isBlocked status channel {name} decidedBy {name} failure {code}}} userErrors {code field}}}`
		const unblock = `mutation($id: ID!) {contactUnblock(input: {contactId: $id}) {contact {blocks {status}} userErrors {code}}}`
		const see = `{conversations {nodes {isBlocked contact {blocks {isBlocked status failure {code message metaCode}}}}}}`
		replier, looker := a.as(a.Replier), a.as(a.Looker)
		live := replier.subscribe(`subscription($after: String) {inboxEvents(after: $after) {__typename
			... on ContactBlockChangedEvent {block {isBlocked status} conversation {isBlocked contact {id}}}}}`, a.fromStart())

		t.Run("is shown to those who may see the channel", func(t *testing.T) {
			require.Equal(t, []any{map[string]any{
				"isBlocked": true, "status": "PENDING", "channel": map[string]any{"name": a.Open.Name}, "decidedBy": map[string]any{"name": "Bruno"}, "failure": nil,
			}}, replier.get(block, id).at("contactBlock.contact.blocks"))
			require.Equal(t, true, looker.get(see, nil).at("conversations.nodes.0.isBlocked"))
			require.Equal(t, "PENDING", looker.get(see, nil).at("conversations.nodes.0.contact.blocks.0.status"))
			told := live.next()
			require.Equal(t, "ContactBlockChangedEvent", told.at("inboxEvents.__typename"))
			require.Equal(t, map[string]any{"isBlocked": true, "status": "PENDING"}, told.at("inboxEvents.block"))
			require.Equal(t, id["id"], told.at("inboxEvents.conversation.contact.id"))
			require.Equal(t, "ConversationChangedEvent", live.next().at("inboxEvents.__typename"))
		})
		t.Run("keeps messages from going out", func(t *testing.T) {
			conversation := map[string]any{"id": public(models.PrefixConversation, conversation.ID)}
			require.Equal(t, "CONTACT_BLOCKED", replier.get(`mutation($id: ID!) {messageSend(input: {conversationId: $id, content: {text: {body: "Oi"}}, idempotencyKey: "k"}) {
				userErrors {code}}}`, conversation).at("messageSend.userErrors.0.code"))
			blockers := replier.get(`query($id: ID!) {canSend(conversationId: $id, draft: {text: {body: "Oi"}}) {isAllowed blockers {code message}}}`, conversation)
			require.Equal(t, false, blockers.at("canSend.isAllowed"))
			require.Equal(t, "CONTACT_BLOCKED", blockers.at("canSend.blockers.0.code"))
		})
		t.Run("says in the reader's language why WhatsApp refused", func(t *testing.T) {
			a.Exec(`UPDATE contact_blocks SET status = 'FAILED', failure = '{"code":"WINDOW_CLOSED","metaCode":131047}'`)
			failed := replier.get(see, nil)
			require.Equal(t, "WINDOW_CLOSED", failed.at("conversations.nodes.0.contact.blocks.0.failure.code"))
			require.EqualValues(t, 131047, failed.at("conversations.nodes.0.contact.blocks.0.failure.metaCode"))
			replier.language = "pt-BR"
			require.Contains(t, replier.get(see, nil).at("conversations.nodes.0.contact.blocks.0.failure.message"), "24 horas")
			a.Exec(`UPDATE contact_blocks SET failure = '{"code":"OF_TOMORROW"}'`)
			require.Equal(t, "UNKNOWN", replier.get(see, nil).at("conversations.nodes.0.contact.blocks.0.failure.code"))
		})
		t.Run("costs one statement for all contacts of a page", func(t *testing.T) {
			a.Conversation(a.Open, "João", a.DB.Now())
			a.Conversation(a.Open, "Rita", a.DB.Now())
			statements := testkit.CountStatements(t, a.DB)
			looker.get(`{conversations {nodes {contact {name}}}}`, nil)
			without := statements.Swap(0)
			looker.get(`{conversations {nodes {contact {name blocks {isBlocked status}}}}}`, nil)
			require.Equal(t, without+1, statements.Load())
		})
		t.Run("needs REPLY, and a contact that exists for the viewer", func(t *testing.T) {
			stranger := a.as(testkit.NewWorld(t, a.DB).Administrator)
			for field, text := range map[string]string{"contactBlock": block, "contactUnblock": unblock} {
				require.Equal(t, "FORBIDDEN", looker.ask(text, id).code())
				for _, caller := range []*caller{a.as(a.Outsider), stranger} {
					require.Equal(t, "NOT_FOUND", caller.get(text, id).at(field+".userErrors.0.code"))
				}
				require.Equal(t, "NOT_FOUND", replier.get(text, map[string]any{"id": "cont_"}).at(field+".userErrors.0.code"))
			}
		})
		t.Run("is undone", func(t *testing.T) {
			require.Empty(t, replier.get(unblock, id).at("contactUnblock.contact.blocks"))
			require.Equal(t, false, looker.get(see, nil).at("conversations.nodes.2.isBlocked"))
		})
	})
}
