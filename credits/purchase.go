package credits

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"gorm.io/gorm"

	"recado/models"
	"recado/store"
)

// Purchase is a wish to buy credits.
type Purchase struct {
	Credits        models.Credits `json:"credits"`  // whole credits, 1 to MaxPurchase
	Currency       string         `json:"currency"` // ISO 4217, one that credits are sold in
	IdempotencyKey string         `json:"-"`        // 1 to 64 characters; the same key and input buy once
}

// MaxPurchase is how much can be bought at once.
const MaxPurchase = 100_000 * models.Credit

const purchaseMutation = "creditPurchase"

// Buy begins a purchase. With a payment provider the answer says where to pay; without
// one an administrator records the payment with RecordPayment. Called again with the
// same key and input within a day it returns the same purchase as it is then.
//
// Failures: FORBIDDEN, INVALID and REQUIRED with the field, IDEMPOTENCY_KEY_REUSED,
// PAYMENT_UNAVAILABLE if the provider does not answer: try again with the same key.
func (s *Service) Buy(ctx context.Context, viewer models.Viewer, wish Purchase) (models.CreditPurchase, error) {
	if err := requireAdministrator(viewer); err != nil {
		return models.CreditPurchase{}, err
	}
	if err := wish.validate(); err != nil {
		return models.CreditPurchase{}, err
	}
	var purchase models.CreditPurchase
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		earlier, err := store.RememberedResult(tx, viewer, purchaseMutation, wish.IdempotencyKey, wish)
		if err != nil {
			return err
		}
		if earlier != nil {
			return tx.Take(&purchase, "organization_id = ? AND id = ?", viewer.OrganizationID, *earlier).Error
		}
		price, err := priceIn(tx.DB, wish.Currency, tx.Now())
		if err != nil {
			return err
		}
		cost := price.Of(wish.Credits)
		purchase = models.CreditPurchase{
			OrganizationID: viewer.OrganizationID, ID: models.NewID(), Origin: models.OriginPerson,
			Provider: s.provider.Name(), Status: models.PurchasePending, Credits: wish.Credits,
			Currency: cost.Currency, Minor: cost.Minor, Digits: cost.Digits,
			RequestedByID: new(viewer.UserID), CreatedAt: tx.Now(), UpdatedAt: tx.Now(),
		}
		if err := store.RememberResult(tx, viewer, purchaseMutation, wish.IdempotencyKey, wish, purchase.ID); err != nil {
			return err
		}
		if err := tx.Create(&purchase).Error; err != nil {
			return fmt.Errorf("begin purchase: %w", err)
		}
		balances, err := balancesOf(tx.DB, viewer.OrganizationID)
		if err != nil {
			return err
		}
		return tellPurchase(tx, balances, purchase)
	})
	if err != nil {
		return models.CreditPurchase{}, err
	}
	return s.checkout(ctx, purchase)
}

// checkout has the provider prepare the payment, unless that is done.
func (s *Service) checkout(ctx context.Context, purchase models.CreditPurchase) (models.CreditPurchase, error) {
	if purchase.Status != models.PurchasePending || purchase.Reference != "" || purchase.Provider != s.provider.Name() {
		return purchase, nil
	}
	checkout, err := s.provider.Checkout(ctx, purchase, s.options.ReturnURL)
	if err != nil {
		s.log.WarnContext(ctx, "the payment provider refused or did not answer", "purchase", purchase.ID, "error", err)
		return models.CreditPurchase{}, models.NewError(models.CodePaymentUnavailable, "")
	}
	if checkout.Reference == "" {
		return purchase, nil
	}
	err = s.db.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		return tx.Model(&models.CreditPurchase{}).
			Where("organization_id = ? AND id = ? AND reference = ''", purchase.OrganizationID, purchase.ID).
			Updates(map[string]any{"reference": checkout.Reference, "payment_url": checkout.URL, "updated_at": tx.Now()}).Error
	})
	if err != nil {
		return models.CreditPurchase{}, fmt.Errorf("keep checkout of purchase %s: %w", purchase.ID, err)
	}
	purchase.Reference, purchase.PaymentURL = checkout.Reference, checkout.URL
	return purchase, nil
}

func (p Purchase) validate() error {
	if err := models.CheckIdempotencyKey(p.IdempotencyKey); err != nil {
		return err
	}
	if p.Credits < models.Credit || p.Credits > MaxPurchase || p.Credits%models.Credit != 0 {
		return models.NewError(models.CodeInvalid, "credits")
	}
	return nil
}

// priceIn is what a credit costs in a currency now. INVALID, with the field currency,
// if credits are not sold in it.
func priceIn(db *gorm.DB, currency string, now time.Time) (models.CreditPrice, error) {
	var prices []models.CreditPrice
	err := db.Where("currency = ? AND effective_from <= ?", currency, now).Order("effective_from DESC").Limit(1).Find(&prices).Error
	if err != nil {
		return models.CreditPrice{}, fmt.Errorf("read price of a credit in %s: %w", currency, err)
	}
	if len(prices) == 0 {
		return models.CreditPrice{}, models.NewError(models.CodeInvalid, "currency")
	}
	return prices[0], nil
}

// Prices are what a credit costs now, in every currency that credits are sold in.
func (s *Service) Prices(ctx context.Context) ([]models.CreditPrice, error) {
	var rows, now []models.CreditPrice
	err := s.db.Read(ctx).Where("effective_from <= ?", s.clock()).Order("currency, effective_from").Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read prices of a credit: %w", err)
	}
	for _, row := range rows {
		if len(now) > 0 && now[len(now)-1].Currency == row.Currency {
			now = now[:len(now)-1]
		}
		now = append(now, row)
	}
	return now, nil
}

// maxNote is the longest note of a payment, in characters.
const maxNote = 200

// RecordPayment notes that the money for a purchase came outside of any provider, and
// adds its credits. The note says how: a bank's reference, 1 to 200 characters.
// Repeating it is PAYMENT_NOT_PENDING, as it is for purchases that a provider takes
// the payment of. Other failures: FORBIDDEN, NOT_FOUND, REQUIRED and INVALID.
func (s *Service) RecordPayment(ctx context.Context, viewer models.Viewer, id models.ID, note string) (models.CreditPurchase, error) {
	if err := requireAdministrator(viewer); err != nil {
		return models.CreditPurchase{}, err
	}
	note = strings.TrimSpace(note)
	switch {
	case note == "":
		return models.CreditPurchase{}, models.NewError(models.CodeRequired, "note")
	case utf8.RuneCountInString(note) > maxNote:
		return models.CreditPurchase{}, models.NewError(models.CodeInvalid, "note").With("max", strconv.Itoa(maxNote))
	case !utf8.ValidString(note) || strings.ContainsRune(note, 0):
		return models.CreditPurchase{}, models.NewError(models.CodeInvalid, "note")
	}
	var purchase models.CreditPurchase
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		if _, err := open(tx, viewer.OrganizationID); err != nil {
			return err
		}
		there, err := found(tx.Take(&purchase, "organization_id = ? AND id = ?", viewer.OrganizationID, id).Error)
		if err != nil {
			return fmt.Errorf("read purchase %s: %w", id, err)
		}
		if !there {
			return models.NewError(models.CodeNotFound, "purchaseId")
		}
		if purchase.Status == models.PurchasePaid || purchase.Provider != models.ProviderManual {
			return models.NewError(models.CodePaymentNotPending, "purchaseId")
		}
		if err := s.paid(ctx, tx, viewer.OrganizationID, id, note); err != nil {
			return err
		}
		return tx.Take(&purchase, "organization_id = ? AND id = ?", viewer.OrganizationID, id).Error
	})
	if err != nil {
		return models.CreditPurchase{}, err
	}
	return purchase, nil
}

// paid adds the credits of a purchase, once, however often and in whatever state it is
// told that the money came.
func (s *Service) paid(ctx context.Context, tx *store.Tx, organization, id models.ID, reference string) error {
	books, err := open(tx, organization)
	if err != nil {
		return err
	}
	var purchase models.CreditPurchase
	if err := tx.Take(&purchase, "organization_id = ? AND id = ?", organization, id).Error; err != nil {
		return fmt.Errorf("read purchase %s: %w", id, err)
	}
	if purchase.Status == models.PurchasePaid {
		return nil
	}
	purchase.Status, purchase.PaidAt, purchase.UpdatedAt = models.PurchasePaid, new(tx.Now()), tx.Now()
	purchase.NextAttemptAt, purchase.FailureCode, purchase.PaymentURL = nil, "", ""
	if reference != "" {
		purchase.Reference = reference
	}
	if err := tx.Save(&purchase).Error; err != nil {
		return fmt.Errorf("keep purchase %s: %w", id, err)
	}
	err = books.book(organization, models.CausePurchase, id.String(), models.TakeIn(models.AccountPurchased, purchase.Credits))
	if err != nil {
		return err
	}
	if err := tellPurchase(tx, books.of(organization).balances, purchase); err != nil {
		return err
	}
	return s.finish(ctx, books)
}

// Grant gives an organization credits, for the operator. The reference is the
// operator's own: the same one gives once, whatever the amount.
func (s *Service) Grant(ctx context.Context, organization models.ID, amount models.Credits, reference string) error {
	if amount <= 0 || amount > models.MaxCredits {
		return models.NewError(models.CodeInvalid, "credits")
	}
	if strings.TrimSpace(reference) == "" {
		return models.NewError(models.CodeRequired, "reference")
	}
	return s.db.Write(ctx, func(tx *store.Tx) error {
		books, err := open(tx, organization)
		if err != nil {
			return err
		}
		var earlier int64
		err = tx.Model(&models.CreditEntry{}).Where("organization_id = ? AND cause = ? AND reference = ?",
			organization, models.CauseGrant, reference).Count(&earlier).Error
		if err != nil || earlier > 0 {
			return err
		}
		if err := books.book(organization, models.CauseGrant, reference, models.TakeIn(models.AccountGranted, amount)); err != nil {
			return err
		}
		return s.finish(ctx, books)
	})
}

func tellPurchase(tx *store.Tx, balances models.Balances, purchase models.CreditPurchase) error {
	return tell(tx, models.EventCreditsPurchaseChanged, purchase.OrganizationID, models.CreditEventPayload{Balances: balances, Purchase: &purchase})
}
