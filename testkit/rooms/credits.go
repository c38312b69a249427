package rooms

import (
	"recado/credits"
	"recado/models"
	"recado/store"
)

// Spend sends a marketing template on Open to somebody new in Brazil, which arrives and
// is charged.
func (r *Rooms) Spend(template string) {
	message, ctx := models.NewID(), r.Context()
	r.Write(func(tx *store.Tx) error {
		_, err := r.Credits.Hold(ctx, tx, credits.HoldRequest{
			OrganizationID: r.Organization.ID, MessageID: message, ChannelID: r.Open.ID, ContactID: models.NewID(),
			Category: models.CategoryMarketing, Country: "BR", TemplateName: template,
		})
		return err
	})
	r.Arrive(message, models.MessagePricing{Type: "regular", Category: "marketing"})
}

// Arrive has credits hear that a message was delivered, and what Meta says of its price.
func (r *Rooms) Arrive(message models.ID, pricing models.MessagePricing) {
	r.Write(func(tx *store.Tx) error {
		return r.Credits.Settle(r.Context(), tx, credits.Report{
			OrganizationID: r.Organization.ID, MessageID: message, Delivered: true, At: tx.Now(), Pricing: &pricing,
		})
	})
}
