package inbox_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/models"
)

func TestCancel(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		o.keepsFiles()
		cancel := func(message models.Message) (models.Message, error) {
			return o.inbox.Cancel(t.Context(), o.answers, message.ID)
		}

		t.Run("takes back what waits, and tells readers", func(t *testing.T) {
			conversation, iris := o.greeted()
			message := o.reply(conversation.ID, "No")
			canceled, err := cancel(message)
			require.NoError(t, err)
			require.Equal(t, models.StatusCanceled, canceled.Status)
			require.Equal(t, o.clock.Now(), canceled.CanceledAt.UTC())
			events := o.events(conversation.ID)
			require.Equal(t, models.EventMessageStatusChanged, events[len(events)-1])
			again, err := cancel(message)
			require.NoError(t, err)
			require.Equal(t, canceled.CanceledAt.UTC(), again.CanceledAt.UTC())
			require.Equal(t, events, o.events(conversation.ID), "doing it again tells nobody")
			require.Zero(t, o.sendNow(message))
			o.pass(time.Minute)
			require.Empty(t, o.bodies(iris))
			next := o.reply(conversation.ID, "Yes")
			require.Zero(t, o.sendNow(next), "the line goes on")
		})

		t.Run("comes too late for what was handed to Meta", func(t *testing.T) {
			conversation, _ := o.greeted()
			message := o.reply(conversation.ID, "Until six.")
			_, now, err := o.inbox.BeginAttempt(t.Context(), message)
			require.NoError(t, err)
			require.True(t, now)
			for _, status := range []models.MessageStatus{models.StatusSending, models.StatusUnconfirmed, models.StatusAccepted, models.StatusDelivered} {
				_, err = cancel(message)
				require.Equal(t, error(models.NewError(models.CodeMessageNotCancelable, "messageId").With("status", string(status))), err)
				switch status {
				case models.StatusSending:
					require.Positive(t, o.sendNow(message)) // its answer is lost
				case models.StatusUnconfirmed:
					o.clock.Advance(quiet)
					require.Zero(t, o.sendNow(message))
				case models.StatusAccepted:
					o.pass(time.Second)
				}
			}
		})

		t.Run("and the job that sends: one of them is first", func(t *testing.T) {
			conversation, _ := o.greeted()
			for range 25 {
				message := o.reply(conversation.ID, "Now?")
				var both sync.WaitGroup
				var refused error
				both.Go(func() { _, refused = cancel(message) })
				both.Go(func() { o.sendNow(message) })
				both.Wait()
				sent := o.meta.Sent()
				out := len(sent) > 0 && sent[len(sent)-1].CallbackData == message.ID.String()
				if refused == nil {
					require.Equal(t, models.StatusCanceled, o.message(message.ID).Status)
					require.False(t, out, "it was canceled and sent")
					continue
				}
				requireCode(t, models.CodeMessageNotCancelable, refused)
				require.Equal(t, models.StatusAccepted, o.message(message.ID).Status)
				require.True(t, out, "it was neither canceled nor sent")
				o.pass(time.Minute) // so that the pair's pace is kept
			}
		})

		t.Run("works while Meta is being given the file", func(t *testing.T) {
			conversation, iris := o.greeted()
			menu := o.uploaded(o.answers)
			message := o.replies(conversation.ID, pictured(menu, "No"))
			asked := false
			during := func(r *http.Request) {
				if strings.HasSuffix(r.URL.Path, "/media") {
					asked = true
					_, err := cancel(message)
					require.NoError(t, err)
				}
			}
			o.firstly.Store(&during)
			defer o.firstly.Store(nil)
			sent := len(o.meta.Sent())
			require.Zero(t, o.sendNow(message))
			require.True(t, asked)
			require.Equal(t, models.StatusCanceled, o.message(message.ID).Status)
			require.Len(t, o.meta.Sent(), sent)
			require.Len(t, o.handles(menu), 1, "Meta has the file for the next message")
			o.pass(time.Minute)
			require.Empty(t, o.bodies(iris))
		})
	})
}
