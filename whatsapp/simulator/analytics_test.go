package simulator_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPricingAnalytics_counts_what_was_delivered(t *testing.T) {
	w := newWorld(t)
	w.iris(irisWAID)
	w.send(text(irisWAID, "one"))
	ask := func(from time.Time) []any {
		fields := "pricing_analytics.start(" + unix(from) + ").end(" + unix(from.Add(24*time.Hour)) + ").granularity(DAILY).metric_types([VOLUME])"
		var answer struct {
			Analytics struct {
				Data []struct {
					Points []any `json:"data_points"`
				} `json:"data"`
			} `json:"pricing_analytics"`
		}
		raw := w.call(bearer, http.MethodGet, "/v26.0/"+waba+"?fields="+url.QueryEscape(fields), nil).raw
		require.NoError(t, json.Unmarshal([]byte(raw), &answer))
		require.Len(t, answer.Analytics.Data, 1)
		return answer.Analytics.Data[0].Points
	}
	day := start.Truncate(24 * time.Hour)
	require.Empty(t, ask(day), "it has not arrived")
	w.pass(5 * time.Second)
	require.Equal(t, []any{map[string]any{
		"start": float64(day.Unix()), "end": float64(day.Add(24 * time.Hour).Unix()), "country": "GB",
		"pricing_type": "REGULAR", "pricing_category": "SERVICE", "volume": 1.0,
	}}, ask(day))
	require.Empty(t, ask(day.Add(-24*time.Hour)))
}
