package credits_test

import (
	"encoding/csv"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/credits"
	"recado/jobs"
	"recado/models"
	"recado/store"
	"recado/whatsapp"
	"recado/whatsapp/simulator"
)

// deliver sends a message that arrives and is charged.
func (c *counter) deliver(change func(*credits.HoldRequest)) models.ID {
	c.t.Helper()
	request := c.message(models.CategoryMarketing)
	if change != nil {
		change(&request)
	}
	hold := c.mustHold(request)
	c.settle(c.delivered(hold.MessageID, charged(strings.ToLower(string(request.Category)))))
	return hold.MessageID
}

func TestUsage(t *testing.T) {
	onEach(t, func(t *testing.T, c *counter) {
		c.has(100 * credit)
		administrator := c.administrator()
		c.deliver(nil)
		c.deliver(func(r *credits.HoldRequest) { r.Country, r.TemplateName = "PT", "=cmd()" })
		c.clock.advance(24 * time.Hour)
		c.deliver(func(r *credits.HoldRequest) { r.Category, r.ChannelID = models.CategoryUtility, c.Closed.ID })
		freed := c.mustHold(c.message(models.CategoryMarketing))
		c.settle(c.delivered(freed.MessageID, free("free_customer_service", "marketing")))
		failed := c.mustHold(c.message(models.CategoryMarketing))
		c.release(failed.MessageID, models.ReleaseFailed)

		sums := func(by credits.UsageBy, from, to time.Time) (lines []string) {
			rows, err := c.Usage(t.Context(), administrator, credits.UsageReport{From: from, To: to, By: by})
			require.NoError(t, err)
			for _, row := range rows {
				name := map[credits.UsageBy]string{
					credits.UsageByDay: row.Day.UTC().Format(time.DateOnly), credits.UsageByCategory: string(row.Category),
					credits.UsageByCountry: row.Country, credits.UsageByChannel: row.ChannelID.String(), credits.UsageByTemplate: row.TemplateName,
				}[by]
				lines = append(lines, name+" "+row.Charged.String())
				require.LessOrEqual(t, row.Billable, row.Messages)
			}
			return lines
		}
		both := morning.Add(24 * time.Hour)
		require.Equal(t, []string{"2026-11-10 2", "2026-11-11 1"}, sums(credits.UsageByDay, morning, both))
		require.Equal(t, []string{"MARKETING 2", "UTILITY 1"}, sums(credits.UsageByCategory, morning, both))
		require.Equal(t, []string{"BR 2", "PT 1"}, sums(credits.UsageByCountry, morning, both))
		require.Equal(t, []string{c.Open.ID.String() + " 2", c.Closed.ID.String() + " 1"}, sums(credits.UsageByChannel, morning, both))
		require.Equal(t, []string{"aviso 2", "=cmd() 1"}, sums(credits.UsageByTemplate, morning, both))
		require.Equal(t, []string{"2026-11-11 1"}, sums(credits.UsageByDay, both, both))

		days, err := c.Forecast(t.Context(), administrator)
		require.NoError(t, err)
		require.EqualValues(t, 905, *days, "97 credits, at 3 in 28 days")

		for field, wrong := range map[string]credits.UsageReport{
			"by": {From: morning, To: both, By: "WEATHER"},
			"to": {From: both, To: morning, By: credits.UsageByDay},
		} {
			_, err := c.Usage(t.Context(), administrator, wrong)
			require.ErrorContains(t, err, "("+field+")")
		}
		_, err = c.Usage(t.Context(), c.Viewer(c.Replier), credits.UsageReport{From: morning, To: both, By: credits.UsageByDay})
		require.Equal(t, models.CodeForbidden, models.CodeOf(err))
	})
}

func TestExport(t *testing.T) {
	onEach(t, func(t *testing.T, c *counter) {
		c.Service = credits.New(credits.Rooms{DB: c.db, Queue: jobs.New(c.db, jobs.Options{})},
			credits.Options{Clock: c.clock.Now, PublicURL: "https://recado.example", SigningKey: []byte("a key of the tests")})
		c.has(10 * credit)
		c.deliver(func(r *credits.HoldRequest) { r.TemplateName = "=cmd()" })
		address, expires, err := c.ExportURL(c.administrator(), morning, morning)
		require.NoError(t, err)
		require.Equal(t, morning.Add(5*time.Minute), expires)
		parsed, err := url.Parse(address)
		require.NoError(t, err)
		require.Equal(t, credits.ExportPath, parsed.Path)

		text, err := c.Export(t.Context(), parsed.Query())
		require.NoError(t, err)
		lines, err := csv.NewReader(strings.NewReader(string(text))).ReadAll()
		require.NoError(t, err)
		require.Equal(t, [][]string{
			{"day", "channel", "category", "country", "template", "messages", "billable", "credits"},
			{"2026-11-10", models.PublicID(models.PrefixChannel, c.Open.ID), "MARKETING", "BR", "'=cmd()", "1", "1", "1"},
		}, lines)

		for name, value := range map[string]string{
			"organization": models.NewID().String(), "from": "2026-11-09", "to": "2026-11-11", "expires": "9999999999", "signature": "AAAA",
		} {
			forged := parsed.Query()
			forged.Set(name, value)
			_, err := c.Export(t.Context(), forged)
			require.Equal(t, models.CodeForbidden, models.CodeOf(err), name)
		}
		c.clock.advance(5 * time.Minute)
		_, err = c.Export(t.Context(), parsed.Query())
		require.Equal(t, models.CodeForbidden, models.CodeOf(err), "its time is over")
		_, _, err = c.ExportURL(c.Viewer(c.Replier), morning, morning)
		require.Equal(t, models.CodeForbidden, models.CodeOf(err))
	})
}

func TestEntries_and_Purchases_are_listed(t *testing.T) {
	onEach(t, func(t *testing.T, c *counter) {
		c.has(10 * credit)
		c.clock.advance(time.Second)
		c.deliver(nil)
		administrator := c.administrator()
		one := 1
		page, err := c.Entries(t.Context(), administrator, store.PageRequest{First: &one})
		require.NoError(t, err)
		require.Len(t, page.Rows, 1)
		require.True(t, page.HasNext)
		after := page.Cursor(0)
		rest, err := c.Entries(t.Context(), administrator, store.PageRequest{After: &after})
		require.NoError(t, err)
		require.Len(t, rest.Rows, 2)
		for _, entry := range append(page.Rows, rest.Rows...) {
			var sum models.Credits
			for _, posting := range entry.Postings {
				sum += posting.Amount
			}
			require.NotEmpty(t, entry.Postings)
			require.Zero(t, sum)
		}
		_, err = c.Entries(t.Context(), c.Viewer(c.Replier), store.PageRequest{})
		require.Equal(t, models.CodeForbidden, models.CodeOf(err))

		bought, err := c.Buy(t.Context(), administrator, credits.Purchase{Credits: credit, Currency: "USD", IdempotencyKey: "k"})
		require.NoError(t, err)
		purchases, err := c.Purchases(t.Context(), administrator, nil, store.PageRequest{})
		require.NoError(t, err)
		require.Equal(t, bought.ID, purchases.Rows[0].ID)
		paid := models.PurchasePaid
		purchases, err = c.Purchases(t.Context(), administrator, &paid, store.PageRequest{})
		require.NoError(t, err)
		require.Empty(t, purchases.Rows)
		_, err = c.Purchases(t.Context(), administrator, nil, store.PageRequest{After: &after})
		require.Equal(t, models.CodeInvalid, models.CodeOf(err), "a cursor of another list")
		hidden, err := c.PurchaseByID(t.Context(), c.Viewer(c.Replier), bought.ID)
		require.NoError(t, err)
		require.Nil(t, hidden)
		stranger := c.administrator()
		stranger.OrganizationID = models.NewID()
		hidden, err = c.PurchaseByID(t.Context(), stranger, bought.ID)
		require.NoError(t, err)
		require.Nil(t, hidden, "of another organization")
	})
}

func TestReconcile(t *testing.T) {
	onEach(t, func(t *testing.T, c *counter) {
		clock := simulator.NewManualClock(morning)
		meta := simulator.New(simulator.Options{Clock: clock, Seed: 1})
		graph := httptest.NewServer(meta)
		t.Cleanup(func() {
			graph.Close()
			require.NoError(t, meta.Close())
		})
		require.NoError(t, meta.AddNumber(simulator.Number{
			ID: c.Open.PhoneNumberID, DisplayNumber: "551140040000", WABAID: c.Open.WABAID, VerifiedName: "Aurora", Token: "EAAdemo",
		}))
		meta.Customer(simulator.Customer{WAID: "5511987654321", Name: "Iris"}).SendText(c.Open.PhoneNumberID, "oi")
		client := whatsapp.NewClient(whatsapp.Options{BaseURL: graph.URL, Version: "v26.0"})
		c.Service = credits.New(credits.Rooms{
			DB: c.db, Queue: jobs.New(c.db, jobs.Options{}), Meta: client,
			AccessToken: func(models.Channel) (string, error) { return "EAAdemo", nil },
		}, credits.Options{Clock: c.clock.Now})

		_, err := client.Send(t.Context(), whatsapp.Credentials{PhoneNumberID: c.Open.PhoneNumberID, AccessToken: "EAAdemo"},
			whatsapp.OutboundMessage{To: "5511987654321", Content: whatsapp.TextMessage{Body: "bom dia"}})
		require.NoError(t, err)
		clock.Advance(5 * time.Second)
		c.clock.advance(24 * time.Hour)

		require.NoError(t, c.Reconcile(t.Context()))
		require.NoError(t, c.Reconcile(t.Context()))
		require.Len(t, c.events(models.EventCreditsReconciliationOff), 1, "a difference is told once")
		differ, err := c.Reconciliations(t.Context(), c.administrator())
		require.NoError(t, err)
		require.Len(t, differ, 1)
		require.EqualValues(t, 0, differ[0].Ours)
		require.EqualValues(t, 1, differ[0].Metas)
		require.Equal(t, models.CategoryService, differ[0].Category)
		require.Equal(t, "BR", differ[0].Country)

		// What the ledger counts as well is no difference.
		c.Save(&models.CreditUsage{
			OrganizationID: c.Organization.ID, Day: models.DayOf(morning), ChannelID: c.Open.ID, Category: models.CategoryService,
			Country: "BR", Messages: 1, Billable: 1,
		})
		require.NoError(t, c.Reconcile(t.Context()))
		differ, err = c.Reconciliations(t.Context(), c.administrator())
		require.NoError(t, err)
		require.Empty(t, differ)
		require.Len(t, c.events(models.EventCreditsReconciliationOff), 1)

		meta.RevokeToken("EAAdemo")
		require.Error(t, c.Reconcile(t.Context()), "an account that cannot be read")
	})
}
