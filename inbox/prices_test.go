package inbox_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/inbox"
	"recado/models"
	"recado/store"
)

// TestPrices_perMessage has an organization on Meta's card, on which answers cost
// something once the free ones of the month are used up.
func TestPrices_perMessage(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		free, _ := o.greeted()
		require.Nil(t, o.reply(free.ID, "On the product's own card answers are free.").PricingCategory)

		o.paysPerMessage()
		conversation, iris := o.greeted()
		draft := inbox.Reply{ConversationID: conversation.ID, IdempotencyKey: "poor", Content: says("Yes, until eight.")}

		t.Run("one that cannot be paid is refused, and canSend says so", func(t *testing.T) {
			answer, err := o.inbox.CanSend(t.Context(), o.answers, conversation.ID, draft.Content, nil)
			require.NoError(t, err)
			require.Equal(t, models.CodeInsufficientCredits, answer.Obstacles[0].Code)
			_, err = o.inbox.Reply(t.Context(), o.answers, draft)
			requireCode(t, models.CodeInsufficientCredits, err)
			require.Equal(t, answer.Obstacles[0], err)
			require.Equal(t, models.Inbound, o.message(*o.conversation(conversation.ID).LastMessageID).Direction, "nothing was queued")
		})

		o.has(models.Credit)
		answer, err := o.inbox.CanSend(t.Context(), o.answers, conversation.ID, draft.Content, nil)
		require.NoError(t, err)
		require.Empty(t, answer.Obstacles)
		price := answer.Offer.Price
		require.Positive(t, price)

		t.Run("one that arrives is charged once", func(t *testing.T) {
			message := o.reply(conversation.ID, "Yes, until eight.")
			require.Equal(t, models.CategoryService, *message.PricingCategory)
			o.hasLeft(models.Credit-price, price)
			require.Zero(t, o.sendNow(message))
			o.pass(time.Second)
			o.becomes(message, models.StatusDelivered)
			o.hasLeft(models.Credit-price, 0)
			iris.Read(o.channel.PhoneNumberID)
			o.flush()
			o.becomes(message, models.StatusRead)
			o.hasLeft(models.Credit-price, 0)
		})

		t.Run("one that is taken back, or fails, is not", func(t *testing.T) {
			canceled := o.reply(conversation.ID, "No, wait.")
			o.hasLeft(models.Credit-2*price, price)
			_, err := o.inbox.Cancel(t.Context(), o.answers, canceled.ID)
			require.NoError(t, err)
			o.hasLeft(models.Credit-price, 0)

			failed := o.reply(conversation.ID, "To a number that is gone.")
			o.setChannelStatus(models.ChannelDisconnected)
			require.Zero(t, o.sendNow(failed))
			require.Equal(t, models.StatusFailed, o.message(failed.ID).Status)
			o.hasLeft(models.Credit-price, 0)
			o.setChannelStatus(models.ChannelConnected)
		})

		t.Run("one whose statuses come before the answer to the call is charged by them", func(t *testing.T) {
			message := o.reply(conversation.ID, "Early.")
			attempt, begun, err := o.inbox.BeginAttempt(t.Context(), message)
			require.NoError(t, err)
			require.True(t, begun)
			out := attempt.Message()
			out.CallbackData = "" // so that nobody knows whose they are, and they are parked
			result, err := o.client.Send(t.Context(), attempt.Credentials(), out)
			require.NoError(t, err)
			o.pass(time.Second)
			o.hasLeft(models.Credit-2*price, price)
			args := inbox.SendArgs{OrganizationID: message.OrganizationID, MessageID: message.ID}
			require.NoError(t, o.inbox.EndAttempt(t.Context(), args, attempt, result, nil))
			o.becomes(message, models.StatusDelivered)
			o.hasLeft(models.Credit-2*price, 0)
		})
	})
}

// TestPrices_counts_conversations_that_customers_begin has a customer write at once, in
// the same conversation, and after it.
func TestPrices_counts_conversations_that_customers_begin(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		_, iris := o.greeted()
		o.written(iris, "Hello?")
		o.greeted()
		require.EqualValues(t, 2, o.begunByCustomers())
		o.pass(24 * time.Hour)
		o.written(iris, "I am back.")
		o.written(iris, "Are you?")
		require.EqualValues(t, 3, o.begunByCustomers())
	})
}

// paysPerMessage puts the organization on Meta's card, with nothing left of the free
// answers.
func (o *office) paysPerMessage() {
	o.t.Helper()
	cards, err := o.credits.RateCards(o.t.Context())
	require.NoError(o.t, err)
	for _, card := range cards {
		if card.Model == models.PerMessage {
			require.NoError(o.t, o.credits.SetCard(o.t.Context(), o.organization, card.ID, o.clock.Now().Add(time.Minute)))
		}
	}
	o.pass(time.Minute)
	require.NoError(o.t, o.db.Write(o.t.Context(), func(tx *store.Tx) error {
		return tx.Create(&models.CreditAllowanceUse{
			OrganizationID: o.organization, Month: models.MonthOf(tx.Now()), ChannelID: o.channel.ID,
			Model: models.PerMessage, Category: models.CategoryService, Used: 1000,
		}).Error
	}))
}

// has gives the organization credits.
func (o *office) has(amount models.Credits) {
	o.t.Helper()
	require.NoError(o.t, o.credits.Grant(o.t.Context(), o.organization, amount, models.NewID().String()))
}

// hasLeft holds what the organization can spend, and what is held, and that the
// ledger is in order.
func (o *office) hasLeft(available, held models.Credits) {
	o.t.Helper()
	balances, err := o.credits.Balances(o.t.Context(), o.answers)
	require.NoError(o.t, err)
	require.Equal(o.t, []models.Credits{available, held},
		[]models.Credits{balances[models.AccountAvailable], balances[models.AccountHeld]}, "available and held")
	differences, unbalanced, err := o.credits.Check(o.t.Context(), o.organization)
	require.NoError(o.t, err)
	require.Empty(o.t, differences)
	require.Empty(o.t, unbalanced)
}

func (o *office) begunByCustomers() int64 {
	o.t.Helper()
	allowances, err := o.credits.Allowances(o.t.Context(), o.admin)
	require.NoError(o.t, err)
	require.Len(o.t, allowances, 1)
	return allowances[0].Used
}
