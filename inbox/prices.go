package inbox

import (
	"context"
	"time"

	"recado/credits"
	"recado/models"
	"recado/store"
	"recado/whatsapp"
)

// bill is what a transaction does that credits have to know of. It is settled at the
// end of the transaction, because the accounts come last in the order of locks.
type bill struct {
	held    []credits.HoldRequest
	wrote   []credits.Wrote
	reports []credits.Report
}

// pricedAs is as what a message is priced.
func pricedAs(message models.Message) models.PricingCategory {
	if message.Content != nil && message.Content.Template != nil {
		return models.PricingCategory(message.Content.Template.Category)
	}
	return models.CategoryService
}

// offer is what a message would cost; nil: nothing.
func (s *Service) offer(ctx context.Context, conversation models.Conversation, message models.Message) (*credits.Offer, error) {
	if s.credits == nil {
		return nil, nil //nolint:nilnil // nothing costs anything
	}
	return s.credits.Offer(ctx, holdRequest(conversation, message, s.clock()))
}

// hold has credits kept for a message that is about to be queued, if it may cost
// something. If there are not enough, the transaction fails in the end with
// INSUFFICIENT_CREDITS.
func (s *Service) hold(tx *store.Tx, changes *changes, conversation models.Conversation, message *models.Message) error {
	if s.credits == nil {
		return nil
	}
	request := holdRequest(conversation, *message, tx.Now())
	costs, err := s.credits.Costs(tx.DB, request.OrganizationID, request.Category)
	if err != nil || !costs {
		return err
	}
	message.PricingCategory = &request.Category
	changes.bill.held = append(changes.bill.held, request)
	return nil
}

// holdRequest is what the price of a message depends on.
func holdRequest(conversation models.Conversation, message models.Message, now time.Time) credits.HoldRequest {
	request := credits.HoldRequest{
		OrganizationID: message.OrganizationID, MessageID: message.ID, ChannelID: message.ChannelID, ContactID: conversation.ContactID,
		Category: pricedAs(message), Country: whatsapp.Country(conversation.CustomerWAID),
		FreeEntryPoint: conversation.FreeEntryExpiresAt != nil && now.Before(*conversation.FreeEntryExpiresAt),
	}
	if message.Content != nil && message.Content.Template != nil {
		request.TemplateName = message.Content.Template.Name
	}
	return request
}

// hear notes a customer's message, whose conversation has not taken it in yet. The one
// that opens the service window may begin a conversation that counts.
func (c *changes) hear(conversation *changing, message models.Message) {
	if !message.FromCustomer() || conversation.WindowOpen(message.HeardAt()) {
		return
	}
	c.bill.wrote = append(c.bill.wrote, credits.Wrote{
		OrganizationID: conversation.OrganizationID, ChannelID: conversation.ChannelID, ContactID: conversation.ContactID,
		At: message.HeardAt(),
	})
}

// reportPrice notes what a status says of the price of a message.
func (c *changes) reportPrice(message *models.Message, change models.StatusChange, pricing *models.MessagePricing) {
	if message.PricingCategory == nil {
		return
	}
	report := credits.Report{
		OrganizationID: message.OrganizationID, MessageID: message.ID, At: change.At, Pricing: pricing,
	}
	switch change.Status {
	case models.StatusDelivered, models.StatusRead, models.StatusPlayed:
		report.Delivered = true
	case models.StatusSent:
	default:
		return
	}
	c.bill.reports = append(c.bill.reports, report)
}

// settle has credits take in what happened, when the transaction ends.
func (c *changes) settle() {
	if c.credits == nil {
		return
	}
	due, ended := c.bill, c.ended()
	c.bill = bill{}
	if len(due.held)+len(due.wrote)+len(due.reports)+len(ended) == 0 {
		return
	}
	c.tx.Last(func() error {
		ctx := c.tx.Statement.Context
		if err := c.credits.CustomersWrote(c.tx, due.wrote...); err != nil {
			return err
		}
		for _, request := range due.held {
			if _, err := c.credits.Hold(ctx, c.tx, request); err != nil {
				return err
			}
		}
		if err := c.credits.Settle(ctx, c.tx, due.reports...); err != nil {
			return err
		}
		for _, message := range ended {
			reason := models.ReleaseFailed
			if message.Status == models.StatusCanceled {
				reason = models.ReleaseCanceled
			}
			if err := c.credits.Release(ctx, c.tx, message.OrganizationID, message.ID, reason); err != nil {
				return err
			}
		}
		return nil
	})
}

// ended are the messages that cost something and will not arrive.
func (c *changes) ended() (ended []models.Message) {
	for _, message := range c.moved {
		if message.PricingCategory != nil && (message.Status == models.StatusFailed || message.Status == models.StatusCanceled) {
			ended = append(ended, *message)
		}
	}
	return ended
}

// pricingOf is what a status says of the price.
func pricingOf(status whatsapp.Status) *models.MessagePricing {
	if status.Pricing == nil {
		return nil
	}
	return &models.MessagePricing{
		Billable: status.Pricing.Billable, Model: status.Pricing.Model, Type: status.Pricing.Type, Category: status.Pricing.Category,
	}
}
