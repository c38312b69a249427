package inbox_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/fulltext"
	"recado/inbox"
	"recado/models"
	"recado/store"
	"recado/testkit"
)

func TestSearchMessages(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		service := newReceiver(t, db)
		s, other := newShop(t, db, service), newShop(t, db, service)
		before := func(minutes int) time.Time { return noon.Add(time.Duration(-minutes) * time.Minute) }
		s.receive(payload(
			text(s.channels[0], "5511987650001", "Iris", "wamid.1", "Tem pão de açúcar?", before(9)),
			text(s.channels[1], "5511987650002", "João", "wamid.2", "PÃO DE AÇÚCAR", before(8)),
			text(s.channels[0], "5511987650003", "Rita", "wamid.3", "Bom dia", before(7)),
		), payload(text(s.channels[0], "5511987650001", "Iris", "wamid.4", "O pao acabou", before(6))))
		other.receive(payload(text(other.channels[0], "5511987650001", "Iris", "wamid.1", "pão dos outros", before(5))))
		conversations := rows[models.Conversation](s, "created_at, id")

		administrator := models.Viewer{OrganizationID: s.organization, Administrator: true}
		agent := func(levels ...models.MessagingLevel) models.Viewer {
			viewer := models.Viewer{OrganizationID: s.organization, Levels: make(map[models.ID]models.MessagingLevel)}
			for i, level := range levels {
				viewer.Levels[s.channels[i].ID] = level
			}
			return viewer
		}
		search := func(viewer models.Viewer, search inbox.MessageSearch) []string {
			t.Helper()
			page, err := service.SearchMessages(t.Context(), viewer, search)
			require.NoError(t, err)
			found := []string{}
			for _, message := range page.Rows {
				found = append(found, marked(message.Snippet))
				require.Equal(t, viewer.OrganizationID, message.OrganizationID)
			}
			return found
		}
		const first, second, last = "Tem [pão] de açúcar?", "[PÃO] DE AÇÚCAR", "O [pao] acabou"
		ofIris, ofRita := conversationOf(t, conversations, s, "wamid.1"), conversationOf(t, conversations, s, "wamid.3")

		for name, c := range map[string]struct {
			viewer models.Viewer
			search inbox.MessageSearch
			want   []string
		}{
			"all channels for an administrator":              {administrator, inbox.MessageSearch{}, []string{last, second, first}},
			"the channels that the viewer may see":           {agent(models.LevelView, models.LevelNone), inbox.MessageSearch{}, []string{last, first}},
			"another channel that the viewer may see":        {agent(models.LevelNone, models.LevelReply), inbox.MessageSearch{}, []string{second}},
			"nothing for who may see nothing":                {agent(), inbox.MessageSearch{}, []string{}},
			"nothing for who lost the right":                 {agent(models.LevelNone, models.LevelNone), inbox.MessageSearch{}, []string{}},
			"a channel":                                      {administrator, inbox.MessageSearch{ChannelIDs: []models.ID{s.channels[1].ID}}, []string{second}},
			"no channel":                                     {administrator, inbox.MessageSearch{ChannelIDs: []models.ID{}}, []string{}},
			"no channel that is hidden":                      {agent(models.LevelView), inbox.MessageSearch{ChannelIDs: []models.ID{s.channels[1].ID}}, []string{}},
			"no channel of another organization":             {administrator, inbox.MessageSearch{ChannelIDs: []models.ID{other.channels[0].ID}}, []string{}},
			"a conversation":                                 {administrator, inbox.MessageSearch{ConversationID: &ofIris}, []string{last, first}},
			"nothing in a conversation without the word":     {administrator, inbox.MessageSearch{ConversationID: &ofRita}, []string{}},
			"nothing in a conversation that is hidden":       {agent(models.LevelNone, models.LevelView), inbox.MessageSearch{ConversationID: &ofIris}, []string{}},
			"what came in":                                   {administrator, inbox.MessageSearch{Direction: new(models.Inbound)}, []string{last, second, first}},
			"what went out":                                  {administrator, inbox.MessageSearch{Direction: new(models.Outbound)}, []string{}},
			"from a moment on":                               {administrator, inbox.MessageSearch{From: new(before(8))}, []string{last, second}},
			"before a moment":                                {administrator, inbox.MessageSearch{Until: new(before(8))}, []string{first}},
			"another organization's messages for themselves": {models.Viewer{OrganizationID: other.organization, Administrator: true}, inbox.MessageSearch{}, []string{"[pão] dos outros"}},
		} {
			t.Run("finds on "+name, func(t *testing.T) {
				c.search.Text = "pao"
				require.Equal(t, c.want, search(c.viewer, c.search))
			})
		}

		t.Run("joins pages, and takes no cursor of another search", func(t *testing.T) {
			wanted := inbox.MessageSearch{Text: "pao", Page: inbox.PageRequest{First: new(2)}}
			page, err := service.SearchMessages(t.Context(), administrator, wanted)
			require.NoError(t, err)
			require.True(t, page.HasNext)
			wanted.Page.After = new(page.Cursor(1))
			require.Equal(t, []string{first}, search(administrator, wanted))
			wanted.Direction = new(models.Inbound)
			_, err = service.SearchMessages(t.Context(), administrator, wanted)
			requireCode(t, models.CodeInvalid, err)
		})

		t.Run("refuses what is too long", func(t *testing.T) {
			_, err := service.SearchMessages(t.Context(), administrator, inbox.MessageSearch{Text: strings.Repeat("x", fulltext.MaxQueryRunes+1)})
			requireCode(t, models.CodeInvalid, err)
		})

		t.Run("finds messages of conversations that became one", func(t *testing.T) {
			linked := text(s.channels[0], "5511987650001", "Iris", "wamid.5", "sou eu", before(4))
			hidden := text(s.channels[0], "", "Iris", "wamid.6", "pão sem número", before(3))
			hidden.contact, hidden.message["from_user_id"] = map[string]any{"user_id": "BR.1", "profile": map[string]any{"name": "Iris"}}, "BR.1"
			delete(hidden.message, "from")
			s.receive(payload(hidden))
			linked.contact["user_id"], linked.message["from_user_id"] = "BR.1", "BR.1"
			s.receive(payload(linked))
			into := conversationOf(t, rows[models.Conversation](s, "id"), s, "wamid.5")
			require.Equal(t, []string{"[pão] sem número", last, first}, search(administrator, inbox.MessageSearch{Text: "pao", ConversationID: &into}))
		})
	})
}

func TestSearchMessages_finds_answers(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		conversation, _ := o.greeted()
		o.reply(conversation.ID, "Temos pão quentinho")
		for _, viewer := range []models.Viewer{o.answers, o.watches, o.admin} {
			page, err := o.inbox.SearchMessages(t.Context(), viewer, inbox.MessageSearch{Text: "quent", Direction: new(models.Outbound)})
			require.NoError(t, err)
			require.Len(t, page.Rows, 1)
			require.Equal(t, "Temos pão [quentinho]", marked(page.Rows[0].Snippet))
		}
		page, err := o.inbox.SearchMessages(t.Context(), o.stranger, inbox.MessageSearch{Text: "quent"})
		require.NoError(t, err)
		require.Empty(t, page.Rows)
	})
}

func TestSearchMessages_finds_what_messages_say_now(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		iris := o.customer()
		found := func(text string) []string {
			t.Helper()
			page, err := o.inbox.SearchMessages(t.Context(), o.watches, inbox.MessageSearch{Text: text})
			require.NoError(t, err)
			snippets := []string{}
			for _, message := range page.Rows {
				snippets = append(snippets, marked(message.Snippet))
			}
			return snippets
		}
		wamid := iris.SendText(o.channel.PhoneNumberID, "Quero pão")
		iris.SendLocation(o.channel.PhoneNumberID, -23.5, -46.6, "Padaria Aurora", "Rua das Flores 12")
		o.flush()
		require.Equal(t, []string{"Quero [pão]"}, found("pao"))
		require.Len(t, found("flores aurora"), 1, "what can be read in any kind of message")

		iris.Edit(o.channel.PhoneNumberID, wamid, "Quero bolo")
		o.flush()
		require.Empty(t, found("pao"))
		require.Equal(t, []string{"Quero [bolo]"}, found("bolo"))

		iris.React(o.channel.PhoneNumberID, wamid, "👍")
		iris.Delete(o.channel.PhoneNumberID, wamid)
		o.flush()
		require.Equal(t, []string{"Quero [bolo]"}, found("bolo"), "what a deleted message said stays")
	})
}

// conversationOf is the conversation that a message is in.
func conversationOf(t *testing.T, conversations []models.Conversation, s *shop, wamid string) models.ID {
	t.Helper()
	for _, message := range rows[models.Message](s, "id") {
		if message.WAMID != nil && *message.WAMID == wamid {
			for _, conversation := range conversations {
				if conversation.ID == message.ConversationID {
					return conversation.ID
				}
			}
		}
	}
	require.Fail(t, "no such message", wamid)
	return models.NoID
}

// marked writes a snippet with its matches in brackets.
func marked(snippet []fulltext.Segment) string {
	var b strings.Builder
	for _, segment := range snippet {
		if segment.IsMatch {
			b.WriteString("[" + segment.Text + "]")
		} else {
			b.WriteString(segment.Text)
		}
	}
	return b.String()
}
