package inbox_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/inbox"
	"recado/models"
)

func TestMute(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		conversation, iris := o.greeted()
		o.read(o.answers, conversation.ID)
		muted, err := o.inbox.Mute(t.Context(), o.answers, conversation.ID, nil)
		require.NoError(t, err)
		require.True(t, muted.Muted)
		require.Equal(t, models.EventConversationChanged, o.events(conversation.ID)[len(o.events(conversation.ID))-1])

		t.Run("again changes nothing", func(t *testing.T) {
			again, err := o.inbox.Mute(t.Context(), o.answers, conversation.ID, nil)
			require.NoError(t, err)
			require.Equal(t, muted.Version, again.Version)
		})
		t.Run("the customer's messages notify nobody, but count", func(t *testing.T) {
			o.written(iris, "Hello?")
			require.Empty(t, o.notifications(o.answers, true))
			require.Equal(t, 1, o.conversation(conversation.ID).UnreadCount)
		})
		t.Run("needs REPLY, and the version that was seen", func(t *testing.T) {
			for viewer, code := range map[*models.Viewer]models.Code{&o.watches: models.CodeForbidden, &o.stranger: models.CodeNotFound} {
				_, err := o.inbox.Mute(t.Context(), *viewer, conversation.ID, nil)
				requireCode(t, code, err)
				_, err = o.inbox.Unmute(t.Context(), *viewer, conversation.ID, nil)
				requireCode(t, code, err)
			}
			_, err := o.inbox.Unmute(t.Context(), o.member(models.LevelNone), conversation.ID, nil)
			requireCode(t, models.CodeNotFound, err)
			_, err = o.inbox.Unmute(t.Context(), o.answers, conversation.ID, new(int64(0)))
			requireCode(t, models.CodeConflict, err)
		})
		t.Run("until it is undone", func(t *testing.T) {
			o.read(o.answers, conversation.ID)
			_, err := o.inbox.Unmute(t.Context(), o.answers, conversation.ID, nil)
			require.NoError(t, err)
			o.written(iris, "Anybody?")
			require.Equal(t, []models.NotificationKind{models.NotifyMessage}, kinds(o.notifications(o.answers, true)))
		})
	})
}

func TestSnooze_tells_the_assignee_when_it_ends(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		conversation, iris := o.greeted()
		o.read(o.answers, conversation.ID)
		snooze := func() time.Time {
			until := o.clock.Now().Add(time.Hour)
			_, err := o.inbox.Snooze(t.Context(), o.answers, inbox.Snooze{ConversationID: conversation.ID, Until: until})
			require.NoError(t, err)
			return until
		}
		wake := func(until time.Time) {
			_, err := o.inbox.WakeNow(t.Context(), conversation, until)
			require.NoError(t, err)
		}
		t.Run("by itself, once", func(t *testing.T) {
			until := snooze()
			o.clock.Advance(time.Hour)
			wake(until)
			wake(until)
			told := o.notifications(o.answers, true)
			require.Equal(t, []models.NotificationKind{models.NotifySnoozeEnded}, kinds(told))
			require.Nil(t, told[0].ActorID)
			require.EqualValues(t, 1, o.unread(o.answers))
			require.Zero(t, o.unread(o.admin))
		})
		t.Run("until the assignee opens it, though nothing in it is new", func(t *testing.T) {
			o.read(o.admin, conversation.ID)
			require.EqualValues(t, 1, o.unread(o.answers), "a colleague does not read it for them")
			o.read(o.answers, conversation.ID)
			require.Zero(t, o.unread(o.answers))
		})
		t.Run("not when the customer ended it, who is told of anyway", func(t *testing.T) {
			until := snooze()
			o.written(iris, "Hello?")
			o.clock.Advance(time.Hour)
			wake(until)
			require.Equal(t, []models.NotificationKind{models.NotifyMessage}, kinds(o.notifications(o.answers, true)))
			o.read(o.answers, conversation.ID)
		})
		t.Run("nobody if nobody takes care of it", func(t *testing.T) {
			until := snooze()
			_, err := o.inbox.Assign(t.Context(), o.answers, inbox.Assign{ConversationID: conversation.ID})
			require.NoError(t, err)
			o.clock.Advance(time.Hour)
			wake(until)
			require.Empty(t, o.notifications(o.answers, true))
			require.Nil(t, o.conversation(conversation.ID).SnoozedUntil)
		})
	})
}

func TestTagMany(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		one, _ := o.greeted()
		other, _ := o.greeted()
		urgent, order := o.tag("Urgente"), o.tag("Encomenda")
		_, err := o.inbox.Tag(t.Context(), o.answers, inbox.Tagging{ConversationID: one.ID, Add: []models.ID{order.ID}})
		require.NoError(t, err)
		ids := []models.ID{one.ID, models.NewID(), other.ID}
		for range 2 { // the second time there is nothing left to do
			results, err := o.inbox.TagMany(t.Context(), o.answers, ids, []models.ID{urgent.ID}, []models.ID{order.ID})
			require.NoError(t, err)
			require.Len(t, results, 3)
			require.Equal(t, one.ID, results[0].Conversation.ID)
			requireCode(t, models.CodeNotFound, results[1].Err)
			require.Equal(t, other.ID, results[2].Conversation.ID)
			require.Equal(t, []string{"Urgente"}, o.tagNames(one.ID))
			require.Equal(t, []string{"Urgente"}, o.tagNames(other.ID))
		}
		for viewer, code := range map[*models.Viewer]models.Code{&o.watches: models.CodeForbidden, &o.stranger: models.CodeNotFound} {
			results, err := o.inbox.TagMany(t.Context(), *viewer, []models.ID{one.ID}, nil, []models.ID{urgent.ID})
			require.NoError(t, err)
			requireCode(t, code, results[0].Err)
		}
		require.Equal(t, []string{"Urgente"}, o.tagNames(one.ID))
		_, err = o.inbox.TagMany(t.Context(), o.answers, make([]models.ID, inbox.MaxMany+1), nil, nil)
		requireCode(t, models.CodeInvalid, err)
	})
}
