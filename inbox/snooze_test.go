package inbox_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/inbox"
	"recado/models"
)

func TestSnooze(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		conversation, iris := o.greeted()
		snooze := func(viewer models.Viewer, pause time.Duration) error {
			_, err := o.inbox.Snooze(t.Context(), viewer, inbox.Snooze{ConversationID: conversation.ID, Until: o.clock.Now().Add(pause)})
			return err
		}
		snoozed := func() *time.Time { return o.conversation(conversation.ID).SnoozedUntil }

		t.Run("until a time, when it comes back once", func(t *testing.T) {
			require.NoError(t, snooze(o.answers, time.Hour))
			until := *snoozed()
			require.Equal(t, o.clock.Now().Add(time.Hour), until.UTC())
			again, err := o.inbox.WakeNow(t.Context(), conversation, until)
			require.NoError(t, err)
			require.Equal(t, time.Hour, again, "it is not time yet")
			o.clock.Advance(time.Hour)
			told := len(o.events(conversation.ID))
			var workers sync.WaitGroup
			for range 3 {
				workers.Go(func() {
					if _, err := o.inbox.WakeNow(t.Context(), conversation, until); err != nil {
						t.Error(err)
					}
				})
			}
			workers.Wait()
			require.Nil(t, snoozed())
			require.Len(t, o.events(conversation.ID), told+1)
			require.Equal(t, conversation.UnreadCount, o.conversation(conversation.ID).UnreadCount)
		})
		t.Run("again, to another time: the first does not count any more", func(t *testing.T) {
			require.NoError(t, snooze(o.answers, time.Minute))
			first := *snoozed()
			require.NoError(t, snooze(o.answers, time.Hour))
			o.clock.Advance(time.Minute)
			_, err := o.inbox.WakeNow(t.Context(), conversation, first)
			require.NoError(t, err)
			require.NotNil(t, snoozed())
		})
		t.Run("until the customer writes, if that is earlier", func(t *testing.T) {
			require.NoError(t, snooze(o.answers, time.Hour))
			o.written(iris, "Hello?")
			require.Nil(t, snoozed())
		})
		t.Run("until somebody brings it back, or closes it", func(t *testing.T) {
			require.NoError(t, snooze(o.answers, time.Hour))
			_, err := o.inbox.Unsnooze(t.Context(), o.answers, conversation.ID, nil)
			require.NoError(t, err)
			require.Nil(t, snoozed())
			require.NoError(t, snooze(o.answers, time.Hour))
			o.close(o.answers, conversation.ID)
			require.Nil(t, snoozed())
			requireCode(t, models.CodeInvalid, snooze(o.answers, time.Hour))
			_, err = o.inbox.ReopenConversation(t.Context(), o.answers, conversation.ID, nil)
			require.NoError(t, err)
		})
		t.Run("within bounds and by who may reply", func(t *testing.T) {
			requireCode(t, models.CodeInvalid, snooze(o.answers, 0))
			requireCode(t, models.CodeInvalid, snooze(o.answers, 367*24*time.Hour))
			requireCode(t, models.CodeForbidden, snooze(o.watches, time.Hour))
			requireCode(t, models.CodeNotFound, snooze(o.stranger, time.Hour))
			_, err := o.inbox.Unsnooze(t.Context(), o.watches, conversation.ID, nil)
			requireCode(t, models.CodeForbidden, err)
			require.Nil(t, snoozed())
		})
		t.Run("by a job that the queue runs", func(t *testing.T) {
			require.NoError(t, snooze(o.answers, time.Millisecond))
			o.clock.Advance(time.Millisecond)
			o.work()
			require.Eventually(t, func() bool { return snoozed() == nil }, patience, 5*time.Millisecond)
		})
	})
}

func TestClose_with_a_reason(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		conversation, iris := o.greeted()
		closed, err := o.inbox.CloseConversation(t.Context(), o.answers, inbox.Close{ConversationID: conversation.ID, Reason: "Resolvido 🎉"})
		require.NoError(t, err)
		require.Equal(t, "Resolvido 🎉", closed.CloseReason)
		again, err := o.inbox.CloseConversation(t.Context(), o.admin, inbox.Close{ConversationID: conversation.ID, Reason: "Spam"})
		require.NoError(t, err)
		require.Equal(t, "Resolvido 🎉", again.CloseReason, "closing twice changes nothing")
		require.Empty(t, o.written(iris, "One more thing").CloseReason)
		for _, reason := range []string{strings.Repeat("é", 501), "a\x00b", "\xff"} {
			_, err := o.inbox.CloseConversation(t.Context(), o.answers, inbox.Close{ConversationID: conversation.ID, Reason: reason})
			requireCode(t, models.CodeInvalid, err)
		}
	})
}
