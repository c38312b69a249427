package inbox_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/inbox"
	"recado/models"
	"recado/whatsapp"
)

// Meta took the message, but its answer never came.
func TestSend_lost_answer(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		t.Run("a status claims the message", func(t *testing.T) {
			conversation, iris := o.greeted()
			message := o.reply(conversation.ID, "Until six.")
			o.meta.Faults().DropAnswers(1)
			require.Equal(t, quiet, o.sendNow(message))
			unconfirmed := o.message(message.ID)
			require.Equal(t, models.StatusUnconfirmed, unconfirmed.Status)
			require.Nil(t, unconfirmed.WAMID)

			o.pass(time.Second)
			claimed := o.message(message.ID)
			require.Equal(t, models.StatusDelivered, claimed.Status)
			require.NotNil(t, claimed.WAMID)
			o.clock.Advance(quiet)
			require.Zero(t, o.sendNow(message))
			o.pass(time.Second)
			require.Equal(t, []string{"Until six."}, o.bodies(iris), "one copy on the customer's phone")
			iris.Read(o.channel.PhoneNumberID)
			o.flush()
			require.Equal(t, models.StatusRead, o.message(message.ID).Status)
		})

		t.Run("without a status it is tried again only after the quiet period", func(t *testing.T) {
			conversation, iris := o.greeted()
			message := o.reply(conversation.ID, "Until six.")
			sent := len(o.meta.Sent())
			o.meta.Faults().DropAnswers(1)
			o.meta.Faults().DelayWebhooks(time.Hour)
			require.Equal(t, quiet, o.sendNow(message))
			o.clock.Advance(quiet - time.Millisecond)
			require.Equal(t, time.Millisecond, o.sendNow(message))
			require.Len(t, o.meta.Sent(), sent+1)
			o.clock.Advance(time.Millisecond)
			require.Zero(t, o.sendNow(message))
			require.Len(t, o.meta.Sent(), sent+2, "nobody could know better")
			second := o.meta.Sent()[sent+1].ID
			require.Equal(t, second, *o.message(message.ID).WAMID)

			// The statuses of both copies come after all; the first copy's are not ours.
			o.meta.Faults().Clear()
			o.pass(2 * time.Hour)
			require.Equal(t, models.StatusDelivered, o.message(message.ID).Status)
			require.Equal(t, second, *o.message(message.ID).WAMID)
			require.Len(t, o.bodies(iris), 2)
		})

		t.Run("it does not hold up the line", func(t *testing.T) {
			conversation, iris := o.greeted()
			first, second := o.reply(conversation.ID, "one"), o.reply(conversation.ID, "two")
			o.meta.Faults().DropAnswers(1)
			require.Equal(t, quiet, o.sendNow(first))
			require.Zero(t, o.sendNow(second))
			o.pass(time.Second)
			require.Equal(t, []string{"one", "two"}, o.bodies(iris))
		})
	})
}

// Meta never got the request.
func TestSend_lost_request_goes_out_once_after_the_quiet_period(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		conversation, iris := o.greeted()
		message := o.reply(conversation.ID, "Until six.")
		o.meta.Faults().DropRequests(1)
		require.Equal(t, quiet, o.sendNow(message))
		require.Equal(t, models.StatusUnconfirmed, o.message(message.ID).Status)
		o.pass(quiet)
		require.Zero(t, o.sendNow(message))
		o.pass(time.Second)
		require.Equal(t, models.StatusDelivered, o.message(message.ID).Status)
		require.Equal(t, []string{"Until six."}, o.bodies(iris))
	})
}

// The process dies between noting the call and noting the answer.
func TestSend_death_during_the_call(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		begin := func(t *testing.T, message models.Message) inbox.Attempt {
			t.Helper()
			attempt, now, err := o.inbox.BeginAttempt(t.Context(), message)
			require.NoError(t, err)
			require.True(t, now)
			require.Equal(t, models.StatusSending, o.message(message.ID).Status)
			return attempt
		}
		revive := func() {
			o.inbox.Close()
			o.inbox = o.process(inbox.Options{})
		}

		t.Run("before Meta got it: sent once, after the quiet period", func(t *testing.T) {
			conversation, iris := o.greeted()
			message := o.reply(conversation.ID, "Until six.")
			begin(t, message)
			revive()
			require.Equal(t, quiet, o.sendNow(message))
			require.Equal(t, models.StatusUnconfirmed, o.message(message.ID).Status)
			o.pass(quiet)
			require.Zero(t, o.sendNow(message))
			o.pass(time.Second)
			require.Equal(t, []string{"Until six."}, o.bodies(iris))
			require.Equal(t, models.StatusDelivered, o.message(message.ID).Status)
		})

		t.Run("after Meta got it: claimed by its statuses", func(t *testing.T) {
			conversation, iris := o.greeted()
			message := o.reply(conversation.ID, "Until six.")
			attempt := begin(t, message)
			_, err := o.client.Send(t.Context(), attempt.Credentials(), attempt.Message())
			require.NoError(t, err)
			revive()
			require.Equal(t, quiet, o.sendNow(message))
			o.pass(time.Second)
			require.Equal(t, models.StatusDelivered, o.message(message.ID).Status)
			o.pass(quiet)
			require.Zero(t, o.sendNow(message))
			require.Equal(t, []string{"Until six."}, o.bodies(iris))
		})
	})
}

// Statuses overtake the answer of the call that they are about.
func TestSend_statuses_before_the_answer(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		conversation, iris := o.greeted()
		for _, test := range []struct {
			name     string
			callback bool
		}{{"with our id", true}, {"without our id", false}} {
			t.Run(test.name, func(t *testing.T) {
				message := o.reply(conversation.ID, test.name)
				attempt, now, err := o.inbox.BeginAttempt(t.Context(), message)
				require.NoError(t, err)
				require.True(t, now)
				out := attempt.Message()
				if !test.callback {
					out.CallbackData = ""
				}
				result, err := o.client.Send(t.Context(), attempt.Credentials(), out)
				require.NoError(t, err)
				o.pass(time.Second)
				iris.Read(o.channel.PhoneNumberID)
				o.flush()
				if test.callback {
					require.Equal(t, models.StatusRead, o.message(message.ID).Status)
				} else {
					require.Equal(t, models.StatusSending, o.message(message.ID).Status)
				}
				args := inbox.SendArgs{OrganizationID: message.OrganizationID, MessageID: message.ID}
				require.NoError(t, o.inbox.EndAttempt(t.Context(), args, attempt, result, nil))
				after := o.message(message.ID)
				require.Equal(t, models.StatusRead, after.Status)
				require.Equal(t, result.MessageID, *after.WAMID)
				require.NotNil(t, after.AcceptedAt)
				require.NotNil(t, after.DeliveredAt)
			})
		}

		t.Run("and a late refusal does not undo them", func(t *testing.T) {
			message := o.reply(conversation.ID, "late")
			attempt, now, err := o.inbox.BeginAttempt(t.Context(), message)
			require.NoError(t, err)
			require.True(t, now)
			_, err = o.client.Send(t.Context(), attempt.Credentials(), attempt.Message())
			require.NoError(t, err)
			o.pass(time.Second)
			args := inbox.SendArgs{OrganizationID: message.OrganizationID, MessageID: message.ID}
			require.NoError(t, o.inbox.EndAttempt(t.Context(), args, attempt, whatsapp.SendResult{},
				&whatsapp.Error{Code: whatsapp.CodeInterrupted, Uncertain: true}))
			require.Equal(t, models.StatusDelivered, o.message(message.ID).Status)
		})

		var parked int64
		require.NoError(t, o.db.Read(t.Context()).Model(&models.ParkedStatus{}).Count(&parked).Error)
		require.Zero(t, parked, "nothing is left waiting")
	})
}
