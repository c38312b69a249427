package credits

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"recado/models"
	"recado/store"
)

// finish closes the books of a transaction and does what the new balances ask for: it
// warns, and buys. The organization's accounts are locked, so of all transactions in
// all processes only the one that crosses a limit sees it crossed.
func (s *Service) finish(ctx context.Context, books *books) error {
	for organization, of := range books.organizations {
		if len(of.entries) == 0 || of.balances[models.AccountAvailable] >= of.before[models.AccountAvailable] {
			continue // nothing was taken
		}
		settings, err := settingsOf(books.tx.DB, organization)
		if err != nil {
			return err
		}
		if of.fellBelow(settings.LowBalance) {
			err := tell(books.tx, models.EventCreditsLow, organization, models.CreditEventPayload{Balances: of.balances})
			if err != nil {
				return err
			}
		}
		if err := s.recharge(ctx, books.tx, settings, of.balances); err != nil {
			return err
		}
	}
	return books.close()
}

// recharge begins an automatic purchase if the settings and balances ask for one. The
// organization's accounts are locked.
func (s *Service) recharge(ctx context.Context, tx *store.Tx, settings models.CreditSettings, balances models.Balances) error {
	available := balances[models.AccountAvailable]
	if settings.Recharge(available, false, 0) == models.RechargeNothing {
		return nil
	}
	underWay, bought, err := rechargedThisMonth(tx, settings.OrganizationID)
	if err != nil {
		return err
	}
	switch settings.Recharge(available, underWay, bought) {
	case models.RechargeBuy:
		return s.beginRecharge(ctx, tx, settings, balances)
	case models.RechargeCeiling:
		month := monthOf(tx)
		if settings.CeilingMonth != nil && settings.CeilingMonth.Equal(month) {
			return nil // it was told
		}
		settings.CeilingMonth, settings.UpdatedAt = &month, tx.Now()
		if err := tx.Save(&settings).Error; err != nil {
			return fmt.Errorf("keep credit settings: %w", err)
		}
		return tell(tx, models.EventCreditsRechargeCeiling, settings.OrganizationID, models.CreditEventPayload{Balances: balances})
	}
	return nil
}

// rechargedThisMonth tells whether an automatic purchase is under way, and how many
// credits were bought automatically since the month began, that purchase included.
func rechargedThisMonth(tx *store.Tx, organization models.ID) (underWay bool, bought models.Credits, err error) {
	var rows []models.CreditPurchase
	err = tx.Where("organization_id = ? AND origin = ? AND (created_at >= ? OR next_attempt_at IS NOT NULL)",
		organization, models.OriginAutoRecharge, monthOf(tx)).Find(&rows).Error
	if err != nil {
		return false, 0, fmt.Errorf("read automatic purchases: %w", err)
	}
	for _, row := range rows {
		if row.Status == models.PurchasePending || row.Status == models.PurchasePaid {
			bought += row.Credits
		}
		underWay = underWay || row.NextAttemptAt != nil
	}
	return underWay, bought, nil
}

// beginRecharge stores an automatic purchase together with the job that pays it.
func (s *Service) beginRecharge(ctx context.Context, tx *store.Tx, settings models.CreditSettings, balances models.Balances) error {
	price, err := priceIn(tx.DB, settings.RechargeCurrency, tx.Now())
	if err != nil {
		return err
	}
	cost := price.Of(settings.RechargeAmount)
	purchase := models.CreditPurchase{
		OrganizationID: settings.OrganizationID, ID: models.NewID(), Origin: models.OriginAutoRecharge,
		Provider: s.provider.Name(), Status: models.PurchasePending, Credits: settings.RechargeAmount,
		Currency: cost.Currency, Minor: cost.Minor, Digits: cost.Digits, NextAttemptAt: new(tx.Now()),
		CreatedAt: tx.Now(), UpdatedAt: tx.Now(),
	}
	if err := tx.Create(&purchase).Error; err != nil {
		return fmt.Errorf("begin automatic purchase: %w", err)
	}
	if err := tellPurchase(tx, balances, purchase); err != nil {
		return err
	}
	return s.queue.Enqueue(ctx, tx, RechargeArgs{OrganizationID: purchase.OrganizationID, PurchaseID: purchase.ID}, time.Time{})
}

// RechargeArgs ask for an automatic purchase to be paid.
type RechargeArgs struct {
	OrganizationID models.ID `json:"organizationId"`
	PurchaseID     models.ID `json:"purchaseId"`
}

// Kind names the job.
func (RechargeArgs) Kind() string { return "credits.recharge" }

type rechargeWorker struct {
	river.WorkerDefaults[RechargeArgs]
	credits *Service
}

// Work pays an automatic purchase, unless that happened already.
func (w *rechargeWorker) Work(ctx context.Context, job *river.Job[RechargeArgs]) error {
	wait, err := w.credits.PayRecharge(ctx, job.Args)
	if err != nil {
		return err
	}
	if wait > 0 {
		return river.JobSnooze(wait)
	}
	return nil
}

const (
	// underWayWait is how often a payment that is under way is asked about: the webhook
	// usually comes first.
	underWayWait = time.Hour
	// keyLifetime is how long a provider surely remembers the key of a payment: Stripe
	// does for 24 hours.
	keyLifetime = 20 * time.Hour
)

// PayRecharge pays an automatic purchase and returns how long to wait before it is
// looked at again; 0 means never. The call to the provider carries a key that changes
// only when the payment was refused, so a lost answer never pays twice; when the
// provider may have forgotten the key, auto-recharge is switched off instead.
func (s *Service) PayRecharge(ctx context.Context, args RechargeArgs) (time.Duration, error) {
	purchase, method, wait, err := s.dueRecharge(ctx, args)
	if err != nil || wait > 0 || purchase == nil {
		return wait, err
	}
	charge, err := s.charge(ctx, *purchase, method)
	if refusal, refused := errors.AsType[*RefusalError](err); refused {
		return s.refuseRecharge(ctx, *purchase, *refusal)
	}
	if err != nil {
		return 0, fmt.Errorf("pay automatic purchase %s: %w", purchase.ID, err)
	}
	if !charge.Paid {
		return underWayWait, s.noteUnderWay(ctx, *purchase, charge.Reference)
	}
	return 0, s.db.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		return s.paid(ctx, tx, purchase.OrganizationID, purchase.ID, charge.Reference)
	})
}

// charge takes the payment of a purchase, or asks about the one that is under way.
func (s *Service) charge(ctx context.Context, purchase models.CreditPurchase, method *models.PaymentMethod) (Charge, error) {
	switch {
	case purchase.Reference != "":
		return s.provider.Charged(ctx, purchase.Reference)
	case method == nil || method.Provider != s.provider.Name():
		return Charge{}, &RefusalError{Code: "no_payment_method"}
	case s.clock().Sub(*purchase.NextAttemptAt) > keyLifetime:
		return Charge{}, &RefusalError{Code: codeUnconfirmed}
	}
	return s.provider.Charge(ctx, purchase, *method)
}

// codeUnconfirmed is the refusal of a payment of which it is not known whether it was
// made. It is never tried again.
const codeUnconfirmed = "unconfirmed"

// noteUnderWay keeps the reference of a payment, so that no second one is begun.
func (s *Service) noteUnderWay(ctx context.Context, purchase models.CreditPurchase, reference string) error {
	return s.db.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		err := tx.Model(&models.CreditPurchase{}).
			Where("organization_id = ? AND id = ? AND next_attempt_at IS NOT NULL", purchase.OrganizationID, purchase.ID).
			Updates(map[string]any{"reference": reference, "updated_at": tx.Now()}).Error
		if err != nil {
			return fmt.Errorf("keep payment of purchase %s: %w", purchase.ID, err)
		}
		return nil
	})
}

// dueRecharge reads a purchase that is to be paid now; nil if it is not.
func (s *Service) dueRecharge(ctx context.Context, args RechargeArgs) (*models.CreditPurchase, *models.PaymentMethod, time.Duration, error) {
	db := s.db.Read(ctx)
	var purchase models.CreditPurchase
	there, err := found(db.Take(&purchase, "organization_id = ? AND id = ?", args.OrganizationID, args.PurchaseID).Error)
	if err != nil {
		return nil, nil, 0, fmt.Errorf("read purchase %s: %w", args.PurchaseID, err)
	}
	if !there || purchase.NextAttemptAt == nil {
		return nil, nil, 0, nil
	}
	if wait := purchase.NextAttemptAt.Sub(s.clock()); wait > 0 {
		return nil, nil, wait, nil
	}
	var methods []models.PaymentMethod
	err = db.Where("organization_id = ? AND id IN (?)", args.OrganizationID,
		db.Model(&models.CreditSettings{}).Select("payment_method_id").Where("organization_id = ?", args.OrganizationID)).
		Limit(1).Find(&methods).Error
	if err != nil {
		return nil, nil, 0, fmt.Errorf("read payment method: %w", err)
	}
	if len(methods) == 0 {
		return &purchase, nil, 0, nil
	}
	return &purchase, &methods[0], 0, nil
}

// refuseRecharge notes a refusal: it is tried again later, or auto-recharge is
// switched off.
func (s *Service) refuseRecharge(ctx context.Context, purchase models.CreditPurchase, refusal RefusalError) (wait time.Duration, err error) {
	err = s.db.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		wait = 0
		books, err := open(tx, purchase.OrganizationID)
		if err != nil {
			return err
		}
		var now models.CreditPurchase
		if err := tx.Take(&now, "organization_id = ? AND id = ?", purchase.OrganizationID, purchase.ID).Error; err != nil {
			return fmt.Errorf("read purchase %s: %w", purchase.ID, err)
		}
		if now.NextAttemptAt == nil || now.Attempts != purchase.Attempts {
			return nil // it was paid meanwhile, or another run of the job noted the refusal
		}
		now.Attempts++
		now.FailureCode, now.Reference, now.UpdatedAt = refusal.Code, "", tx.Now()
		kind := models.EventCreditsRechargeFailed
		if pause, again := models.AfterRefusal(now.Attempts); again && refusal.Code != codeUnconfirmed {
			wait, now.NextAttemptAt = pause, new(tx.Now().Add(pause))
		} else {
			kind, now.Status, now.NextAttemptAt = models.EventCreditsRechargeStopped, models.PurchaseFailed, nil
			if err := stopRecharge(tx, purchase.OrganizationID, refusal.Code); err != nil {
				return err
			}
		}
		if err := tx.Save(&now).Error; err != nil {
			return fmt.Errorf("keep purchase %s: %w", purchase.ID, err)
		}
		return tell(tx, kind, now.OrganizationID, models.CreditEventPayload{Balances: books.of(now.OrganizationID).balances, Purchase: &now})
	})
	return wait, err
}

// stopRecharge switches auto-recharge off.
func stopRecharge(tx *store.Tx, organization models.ID, why string) error {
	settings, err := settingsOf(tx.DB, organization)
	if err != nil {
		return err
	}
	settings.RechargeEnabled, settings.RechargeStopped, settings.UpdatedAt = false, why, tx.Now()
	settings.Version++
	if err := tx.Save(&settings).Error; err != nil {
		return fmt.Errorf("switch auto-recharge off: %w", err)
	}
	return nil
}
