package graph_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/models"
	"recado/testkit"
)

func TestSearch(t *testing.T) {
	onEach(t, func(t *testing.T, a *api) {
		now := a.DB.Now().UTC().Truncate(time.Second)
		maria := a.Conversation(a.Open, "Mária Conceição", now.Add(-time.Hour))
		bread := a.Message(&maria, "Tem pão de açúcar?", now.Add(-time.Minute))
		hidden := a.Conversation(a.Closed, "Maria Escondida", now)
		a.Message(&hidden, "pão escondido", now)
		other := testkit.NewWorld(t, a.DB)
		foreign := other.Conversation(other.Open, "Maria dos outros", now)
		other.Message(&foreign, "pão dos outros", now)

		const messages = `query($q: String!, $f: MessageSearchFilter, $n: Int, $after: String, $last: Int) {messageSearch(query: $q, filter: $f, first: $n, after: $after, last: $last) {
			edges {cursor node {snippet {text isMatch} message {id conversation {id contact {name}}}}} nodes {message {id}} pageInfo {hasNextPage hasPreviousPage startCursor endCursor}}}`
		const contacts = `query($q: String!, $channels: [ID!]) {contactSearch(query: $q, channelIds: $channels) {
			edges {cursor node {snippet {text isMatch} contact {id name}}} nodes {contact {id}} pageInfo {hasNextPage}}}`
		looker, administrator, outsider := a.as(a.Looker), a.as(a.Administrator), a.as(a.Outsider)

		t.Run("shows messages with what was found of them", func(t *testing.T) {
			found := looker.get(messages, map[string]any{"q": "PAO acuc"})
			require.Len(t, found.at("messageSearch.edges"), 1)
			require.Equal(t, public(models.PrefixMessage, bread.ID), found.at("messageSearch.edges.0.node.message.id"))
			require.Equal(t, "Mária Conceição", found.at("messageSearch.edges.0.node.message.conversation.contact.name"))
			require.Equal(t, found.at("messageSearch.pageInfo.endCursor"), found.at("messageSearch.edges.0.cursor"))
			require.Equal(t, []any{
				map[string]any{"text": "Tem ", "isMatch": false},
				map[string]any{"text": "pão", "isMatch": true},
				map[string]any{"text": " de ", "isMatch": false},
				map[string]any{"text": "açúcar", "isMatch": true},
				map[string]any{"text": "?", "isMatch": false},
			}, found.at("messageSearch.edges.0.node.snippet"))
		})

		t.Run("shows contacts with what was found of them", func(t *testing.T) {
			found := looker.get(contacts, map[string]any{"q": "maria"})
			require.Len(t, found.at("contactSearch.edges"), 1)
			require.Equal(t, public(models.PrefixContact, maria.ContactID), found.at("contactSearch.nodes.0.contact.id"))
			require.Equal(t, []any{
				map[string]any{"text": "Mária", "isMatch": true}, map[string]any{"text": " Conceição", "isMatch": false},
			}, found.at("contactSearch.edges.0.node.snippet"))
			require.Len(t, administrator.get(contacts, map[string]any{"q": "maria"}).at("contactSearch.nodes"), 2)
			closed := map[string]any{"q": "maria", "channels": []string{public(models.PrefixChannel, a.Closed.ID)}}
			require.Len(t, administrator.get(contacts, closed).at("contactSearch.nodes"), 1)
			require.Empty(t, looker.get(contacts, closed).at("contactSearch.nodes"))
		})

		for name, c := range map[string]struct {
			who    *caller
			query  string
			filter map[string]any
			count  int
		}{
			"all channels for an administrator":             {administrator, "pao", nil, 2},
			"nothing for who may see nothing":               {outsider, "pao", nil, 0},
			"a channel":                                     {administrator, "pao", map[string]any{"channelIds": []string{public(models.PrefixChannel, a.Closed.ID)}}, 1},
			"no hidden channel":                             {looker, "pao", map[string]any{"channelIds": []string{public(models.PrefixChannel, a.Closed.ID)}}, 0},
			"no channel":                                    {administrator, "pao", map[string]any{"channelIds": []string{}}, 0},
			"a conversation":                                {administrator, "pao", map[string]any{"conversationId": public(models.PrefixConversation, maria.ID)}, 1},
			"no hidden conversation":                        {looker, "pao", map[string]any{"conversationId": public(models.PrefixConversation, hidden.ID)}, 0},
			"no conversation of another organization":       {administrator, "pao", map[string]any{"conversationId": public(models.PrefixConversation, foreign.ID)}, 0},
			"nothing in what is no conversation":            {administrator, "pao", map[string]any{"conversationId": "nonsense"}, 0},
			"a direction":                                   {administrator, "pao", map[string]any{"direction": "OUTBOUND"}, 0},
			"a time":                                        {administrator, "pao", map[string]any{"sentFrom": now.Add(-2 * time.Minute).Format(time.RFC3339), "sentBefore": now.Format(time.RFC3339)}, 1},
			"with null as good as absent":                   {administrator, "pao", map[string]any{"direction": nil, "channelIds": nil, "conversationId": nil, "sentFrom": nil}, 2},
			"with the words of search engines as any other": {administrator, `pao" OR 1=1; --`, nil, 0},
			"nothing without words":                         {administrator, ` *%_"`, nil, 0},
		} {
			t.Run("looks on "+name, func(t *testing.T) {
				found := c.who.get(messages, map[string]any{"q": c.query, "f": c.filter})
				require.Len(t, found.at("messageSearch.nodes"), c.count)
			})
		}

		t.Run("goes on from a cursor", func(t *testing.T) {
			page := administrator.get(messages, map[string]any{"q": "pao", "n": 1})
			require.Equal(t, true, page.at("messageSearch.pageInfo.hasNextPage"))
			rest := administrator.get(messages, map[string]any{"q": "pao", "n": 1, "after": page.at("messageSearch.pageInfo.endCursor")})
			require.Equal(t, public(models.PrefixMessage, bread.ID), rest.at("messageSearch.nodes.0.message.id"))
			require.Equal(t, false, rest.at("messageSearch.pageInfo.hasNextPage"))
			require.Equal(t, true, rest.at("messageSearch.pageInfo.hasPreviousPage"))
			end := administrator.get(messages, map[string]any{"q": "pao", "last": 1})
			require.Equal(t, public(models.PrefixMessage, bread.ID), end.at("messageSearch.nodes.0.message.id"))
			require.Equal(t, true, end.at("messageSearch.pageInfo.hasPreviousPage"))
		})

		t.Run("refuses what is out of bounds", func(t *testing.T) {
			for _, variables := range []map[string]any{
				{"q": strings.Repeat("x", 201)},
				{"q": strings.Repeat("x ", 17)},
				{"q": "a\x00"},
				{"q": "pao", "n": 101},
				{"q": "pao", "n": -1},
				{"q": "pao", "after": "nonsense"},
				{"q": "pao", "f": map[string]any{"channelIds": make([]string, 101)}},
			} {
				require.Equal(t, "BAD_USER_INPUT", administrator.ask(messages, variables).code(), variables)
			}
			require.Equal(t, "BAD_USER_INPUT", administrator.ask(contacts, map[string]any{"q": "x", "channels": make([]string, 101)}).code())
			require.Equal(t, "UNAUTHENTICATED", a.anonymous().ask(messages, map[string]any{"q": "pao"}).code())
			require.Equal(t, "UNAUTHENTICATED", a.anonymous().ask(contacts, map[string]any{"q": "maria"}).code())
		})

		t.Run("costs a fixed number of statements", func(t *testing.T) {
			administrator.get(messages, map[string]any{"q": "pao", "n": 1})
			statements := testkit.CountStatements(t, a.DB)
			administrator.get(messages, map[string]any{"q": "pao", "n": 50})
			require.LessOrEqual(t, statements.Load(), int64(8)) // the search in up to 4 steps, messages, conversations, contacts
		})
	})
}
