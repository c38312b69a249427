package credits_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"recado/credits"
	"recado/jobs"
	"recado/models"
	"recado/store"
	"recado/testkit"
)

// letter is a message of a history and all that is ever said of it.
type letter struct {
	request credits.HoldRequest
	held    bool
	steps   []step // what is heard of it, in the order of arrival
}

// step is one thing that is heard of a message.
type step struct {
	kind    string // sent, delivered, failed or canceled
	pricing *models.MessagePricing
}

// drawLetter draws a message with statuses that do not contradict each other, and then
// loses, repeats and shuffles them.
func drawLetter(r *rapid.T, c *counter, people []models.ID) *letter {
	category := rapid.SampledFrom([]models.PricingCategory{models.CategoryMarketing, models.CategoryUtility}).Draw(r, "category")
	said := rapid.SampledFrom([]*models.MessagePricing{
		charged("marketing"), charged("utility"), free("free_customer_service", "utility"), free("free_entry_point", "referral_conversion"),
	}).Draw(r, "pricing")
	l := &letter{request: credits.HoldRequest{
		OrganizationID: c.Organization.ID, MessageID: models.NewID(), ChannelID: c.Open.ID,
		ContactID: rapid.SampledFrom(people).Draw(r, "contact"), Category: category, Country: "BR", TemplateName: "aviso",
		FreeEntryPoint: said.Type == "free_entry_point",
	}}
	maybe := func(label string) *models.MessagePricing {
		if rapid.Bool().Draw(r, label) {
			return said
		}
		return nil
	}
	steps := []step{{"sent", maybe("sent")}, {"delivered", maybe("delivered")}, {"delivered", maybe("read")}}
	if rapid.IntRange(0, 2).Draw(r, "fate") == 0 {
		steps = []step{{"sent", maybe("sent")}, {"failed", nil}}
	}
	// What the sender thinks may be wrong: it gives up a message that arrives all the same.
	if rapid.IntRange(0, 4).Draw(r, "given up") == 0 {
		steps = append(steps, step{"canceled", nil})
	}
	for _, each := range steps {
		for range rapid.SampledFrom([]int{0, 1, 1, 1, 2}).Draw(r, "times") {
			l.steps = append(l.steps, each)
		}
	}
	l.steps = rapid.Permutation(l.steps).Draw(r, "order")
	return l
}

// arrived reports whether any delivery was heard of.
func (l *letter) arrived() bool {
	return slices.ContainsFunc(l.steps, func(s step) bool { return s.kind == "delivered" })
}

// price is what was heard of the price; nil: nothing.
func (l *letter) price() *models.MessagePricing {
	for _, each := range l.steps {
		if each.pricing != nil {
			return each.pricing
		}
	}
	return nil
}

// play applies a step, in a transaction that is run to its end and given up first now
// and then, as by a process that dies.
func (l *letter) play(c *counter, each step, crash bool) error {
	run := func(end error) error {
		return c.db.Write(context.Background(), func(tx *store.Tx) error {
			var err error
			switch each.kind {
			case "failed":
				err = c.Release(context.Background(), tx, c.Organization.ID, l.request.MessageID, models.ReleaseFailed)
			case "canceled":
				err = c.Release(context.Background(), tx, c.Organization.ID, l.request.MessageID, models.ReleaseCanceled)
			default:
				report := c.delivered(l.request.MessageID, each.pricing)
				report.Delivered = each.kind == "delivered"
				err = c.Settle(context.Background(), tx, report)
			}
			return errors.Join(err, end)
		})
	}
	if crash {
		if died := errors.New("died"); !errors.Is(run(died), died) {
			return errors.New("a transaction that was given up committed")
		}
	}
	return run(nil)
}

// history is what a property test plays.
type history struct {
	*counter

	letters []*letter
	bought  models.Credits
}

func newHistory(t *testing.T, db *store.Store, perMessage bool) *history {
	c := &counter{World: testkit.NewWorld(t, db), t: t, db: db, clock: &clock{now: db.Now()}}
	c.Service = credits.New(credits.Rooms{DB: db, Queue: jobs.New(db, jobs.Options{})}, credits.Options{})
	if perMessage {
		cards, err := c.RateCards(t.Context())
		require.NoError(t, err)
		c.Save(&models.OrganizationRateCard{OrganizationID: c.Organization.ID, EffectiveFrom: morning.AddDate(-1, 0, 0), CardID: cards[0].ID})
	}
	return &history{counter: c}
}

// buy buys credits and has the payment told several times.
func (h *history) buy(amount models.Credits, times int) {
	administrator := h.administrator()
	bought, err := h.Buy(context.Background(), administrator, credits.Purchase{Credits: amount, Currency: "USD", IdempotencyKey: models.NewID().String()})
	require.NoError(h.t, err)
	for i := range times {
		_, err := h.RecordPayment(context.Background(), administrator, bought.ID, "cash")
		require.Equal(h.t, i > 0, err != nil)
	}
	if times > 0 {
		h.bought += amount
	}
}

// expected is what the history costs: each delivered message that Meta charges, or one
// for each session with such.
func (h *history) expected(perMessage bool) (total models.Credits) {
	holds := make(map[models.ID]models.CreditHold)
	var rows []models.CreditHold
	require.NoError(h.t, h.db.Read(context.Background()).Where("organization_id = ?", h.Organization.ID).Find(&rows).Error)
	for _, row := range rows {
		holds[row.MessageID] = row
	}
	sessions := make(map[models.ID]bool)
	for _, l := range h.letters {
		hold := holds[l.request.MessageID]
		if !l.held || !l.arrived() || !l.price().Charged() || l.price() == nil && l.request.FreeEntryPoint {
			continue
		}
		if !perMessage {
			if hold.Amount > 0 {
				sessions[*hold.SessionID] = true
			}
			continue
		}
		prices := map[string]models.Credits{"marketing": 31_250, "utility": 3_400}
		category := map[models.PricingCategory]string{models.CategoryMarketing: "marketing", models.CategoryUtility: "utility"}[l.request.Category]
		if l.price() != nil {
			category = l.price().Category
		}
		total += min(prices[category], hold.Amount)
	}
	return total + models.Credits(len(sessions))*credit
}

// ends holds what must be true after everything, and the job, has run.
func (h *history) ends(r *rapid.T, perMessage bool) {
	// Let the time pass: nothing more will be heard.
	require.NoError(h.t, h.db.Write(context.Background(), func(tx *store.Tx) error {
		return tx.Model(&models.CreditHold{}).Where("organization_id = ? AND due_at IS NOT NULL", h.Organization.ID).
			Update("due_at", tx.Now().Add(-time.Second)).Error
	}))
	require.NoError(h.t, h.EndDue(context.Background()))
	h.balanced()
	balances, err := h.Balances(context.Background(), models.Viewer{OrganizationID: h.Organization.ID})
	require.NoError(h.t, err)
	require.Equal(r, h.expected(perMessage), balances[models.AccountSpent], "charged are exactly the delivered billable ones")
	require.Zero(r, balances[models.AccountHeld])
	require.Equal(r, -h.bought, balances[models.AccountPurchased])
	var open int64
	require.NoError(h.t, h.db.Read(context.Background()).Model(&models.CreditHold{}).
		Where("organization_id = ? AND (status = ? OR due_at IS NOT NULL)", h.Organization.ID, models.HoldOpen).Count(&open).Error)
	require.Zero(r, open, "no hold is left")
	var used models.Credits
	var usage []models.CreditUsage
	require.NoError(h.t, h.db.Read(context.Background()).Where("organization_id = ?", h.Organization.ID).Find(&usage).Error)
	for _, row := range usage {
		used += row.Charged
	}
	require.Equal(r, used, balances[models.AccountSpent], "the report says what the ledger says")
}

// draw draws the messages of a history and queues those that can be paid.
func (h *history) draw(r *rapid.T) {
	h.buy(models.Credits(rapid.IntRange(1, 8).Draw(r, "credits"))*credit, rapid.IntRange(0, 2).Draw(r, "payments"))
	people := []models.ID{models.NewID(), models.NewID()}
	for range rapid.IntRange(1, 10).Draw(r, "messages") {
		l := drawLetter(r, h.counter, people)
		_, err := h.hold(l.request)
		if err != nil {
			require.Equal(h.t, models.CodeInsufficientCredits, models.CodeOf(err))
		}
		l.held = err == nil
		h.letters = append(h.letters, l)
	}
}

// heard are all steps of all messages, shuffled over the messages.
func (h *history) heard(r *rapid.T) (all []func(c *counter, crash bool) error) {
	for _, l := range h.letters {
		for _, each := range l.steps {
			all = append(all, func(c *counter, crash bool) error { return l.play(c, each, crash) })
		}
	}
	if len(all) > 0 {
		all = rapid.Permutation(all).Draw(r, "arrival")
	}
	return all
}

// Whatever order statuses and payments come in, however often, whichever are lost, and
// wherever a process dies: the books are right, and exactly the delivered billable
// messages are charged.
func TestLedger_any_order_repetition_and_loss(t *testing.T) {
	for _, model := range []models.PricingModel{models.PerConversation, models.PerMessage} {
		perMessage := model == models.PerMessage
		t.Run(string(model), func(t *testing.T) {
			testkit.OnEach(t, func(t *testing.T, db *store.Store) {
				rapid.Check(t, func(r *rapid.T) {
					h := newHistory(t, db, perMessage)
					h.draw(r)
					for _, hear := range h.heard(r) {
						require.NoError(r, hear(h.counter, rapid.IntRange(0, 4).Draw(r, "crash") == 0))
						if rapid.IntRange(0, 9).Draw(r, "payment") == 0 {
							h.buy(credit, rapid.IntRange(0, 2).Draw(r, "payments"))
						}
					}
					h.ends(r, perMessage)
				})
			})
		})
	}
}

// The same, with everything at the same time in two processes.
func TestLedger_at_the_same_time(t *testing.T) {
	for _, dialect := range testkit.Databases {
		t.Run(string(dialect), func(t *testing.T) {
			url := testkit.URL(t, dialect)
			db := testkit.Open(t, url, nil)
			other := db
			if dialect == store.Postgres {
				other = testkit.Open(t, url, nil)
			}
			rapid.Check(t, func(r *rapid.T) {
				h := newHistory(t, db, false)
				h.draw(r)
				steps := h.heard(r)
				second := *h.counter
				second.db = other
				second.Service = credits.New(credits.Rooms{DB: other, Queue: jobs.New(other, jobs.Options{})}, credits.Options{})
				processes := []*counter{h.counter, &second}
				var callers sync.WaitGroup
				for caller := range 4 {
					callers.Go(func() {
						for i := caller; i < len(steps); i += 4 {
							if err := steps[i](processes[caller%2], false); err != nil {
								t.Error(err)
							}
							if i%5 == 0 {
								if err := processes[i%2].EndDue(context.Background()); err != nil {
									t.Error(err)
								}
							}
						}
					})
				}
				callers.Wait()
				h.ends(r, false)
			})
		})
	}
}
