package whatsapp

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPricingAnalytics(t *testing.T) {
	from := time.Date(2026, time.November, 22, 0, 0, 0, 0, time.UTC)
	var asked string
	answer := `{"pricing_analytics":{"data":[{"data_points":[
		{"start":1795305600,"end":1795392000,"country":"BR","pricing_type":"REGULAR","pricing_category":"MARKETING","volume":12,"cost":0.75},
		{"start":"1795305600","end":"1795392000","pricing_type":"FREE_ENTRY_POINT","pricing_category":"REFERRAL_CONVERSION","volume":"3"}]}]},"id":"214705829341166"}`
	g := newGraph(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.Path + "?" + r.URL.Query().Get("fields")
		reply(http.StatusOK, answer)(w, r)
	})
	points, err := g.PricingAnalytics(t.Context(), testCreds, "214705829341166", from, from.AddDate(0, 0, 1))
	require.NoError(t, err)
	require.Contains(t, asked, "/214705829341166?pricing_analytics.start(1795305600).end(1795392000).granularity(DAILY)")
	require.Equal(t, []PricingPoint{
		{Start: from, End: from.AddDate(0, 0, 1), Country: "BR", Type: "REGULAR", Category: "MARKETING", Volume: 12},
		{Start: from, End: from.AddDate(0, 0, 1), Type: "FREE_ENTRY_POINT", Category: "REFERRAL_CONVERSION", Volume: 3},
	}, points)

	answer = `{"id":"214705829341166"}`
	points, err = g.PricingAnalytics(t.Context(), testCreds, "214705829341166", from, from.AddDate(0, 0, 1))
	require.NoError(t, err)
	require.Empty(t, points, "no messages")
	answer = `{"pricing_analytics":{"data":[{"data_points":[{"start":1,"end":2,"volume":"many"}]}]}}`
	_, err = g.PricingAnalytics(t.Context(), testCreds, "214705829341166", from, from.AddDate(0, 0, 1))
	require.Error(t, err)
	_, err = g.PricingAnalytics(t.Context(), testCreds, "../me", from, from.AddDate(0, 0, 1))
	require.Error(t, err)
}
