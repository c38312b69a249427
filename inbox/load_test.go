package inbox_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/inbox"
	"recado/models"
	"recado/store"
	"recado/testkit"
)

func TestByID(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		w, other := testkit.NewWorld(t, db), testkit.NewWorld(t, db)
		service := newReceiver(t, db)
		seen := w.Conversation(w.Open, "seen", noon)
		hidden := w.Conversation(w.Closed, "hidden", noon)
		foreign := other.Conversation(other.Open, "foreign", noon)
		conversations := []models.Conversation{seen, hidden, foreign}

		for name, c := range map[string]struct {
			viewer models.Viewer
			want   []models.Conversation
		}{
			"an administrator":      {w.Viewer(w.Administrator), []models.Conversation{seen, hidden}},
			"who may reply":         {w.Viewer(w.Replier), []models.Conversation{seen}},
			"who may view":          {w.Viewer(w.Looker), []models.Conversation{seen}},
			"who may do nothing":    {w.Viewer(w.Outsider), nil},
			"another organization":  {other.Viewer(other.Administrator), []models.Conversation{foreign}},
			"who has no profile":    {models.Viewer{OrganizationID: w.Organization.ID}, nil},
			"nobody's organization": {models.Viewer{Administrator: true}, nil},
		} {
			t.Run("shows what exists for "+name, func(t *testing.T) {
				missing := models.NewID()
				ids, contacts, messages, wamids := []models.ID{missing}, []models.ID{missing}, []models.ID{missing}, []inbox.WAMID{{ChannelID: w.Open.ID, Value: "none"}}
				for _, conversation := range conversations {
					ids = append(ids, conversation.ID)
					contacts = append(contacts, conversation.ContactID)
					messages = append(messages, *conversation.LastMessageID)
					wamids = append(wamids, inbox.WAMID{ChannelID: conversation.ChannelID, Value: "wamid." + conversation.LastMessageID.String()})
				}
				found, err := service.ConversationsByID(t.Context(), c.viewer, ids)
				require.NoError(t, err)
				ofContacts, err := service.ConversationsOfContacts(t.Context(), c.viewer, contacts)
				require.NoError(t, err)
				foundMessages, err := service.MessagesByID(t.Context(), c.viewer, messages)
				require.NoError(t, err)
				byWAMID, err := service.MessagesByWAMID(t.Context(), c.viewer, wamids)
				require.NoError(t, err)
				for _, all := range []int{len(found), len(ofContacts), len(foundMessages), len(byWAMID)} {
					require.Equal(t, len(c.want), all)
				}
				for _, want := range c.want {
					require.Equal(t, want.ID, found[want.ID].ID)
					require.Equal(t, want.ID, ofContacts[want.ContactID][0].ID)
					require.Equal(t, *want.LastMessageID, foundMessages[*want.LastMessageID].ID)
					require.Equal(t, *want.LastMessageID, byWAMID[inbox.WAMID{ChannelID: want.ChannelID, Value: "wamid." + want.LastMessageID.String()}].ID)
				}
			})
		}
	})
}

func TestMessages(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		w := testkit.NewWorld(t, db)
		service := newReceiver(t, db)
		viewer := w.Viewer(w.Looker)
		long := w.Conversation(w.Open, "long", noon.Add(-time.Hour))
		short := w.Conversation(w.Open, "short", noon.Add(-time.Hour))
		hidden := w.Conversation(w.Closed, "hidden", noon.Add(-time.Hour))
		order := []models.ID{*long.LastMessageID}
		for i := range 29 { // three in each moment
			order = append(order, w.Message(&long, "Oi", noon.Add(time.Duration(i/3)*time.Second)).ID)
		}
		ids := func(page inbox.Page[models.Message]) []models.ID {
			found := []models.ID{}
			for _, row := range page.Rows {
				found = append(found, row.ID)
			}
			return found
		}
		read := func(t *testing.T, list inbox.MessageList) inbox.MessageResult {
			t.Helper()
			results, err := service.Messages(t.Context(), viewer, []inbox.MessageList{list})
			require.NoError(t, err)
			return results[0]
		}

		t.Run("give the end of the conversation, in reading order, when no size is named", func(t *testing.T) {
			page := read(t, inbox.MessageList{ConversationID: long.ID}).Page
			require.Equal(t, order[10:], ids(page))
			require.True(t, page.HasPrevious)
			require.False(t, page.HasNext)
		})
		t.Run("join backwards and forwards", func(t *testing.T) {
			for size := 1; size <= 31; size += 3 {
				var backward, forward []models.ID
				request := inbox.PageRequest{Last: &size}
				for more := true; more; {
					page := read(t, inbox.MessageList{ConversationID: long.ID, Page: request}).Page
					backward = append(ids(page), backward...)
					request.Before, more = new(page.Cursor(0)), page.HasPrevious
				}
				request = inbox.PageRequest{First: &size}
				for more := true; more; {
					page := read(t, inbox.MessageList{ConversationID: long.ID, Page: request}).Page
					forward = append(forward, ids(page)...)
					request.After, more = new(page.Cursor(len(page.Rows)-1)), page.HasNext
				}
				require.Equal(t, order, backward)
				require.Equal(t, order, forward)
			}
		})
		t.Run("of many conversations take one statement", func(t *testing.T) {
			statements := testkit.CountStatements(t, db)
			foreign := inbox.MessageCursor(models.Message{ConversationID: long.ID, ID: models.NewID(), SentAt: noon})
			results, err := service.Messages(t.Context(), viewer, []inbox.MessageList{
				{ConversationID: long.ID, Page: inbox.PageRequest{First: new(2)}},
				{ConversationID: short.ID},
				{ConversationID: hidden.ID},
				{ConversationID: models.NewID()},
				{ConversationID: short.ID, Page: inbox.PageRequest{After: &foreign}},
			})
			require.NoError(t, err)
			require.Equal(t, order[:2], ids(results[0].Page))
			require.Equal(t, []models.ID{*short.LastMessageID}, ids(results[1].Page))
			require.Equal(t, models.ErrNotFound, results[2].Err)
			require.Empty(t, results[2].Page.Rows)
			require.NoError(t, results[3].Err)
			require.Empty(t, results[3].Page.Rows)
			require.Equal(t, models.NewError(models.CodeInvalid, "after"), results[4].Err)
			require.EqualValues(t, 1, statements.Load())
		})
		t.Run("of a conversation named twice come twice", func(t *testing.T) {
			results, err := service.Messages(t.Context(), viewer, []inbox.MessageList{
				{ConversationID: long.ID, Page: inbox.PageRequest{First: new(2)}},
				{ConversationID: long.ID, Page: inbox.PageRequest{Last: new(2)}},
			})
			require.NoError(t, err)
			require.Equal(t, order[:2], ids(results[0].Page))
			require.Equal(t, order[28:], ids(results[1].Page))
		})
	})
}
