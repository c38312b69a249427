package models

import "time"

// DeliveryOutcome is what became of a webhook delivery.
type DeliveryOutcome string

// The outcomes.
const (
	DeliveryProcessed DeliveryOutcome = "PROCESSED" // everything in it was applied, or had been before
	DeliveryIgnored   DeliveryOutcome = "IGNORED"   // nothing in it concerns us: unknown number, dashboard test, field we do not use
	DeliveryFailed    DeliveryOutcome = "FAILED"    // something in it could not be applied; Reason says what. It can be replayed
)

// WebhookDelivery is one webhook POST from Meta, kept as it came so that nothing is
// ever lost to a fault of ours.
type WebhookDelivery struct {
	ID         ID              `gorm:"type:uuid;primaryKey"`
	Body       []byte          `gorm:"not null"`
	Outcome    DeliveryOutcome `gorm:"not null"`
	Reason     string          `gorm:"not null"`
	Attempts   int             `gorm:"not null"`
	ReceivedAt time.Time       `gorm:"not null;index:webhook_deliveries_received_at_idx"`
	AppliedAt  *time.Time      // when it was last applied
}
