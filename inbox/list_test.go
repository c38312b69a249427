package inbox_test

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"recado/inbox"
	"recado/models"
	"recado/store"
	"recado/testkit"
)

func TestConversations(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		w := testkit.NewWorld(t, db)
		service := newReceiver(t, db)
		other := testkit.NewWorld(t, db)
		other.Conversation(other.Open, "Somebody else's", noon)

		minutes := func(n int) time.Time { return noon.Add(time.Duration(-n) * time.Minute) }
		fresh := w.Conversation(w.Open, "fresh", minutes(1))
		read := w.Conversation(w.Open, "read", minutes(2))
		read.UnreadCount, read.AssigneeID = 0, &w.Replier.ID
		closed := w.Conversation(w.Open, "closed", minutes(3))
		closed.Close(w.Replier.ID, noon)
		old := w.Conversation(w.Open, "old", noon.Add(-models.ServiceWindow))
		silent := w.Conversation(w.Open, "silent", noon.Add(-models.ServiceWindow-time.Minute))
		silent.LastCustomerMessageAt, silent.WindowEndsAt = nil, nil
		hidden := w.Conversation(w.Closed, "hidden", minutes(4))
		hidden.AssigneeID = &w.Administrator.ID
		w.Save(&read, &closed, &silent, &hidden)
		names := map[models.ID]string{
			fresh.ID: "fresh", read.ID: "read", closed.ID: "closed", old.ID: "old", silent.ID: "silent", hidden.ID: "hidden",
		}
		const everything = "fresh read closed hidden old silent"
		visible := strings.Replace(everything, " hidden", "", 1)

		for name, c := range map[string]struct {
			user   models.User
			filter inbox.ConversationFilter
			want   string
		}{
			"all to an administrator":               {w.Administrator, inbox.ConversationFilter{}, everything},
			"all of the channel to who may reply":   {w.Replier, inbox.ConversationFilter{}, visible},
			"all of the channel to who may view":    {w.Looker, inbox.ConversationFilter{View: inbox.ViewAll}, visible},
			"nothing to who may do nothing":         {w.Outsider, inbox.ConversationFilter{}, ""},
			"mine":                                  {w.Replier, inbox.ConversationFilter{View: inbox.ViewMine}, "read"},
			"nothing of mine":                       {w.Looker, inbox.ConversationFilter{View: inbox.ViewMine}, ""},
			"the unassigned":                        {w.Administrator, inbox.ConversationFilter{View: inbox.ViewUnassigned}, "fresh closed old silent"},
			"the open":                              {w.Replier, inbox.ConversationFilter{Status: new(models.ConversationOpen)}, "fresh read old silent"},
			"the closed":                            {w.Replier, inbox.ConversationFilter{Status: new(models.ConversationClosed)}, "closed"},
			"the unread":                            {w.Administrator, inbox.ConversationFilter{Unread: new(true)}, "fresh closed hidden old silent"},
			"the read":                              {w.Administrator, inbox.ConversationFilter{Unread: new(false)}, "read"},
			"those with an open window":             {w.Administrator, inbox.ConversationFilter{Window: new(inbox.WindowIsOpen)}, "fresh read closed hidden"},
			"those with a closed window":            {w.Administrator, inbox.ConversationFilter{Window: new(inbox.WindowIsClosed)}, "old silent"},
			"a channel":                             {w.Administrator, inbox.ConversationFilter{ChannelIDs: []models.ID{w.Closed.ID}}, "hidden"},
			"channels":                              {w.Administrator, inbox.ConversationFilter{ChannelIDs: []models.ID{w.Closed.ID, w.Open.ID, w.Open.ID}}, everything},
			"no channel":                            {w.Administrator, inbox.ConversationFilter{ChannelIDs: []models.ID{}}, ""},
			"a channel that the viewer may not see": {w.Replier, inbox.ConversationFilter{ChannelIDs: []models.ID{w.Closed.ID}}, ""},
			"another organization's channel":        {w.Administrator, inbox.ConversationFilter{ChannelIDs: []models.ID{other.Open.ID}}, ""},
			"what fulfils several conditions": {w.Administrator, inbox.ConversationFilter{
				View: inbox.ViewUnassigned, Status: new(models.ConversationOpen), Unread: new(true), Window: new(inbox.WindowIsOpen),
			}, "fresh"},
		} {
			t.Run("lists "+name, func(t *testing.T) {
				for _, oldestFirst := range []bool{false, true} {
					page, err := service.Conversations(t.Context(), w.Viewer(c.user), inbox.ConversationList{ConversationFilter: c.filter, OldestFirst: oldestFirst})
					require.NoError(t, err)
					listed := []string{}
					for _, row := range page.Rows {
						listed = append(listed, names[row.ID])
					}
					if oldestFirst {
						slices.Reverse(listed)
					}
					require.Equal(t, c.want, strings.Join(listed, " "))
				}
			})
		}

		t.Run("refuses a cursor of another filter, order, viewer or organization", func(t *testing.T) {
			viewer := w.Viewer(w.Administrator)
			list := inbox.ConversationList{ConversationFilter: inbox.ConversationFilter{View: inbox.ViewMine}}
			page, err := service.Conversations(t.Context(), viewer, list)
			require.NoError(t, err)
			list.Page.After = new(page.Cursor(0))
			_, err = service.Conversations(t.Context(), viewer, list)
			require.NoError(t, err)

			refused := func(viewer models.Viewer, list inbox.ConversationList) {
				_, err := service.Conversations(t.Context(), viewer, list)
				require.Equal(t, models.NewError(models.CodeInvalid, "after"), err)
			}
			refused(w.Viewer(w.Replier), list)
			refused(other.Viewer(other.Administrator), list)
			refused(viewer, inbox.ConversationList{ConversationFilter: list.ConversationFilter, OldestFirst: true, Page: list.Page})
			for _, filter := range []inbox.ConversationFilter{
				{},
				{View: inbox.ViewMine, Status: new(models.ConversationOpen)},
				{View: inbox.ViewMine, Unread: new(true)},
				{View: inbox.ViewMine, Window: new(inbox.WindowIsOpen)},
				{View: inbox.ViewMine, ChannelIDs: []models.ID{w.Open.ID}},
			} {
				refused(viewer, inbox.ConversationList{ConversationFilter: filter, Page: list.Page})
			}
		})
	})
}

// TestPaging holds that pages of any sizes, in either direction, join without gaps
// or repeats for the rows that stay where they are, while others come and move.
func TestPaging(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		w := testkit.NewWorld(t, db)
		service := newReceiver(t, db)
		viewer := w.Viewer(w.Administrator)
		rapid.Check(t, func(t *rapid.T) {
			channel := w.Channel("Loja") // a list of its own, by the filter
			times := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) time.Time {
				// Many in the same moment, and fractions that text must order as numbers do.
				return noon.Add(-time.Duration(rapid.SampledFrom([]int{1000, 1001, 1010, 1100, 1250, 2000}).Draw(t, "ms")) * time.Millisecond)
			}), 0, 25).Draw(t, "times")
			rows := w.Conversations(channel, times)
			moved := make(map[models.ID]bool)

			list := inbox.ConversationList{
				ConversationFilter: inbox.ConversationFilter{ChannelIDs: []models.ID{channel.ID}},
				OldestFirst:        rapid.Bool().Draw(t, "oldest first"),
			}
			backward := rapid.Bool().Draw(t, "backward")
			later := noon
			var seen []models.ID
			for more := true; more; {
				size := rapid.IntRange(1, 7).Draw(t, "size")
				if backward {
					list.Page.First, list.Page.Last = nil, &size
				} else {
					list.Page.First, list.Page.Last = &size, nil
				}
				page, err := service.Conversations(w.Context(), viewer, list)
				require.NoError(t, err)
				require.LessOrEqual(t, len(page.Rows), size)
				ids := make([]models.ID, len(page.Rows))
				for i, row := range page.Rows {
					ids[i] = row.ID
				}
				if backward {
					seen = slices.Concat(ids, seen)
					more = page.HasPrevious
				} else {
					seen = append(seen, ids...)
					more = page.HasNext
				}
				if len(page.Rows) == 0 {
					require.False(t, more)
					break
				}
				if backward {
					list.Page.Before = new(page.Cursor(0))
				} else {
					list.Page.After = new(page.Cursor(len(page.Rows) - 1))
				}
				// Meanwhile, somebody writes.
				for range rapid.IntRange(0, 2).Draw(t, "new") {
					if len(seen) > 100 {
						break // the newest end moves away from the reader for ever
					}
					later = later.Add(time.Millisecond)
					w.Conversations(channel, []time.Time{later})
				}
				if len(rows) > 0 && rapid.Bool().Draw(t, "touch") && len(seen) <= 100 {
					row := &rows[rapid.IntRange(0, len(rows)-1).Draw(t, "row")]
					later = later.Add(time.Millisecond)
					row.LastMessageAt = later
					moved[row.ID] = true
					w.Save(row)
				}
			}

			slices.SortFunc(rows, func(a, b models.Conversation) int {
				order := cmp.Or(a.LastMessageAt.Compare(b.LastMessageAt), bytes.Compare(a.ID[:], b.ID[:]))
				if list.OldestFirst {
					return order
				}
				return -order
			})
			var stayed []models.ID
			stays := make(map[models.ID]bool)
			for _, row := range rows {
				if !moved[row.ID] {
					stayed = append(stayed, row.ID)
					stays[row.ID] = true
				}
			}
			seen = slices.DeleteFunc(seen, func(id models.ID) bool { return !stays[id] })
			require.Equal(t, stayed, append([]models.ID(nil), seen...))
		})
	})
}
