package inbox_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/models"
	"recado/whatsapp/simulator"
)

// typingJobs is how many times Meta was or will be asked.
func (o *office) typingJobs() (jobs int64) {
	o.t.Helper()
	require.NoError(o.t, o.db.Read(o.t.Context()).Table("river_job").Where("kind = ?", "inbox.typing").Count(&jobs).Error)
	return jobs
}

func TestShowTyping(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		show := func(viewer models.Viewer, conversation models.Conversation) error {
			_, err := o.inbox.ShowTyping(t.Context(), viewer, conversation.ID)
			return err
		}

		t.Run("is for those who may reply", func(t *testing.T) {
			conversation, _ := o.greeted()
			requireCode(t, models.CodeForbidden, show(o.watches, conversation))
			requireCode(t, models.CodeNotFound, show(o.stranger, conversation))
			require.Zero(t, o.typingJobs())
		})

		t.Run("is for when an answer can follow", func(t *testing.T) {
			conversation, _ := o.greeted()
			o.setChannelStatus(models.ChannelDisconnected)
			requireCode(t, models.CodeChannelUnavailable, show(o.answers, conversation))
			o.setChannelStatus(models.ChannelConnected)
			o.clock.Advance(models.ServiceWindow)
			requireCode(t, models.CodeServiceWindowClosed, show(o.answers, conversation))
			require.Zero(t, o.typingJobs())
		})

		t.Run("that comes late is not shown", func(t *testing.T) {
			conversation, iris := o.greeted()
			last := o.message(*conversation.LastMessageID)
			require.NoError(t, o.inbox.TypeNow(t.Context(), last, o.clock.Now().Add(-11*time.Second)))
			require.Empty(t, o.meta.Typing())
			require.NoError(t, o.inbox.TypeNow(t.Context(), last, o.clock.Now().Add(-9*time.Second)))
			require.True(t, iris.SeesTyping(o.channel.PhoneNumberID))
		})

		t.Run("that Meta refuses is left at that", func(t *testing.T) {
			conversation, iris := o.greeted()
			defer o.meta.Faults().Clear()
			o.meta.Faults().Refuse(1, simulator.Refusal{Code: 131009, On: simulator.EndpointReadMark})
			require.NoError(t, o.inbox.TypeNow(t.Context(), o.message(*conversation.LastMessageID), o.clock.Now()))
			require.False(t, iris.SeesTyping(o.channel.PhoneNumberID))
		})

		t.Run("reaches Meta once in its period, however many type", func(t *testing.T) {
			conversation, iris := o.greeted()
			before, shown := o.typingJobs(), len(o.meta.Typing())
			const period = 20 * time.Second
			began := time.Now().Truncate(period) // of the queue's own clock
			var all sync.WaitGroup
			for i := range 6 {
				viewer := o.answers
				if i%2 == 1 {
					viewer = o.admin
				}
				all.Go(func() { require.NoError(t, show(viewer, conversation)) })
			}
			all.Wait()
			periods := int64(time.Since(began)/period) + 1
			jobs := o.typingJobs() - before
			require.Positive(t, jobs)
			require.LessOrEqual(t, jobs, periods)

			o.work()
			require.NoError(t, o.meta.Await(t.Context(), func() bool { return len(o.meta.Typing()) >= shown+int(jobs) }))
			sign := o.meta.Typing()[shown]
			require.Equal(t, *o.message(*conversation.LastMessageID).WAMID, sign.MessageID)
			require.Equal(t, iris.WAID(), sign.WAID)
			require.True(t, iris.SeesTyping(o.channel.PhoneNumberID))
			require.False(t, iris.Written(o.channel.PhoneNumberID)[0].ReadAt.IsZero(), "the customer sees that it was read")
			require.Equal(t, conversation.UnreadCount, o.conversation(conversation.ID).UnreadCount, "the team's count stays")
		})
	})
}
