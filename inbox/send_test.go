package inbox_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/channels"
	"recado/inbox"
	"recado/models"
	"recado/whatsapp"
	"recado/whatsapp/simulator"
)

func TestSend_follows_a_message_until_it_is_read(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		o.work()
		conversation, iris := o.greeted()
		queued := o.reply(conversation.ID, "Until six.")
		require.Equal(t, models.StatusQueued, queued.Status)

		accepted := o.becomes(queued, models.StatusAccepted)
		require.Equal(t, 1, accepted.Attempts)
		require.NotNil(t, accepted.AcceptedAt)
		require.Equal(t, o.meta.Sent()[0].ID, *accepted.WAMID)
		require.Equal(t, queued.ID.String(), o.meta.Sent()[0].CallbackData)

		o.pass(300 * time.Millisecond)
		require.Equal(t, models.StatusSent, o.message(queued.ID).Status)
		o.pass(700 * time.Millisecond)
		require.Equal(t, models.StatusDelivered, o.message(queued.ID).Status)
		require.Equal(t, []string{"Until six."}, o.bodies(iris))
		iris.Read(o.channel.PhoneNumberID)
		o.flush()
		read := o.message(queued.ID)
		require.Equal(t, models.StatusRead, read.Status)
		require.Nil(t, read.Failure)
		for _, at := range []*time.Time{read.LeftAt, read.DeliveredAt, read.ReadAt} {
			require.NotNil(t, at)
			require.WithinRange(t, *at, noon, o.clock.Now())
		}
		require.Equal(t, []models.EventKind{
			models.EventMessageAdded, models.EventConversationChanged, // the customer's, and the assignment
			models.EventMessageAdded,
			models.EventMessageStatusChanged, models.EventMessageStatusChanged, models.EventMessageStatusChanged, models.EventMessageStatusChanged,
		}, o.events(conversation.ID))
	})
}

func TestSend_keeps_the_order_within_a_conversation(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		conversation, iris := o.greeted()
		other, zelia := o.greeted()
		first, second := o.reply(conversation.ID, "one"), o.reply(conversation.ID, "two")
		elsewhere := o.reply(other.ID, "hello")

		// Meta refuses the first one so often that the client gives it back to the queue.
		o.meta.Faults().RefuseNext(3, http.StatusBadRequest, 131016, 0)
		require.Positive(t, o.sendNow(first))
		require.Equal(t, models.StatusQueued, o.message(first.ID).Status)
		require.Equal(t, 100*time.Millisecond, o.sendNow(second), "the second waits a moment")
		require.Zero(t, o.message(second.ID).Attempts)
		require.Zero(t, o.sendNow(elsewhere), "other conversations go on")

		o.work()
		o.becomes(second, models.StatusAccepted)
		o.pass(time.Second)
		require.Equal(t, []string{"one", "two"}, o.bodies(iris))
		require.Equal(t, []string{"hello"}, o.bodies(zelia))
	})
}

func TestSend_keeps_the_order_of_a_burst(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		o.work()
		conversation, _ := o.greeted()
		var last models.Message
		for _, text := range []string{"one", "two", "three", "four", "five"} {
			last = o.reply(conversation.ID, text)
		}
		o.becomes(last, models.StatusAccepted)
		var sent []string
		for _, record := range o.meta.Sent() {
			sent = append(sent, record.Body)
		}
		require.Equal(t, []string{"one", "two", "three", "four", "five"}, sent)
	})
}

func TestSend_overcomes_refusals_that_pass(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		o.work()
		for _, test := range []struct {
			name    string
			refusal simulator.Refusal
			calls   int
		}{
			{"429 with Retry-After", simulator.Refusal{Status: http.StatusTooManyRequests, Code: 4, RetryAfter: time.Second}, 1},
			{"429 of a proxy", simulator.Refusal{Status: http.StatusTooManyRequests, RetryAfter: time.Second}, 1},
			{"500 in Meta's words", simulator.Refusal{Status: http.StatusInternalServerError, Code: 131000}, 1},
			{"throughput", simulator.Refusal{Code: 130429}, 1},
			{"longer than the client's own patience", simulator.Refusal{Code: 131016}, 3},
		} {
			t.Run(test.name, func(t *testing.T) {
				conversation, iris := o.greeted()
				o.meta.Faults().Refuse(test.calls, test.refusal)
				message := o.reply(conversation.ID, "Until six.")
				o.becomes(message, models.StatusAccepted)
				o.pass(time.Second)
				require.Equal(t, models.StatusDelivered, o.message(message.ID).Status)
				require.Equal(t, []string{"Until six."}, o.bodies(iris), "exactly once")
			})
		}
	})
}

func TestSend_gives_up_on_refusals(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		for _, test := range []struct {
			name string
			meta int
			want models.Failure
		}{
			{"recipient not allowed", 131030, models.Failure{
				Code: string(whatsapp.CodeRecipientNotAllowed), NextAction: string(whatsapp.NextActionFixRequest), MetaCode: 131030,
			}},
			{"account locked", 131031, models.Failure{
				Code: string(whatsapp.CodePolicyBlocked), NextAction: string(whatsapp.NextActionContactMeta), MetaCode: 131031,
			}},
			{"Meta sees the window closed", 131047, models.Failure{
				Code: string(whatsapp.CodeWindowClosed), NextAction: string(whatsapp.NextActionSendTemplate), MetaCode: 131047,
			}},
		} {
			t.Run(test.name, func(t *testing.T) {
				conversation, iris := o.greeted()
				o.meta.Faults().Refuse(1, simulator.Refusal{Code: test.meta})
				message := o.reply(conversation.ID, "Until six.")
				require.Zero(t, o.sendNow(message))
				failed := o.message(message.ID)
				require.Equal(t, models.StatusFailed, failed.Status)
				require.NotNil(t, failed.FailedAt)
				require.NotEmpty(t, failed.Failure.MetaTitle)
				failed.Failure.MetaTitle, failed.Failure.MetaDetails = "", ""
				require.Equal(t, test.want, *failed.Failure)
				require.Zero(t, o.sendNow(message), "it is not tried again")
				require.Equal(t, 1, o.message(message.ID).Attempts)

				next := o.reply(conversation.ID, "Hello?")
				require.Zero(t, o.sendNow(next), "and does not hold up the line")
				o.pass(time.Second)
				require.Equal(t, []string{"Hello?"}, o.bodies(iris))
			})
		}

		t.Run("that come again and again", func(t *testing.T) {
			conversation, _ := o.greeted()
			message := o.reply(conversation.ID, "Until six.")
			refusal := &whatsapp.Error{
				Code: whatsapp.CodeRateLimited, Retryable: true, NextAction: whatsapp.NextActionRetryLater, HTTPStatus: http.StatusTooManyRequests,
			}
			args := inbox.SendArgs{OrganizationID: message.OrganizationID, MessageID: message.ID}
			for attempts := 1; ; attempts++ {
				attempt, now, err := o.inbox.BeginAttempt(t.Context(), message)
				require.NoError(t, err)
				require.True(t, now)
				require.NoError(t, o.inbox.EndAttempt(t.Context(), args, attempt, whatsapp.SendResult{}, refusal))
				if o.message(message.ID).Status == models.StatusFailed {
					require.Equal(t, 16, attempts)
					break
				}
				require.Equal(t, models.StatusQueued, o.message(message.ID).Status)
			}
			require.True(t, o.message(message.ID).Failure.Retryable)
		})

		t.Run("but an outage is no refusal", func(t *testing.T) {
			conversation, _ := o.greeted()
			message := o.reply(conversation.ID, "Until six.")
			outage := &whatsapp.Error{Code: whatsapp.CodeUnavailable, Retryable: true, NextAction: whatsapp.NextActionRetryLater}
			args := inbox.SendArgs{OrganizationID: message.OrganizationID, MessageID: message.ID}
			for range 30 {
				attempt, now, err := o.inbox.BeginAttempt(t.Context(), message)
				require.NoError(t, err)
				require.True(t, now)
				require.NoError(t, o.inbox.EndAttempt(t.Context(), args, attempt, whatsapp.SendResult{}, outage))
			}
			require.Equal(t, models.StatusQueued, o.message(message.ID).Status)
		})
	})
}

func TestSend_checks_again_when_its_turn_comes(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		t.Run("the window closed meanwhile", func(t *testing.T) {
			conversation, _ := o.greeted()
			message := o.reply(conversation.ID, "Until six.")
			o.pass(models.ServiceWindow)
			require.Zero(t, o.sendNow(message))
			failed := o.message(message.ID)
			require.Equal(t, models.StatusFailed, failed.Status)
			require.Equal(t, &models.Failure{
				Code: string(whatsapp.CodeWindowClosed), NextAction: string(whatsapp.NextActionSendTemplate),
			}, failed.Failure)
			require.Empty(t, o.meta.Sent())
		})

		t.Run("the channel was disconnected meanwhile", func(t *testing.T) {
			conversation, _ := o.greeted()
			message := o.reply(conversation.ID, "Until six.")
			o.setChannelStatus(models.ChannelDisconnected)
			require.Zero(t, o.sendNow(message))
			require.Equal(t, string(models.CodeChannelUnavailable), o.message(message.ID).Failure.Code)
			require.Empty(t, o.meta.Sent())
		})
	})
}

func TestSend_waits_for_a_new_token(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		conversation, iris := o.greeted()
		o.meta.ExpireToken(token)
		first, second := o.reply(conversation.ID, "one"), o.reply(conversation.ID, "two")
		require.Positive(t, o.sendNow(first))
		require.Equal(t, models.StatusQueued, o.message(first.ID).Status)
		require.Equal(t, models.ChannelReauthorizationRequired, o.channelNow().Status)
		require.NotEmpty(t, o.channelNow().StatusReason)
		require.NotContains(t, o.channelNow().StatusReason, token)
		require.Positive(t, o.sendNow(second))
		require.Equal(t, 1, o.message(first.ID).Attempts)
		require.Positive(t, o.sendNow(first))
		require.Equal(t, 1, o.message(first.ID).Attempts, "Meta is not asked while the channel waits")

		iris.SendText(o.channel.PhoneNumberID, "Hello?")
		o.flush()
		require.Equal(t, 2, o.conversation(conversation.ID).UnreadCount, "the channel still receives")

		o.connect("Balcão", o.channel.PhoneNumberID, "EAArenewed-token-of-the-padaria")
		require.Zero(t, o.sendNow(first))
		require.Zero(t, o.sendNow(second))
		o.pass(time.Second)
		require.Equal(t, []string{"one", "two"}, o.bodies(iris))
	})
}

// A call that was under way with the old token must not condemn the new one.
func TestSend_refusal_of_an_old_token_says_nothing_about_the_new_one(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		conversation, _ := o.greeted()
		message := o.reply(conversation.ID, "Until six.")
		attempt, now, err := o.inbox.BeginAttempt(t.Context(), message)
		require.NoError(t, err)
		require.True(t, now)
		_, err = o.channels.Connect(t.Context(), channels.NewChannel{
			OrganizationID: o.organization, Name: "Balcão", PhoneNumberID: o.channel.PhoneNumberID, WABAID: wabaID,
			DisplayNumber: o.channel.DisplayNumber, AccessToken: "EAArenewed-token-of-the-padaria",
		})
		require.NoError(t, err)
		refusal := &whatsapp.Error{Code: whatsapp.CodeTokenInvalid, NextAction: whatsapp.NextActionReconnectChannel, HTTPStatus: http.StatusUnauthorized}
		require.NoError(t, o.inbox.EndAttempt(t.Context(),
			inbox.SendArgs{OrganizationID: message.OrganizationID, MessageID: message.ID}, attempt, whatsapp.SendResult{}, refusal))
		require.Equal(t, models.ChannelConnected, o.channelNow().Status)
		require.Equal(t, models.StatusQueued, o.message(message.ID).Status)
	})
}
