package inbox_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/inbox"
	"recado/models"
	"recado/whatsapp/simulator"
)

func TestMarkRead_tells_the_customer(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		o.work()
		conversation, iris := o.greeted()
		o.clock.Advance(time.Second)
		o.written(iris, "Hello?")
		read, err := o.inbox.MarkRead(t.Context(), o.answers, conversation.ID, nil)
		require.NoError(t, err)
		require.Zero(t, read.UnreadCount)
		require.Equal(t, conversation.Version, read.Version, "reading is no change that others must expect")
		require.NoError(t, o.meta.Await(t.Context(), func() bool { return len(o.meta.ReadMarks()) == 1 }))
		for _, written := range iris.Written(o.channel.PhoneNumberID) {
			require.False(t, written.ReadAt.IsZero(), "both have blue ticks")
		}

		events := o.events(conversation.ID)
		_, err = o.inbox.MarkRead(t.Context(), o.answers, conversation.ID, nil)
		require.NoError(t, err)
		require.Equal(t, events, o.events(conversation.ID), "reading what is read tells nobody")
	})
}

func TestMarkRead_through_a_message(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		conversation, iris := o.greeted()
		first := *conversation.LastMessageID
		answer := o.reply(conversation.ID, "Until six.")
		o.clock.Advance(time.Second)
		o.written(iris, "Thanks")
		other, _ := o.greeted()
		through := func(id models.ID) (int, error) {
			read, err := o.inbox.MarkRead(t.Context(), o.answers, conversation.ID, &id)
			return read.UnreadCount, err
		}

		unread, err := through(first)
		require.NoError(t, err)
		require.Equal(t, 1, unread, "what came after it stays unread")
		// A message that arrives late was not on the screen, whatever its own time.
		late := text(o.channel, o.conversation(conversation.ID).CustomerWAID, "Iris", "wamid.late", "sent long ago", noon.Add(-time.Hour))
		require.NoError(t, o.inbox.Accept(t.Context(), inbox.RawDelivery{Body: payload(late), ReceivedAt: o.clock.Now()}))
		unread, err = through(answer.ID)
		require.NoError(t, err)
		require.Equal(t, 2, unread)
		_, err = through(*other.LastMessageID)
		require.Equal(t, error(models.NewError(models.CodeNotFound, "throughMessageId")), err)
		unread, err = through(first)
		require.NoError(t, err)
		require.Equal(t, 2, unread, "it never makes unread again")
		read, err := o.inbox.MarkRead(t.Context(), o.answers, conversation.ID, nil)
		require.NoError(t, err)
		require.Zero(t, read.UnreadCount)
	})
}

func TestMarkRead_when_Meta_refuses(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		conversation, iris := o.greeted()
		message := o.message(*conversation.LastMessageID)
		now := func() time.Duration {
			t.Helper()
			again, err := o.inbox.MarkReadNow(t.Context(), message, noon)
			require.NoError(t, err)
			return again
		}
		o.meta.Faults().Refuse(1, simulator.Refusal{Code: 131009, On: simulator.EndpointReadMark})
		require.Zero(t, now(), "for good: it is left at that")

		o.meta.ExpireToken(token)
		require.Positive(t, now(), "the token: it waits")
		require.Equal(t, models.ChannelReauthorizationRequired, o.channelNow().Status)
		require.Positive(t, now())
		require.Empty(t, o.meta.ReadMarks())
		o.connect("Balcão", o.channel.PhoneNumberID, "EAArenewed-token-of-the-padaria")
		require.Zero(t, now())
		require.False(t, iris.Written(o.channel.PhoneNumberID)[0].ReadAt.IsZero())

		o.clock.Advance(31 * 24 * time.Hour)
		require.Zero(t, now(), "after a month nobody cares")
		require.Len(t, o.meta.ReadMarks(), 1)
	})
}
