package inbox_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"recado/inbox"
	"recado/models"
	"recado/store"
	"recado/testkit"
)

// TestCounts holds that the kept counters equal a count over the rows after any
// traffic, merges included, and that a wrong one is found and mended.
func TestCounts(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		service := newReceiver(t, db)
		t.Run("follow any traffic", func(t *testing.T) {
			rapid.Check(t, func(r *rapid.T) {
				day := drawDay(r)
				shop := newShop(t, db, service)
				shop.play(shop.begin(day), day.scramble(r))
				wrong, err := service.Recount(t.Context(), shop.organization)
				require.NoError(r, err)
				require.Empty(r, wrong)
			})
		})
		t.Run("are those of the channels that the viewer may see", func(t *testing.T) {
			w := testkit.NewWorld(t, db)
			seen := w.Conversation(w.Open, "Maria", noon)
			seen.AssigneeID = &w.Replier.ID
			w.Save(&seen)
			w.Conversation(w.Closed, "Rita", noon)
			wrong, err := service.Recount(t.Context(), w.Organization.ID)
			require.NoError(t, err)
			require.Len(t, wrong, 2, "rows that no use case made are not counted yet")
			for name, c := range map[string]struct {
				user                  models.User
				all, mine, unassigned int
			}{
				"an administrator":   {w.Administrator, 2, 0, 1},
				"who has one":        {w.Replier, 1, 1, 0},
				"who may view":       {w.Looker, 1, 0, 0},
				"who may do nothing": {w.Outsider, 0, 0, 0},
			} {
				counts, err := service.Counts(t.Context(), w.Viewer(c.user))
				require.NoError(t, err)
				require.Equal(t, []int{c.all, c.mine, c.unassigned}, []int{counts.All.OpenCount, counts.Mine.OpenCount, counts.Unassigned.OpenCount}, name)
				require.Equal(t, c.all, counts.All.WaitingCount, name)
				require.Equal(t, c.all, counts.All.UnreadCount, name)
			}
		})
	})
}

func TestNewConversation(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		_, err := o.channels.SetReopenPolicy(t.Context(), o.answers, o.channel.ID, models.NewConversation)
		requireCode(t, models.CodeForbidden, err)
		_, err = o.channels.SetReopenPolicy(t.Context(), o.stranger, o.channel.ID, models.NewConversation)
		requireCode(t, models.CodeNotFound, err)
		_, err = o.channels.SetReopenPolicy(t.Context(), o.admin, o.channel.ID, models.NewConversation)
		require.NoError(t, err)
		first, iris := o.greeted()
		_, err = o.inbox.CloseConversation(t.Context(), o.answers, inbox.Close{ConversationID: first.ID})
		require.NoError(t, err)
		o.pass(time.Minute)
		second := o.written(iris, "One more thing")

		require.NotEqual(t, first.ID, second.ID)
		require.Equal(t, first.AssigneeID, second.AssigneeID, "who had the closed one has this one")
		require.True(t, second.Current)
		closed := o.conversation(first.ID)
		require.False(t, closed.Current)
		require.Equal(t, models.ConversationClosed, closed.Status)
		require.Equal(t, second.ID, o.written(iris, "And another").ID)

		current, err := o.inbox.ReopenConversation(t.Context(), o.answers, first.ID, nil)
		requireCode(t, models.CodeConversationSuperseded, err)
		require.Equal(t, second.ID, current.ID)
		_, err = o.inbox.Reply(t.Context(), o.answers, inbox.Reply{ConversationID: first.ID, IdempotencyKey: "k", Content: says("Yes?")})
		requireCode(t, models.CodeConversationSuperseded, err)

		lists, err := o.inbox.ConversationsOfContacts(t.Context(), o.watches, []models.ID{first.ContactID})
		require.NoError(t, err)
		require.Len(t, lists[first.ContactID], 2)
		require.Equal(t, second.ID, lists[first.ContactID][0].ID)
		wrong, err := o.inbox.Recount(t.Context(), o.organization)
		require.NoError(t, err)
		require.Empty(t, wrong)
	})
}

func TestMarkSeen(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		conversation, iris := o.greeted()
		mine := func() []models.Conversation {
			page, err := o.inbox.Conversations(t.Context(), o.watches, inbox.ConversationList{ConversationFilter: inbox.ConversationFilter{UnreadByMe: new(true)}})
			require.NoError(t, err)
			return page.Rows
		}
		require.Len(t, mine(), 1)
		_, err := o.inbox.MarkSeen(t.Context(), o.stranger, conversation.ID, nil)
		requireCode(t, models.CodeNotFound, err)
		after, err := o.inbox.MarkSeen(t.Context(), o.watches, conversation.ID, nil)
		require.NoError(t, err)
		require.Equal(t, 1, after.UnreadCount, "the team has not read it")
		require.Empty(t, mine())
		o.written(iris, "Hello?")
		require.Len(t, mine(), 1)
		counts, err := o.inbox.ReadCounts(t.Context(), o.watches, []models.ID{conversation.ID})
		require.NoError(t, err)
		require.Equal(t, map[models.ID]int{conversation.ID: 1}, counts)
	})
}
