package simulator

import "time"

// Category is what a message is charged as (§12).
type Category string

// Categories of templates, and service for everything that is no template.
const (
	Marketing      Category = "marketing"
	Utility        Category = "utility"
	Authentication Category = "authentication"
	Service        Category = "service"
)

// serviceCharged is the day from which service messages, and utility templates
// inside a window, are charged (§12.1).
var serviceCharged = time.Date(2026, time.October, 1, 0, 0, 0, 0, time.UTC)

// pricing is the object of that name in statuses (§3.5).
type pricing struct {
	Billable     bool     `json:"billable"`
	PricingModel string   `json:"pricing_model"`
	Type         string   `json:"type"`
	Category     Category `json:"category"`
}

// priceOf follows the table of §12.2 for per-message pricing. What the 1,000
// free service messages of a month are called is not known, so every service
// message from October 2026 on is labelled as charged.
func priceOf(category Category, insideWindow bool, at time.Time) pricing {
	free := at.Before(serviceCharged) && (category == Service || (category == Utility && insideWindow))
	if free {
		return pricing{Billable: false, PricingModel: "PMP", Type: "free_customer_service", Category: category}
	}
	return pricing{Billable: true, PricingModel: "PMP", Type: "regular", Category: category}
}
