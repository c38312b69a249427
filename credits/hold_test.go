package credits_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/credits"
	"recado/models"
	"recado/store"
	"recado/testkit"
)

const credit = models.Credit

func TestHold(t *testing.T) {
	onEach(t, func(t *testing.T, c *counter) {
		_, err := c.hold(c.message(models.CategoryMarketing))
		require.Equal(t, models.CodeInsufficientCredits, models.CodeOf(err))
		failure, _ := errors.AsType[*models.Error](err)
		require.Equal(t, map[string]string{"needed": "1", "available": "0", "shortfall": "1"}, failure.Params)
		c.is(0, 0, 0)

		c.has(5 * credit)
		request := c.message(models.CategoryMarketing)
		hold := c.mustHold(request)
		require.Equal(t, models.HoldOpen, hold.Status)
		c.is(4*credit, credit, 0)
		require.Equal(t, hold.MessageID, c.mustHold(request).MessageID)
		c.is(4*credit, credit, 0) // a message is held once

		c.settle(c.delivered(hold.MessageID, charged("marketing")))
		c.is(4*credit, 0, credit)
		c.settle(c.delivered(hold.MessageID, charged("marketing")), c.delivered(hold.MessageID, charged("marketing")))
		c.release(hold.MessageID, models.ReleaseFailed)
		c.is(4*credit, 0, credit) // settled once

		failed := c.mustHold(c.message(models.CategoryUtility))
		c.release(failed.MessageID, models.ReleaseFailed)
		c.release(failed.MessageID, models.ReleaseCanceled)
		c.is(4*credit, 0, credit)

		c.settle(c.delivered(models.NewID(), charged("marketing"))) // a message without a hold
		c.is(4*credit, 0, credit)
	})
}

func TestHold_that_does_not_commit_leaves_nothing(t *testing.T) {
	onEach(t, func(t *testing.T, c *counter) {
		c.has(credit)
		undone := errors.New("undone")
		require.ErrorIs(t, c.db.Write(t.Context(), func(tx *store.Tx) error {
			if _, err := c.Hold(t.Context(), tx, c.message(models.CategoryMarketing)); err != nil {
				return err
			}
			return undone
		}), undone)
		c.is(credit, 0, 0)
	})
}

func TestHold_several_in_one_transaction(t *testing.T) {
	onEach(t, func(t *testing.T, c *counter) {
		c.has(2 * credit)
		var refused error
		require.NoError(t, c.db.Write(t.Context(), func(tx *store.Tx) error {
			for range 2 {
				if _, err := c.Hold(t.Context(), tx, c.message(models.CategoryMarketing)); err != nil {
					return err
				}
			}
			_, refused = c.Hold(t.Context(), tx, c.message(models.CategoryMarketing))
			return nil
		}))
		require.Equal(t, models.CodeInsufficientCredits, models.CodeOf(refused))
		c.is(0, 2*credit, 0)
	})
}

func TestSettle_by_what_Meta_says(t *testing.T) {
	for name, test := range map[string]struct {
		pricing *models.MessagePricing
		want    models.Credits
	}{
		"regular":                            {charged("marketing"), credit},
		"inside a free service window":       {free("free_customer_service", "marketing"), 0},
		"inside a free entry point":          {free("free_entry_point", "referral_conversion"), 0},
		"a type of the future is free":       {free("free_of_charge", "marketing"), 0},
		"the type counts before billable":    {&models.MessagePricing{Billable: new(true), Type: "free_customer_service"}, 0},
		"only billable":                      {&models.MessagePricing{Billable: new(false)}, 0},
		"neither, of a category of tomorrow": {&models.MessagePricing{Category: "hologram"}, credit},
	} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(t *testing.T, c *counter) {
				c.has(credit)
				hold := c.mustHold(c.message(models.CategoryMarketing))
				c.settle(c.delivered(hold.MessageID, test.pricing))
				c.is(credit-test.want, 0, test.want)
				var kept models.CreditHold
				require.NoError(t, c.db.Read(t.Context()).Take(&kept, "message_id = ?", hold.MessageID).Error)
				require.Equal(t, test.pricing, kept.Pricing, "Meta's words are kept as they are")
				require.Equal(t, models.HoldSettled, kept.Status)
			})
		})
	}
}

func TestSettle_waits_for_the_price(t *testing.T) {
	onEach(t, func(t *testing.T, c *counter) {
		c.has(3 * credit)
		one, two, three := c.mustHold(c.message(models.CategoryMarketing)), c.mustHold(c.message(models.CategoryMarketing)), c.mustHold(c.message(models.CategoryMarketing))

		c.settle(c.sent(one.MessageID, free("free_entry_point", "referral_conversion")))
		c.is(0, 3*credit, 0) // sent is not delivered
		c.settle(c.delivered(one.MessageID, nil))
		c.is(credit, 2*credit, 0) // the price came before the delivery

		c.settle(c.delivered(two.MessageID, nil))
		c.release(two.MessageID, models.ReleaseFailed)
		c.is(credit, 2*credit, 0) // what was delivered did not fail
		c.settle(c.sent(two.MessageID, charged("marketing")))
		c.is(credit, credit, credit) // the price came after it

		c.settle(c.delivered(three.MessageID, nil))
		c.clock.advance(24 * time.Hour)
		require.NoError(t, c.EndDue(t.Context()))
		c.is(credit, 0, 2*credit) // as quoted: no price came within a day
	})
}

func TestEndDue_lets_go_what_nothing_was_heard_of(t *testing.T) {
	onEach(t, func(t *testing.T, c *counter) {
		c.has(120 * credit)
		var last models.CreditHold
		for range 110 { // more than are ended at once
			last = c.mustHold(c.message(models.CategoryMarketing))
		}
		c.clock.advance(31*24*time.Hour - time.Millisecond)
		require.NoError(t, c.EndDue(t.Context()))
		c.is(10*credit, 110*credit, 0)
		c.clock.advance(time.Millisecond)
		require.NoError(t, c.EndDue(t.Context()))
		c.is(120*credit, 0, 0)

		t.Run("and charges it if it was delivered after all", func(t *testing.T) {
			c.settle(c.delivered(last.MessageID, charged("marketing")))
			c.settle(c.delivered(last.MessageID, charged("marketing")))
			c.is(119*credit, 0, credit)
		})
	})
}

func TestSettle_after_the_hold_was_let_go_and_nothing_is_left(t *testing.T) {
	onEach(t, func(t *testing.T, c *counter) {
		c.has(credit)
		late := c.mustHold(c.message(models.CategoryMarketing))
		c.release(late.MessageID, models.ReleaseFailed)
		other := c.mustHold(c.message(models.CategoryMarketing))
		c.settle(c.delivered(late.MessageID, charged("marketing")))
		c.is(0, credit, credit)
		require.Equal(t, -credit, c.balance(models.AccountOwed))

		c.release(other.MessageID, models.ReleaseFailed) // the first that becomes available pays
		c.is(0, 0, credit)
		require.Zero(t, c.balance(models.AccountOwed))
		c.has(2 * credit)
		c.is(2*credit, 0, credit)
	})
}

func TestHold_sessions(t *testing.T) {
	onEach(t, func(t *testing.T, c *counter) {
		c.has(10 * credit)
		to := c.message(models.CategoryMarketing)
		again := func(category models.PricingCategory) models.ID {
			next := to
			next.MessageID, next.Category = models.NewID(), category
			return c.mustHold(next).MessageID
		}
		one := again(models.CategoryMarketing)
		two := again(models.CategoryMarketing)
		c.is(8*credit, 2*credit, 0) // the first may fail, so the second is held too
		c.settle(c.delivered(two, charged("marketing")))
		c.settle(c.delivered(one, charged("marketing")))
		c.is(9*credit, 0, credit) // one of a session is charged, whichever comes first

		c.clock.advance(23 * time.Hour)
		three := again(models.CategoryMarketing)
		c.is(9*credit, 0, credit) // nothing to hold: the session is paid
		c.settle(c.delivered(three, charged("marketing")))
		utility := again(models.CategoryUtility)
		c.is(8*credit, credit, credit) // another category has a session of its own
		c.settle(c.delivered(utility, charged("utility")))

		c.clock.advance(time.Hour)
		four := again(models.CategoryMarketing)
		c.settle(c.delivered(four, charged("marketing")))
		c.is(7*credit, 0, 3*credit) // a day after the first

		other := c.mustHold(c.message(models.CategoryMarketing))
		c.settle(c.delivered(other.MessageID, charged("marketing")))
		c.is(6*credit, 0, 4*credit) // another person
	})
}

func TestHold_on_a_card_per_message(t *testing.T) {
	onEach(t, func(t *testing.T, c *counter) {
		card := c.perMessage()
		c.has(10 * credit)
		utility := c.mustHold(c.message(models.CategoryUtility))
		require.Equal(t, card, utility.CardID)
		require.Equal(t, models.Credits(3400), utility.Quoted)
		require.Equal(t, models.Credits(31250), utility.Amount, "Meta may find that it is marketing")
		c.settle(c.delivered(utility.MessageID, charged("utility")))
		c.is(10*credit-3400, 0, 3400)

		moved := c.mustHold(c.message(models.CategoryUtility))
		c.settle(c.delivered(moved.MessageID, charged("marketing")))
		c.is(10*credit-3400-31250, 0, 3400+31250)

		abroad := c.message(models.CategoryMarketing)
		abroad.Country = "NZ"
		require.Equal(t, models.Credits(30200), c.mustHold(abroad).Amount, "the price for every other country")
	})
}

func TestHold_uses_the_free_allowance_first(t *testing.T) {
	onEach(t, func(t *testing.T, c *counter) {
		c.perMessage()
		c.Exec("UPDATE rate_allowances SET monthly = 2 WHERE scope = 'CHANNEL'")
		one, two := c.mustHold(c.message(models.CategoryService)), c.mustHold(c.message(models.CategoryService))
		_, err := c.hold(c.message(models.CategoryService))
		require.Equal(t, models.CodeInsufficientCredits, models.CodeOf(err), "two free ones are under way")
		c.release(two.MessageID, models.ReleaseFailed)
		two = c.mustHold(c.message(models.CategoryService))
		c.settle(c.delivered(one.MessageID, charged("service")), c.delivered(two.MessageID, charged("service")))
		c.is(0, 0, 0)

		c.has(credit)
		three := c.mustHold(c.message(models.CategoryService))
		c.settle(c.delivered(three.MessageID, charged("service")))
		c.is(credit-3400, 0, 3400)

		elsewhere := c.message(models.CategoryService)
		elsewhere.ChannelID = c.Closed.ID
		require.Zero(t, c.mustHold(elsewhere).Amount, "each number has an allowance of its own")

		allowances, err := c.Allowances(t.Context(), c.administrator())
		require.NoError(t, err)
		require.Len(t, allowances, 2)
		c.clock.advance(30 * 24 * time.Hour)
		require.Zero(t, c.mustHold(c.message(models.CategoryService)).Amount, "a new month")
	})
}

func TestCustomersWrote_counts_conversations_that_customers_begin(t *testing.T) {
	onEach(t, func(t *testing.T, c *counter) {
		contact := models.NewID()
		wrote := func(channel, contact models.ID, at time.Time) {
			c.Write(func(tx *store.Tx) error {
				return c.CustomersWrote(tx, credits.Wrote{OrganizationID: c.Organization.ID, ChannelID: channel, ContactID: contact, At: at})
			})
		}
		wrote(c.Open.ID, contact, morning)
		wrote(c.Open.ID, contact, morning.Add(time.Hour)) // the same conversation
		wrote(c.Open.ID, contact, morning.Add(24*time.Hour))
		wrote(c.Closed.ID, contact, morning)
		wrote(c.Open.ID, contact, morning.AddDate(0, -1, 0)) // of another month
		allowances, err := c.Allowances(t.Context(), c.administrator())
		require.NoError(t, err)
		require.Len(t, allowances, 1)
		require.EqualValues(t, 3, allowances[0].Used)
		require.EqualValues(t, 1000, allowances[0].Monthly)
		require.Nil(t, allowances[0].ChannelID)
		c.is(0, 0, 0)
	})
}

func TestSetCard_never_changes_prices_backwards(t *testing.T) {
	onEach(t, func(t *testing.T, c *counter) {
		c.has(10 * credit)
		before := c.mustHold(c.message(models.CategoryMarketing))
		cards, err := c.RateCards(t.Context())
		require.NoError(t, err)
		require.Len(t, cards, 2)
		meta := cards[0].ID
		require.Equal(t, models.PerMessage, cards[0].Model)
		require.Equal(t, models.CodeInvalid, models.CodeOf(c.SetCard(t.Context(), c.Organization.ID, meta, c.clock.Now())))
		require.Equal(t, models.CodeNotFound, models.CodeOf(c.SetCard(t.Context(), c.Organization.ID, models.NewID(), c.clock.Now().Add(time.Hour))))
		require.NoError(t, c.SetCard(t.Context(), c.Organization.ID, meta, c.clock.Now().Add(time.Hour)))
		require.Equal(t, models.DefaultRateCard, c.mustHold(c.message(models.CategoryMarketing)).CardID)
		c.clock.advance(time.Hour)
		require.Equal(t, meta, c.mustHold(c.message(models.CategoryMarketing)).CardID)
		c.settle(c.delivered(before.MessageID, charged("marketing")))
		require.Equal(t, credit, c.balance(models.AccountSpent), "by the card that was in force")
	})
}

// perMessage puts the organization on Meta's card.
func (c *counter) perMessage() models.ID {
	c.t.Helper()
	cards, err := c.RateCards(c.t.Context())
	require.NoError(c.t, err)
	require.NoError(c.t, c.SetCard(c.t.Context(), c.Organization.ID, cards[0].ID, c.clock.Now().Add(time.Millisecond)))
	c.clock.advance(time.Millisecond)
	return cards[0].ID
}

func TestHold_200_at_once_on_a_balance_for_50(t *testing.T) {
	for _, dialect := range testkit.Databases {
		t.Run(string(dialect), func(t *testing.T) {
			url := testkit.URL(t, dialect)
			c := newCounter(t, url)
			c.has(50 * credit)
			services := []*counter{c}
			if dialect == store.Postgres { // a second process
				other := *c
				other.db = testkit.Open(t, url, c.clock.Now)
				other.Service, other.queue = c.service(other.db)
				services = append(services, &other)
			}
			var succeeded, refused atomic.Int64
			var group sync.WaitGroup
			for i := range 200 {
				group.Go(func() {
					_, err := services[i%len(services)].hold(c.message(models.CategoryMarketing))
					switch {
					case err == nil:
						succeeded.Add(1)
					case models.CodeOf(err) == models.CodeInsufficientCredits:
						refused.Add(1)
					default:
						t.Error(err)
					}
				})
			}
			group.Wait()
			require.EqualValues(t, 50, succeeded.Load())
			require.EqualValues(t, 150, refused.Load())
			c.is(0, 50*credit, 0)
			var holds int64
			require.NoError(t, c.db.Read(context.Background()).Model(&models.CreditHold{}).Count(&holds).Error)
			require.EqualValues(t, 50, holds)
		})
	}
}
