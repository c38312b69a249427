package inbox_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/inbox"
	"recado/models"
)

func TestRetry(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		o.keepsFiles()
		retry := func(message models.Message, key string) (models.Message, error) {
			return o.inbox.Retry(t.Context(), o.answers, inbox.Retry{MessageID: message.ID, IdempotencyKey: key})
		}
		// failed is a message that Meta refused with a code.
		failed := func(message models.Message, code int) models.Message {
			o.meta.Faults().RefuseNext(1, 0, code, 0)
			require.Zero(t, o.sendNow(message))
			require.Equal(t, models.StatusFailed, o.message(message.ID).Status)
			return o.message(message.ID)
		}
		const unpaid, unreachable = 131042, 131026

		t.Run("says the same again, with file and quote, once, however many ask at once", func(t *testing.T) {
			conversation, iris := o.greeted()
			question := o.message(*conversation.LastMessageID)
			first, err := o.inbox.Reply(t.Context(), o.answers, inbox.Reply{
				ConversationID: conversation.ID, IdempotencyKey: models.NewID().String(), ReplyToID: &question.ID,
				Content: pictured(o.uploaded(o.answers), "Cardápio"),
			})
			require.NoError(t, err)
			first = failed(first, unpaid)

			made := make([]models.Message, 4)
			var all sync.WaitGroup
			for i := range made {
				all.Go(func() {
					var err error
					made[i], err = retry(first, models.NewID().String())
					require.NoError(t, err)
				})
			}
			all.Wait()
			again := made[0]
			for _, other := range made {
				require.Equal(t, again.ID, other.ID)
			}
			require.Equal(t, first.ID, *again.RetryOfID)
			require.Equal(t, again.ID, *o.message(first.ID).RetriedByID)
			require.Equal(t, models.StatusFailed, o.message(first.ID).Status, "history stays true")
			require.Equal(t, first.AttachmentID, again.AttachmentID)

			require.Zero(t, o.sendNow(again))
			o.pass(time.Minute)
			received := iris.Inbox(o.channel.PhoneNumberID)
			require.Len(t, received, 1)
			require.Equal(t, "Cardápio", received[0].Body)
			require.Equal(t, *question.WAMID, received[0].ReplyTo)
			require.NotNil(t, received[0].File)
		})

		t.Run("may be retried in its turn", func(t *testing.T) {
			conversation, iris := o.greeted()
			message := failed(o.reply(conversation.ID, "Until six."), unpaid)
			second, err := retry(message, "once")
			require.NoError(t, err)
			same, err := retry(message, "once")
			require.NoError(t, err)
			require.Equal(t, second.ID, same.ID)
			third, err := retry(failed(second, unpaid), "twice")
			require.NoError(t, err)
			require.Zero(t, o.sendNow(third))
			o.pass(time.Minute)
			require.Equal(t, []string{"Until six."}, o.bodies(iris))
			late, err := retry(message, "thrice")
			require.NoError(t, err)
			require.Equal(t, second.ID, late.ID, "the first time counts")
		})

		t.Run("is refused for what has not failed, or would fail again", func(t *testing.T) {
			conversation, _ := o.greeted()
			queued := o.reply(conversation.ID, "Until six.")
			_, err := retry(queued, "queued")
			require.Equal(t, error(models.NewError(models.CodeMessageNotRetryable, "messageId").With("status", "QUEUED")), err)
			_, err = retry(failed(queued, unreachable), "unreachable")
			require.Equal(t, error(models.NewError(models.CodeMessageNotRetryable, "messageId").With("failure", "RECIPIENT_UNREACHABLE")), err)
			theirs := o.message(*conversation.LastMessageID)
			_, err = retry(theirs, "theirs")
			requireCode(t, models.CodeMessageNotRetryable, err)
		})

		t.Run("keeps to what a reply keeps to", func(t *testing.T) {
			conversation, _ := o.greeted()
			message := failed(o.reply(conversation.ID, "Until six."), unpaid)
			for viewer, code := range map[*models.Viewer]models.Code{&o.watches: models.CodeForbidden, &o.stranger: models.CodeNotFound} {
				_, err := o.inbox.Retry(t.Context(), *viewer, inbox.Retry{MessageID: message.ID, IdempotencyKey: "k"})
				requireCode(t, code, err)
			}
			o.clock.Advance(models.ServiceWindow)
			_, err := retry(message, "late")
			requireCode(t, models.CodeServiceWindowClosed, err)
			require.Nil(t, o.message(message.ID).RetriedByID)
		})
	})
}
