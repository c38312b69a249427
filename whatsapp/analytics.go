package whatsapp

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// PricingPoint is what Meta counted of one kind of message in a time
// (reference/whatsapp-cloud-api.md §12.2). Its texts are open sets, in upper
// case.
type PricingPoint struct {
	Start, End time.Time
	// Country is that of the recipients, ISO 3166-1 alpha-2; it may be empty.
	Country  string
	Type     string
	Category string
	Volume   int64
}

// PricingAnalytics reads Meta's own count of the delivered messages of a
// WhatsApp Business account, by day, category, type and country. The phone number
// of the credentials is only one whose token may see the account.
//
// The shape of the answer is not in the reference; it is read as Graph's other
// analytics are, and an answer without points is one without messages.
func (c *Client) PricingAnalytics(ctx context.Context, creds Credentials, wabaID string, start, end time.Time) ([]PricingPoint, error) {
	if wabaID == "" || Digits(wabaID) != wabaID {
		return nil, invalidRequest("the account id %q is not a number", shorten(wabaID))
	}
	field := fmt.Sprintf("pricing_analytics.start(%d).end(%d).granularity(DAILY).metric_types([VOLUME])"+
		".dimensions([PRICING_CATEGORY,PRICING_TYPE,COUNTRY])", start.Unix(), end.Unix())
	var points []PricingPoint
	err := c.do(ctx, creds, call{
		name:       "read pricing analytics",
		method:     http.MethodGet,
		object:     wabaID,
		query:      "fields=" + url.QueryEscape(field),
		repeatable: true,
		decode: func(answer []byte) (err error) {
			points, err = decodePricing(answer)
			return err
		},
	})
	if err != nil {
		return nil, err
	}
	return points, nil
}

func decodePricing(answer []byte) ([]PricingPoint, error) {
	var wire struct {
		Analytics struct {
			Data []struct {
				Points []struct {
					Start    flexible `json:"start"`
					End      flexible `json:"end"`
					Country  flexible `json:"country"`
					Type     flexible `json:"pricing_type"`
					Category flexible `json:"pricing_category"`
					Volume   flexible `json:"volume"`
				} `json:"data_points"`
			} `json:"data"`
		} `json:"pricing_analytics"`
	}
	if err := decodeAnswer(answer, &wire); err != nil {
		return nil, err
	}
	var points []PricingPoint
	for _, data := range wire.Analytics.Data {
		for _, point := range data.Points {
			start, err := unixSeconds(point.Start)
			if err != nil {
				return nil, fmt.Errorf("start of a data point: %w", err)
			}
			end, err := unixSeconds(point.End)
			if err != nil {
				return nil, fmt.Errorf("end of a data point: %w", err)
			}
			var volume int64
			if _, err := fmt.Sscan(string(point.Volume), &volume); err != nil {
				return nil, fmt.Errorf("volume of a data point: %w", err)
			}
			points = append(points, PricingPoint{
				Start: start, End: end, Country: string(point.Country), Type: string(point.Type), Category: string(point.Category), Volume: volume,
			})
		}
	}
	return points, nil
}
