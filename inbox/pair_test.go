package inbox_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/inbox"
	"recado/models"
)

// TestPairPace has more messages written to one customer than Meta takes at once.
func TestPairPace(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		calls := 0
		count := func(r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/messages") {
				calls++
			}
		}
		o.firstly.Store(&count)
		defer o.firstly.Store(nil)
		processes := []*inbox.Service{o.inbox, o.process(inbox.Options{})}
		send := func(message models.Message) time.Duration { // by one process after the other
			t.Helper()
			again, err := processes[calls%len(processes)].SendNow(t.Context(), message)
			require.NoError(t, err)
			return again
		}
		waits := func(conversation models.ID) *time.Time {
			t.Helper()
			answer, err := o.inbox.CanSend(t.Context(), o.answers, conversation, says("One more?"), nil)
			require.NoError(t, err)
			require.True(t, answer.Allowed())
			return answer.WaitUntil
		}
		conversation, iris := o.greeted()
		other, _ := o.greeted()
		var queued []models.Message
		for i := range models.PairBurst + 3 {
			queued = append(queued, o.reply(conversation.ID, fmt.Sprint("Item ", i)))
		}
		free := noon.Add(models.PairPeriod)
		require.WithinDuration(t, free, *waits(conversation.ID), 0, "those that wait already go first")
		require.Nil(t, waits(other.ID))

		for _, message := range queued[:models.PairBurst] {
			require.Zero(t, send(message))
		}
		require.Equal(t, models.PairBurst, calls)
		for _, message := range queued[models.PairBurst:] {
			require.Equal(t, models.PairPeriod, send(message), "put off to when it may go")
			require.Zero(t, o.message(message.ID).Attempts)
		}
		require.Zero(t, send(o.reply(other.ID, "Hello")), "others are not kept waiting")
		require.Equal(t, models.PairBurst+1, calls, "Meta is not asked before")

		o.pass(models.PairPeriod - time.Millisecond)
		require.Equal(t, time.Millisecond, send(queued[models.PairBurst]))
		o.pass(time.Millisecond)
		require.Equal(t, 100*time.Millisecond, send(queued[models.PairBurst+1]), "in their order")
		for _, message := range queued[models.PairBurst:] {
			require.Zero(t, send(message))
		}
		o.pass(time.Second)
		require.Equal(t, len(queued)+1, calls, "nothing was refused")
		var want []string
		for i := range queued {
			want = append(want, fmt.Sprint("Item ", i))
		}
		require.Equal(t, want, o.bodies(iris))
		require.Nil(t, waits(conversation.ID))

		t.Run("is that of the two numbers, not of one conversation", func(t *testing.T) {
			_, err := o.channels.SetReopenPolicy(t.Context(), o.admin, o.channel.ID, models.NewConversation)
			require.NoError(t, err)
			o.pass(models.PairPeriod)
			before, caio := o.greeted()
			for range models.PairBurst - 1 {
				require.Zero(t, send(o.reply(before.ID, "Before")))
			}
			_, err = o.inbox.CloseConversation(t.Context(), o.answers, inbox.Close{ConversationID: before.ID})
			require.NoError(t, err)
			after := o.written(caio, "One more thing")
			require.NotEqual(t, before.ID, after.ID)
			require.Zero(t, send(o.reply(after.ID, "The last of the burst")))
			require.Equal(t, models.PairPeriod, send(o.reply(after.ID, "After it")))
		})
	})
}
