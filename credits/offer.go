package credits

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"recado/models"
)

// Offer is what a message would cost, and what there is to pay it with.
type Offer struct {
	models.Quote

	Available models.Credits
}

// Shortfall is INSUFFICIENT_CREDITS with Params "needed", "available" and "shortfall"
// if the dearest outcome cannot be paid, else nil.
func (o Offer) Shortfall() *models.Error {
	if o.Available >= o.Dearest {
		return nil
	}
	return models.NewError(models.CodeInsufficientCredits, "").
		With("needed", o.Dearest.String()).
		With("available", o.Available.String()).
		With("shortfall", (o.Dearest - o.Available).String())
}

// Costs reports whether messages of a category may cost an organization something
// now, so that Hold has to be called for them. Templates always may; answers to
// customers do on a card per message.
func (s *Service) Costs(db *gorm.DB, organization models.ID, category models.PricingCategory) (bool, error) {
	if category != models.CategoryService {
		return true, nil
	}
	id, err := cardIDAt(db, organization, s.clock())
	if err != nil || id == models.DefaultRateCard { // which is PER_CONVERSATION
		return false, err
	}
	var card models.RateCard
	if err := db.Take(&card, "id = ?", id).Error; err != nil {
		return false, fmt.Errorf("read rate card %s: %w", id, err)
	}
	return card.Model == models.PerMessage, nil
}

// Offer is what a message would cost now and at most, without holding anything; nil if
// such messages cost nothing.
func (s *Service) Offer(ctx context.Context, request HoldRequest) (*Offer, error) {
	db := s.db.Read(ctx)
	costs, err := s.Costs(db, request.OrganizationID, request.Category)
	if err != nil || !costs {
		return nil, err
	}
	priced, err := price(db, request, s.clock())
	if err != nil {
		return nil, err
	}
	balances, err := balancesOf(db, request.OrganizationID)
	if err != nil {
		return nil, err
	}
	return &Offer{Quote: priced.quote, Available: balances[models.AccountAvailable]}, nil
}
