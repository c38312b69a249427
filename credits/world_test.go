package credits_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/credits"
	"recado/jobs"
	"recado/models"
	"recado/store"
	"recado/testkit"
)

// clock is set by tests.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}

// morning is when the tests begin: well inside of a month.
var morning = time.Date(2026, time.November, 10, 9, 0, 0, 0, time.UTC)

// counter is a service on a world, with an organization that has no credits yet.
type counter struct {
	*testkit.World

	t     testing.TB
	db    *store.Store
	queue *jobs.Queue
	clock *clock
	*credits.Service
	provider *till
}

// onEach runs the test once per dialect.
func onEach(t *testing.T, test func(t *testing.T, c *counter)) {
	t.Helper()
	for _, dialect := range testkit.Databases {
		t.Run(string(dialect), func(t *testing.T) { test(t, newCounter(t, testkit.URL(t, dialect))) })
	}
}

func newCounter(t testing.TB, url string) *counter {
	t.Helper()
	clock := &clock{now: morning}
	db := testkit.Open(t, url, clock.Now)
	c := &counter{World: testkit.NewWorld(t, db), t: t, db: db, clock: clock, provider: &till{charges: make(map[string]int)}}
	c.Service, c.queue = c.service(db)
	return c
}

// service makes another service on a store, as another process has one.
func (c *counter) service(db *store.Store) (*credits.Service, *jobs.Queue) {
	queue := jobs.New(db, jobs.Options{})
	return credits.New(credits.Rooms{DB: db, Queue: queue}, credits.Options{Clock: c.clock.Now, Provider: c.provider}), queue
}

// has makes a number of credits available.
func (c *counter) has(amount models.Credits) {
	c.t.Helper()
	require.NoError(c.t, c.Grant(c.t.Context(), c.Organization.ID, amount, models.NewID().String()))
}

// message is a template to a new person, in the product's own way of thinking.
func (c *counter) message(category models.PricingCategory) credits.HoldRequest {
	return credits.HoldRequest{
		OrganizationID: c.Organization.ID, MessageID: models.NewID(), ChannelID: c.Open.ID, ContactID: models.NewID(),
		Category: category, Country: "BR", TemplateName: "aviso",
	}
}

// hold queues a message, as the inbox will.
func (c *counter) hold(request credits.HoldRequest) (hold models.CreditHold, err error) {
	err = c.db.Write(context.Background(), func(tx *store.Tx) error {
		var err error
		hold, err = c.Hold(context.Background(), tx, request)
		return err
	})
	return hold, err
}

func (c *counter) mustHold(request credits.HoldRequest) models.CreditHold {
	c.t.Helper()
	hold, err := c.hold(request)
	require.NoError(c.t, err)
	return hold
}

// settle takes in what statuses say.
func (c *counter) settle(reports ...credits.Report) {
	c.t.Helper()
	require.NoError(c.t, c.db.Write(context.Background(), func(tx *store.Tx) error {
		return c.Settle(context.Background(), tx, reports...)
	}))
}

func (c *counter) release(message models.ID, reason models.ReleaseReason) {
	c.t.Helper()
	require.NoError(c.t, c.db.Write(context.Background(), func(tx *store.Tx) error {
		return c.Release(context.Background(), tx, c.Organization.ID, message, reason)
	}))
}

// delivered says that a message arrived, with a price of a category.
func (c *counter) delivered(message models.ID, pricing *models.MessagePricing) credits.Report {
	return credits.Report{OrganizationID: c.Organization.ID, MessageID: message, Delivered: true, At: c.clock.Now(), Pricing: pricing}
}

func (c *counter) sent(message models.ID, pricing *models.MessagePricing) credits.Report {
	report := c.delivered(message, pricing)
	report.Delivered = false
	return report
}

func charged(category string) *models.MessagePricing {
	return &models.MessagePricing{Billable: new(true), Model: "PMP", Type: "regular", Category: category}
}

func free(kind, category string) *models.MessagePricing {
	return &models.MessagePricing{Billable: new(false), Model: "PMP", Type: kind, Category: category}
}

func (c *counter) balance(account models.LedgerAccount) models.Credits {
	c.t.Helper()
	balances, err := c.Balances(context.Background(), models.Viewer{OrganizationID: c.Organization.ID})
	require.NoError(c.t, err)
	return balances[account]
}

// is holds the balances of what can be spent, what is held and what was spent.
func (c *counter) is(available, held, spent models.Credits) {
	c.t.Helper()
	balances, err := c.Balances(context.Background(), models.Viewer{OrganizationID: c.Organization.ID})
	require.NoError(c.t, err)
	require.Equal(c.t, []models.Credits{available, held, spent},
		[]models.Credits{balances[models.AccountAvailable], balances[models.AccountHeld], balances[models.AccountSpent]})
	c.balanced()
}

// balanced holds the books against themselves.
func (c *counter) balanced() {
	c.t.Helper()
	differences, unbalanced, err := c.Check(context.Background(), c.Organization.ID)
	require.NoError(c.t, err)
	require.Empty(c.t, differences, "kept balances are the sums of their postings")
	require.Empty(c.t, unbalanced, "every entry sums to zero")
	balances, err := c.Balances(context.Background(), models.Viewer{OrganizationID: c.Organization.ID})
	require.NoError(c.t, err)
	var sum models.Credits
	for _, balance := range balances {
		sum += balance
	}
	require.Zero(c.t, sum)
	require.GreaterOrEqual(c.t, balances[models.AccountAvailable], models.Credits(0))
}

// events are those of a kind so far.
func (c *counter) events(kind models.EventKind) []models.Event {
	c.t.Helper()
	var events []models.Event
	require.NoError(c.t, c.db.Read(context.Background()).Where("organization_id = ? AND kind = ?", c.Organization.ID, kind).
		Order("position").Find(&events).Error)
	return events
}

func (c *counter) administrator() models.Viewer { return c.Viewer(c.Administrator) }

// till is a provider that does as it is told, and counts payments by their key.
type till struct {
	mu      sync.Mutex
	charges map[string]int
	refuse  string // the word of every refusal
	lost    bool   // takes the payment, but loses the answer
	slow    bool   // payments stay under way
}

func (*till) Name() models.PaymentProvider { return models.ProviderStripe }

func (*till) Checkout(_ context.Context, purchase models.CreditPurchase, _ string) (credits.Checkout, error) {
	return credits.Checkout{Reference: "cs_" + purchase.ID.String(), URL: "https://pay.example/" + purchase.ID.String()}, nil
}

func (p *till) Charge(_ context.Context, purchase models.CreditPurchase, _ models.PaymentMethod) (credits.Charge, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refuse != "" {
		return credits.Charge{}, &credits.RefusalError{Code: p.refuse}
	}
	p.charges[credits.ChargeKey(purchase)]++
	if p.lost {
		return credits.Charge{}, errors.New("the answer was lost")
	}
	return credits.Charge{Reference: "pi_" + purchase.ID.String(), Paid: !p.slow}, nil
}

func (p *till) Charged(_ context.Context, reference string) (credits.Charge, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return credits.Charge{Reference: reference, Paid: !p.slow}, nil
}
