package credits_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/credits"
	"recado/models"
	"recado/store"
	"recado/testkit"
)

// recharging sets auto-recharge on: below 10 buy 20, at most 50 a month.
func (c *counter) recharging() models.CreditSettings {
	c.t.Helper()
	c.Save(&models.PaymentMethod{
		OrganizationID: c.Organization.ID, ID: models.NewID(), Provider: models.ProviderStripe, CustomerRef: "cus_1", MethodRef: "pm_" + models.NewID().String(),
	})
	settings, err := c.SetAutoRecharge(c.t.Context(), c.administrator(), credits.AutoRecharge{
		Enabled: true, Threshold: 10 * credit, Amount: 20 * credit, MonthlyCeiling: 50 * credit, Currency: "USD",
	})
	require.NoError(c.t, err)
	return settings
}

// recharges are the automatic purchases so far.
func (c *counter) recharges() []models.CreditPurchase {
	c.t.Helper()
	var rows []models.CreditPurchase
	require.NoError(c.t, c.db.Read(c.t.Context()).Where("organization_id = ? AND origin = ?", c.Organization.ID, models.OriginAutoRecharge).
		Order("created_at, id").Find(&rows).Error)
	return rows
}

// pay runs the job of the newest automatic purchase.
func (c *counter) pay() time.Duration {
	c.t.Helper()
	rows := c.recharges()
	wait, err := c.PayRecharge(c.t.Context(), credits.RechargeArgs{OrganizationID: c.Organization.ID, PurchaseID: rows[len(rows)-1].ID})
	require.NoError(c.t, err)
	return wait
}

func (c *counter) jobs(kind string) (jobs int64) {
	c.t.Helper()
	require.NoError(c.t, c.db.Read(c.t.Context()).Table("river_job").Where("kind = ?", kind).Count(&jobs).Error)
	return jobs
}

func TestRecharge_fires_once_per_crossing(t *testing.T) {
	for _, dialect := range testkit.Databases {
		t.Run(string(dialect), func(t *testing.T) {
			url := testkit.URL(t, dialect)
			c := newCounter(t, url)
			c.has(30 * credit)
			c.recharging()
			services := []*counter{c}
			if dialect == store.Postgres { // a second process
				other := *c
				other.db = testkit.Open(t, url, c.clock.Now)
				other.Service, other.queue = c.service(other.db)
				services = append(services, &other)
			}
			send := func(messages int) {
				var group sync.WaitGroup
				for i := range messages {
					group.Go(func() {
						if _, err := services[i%len(services)].hold(c.message(models.CategoryMarketing)); err != nil {
							t.Error(err)
						}
					})
				}
				group.Wait()
			}
			send(30) // far below the threshold
			require.Len(t, c.recharges(), 1)
			require.EqualValues(t, 1, c.jobs("credits.recharge"))
			require.Zero(t, c.pay())
			require.Zero(t, c.pay(), "a job that runs twice pays once")
			require.Len(t, c.provider.charges, 1)
			c.is(20*credit, 30*credit, 0)
			require.Equal(t, models.PurchasePaid, c.recharges()[0].Status)
			require.Equal(t, "40.00", c.recharges()[0].Price().Amount())

			send(11)
			require.Len(t, c.recharges(), 2)
			require.Zero(t, c.pay())
			send(20)
			require.Len(t, c.recharges(), 2, "a third would be above the ceiling")
			require.Len(t, c.events(models.EventCreditsRechargeCeiling), 1, "which is told once")

			c.clock.advance(30 * 24 * time.Hour)
			send(1)
			require.Len(t, c.recharges(), 3, "a new month")
		})
	}
}

func TestRecharge_begins_at_once_when_little_is_left(t *testing.T) {
	onEach(t, func(t *testing.T, c *counter) {
		c.recharging()
		require.Len(t, c.recharges(), 1)
		require.Zero(t, c.pay())
		c.is(20*credit, 0, 0)
	})
}

func TestRecharge_refused(t *testing.T) {
	onEach(t, func(t *testing.T, c *counter) {
		c.provider.refuse = "card_declined"
		c.recharging()
		for _, pause := range []time.Duration{time.Hour, 6 * time.Hour, 24 * time.Hour} {
			require.Equal(t, pause, c.pay())
			require.Equal(t, pause, c.pay(), "not before its time")
			c.clock.advance(pause)
		}
		require.Len(t, c.events(models.EventCreditsRechargeFailed), 3)
		require.Zero(t, c.pay())
		require.Len(t, c.events(models.EventCreditsRechargeStopped), 1)
		require.Equal(t, models.PurchaseFailed, c.recharges()[0].Status)
		settings, err := c.Settings(t.Context(), c.administrator())
		require.NoError(t, err)
		require.False(t, settings.RechargeEnabled)
		require.Equal(t, "card_declined", settings.RechargeStopped)
		c.is(0, 0, 0)

		c.has(5 * credit)
		c.mustHold(c.message(models.CategoryMarketing))
		require.Len(t, c.recharges(), 1, "it is switched off")

		c.provider.refuse = ""
		c.recharging()
		require.Len(t, c.recharges(), 2)
		require.Zero(t, c.pay())
		c.is(24*credit, credit, 0)
	})
}

func TestRecharge_whose_answer_was_lost_pays_once(t *testing.T) {
	onEach(t, func(t *testing.T, c *counter) {
		c.provider.lost = true
		c.recharging()
		purchase := c.recharges()[0]
		args := credits.RechargeArgs{OrganizationID: c.Organization.ID, PurchaseID: purchase.ID}
		_, err := c.PayRecharge(t.Context(), args)
		require.Error(t, err, "so that the job runs again")
		c.provider.lost = false
		require.Zero(t, c.pay())
		require.Equal(t, map[string]int{credits.ChargeKey(purchase): 2}, c.provider.charges, "by the same key, which the provider takes once")
		c.is(20*credit, 0, 0)
	})
}

func TestRecharge_of_which_nothing_is_known_is_not_paid_again(t *testing.T) {
	onEach(t, func(t *testing.T, c *counter) {
		c.recharging()
		c.clock.advance(21 * time.Hour) // the provider may have forgotten the key
		require.Zero(t, c.pay())
		require.Empty(t, c.provider.charges)
		settings, err := c.Settings(t.Context(), c.administrator())
		require.NoError(t, err)
		require.Equal(t, "unconfirmed", settings.RechargeStopped)
	})
}

func TestRecharge_under_way_is_asked_about(t *testing.T) {
	onEach(t, func(t *testing.T, c *counter) {
		c.provider.slow = true
		c.recharging()
		require.Equal(t, time.Hour, c.pay())
		require.Equal(t, time.Hour, c.pay())
		require.Len(t, c.provider.charges, 1, "no second payment is begun")
		c.clock.advance(48 * time.Hour)
		c.provider.slow = false
		require.Zero(t, c.pay())
		c.is(20*credit, 0, 0)
	})
}

func TestLowBalance_is_told_once_per_crossing(t *testing.T) {
	onEach(t, func(t *testing.T, c *counter) {
		c.has(12 * credit)
		for range 2 {
			c.mustHold(c.message(models.CategoryMarketing))
		}
		require.Empty(t, c.events(models.EventCreditsLow))
		for range 2 {
			c.mustHold(c.message(models.CategoryMarketing))
		}
		require.Len(t, c.events(models.EventCreditsLow), 1)
		c.has(5 * credit)
		for range 4 {
			c.mustHold(c.message(models.CategoryMarketing))
		}
		require.Len(t, c.events(models.EventCreditsLow), 2)
		require.Empty(t, c.recharges())
	})
}

func TestSetAutoRecharge_refuses(t *testing.T) {
	onEach(t, func(t *testing.T, c *counter) {
		good := credits.AutoRecharge{Enabled: true, Threshold: credit, Amount: 20 * credit, MonthlyCeiling: 50 * credit, Currency: "USD"}
		try := func(viewer models.Viewer, change func(*credits.AutoRecharge)) (code models.Code, field string) {
			wish := good
			change(&wish)
			_, err := c.SetAutoRecharge(t.Context(), viewer, wish)
			require.Error(t, err)
			failure, ok := errors.AsType[*models.Error](err)
			require.True(t, ok)
			return failure.Code, failure.Field
		}
		expect := func(wantCode models.Code, wantField string, viewer models.Viewer, change func(*credits.AutoRecharge)) {
			t.Helper()
			code, field := try(viewer, change)
			require.Equal(t, wantCode, code)
			require.Equal(t, wantField, field)
		}
		administrator := c.administrator()
		expect(models.CodeForbidden, "", c.Viewer(c.Replier), func(*credits.AutoRecharge) {})
		expect(models.CodeRequired, "paymentMethodId", administrator, func(*credits.AutoRecharge) {})
		expect(models.CodeNotFound, "paymentMethodId", administrator, func(a *credits.AutoRecharge) { a.PaymentMethodID = new(models.NewID()) })
		expect(models.CodeInvalid, "threshold", administrator, func(a *credits.AutoRecharge) { a.Threshold = -1 })
		expect(models.CodeInvalid, "amount", administrator, func(a *credits.AutoRecharge) { a.Amount = credit / 2 })
		expect(models.CodeInvalid, "monthlyCeiling", administrator, func(a *credits.AutoRecharge) { a.MonthlyCeiling = credit })
		expect(models.CodeInvalid, "currency", administrator, func(a *credits.AutoRecharge) { a.Currency = "XXX" })
		c.recharging()
		expect(models.CodeConflict, "expectedVersion", administrator, func(a *credits.AutoRecharge) { a.ExpectedVersion = new(int64(0)) })
	})
}
