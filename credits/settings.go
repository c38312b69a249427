package credits

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"recado/models"
	"recado/store"
)

// AutoRecharge is how credits are to be bought automatically.
type AutoRecharge struct {
	Enabled         bool
	Threshold       models.Credits // below this credits are bought
	Amount          models.Credits // how many: whole credits, 1 to MaxPurchase
	MonthlyCeiling  models.Credits // at most so many in a calendar month (UTC)
	Currency        string
	PaymentMethodID *models.ID      // nil: the newest
	LowBalance      *models.Credits // below this administrators are told; nil: as it is
	ExpectedVersion *int64          // refuse with CONFLICT if the settings have another; nil: whatever it is
}

// Settings are those of the viewer's organization. Administrators only.
func (s *Service) Settings(ctx context.Context, viewer models.Viewer) (models.CreditSettings, error) {
	if err := requireAdministrator(viewer); err != nil {
		return models.CreditSettings{}, err
	}
	return settingsOf(s.db.Read(ctx), viewer.OrganizationID)
}

// IsLow reports whether less than the limit is available below which administrators
// are told. Everybody may know.
func (s *Service) IsLow(ctx context.Context, viewer models.Viewer, available models.Credits) (bool, error) {
	settings, err := settingsOf(s.db.Read(ctx), viewer.OrganizationID)
	return available < settings.LowBalance, err
}

// settingsOf reads an organization's settings.
func settingsOf(db *gorm.DB, organization models.ID) (models.CreditSettings, error) {
	var rows []models.CreditSettings
	if err := db.Where("organization_id = ?", organization).Limit(1).Find(&rows).Error; err != nil {
		return models.CreditSettings{}, fmt.Errorf("read credit settings of organization %s: %w", organization, err)
	}
	if len(rows) == 0 {
		return models.DefaultCreditSettings(organization), nil
	}
	return rows[0], nil
}

// PaymentMethods are the ways to pay without a person that the viewer's organization
// has, newest first. Administrators only.
func (s *Service) PaymentMethods(ctx context.Context, viewer models.Viewer) ([]models.PaymentMethod, error) {
	if err := requireAdministrator(viewer); err != nil {
		return nil, err
	}
	var methods []models.PaymentMethod
	err := s.db.Read(ctx).Where("organization_id = ? AND provider = ?", viewer.OrganizationID, s.provider.Name()).
		Order("created_at DESC, id DESC").Limit(store.MaxPageSize).Find(&methods).Error
	if err != nil {
		return nil, fmt.Errorf("read payment methods: %w", err)
	}
	return methods, nil
}

// SetAutoRecharge changes how credits are bought automatically; if less than the
// threshold is available, a purchase begins at once. Administrators only.
//
// Failures: FORBIDDEN, INVALID with the field, REQUIRED with the field paymentMethodId
// if there is no way to pay, NOT_FOUND for a way that is not there, and CONFLICT, which
// comes with the present settings.
func (s *Service) SetAutoRecharge(ctx context.Context, viewer models.Viewer, wish AutoRecharge) (models.CreditSettings, error) {
	if err := requireAdministrator(viewer); err != nil {
		return models.CreditSettings{}, err
	}
	if err := wish.validate(); err != nil {
		return models.CreditSettings{}, err
	}
	var settings models.CreditSettings
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		books, err := open(tx, viewer.OrganizationID)
		if err != nil {
			return err
		}
		if settings, err = settingsOf(tx.DB, viewer.OrganizationID); err != nil {
			return err
		}
		if wish.ExpectedVersion != nil && *wish.ExpectedVersion != settings.Version {
			return models.NewError(models.CodeConflict, "expectedVersion")
		}
		changed := settings
		changed.RechargeEnabled, changed.RechargeStopped = wish.Enabled, ""
		changed.RechargeThreshold, changed.RechargeAmount, changed.RechargeCeiling = wish.Threshold, wish.Amount, wish.MonthlyCeiling
		changed.RechargeCurrency, changed.CeilingMonth = wish.Currency, nil
		if wish.LowBalance != nil {
			changed.LowBalance = *wish.LowBalance
		}
		if _, err := priceIn(tx.DB, wish.Currency, tx.Now()); err != nil {
			return err
		}
		if changed.PaymentMethodID, err = s.methodFor(tx, viewer.OrganizationID, wish); err != nil {
			return err
		}
		changed.Version++
		changed.UpdatedAt = tx.Now()
		if err := tx.Save(&changed).Error; err != nil {
			return fmt.Errorf("keep credit settings: %w", err)
		}
		if err := s.recharge(ctx, tx, changed, books.of(viewer.OrganizationID).balances); err != nil {
			return err
		}
		settings = changed
		return nil
	})
	return settings, err
}

func (a AutoRecharge) validate() error {
	switch {
	case a.Threshold < 0 || a.Threshold > models.MaxCredits:
		return models.NewError(models.CodeInvalid, "threshold")
	case a.Amount < models.Credit || a.Amount > MaxPurchase || a.Amount%models.Credit != 0:
		return models.NewError(models.CodeInvalid, "amount")
	case a.MonthlyCeiling < a.Amount || a.MonthlyCeiling > models.MaxCredits:
		return models.NewError(models.CodeInvalid, "monthlyCeiling")
	case a.LowBalance != nil && (*a.LowBalance < 0 || *a.LowBalance > models.MaxCredits):
		return models.NewError(models.CodeInvalid, "lowBalance")
	}
	return nil
}

// methodFor finds the way to pay that a wish names, or the newest.
func (s *Service) methodFor(tx *store.Tx, organization models.ID, wish AutoRecharge) (*models.ID, error) {
	query := tx.Where("organization_id = ? AND provider = ?", organization, s.provider.Name())
	if wish.PaymentMethodID != nil {
		query = query.Where("id = ?", *wish.PaymentMethodID)
	}
	var methods []models.PaymentMethod
	if err := query.Order("created_at DESC, id DESC").Limit(1).Find(&methods).Error; err != nil {
		return nil, fmt.Errorf("find payment method: %w", err)
	}
	switch {
	case len(methods) > 0:
		return &methods[0].ID, nil
	case wish.PaymentMethodID != nil:
		return nil, models.NewError(models.CodeNotFound, "paymentMethodId")
	case wish.Enabled:
		return nil, models.NewError(models.CodeRequired, "paymentMethodId")
	}
	return nil, nil //nolint:nilnil // switched off, and nothing to pay with
}
