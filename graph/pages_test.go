package graph_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/models"
	"recado/testkit"
)

func TestConversationPage(t *testing.T) {
	onEach(t, func(t *testing.T, a *api) {
		now := a.DB.Now()
		var conversations []models.Conversation // the newest first
		for i := range 60 {
			conversation := a.Conversation([]models.Channel{a.Open, a.Closed}[i%2], fmt.Sprint("Cliente ", i), now.Add(-time.Duration(i)*time.Minute))
			switch i % 3 {
			case 0:
				conversation.AssigneeID = &a.Replier.ID
			case 1:
				conversation.AssigneeID = &a.Looker.ID
				conversation.Close(a.Administrator.ID, now)
			}
			a.Save(&conversation)
			conversations = append(conversations, conversation)
		}
		administrator := a.as(a.Administrator)

		t.Run("costs a fixed number of statements", func(t *testing.T) {
			const document = `query($n: Int) {conversations(first: $n) {
				edges {cursor node {
					id status unreadCount lastMessageAt version closedAt createdAt
					serviceWindow {isOpen expiresAt closedSince} viewerCan {reply assign close markRead}
					channel {id name} contact {id name} assignee {id name} closedBy {id name}
					lastMessage {id status content {... on TextContent {body}}}
				}}
				pageInfo {hasNextPage hasPreviousPage startCursor endCursor}
			}}`
			administrator.get(document, map[string]any{"n": 1}) // remembers the viewer's rights
			statements := testkit.CountStatements(t, a.DB)
			page := administrator.get(document, map[string]any{"n": 50})
			require.LessOrEqual(t, statements.Load(), int64(5))
			require.Len(t, page.at("conversations.edges"), 50)
			for i := range 50 {
				node := fmt.Sprintf("conversations.edges.%d.node.", i)
				require.Equal(t, fmt.Sprint("Cliente ", i), page.at(node+"contact.name"))
				require.Equal(t, "Oi", page.at(node+"lastMessage.content.body"))
				require.Equal(t, []string{"Balcão", "Compras"}[i%2], page.at(node+"channel.name"))
				switch i % 3 {
				case 0:
					require.Equal(t, "Bruno", page.at(node+"assignee.name"))
					require.Nil(t, page.at(node+"closedBy"))
				case 1:
					require.Equal(t, "Carla", page.at(node+"assignee.name"))
					require.Equal(t, "Ana", page.at(node+"closedBy.name"))
				case 2:
					require.Nil(t, page.at(node+"assignee"))
				}
			}
			require.Equal(t, true, page.at("conversations.pageInfo.hasNextPage"))
			require.Equal(t, page.at("conversations.edges.49.cursor"), page.at("conversations.pageInfo.endCursor"))
		})

		t.Run("joins with the next, by nodes and by fragments", func(t *testing.T) {
			const document = `query($after: String) {conversations(first: 25, after: $after, filter: {channelIds: null}) {
				nodes {...row} pageInfo {hasNextPage hasPreviousPage endCursor}
			}} fragment row on Conversation {id contact {...named}} fragment named on Contact {name phoneNumber}`
			var after any
			var names []any
			for page := 0; ; page++ {
				result := administrator.get(document, map[string]any{"after": after})
				nodes, ok := result.at("conversations.nodes").([]any)
				require.True(t, ok)
				for i := range nodes {
					names = append(names, result.at(fmt.Sprintf("conversations.nodes.%d.contact.name", i)))
				}
				require.Equal(t, page > 0, result.at("conversations.pageInfo.hasPreviousPage"))
				if result.at("conversations.pageInfo.hasNextPage") == false {
					break
				}
				after = result.at("conversations.pageInfo.endCursor")
			}
			require.Len(t, names, 60)
			for i, name := range names {
				require.Equal(t, fmt.Sprint("Cliente ", i), name)
			}
		})

		t.Run("filters and turns around", func(t *testing.T) {
			replier := a.as(a.Replier)
			mine := replier.get(`{conversations(filter: {view: MINE, status: OPEN, isUnread: true, isWindowOpen: true}, orderBy: {field: LAST_MESSAGE_AT, direction: ASC}, last: 2) {nodes {id}}}`, nil)
			require.Equal(t, []any{
				map[string]any{"id": public(models.PrefixConversation, conversations[6].ID)},
				map[string]any{"id": public(models.PrefixConversation, conversations[0].ID)},
			}, mine.at("conversations.nodes"))
		})

		t.Run("refuses what cannot be", func(t *testing.T) {
			cursor := administrator.get(`{conversations(first: 1) {pageInfo {endCursor}}}`, nil).at("conversations.pageInfo.endCursor")
			for arguments, argument := range map[string]string{
				`first: 101`:        "first",
				`first: -1`:         "first",
				`last: 101`:         "last",
				`first: 1, last: 1`: "last",
				`after: "nonsense"`: "after",
				`before: ""`:        "before",
				fmt.Sprintf(`filter: {view: MINE}, after: %q`, cursor): "after",
			} {
				result := administrator.ask(`{conversations(`+arguments+`) {nodes {id}}}`, nil)
				require.Equal(t, "BAD_USER_INPUT", result.code(), arguments)
				require.Equal(t, argument, result.Errors[0].Extensions["argument"])
				require.Nil(t, result.at("conversations"))
			}
			require.Equal(t, "BAD_USER_INPUT", administrator.ask(`{conversations(first: 3000000000) {nodes {id}}}`, nil).code())
			ids := make([]string, 101)
			require.Equal(t, "BAD_USER_INPUT", administrator.ask(`query($ids: [ID!]!) {nodes(ids: $ids) {id}}`, map[string]any{"ids": ids}).code())
		})

		t.Run("of many histories costs a fixed number of statements", func(t *testing.T) {
			statements := testkit.CountStatements(t, a.DB)
			// Loaders wait a moment for each other, so a busy machine may need some more now and then.
			page, fewest := (*answer)(nil), int64(50)
			for try := 0; try < 10 && fewest > 6; try++ {
				before := statements.Load()
				page = administrator.get(`{conversations(first: 50) {nodes {messages(last: 3) {edges {cursor node {id}} pageInfo {hasPreviousPage}}}}}`, nil)
				fewest = min(fewest, statements.Load()-before)
			}
			require.LessOrEqual(t, fewest, int64(6))
			require.Len(t, page.at("conversations.nodes"), 50)
			for i := range 50 {
				require.Equal(t, public(models.PrefixMessage, *conversations[i].LastMessageID), page.at(fmt.Sprintf("conversations.nodes.%d.messages.edges.0.node.id", i)))
			}
		})
	})
}

func TestMessages(t *testing.T) {
	onEach(t, func(t *testing.T, a *api) {
		now := a.DB.Now()
		conversation := a.Conversation(a.Open, "Maria", now.Add(-time.Hour))
		first := *conversation.LastMessageID
		picture := a.Message(&conversation, "", now.Add(-50*time.Minute))
		picture.Kind, picture.Raw = "image", []byte(`{"type":"image"}`)
		reply := a.Message(&conversation, "Sim!", now.Add(-40*time.Minute))
		reply.Direction, reply.SenderID, reply.Attempts = models.Outbound, &a.Replier.ID, 2
		reply.ReplyToWAMID = new("wamid." + first.String())
		reply.Status, reply.FailedAt = models.StatusFailed, &now
		reply.Failure = &models.Failure{Code: "WINDOW_CLOSED", NextAction: "SEND_TEMPLATE", MetaCode: 131047, MetaTitle: "Re-engagement message"}
		odd := a.Message(&conversation, "?", now.Add(-30*time.Minute))
		odd.ReplyToWAMID, odd.Status = new("wamid.unknown"), models.StatusFailed
		odd.Failure = &models.Failure{Code: "OF_TOMORROW", NextAction: "PRAY", Retryable: true}
		a.Save(&picture, &reply, &odd)

		looker := a.as(a.Looker)
		looker.language = "pt-BR"
		page := looker.get(`query($id: ID!) {conversation(id: $id) {messages {nodes {
			id direction status attempts sentAt
			content {__typename ... on TextContent {body} ... on UnknownContent {kind rawJson}}
			statusTimes {acceptedAt sentAt deliveredAt readAt playedAt failedAt}
			failure {code message isRetryable nextAction metaCode metaTitle metaDetails}
			replyTo {id} sender {name} conversation {id}
		}}}}`, map[string]any{"id": public(models.PrefixConversation, conversation.ID)})
		const nodes = "conversation.messages.nodes."
		require.Len(t, page.at("conversation.messages.nodes"), 4)
		require.Equal(t, public(models.PrefixMessage, first), page.at(nodes+"0.id"))
		require.Equal(t, now.Add(-time.Hour).UTC().Format("2006-01-02T15:04:05.000Z"), page.at(nodes+"0.sentAt"))
		require.Equal(t, map[string]any{"__typename": "TextContent", "body": "Oi"}, page.at(nodes+"0.content"))
		require.Nil(t, page.at(nodes+"0.failure"))
		require.Nil(t, page.at(nodes+"0.replyTo"))
		require.Equal(t, map[string]any{"__typename": "UnknownContent", "kind": "image", "rawJson": `{"type":"image"}`}, page.at(nodes+"1.content"))
		require.Equal(t, "OUTBOUND", page.at(nodes+"2.direction"))
		require.Equal(t, "Bruno", page.at(nodes+"2.sender.name"))
		require.Equal(t, public(models.PrefixMessage, first), page.at(nodes+"2.replyTo.id"))
		require.Equal(t, map[string]any{
			"code": "WINDOW_CLOSED", "isRetryable": false, "nextAction": "SEND_TEMPLATE", "metaCode": 131047.0, "metaTitle": "Re-engagement message", "metaDetails": nil,
			"message": "Passaram mais de 24 horas desde a última mensagem do cliente. Só um modelo chega até ele.",
		}, page.at(nodes+"2.failure"))
		require.NotNil(t, page.at(nodes+"2.statusTimes.failedAt"))
		require.Nil(t, page.at(nodes+"2.statusTimes.readAt"))
		require.Equal(t, "UNKNOWN", page.at(nodes+"3.failure.code"))
		require.Equal(t, "NONE", page.at(nodes+"3.failure.nextAction"))
		require.Nil(t, page.at(nodes+"3.failure.metaCode"))
		require.Nil(t, page.at(nodes+"3.replyTo"))
		require.Equal(t, public(models.PrefixConversation, conversation.ID), page.at(nodes+"3.conversation.id"))
	})
}

func TestViewerAndChannels(t *testing.T) {
	onEach(t, func(t *testing.T, a *api) {
		conversation := a.Conversation(a.Open, "Maria", a.DB.Now())
		viewer := a.as(a.Looker).get(`{viewer {isAdministrator user {name email isActive profile {name isAdministrator}} organization {id name createdAt} profile {id}}
			conversations {nodes {viewerCan {reply assign close markRead}}}}`, nil)
		require.Equal(t, "Carla", viewer.at("viewer.user.name"))
		require.Equal(t, "Profile of Carla", viewer.at("viewer.user.profile.name"))
		require.Equal(t, "Padaria Aurora", viewer.at("viewer.organization.name"))
		require.Equal(t, false, viewer.at("viewer.isAdministrator"))
		require.Equal(t, map[string]any{"reply": false, "assign": false, "close": false, "markRead": false}, viewer.at("conversations.nodes.0.viewerCan"))

		administrator := a.as(a.Administrator)
		channels := administrator.get(`{channels(first: 1) {nodes {name displayNumber wabaId phoneNumberId status statusReason viewerLevel assignees {name}} pageInfo {hasNextPage endCursor}}}`, nil)
		require.Equal(t, "Balcão", channels.at("channels.nodes.0.name"))
		require.Equal(t, "+551140040000", channels.at("channels.nodes.0.displayNumber"))
		require.Nil(t, channels.at("channels.nodes.0.statusReason"))
		require.Equal(t, "REPLY", channels.at("channels.nodes.0.viewerLevel"))
		require.Equal(t, []any{map[string]any{"name": "Bruno"}, map[string]any{"name": "Ana"}}, channels.at("channels.nodes.0.assignees"))
		require.Equal(t, true, channels.at("channels.pageInfo.hasNextPage"))
		rest := administrator.get(`query($after: String) {channels(after: $after) {edges {node {name}} pageInfo {hasNextPage}}}`, map[string]any{"after": channels.at("channels.pageInfo.endCursor")})
		require.Equal(t, []any{map[string]any{"node": map[string]any{"name": "Compras"}}}, rest.at("channels.edges"))

		contact := administrator.get(`query($id: ID!) {contact(id: $id) {name phoneNumber identities {kind value channel {name}} conversations(last: 1) {edges {node {id}} pageInfo {hasPreviousPage}}}}`,
			map[string]any{"id": public(models.PrefixContact, conversation.ContactID)})
		require.Equal(t, "+"+conversation.CustomerWAID, contact.at("contact.phoneNumber"))
		require.Equal(t, []any{map[string]any{"kind": "WA_ID", "value": conversation.CustomerWAID, "channel": map[string]any{"name": "Balcão"}}}, contact.at("contact.identities"))
		require.Equal(t, public(models.PrefixConversation, conversation.ID), contact.at("contact.conversations.edges.0.node.id"))
	})
}
