package credits

import (
	"context"
	"fmt"

	"gorm.io/gorm/clause"

	"recado/models"
	"recado/store"
)

// What came of a payment event.
const (
	eventApplied  = "APPLIED"
	eventIgnored  = "IGNORED"         // it is about a purchase of another installation, or changes nothing
	eventMismatch = "AMOUNT_MISMATCH" // somebody has to look: money came, but not what the purchase costs
)

// TakePayment takes a webhook delivery of the payment provider. It returns nil once
// what the delivery says is stored, also if it says nothing of ours or came before; an
// error has the provider send it again. UNAUTHENTICATED if the signature is not the
// provider's; NOT_FOUND if there is no provider that sends any.
//
// Credits are only added if the paid amount and currency are those of the purchase. A
// payment of another amount is logged as an error, for the operator to settle.
func (s *Service) TakePayment(ctx context.Context, body []byte, signature string) error {
	provider, ok := s.provider.(Webhook)
	if !ok {
		return models.ErrNotFound
	}
	payment, err := provider.Payment(body, signature)
	if err != nil || payment == nil {
		return err
	}
	var outcome string
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		if outcome, err = s.applyPayment(ctx, tx, *payment); err != nil {
			return err
		}
		event := models.PaymentEvent{
			Provider: s.provider.Name(), EventID: payment.EventID, Kind: payment.Kind, Outcome: outcome, CreatedAt: tx.Now(),
		}
		return tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&event).Error
	})
	if err != nil {
		return fmt.Errorf("take payment event %s: %w", payment.EventID, err)
	}
	if outcome == eventMismatch {
		s.log.ErrorContext(ctx, "a payment is not what the purchase costs: no credits were added",
			"purchase", payment.PurchaseID, "event", payment.EventID, "paid", payment.Minor, "currency", payment.Currency)
	}
	return nil
}

// applyPayment does what a payment event asks for, and says what came of it.
func (s *Service) applyPayment(ctx context.Context, tx *store.Tx, payment Payment) (string, error) {
	there, err := purchaseOf(tx, s.provider.Name(), payment)
	if err != nil || there == nil {
		return eventIgnored, err
	}
	books, err := open(tx, payment.OrganizationID) // puts the events about a purchase in order, so that those before are seen
	if err != nil {
		return "", err
	}
	var seen int64
	err = tx.Model(&models.PaymentEvent{}).Where("provider = ? AND event_id = ?", s.provider.Name(), payment.EventID).Count(&seen).Error
	if err != nil || seen > 0 {
		return eventIgnored, err
	}
	purchase, err := purchaseOf(tx, s.provider.Name(), payment)
	if err != nil {
		return "", err
	}
	if err := keepMethod(tx, s.provider.Name(), payment); err != nil {
		return "", err
	}
	switch {
	case payment.Outcome == models.PurchasePaid && (payment.Minor != purchase.Minor || payment.Currency != purchase.Currency):
		return eventMismatch, nil
	case payment.Outcome == models.PurchasePaid:
		return eventApplied, s.paid(ctx, tx, purchase.OrganizationID, purchase.ID, payment.Reference)
	case payment.Outcome == "" || purchase.Status != models.PurchasePending || purchase.Origin != models.OriginPerson:
		return eventIgnored, nil // automatic purchases learn of refusals by their own job
	}
	purchase.Status, purchase.FailureCode, purchase.PaymentURL, purchase.UpdatedAt = payment.Outcome, payment.FailureCode, "", tx.Now()
	if err := tx.Save(purchase).Error; err != nil {
		return "", fmt.Errorf("keep purchase %s: %w", purchase.ID, err)
	}
	return eventApplied, tellPurchase(tx, books.of(purchase.OrganizationID).balances, *purchase)
}

// purchaseOf reads the purchase that a payment is for; nil if there is none, or it is
// not the provider's.
func purchaseOf(tx *store.Tx, provider models.PaymentProvider, payment Payment) (*models.CreditPurchase, error) {
	var purchases []models.CreditPurchase
	err := tx.Where("organization_id = ? AND id = ? AND provider = ?", payment.OrganizationID, payment.PurchaseID, provider).
		Limit(1).Find(&purchases).Error
	if err != nil {
		return nil, fmt.Errorf("read purchase %s: %w", payment.PurchaseID, err)
	}
	if len(purchases) == 0 {
		return nil, nil //nolint:nilnil // of another installation
	}
	return &purchases[0], nil
}

// keepMethod keeps a way to pay that a person allowed to be used again.
func keepMethod(tx *store.Tx, provider models.PaymentProvider, payment Payment) error {
	if payment.CustomerRef == "" || payment.MethodRef == "" {
		return nil
	}
	method := models.PaymentMethod{
		OrganizationID: payment.OrganizationID, ID: models.NewID(), Provider: provider,
		CustomerRef: payment.CustomerRef, MethodRef: payment.MethodRef, CreatedAt: tx.Now(),
	}
	if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&method).Error; err != nil {
		return fmt.Errorf("keep payment method: %w", err)
	}
	return nil
}
