package gqlmodel

import (
	"time"

	"recado/models"
)

// Messages a second by Meta's level of throughput, and for numbers that are used in
// the WhatsApp Business app too (reference/whatsapp-cloud-api.md §8.2, §10.4).
const (
	standardThroughput    = 80
	highThroughput        = 1000
	businessAppThroughput = 20
)

func (c *Channel) facts() models.ChannelFacts {
	if c.Facts == nil {
		return models.ChannelFacts{}
	}
	return *c.Facts
}

// VerifiedName is the name that customers see.
func (c *Channel) VerifiedName() *string { return unlessEmpty(c.facts().VerifiedName.Value) }

// NameStatus is Meta's decision on that name.
func (c *Channel) NameStatus() *string { return unlessEmpty(c.facts().NameStatus.Value) }

// NameRejectionReason is why a name was declined.
func (c *Channel) NameRejectionReason() *string { return unlessEmpty(c.facts().NameRejection.Value) }

// QualityRating is how good Meta finds what is sent.
func (c *Channel) QualityRating() ChannelQualityRating {
	return qualityRating(c.facts().QualityRating.Value)
}

func qualityRating(text string) ChannelQualityRating {
	if rating := ChannelQualityRating(text); rating.IsValid() {
		return rating
	}
	return ChannelQualityRatingUnknown
}

// MessagingLimit is how many customers may be written to first in a day.
func (c *Channel) MessagingLimit() *ChannelMessagingLimit {
	switch told := c.facts().MessagingLimit; {
	case told.At.IsZero():
		return nil
	case told.Value == models.UnlimitedMessaging:
		return &ChannelMessagingLimit{IsUnlimited: true}
	default:
		limit := int32(min(told.Value, 1<<30))
		return &ChannelMessagingLimit{CustomersPerDay: &limit}
	}
}

// MessagesPerSecond is the pace that Meta takes; nil if it is not known.
func (c *Channel) MessagesPerSecond() *int {
	switch facts := c.facts(); {
	case facts.BusinessApp.Value:
		return new(businessAppThroughput)
	case facts.Throughput.Value == "STANDARD":
		return new(standardThroughput)
	case facts.Throughput.Value == "HIGH":
		return new(highThroughput)
	}
	return nil
}

// NumberStatus is Meta's state of the number.
func (c *Channel) NumberStatus() *string { return unlessEmpty(c.facts().NumberStatus.Value) }

// AccountReviewStatus is Meta's decision on the account.
func (c *Channel) AccountReviewStatus() *string { return unlessEmpty(c.facts().AccountReview.Value) }

// Violation is what Meta last reproached the account with.
func (c *Channel) Violation() *string { return unlessEmpty(c.facts().Violation.Value) }

// Ban is whether Meta switches the account off.
func (c *Channel) Ban() *string { return unlessEmpty(c.facts().Ban.Value) }

// AccessTokenLastFour are the last characters of the token; nil without one.
func (c *Channel) AccessTokenLastFour() *string { return unlessEmpty(c.AccessTokenHint) }

// AccessTokenExpiresAt is when the token ends.
func (c *Channel) AccessTokenExpiresAt() *time.Time { return c.TokenExpiresAt }

// RestrictedAt lists what Meta forbids at a time.
func (c *Channel) RestrictedAt(now time.Time) []ChannelRestriction {
	current := c.facts().RestrictedAt(now)
	shown := make([]ChannelRestriction, len(current))
	for i, restriction := range current {
		shown[i] = ChannelRestriction{Type: restriction.Type, ExpiresAt: restriction.ExpiresAt}
	}
	return shown
}

// Notices are Meta's alerts.
func (c *Channel) Notices() []ChannelAlert {
	alerts := c.facts().Alerts
	shown := make([]ChannelAlert, len(alerts))
	for i, alert := range alerts {
		shown[i] = ChannelAlert{
			Type: alert.Value.Type, Severity: alert.Value.Severity, Status: alert.Value.Status,
			Description: unlessEmpty(alert.Value.Description), At: alert.At,
		}
	}
	return shown
}

// Health is how the channel does.
func (c *Channel) Health() *ChannelHealth {
	health := &ChannelHealth{
		IsHealthy:     c.Status == models.ChannelConnected && len(c.Problems) == 0,
		LastWebhookAt: c.LastWebhookAt, CheckedAt: c.CheckedAt, Problems: make([]ChannelProblem, len(c.Problems)),
	}
	for i, problem := range c.Problems {
		health.Problems[i] = ChannelProblem{Code: problem.Code, Details: unlessEmpty(problem.Details), Since: problem.Since}
	}
	return health
}

// ChannelProblem is models.ChannelProblem as clients see it.
type ChannelProblem struct {
	Code    models.ChannelProblemCode
	Details *string
	Since   time.Time
}
