package simulator

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"
)

// pricingField is the aggregate among the fields of an account's node (§12.2). The
// reference does not show its answer, so the shape is that of Graph's other
// analytics.
var pricingField = regexp.MustCompile(`^pricing_analytics\.start\((\d{1,12})\)\.end\((\d{1,12})\)\.granularity\(DAILY\)`)

// pricingPoint is one line of the aggregate.
type pricingPoint struct {
	Start    int64  `json:"start"`
	End      int64  `json:"end"`
	Country  string `json:"country"`
	Type     string `json:"pricing_type"`
	Category string `json:"pricing_category"`
	Volume   int64  `json:"volume"`
}

// servePricing answers for the aggregate of an account, asked as pricingField has it.
func (s *Simulator) servePricing(c *call, a *account, asked []string) {
	start, _ := strconv.ParseInt(asked[1], 10, 64) // twelve digits fit
	end, _ := strconv.ParseInt(asked[2], 10, 64)
	s.mu.Lock()
	points := s.pricingPoints(a.id, time.Unix(start, 0), time.Unix(end, 0))
	s.mu.Unlock()
	c.answer(map[string]any{
		"id":                a.id,
		"pricing_analytics": map[string]any{"data": []any{map[string]any{"data_points": points}}},
	})
}

// pricingPoints counts the delivered messages of an account by day, type, category
// and country of the recipient. s.mu must be held.
func (s *Simulator) pricingPoints(wabaID string, from, to time.Time) []pricingPoint {
	counted := make(map[pricingPoint]int64)
	for _, m := range s.sent {
		if m.number.WABAID != wabaID || m.arrivedAt.IsZero() || m.at.Before(from) || !m.at.Before(to) {
			continue
		}
		day := m.at.UTC().Truncate(24 * time.Hour)
		counted[pricingPoint{
			Start: day.Unix(), End: day.Add(24 * time.Hour).Unix(), Country: regionOf(m.customer.WAID),
			Type: strings.ToUpper(m.price.Type), Category: strings.ToUpper(string(m.price.Category)),
		}]++
	}
	points := make([]pricingPoint, 0, len(counted))
	for point, volume := range maps.All(counted) {
		point.Volume = volume
		points = append(points, point)
	}
	slices.SortFunc(points, func(a, b pricingPoint) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.Country, b.Country), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Category, b.Category))
	})
	return points
}

// regionOf is the country of a wa_id, empty if it cannot be told.
func regionOf(waID string) string {
	number, err := phonenumbers.Parse("+"+waID, "")
	if err != nil {
		return ""
	}
	if region := phonenumbers.GetRegionCodeForNumber(number); region != "" {
		return region
	}
	return phonenumbers.GetRegionCodeForCountryCode(int(number.GetCountryCode()))
}
