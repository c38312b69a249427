package credits

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"recado/models"
	"recado/store"
)

// cardAt reads the card that an organization is on at a time.
func cardAt(db *gorm.DB, organization models.ID, at time.Time) (models.CardInForce, error) {
	id, err := cardIDAt(db, organization, at)
	if err != nil {
		return models.CardInForce{}, err
	}
	return card(db, id)
}

func cardIDAt(db *gorm.DB, organization models.ID, at time.Time) (models.ID, error) {
	var chosen []models.OrganizationRateCard
	err := db.Where("organization_id = ? AND effective_from <= ?", organization, at).
		Order("effective_from DESC").Limit(1).Find(&chosen).Error
	if err != nil {
		return models.NoID, fmt.Errorf("read rate card of organization %s: %w", organization, err)
	}
	if len(chosen) == 0 {
		return models.DefaultRateCard, nil
	}
	return chosen[0].CardID, nil
}

// card reads a card with its rates. They are few: those of the countries that a card
// names.
func card(db *gorm.DB, id models.ID) (models.CardInForce, error) {
	var found models.CardInForce
	err := errors.Join(
		db.Take(&found.RateCard, "id = ?", id).Error,
		db.Where("card_id = ?", id).Order("category, country, effective_from").Find(&found.Rates).Error,
		db.Where("card_id = ?", id).Order("category, effective_from").Find(&found.Allowances).Error,
	)
	if err != nil {
		return models.CardInForce{}, fmt.Errorf("read rate card %s: %w", id, err)
	}
	return found, nil
}

// RateCards lists all cards, by name, without their rates.
func (s *Service) RateCards(ctx context.Context) ([]models.RateCard, error) {
	var cards []models.RateCard
	if err := s.db.Read(ctx).Order("name").Find(&cards).Error; err != nil {
		return nil, fmt.Errorf("list rate cards: %w", err)
	}
	return cards, nil
}

// Card is the card that the viewer's organization is on now. Everybody may see what
// messages cost.
func (s *Service) Card(ctx context.Context, viewer models.Viewer) (models.CardInForce, error) {
	return cardAt(s.db.Read(ctx), viewer.OrganizationID, s.clock())
}

// PlannedCard is a change of an organization's card.
type PlannedCard struct {
	EffectiveFrom time.Time
	Card          models.CardInForce
}

// NextCard is the card that the viewer's organization will be on and from when; nil
// if no change is planned.
func (s *Service) NextCard(ctx context.Context, viewer models.Viewer) (*PlannedCard, error) {
	var planned []models.OrganizationRateCard
	db := s.db.Read(ctx)
	err := db.Where("organization_id = ? AND effective_from > ?", viewer.OrganizationID, s.clock()).
		Order("effective_from").Limit(1).Find(&planned).Error
	if err != nil {
		return nil, fmt.Errorf("read planned rate card: %w", err)
	}
	if len(planned) == 0 {
		return nil, nil //nolint:nilnil // no change is planned
	}
	next, err := card(db, planned[0].CardID)
	if err != nil {
		return nil, err
	}
	return &PlannedCard{EffectiveFrom: planned[0].EffectiveFrom, Card: next}, nil
}

// SetCard puts an organization on a card from a date on, for the operator. INVALID
// with the field effectiveFrom for a date that is not in the future: prices never
// change backwards; NOT_FOUND for a card that does not exist. A change planned for the
// same moment is replaced.
func (s *Service) SetCard(ctx context.Context, organization, cardID models.ID, effectiveFrom time.Time) error {
	return s.db.Write(ctx, func(tx *store.Tx) error {
		if !effectiveFrom.After(tx.Now()) {
			return models.NewError(models.CodeInvalid, "effectiveFrom")
		}
		if err := requireCard(tx.DB, cardID); err != nil {
			return err
		}
		err := tx.Save(&models.OrganizationRateCard{
			OrganizationID: organization, EffectiveFrom: effectiveFrom.UTC(), CardID: cardID, CreatedAt: tx.Now(),
		}).Error
		if err != nil {
			return fmt.Errorf("set rate card of organization %s: %w", organization, err)
		}
		return nil
	})
}

// Rates is a card with all its rates, of any date, for the operator. NOT_FOUND with the
// field cardId for a card that does not exist.
func (s *Service) Rates(ctx context.Context, cardID models.ID) (models.CardInForce, error) {
	db := s.db.Read(ctx)
	if err := requireCard(db, cardID); err != nil {
		return models.CardInForce{}, err
	}
	return card(db, cardID)
}

// SetRates adds rates to a card, all or none, for the operator. Each must begin in the
// future, because prices never change backwards, name a known category, a country of
// two letters or none, and a price that is not below zero; else INVALID with a field
// such as rates.3.effectiveFrom, counted from 0. A rate planned for the same moment is
// replaced; one that is there already changes nothing, whenever it begins. NOT_FOUND
// with the field cardId for a card that does not exist.
func (s *Service) SetRates(ctx context.Context, cardID models.ID, rates []models.Rate) error {
	return s.db.Write(ctx, func(tx *store.Tx) error {
		if err := requireCard(tx.DB, cardID); err != nil {
			return err
		}
		there, err := card(tx.DB, cardID)
		if err != nil {
			return err
		}
		for i, rate := range rates {
			rate.CardID, rate.EffectiveFrom = cardID, rate.EffectiveFrom.UTC()
			if slices.ContainsFunc(there.Rates, func(known models.Rate) bool { return known.Same(rate) }) {
				continue
			}
			if wrong := checkRate(rate, tx.Now()); wrong != "" {
				return models.NewError(models.CodeInvalid, fmt.Sprintf("rates.%d.%s", i, wrong))
			}
			if err := tx.Save(&rate).Error; err != nil {
				return fmt.Errorf("set rate of %s to %q: %w", rate.Category, rate.Country, err)
			}
		}
		return nil
	})
}

// checkRate names the field of a rate that is wrong; none if it may be planned.
func checkRate(rate models.Rate, now time.Time) string {
	known, ok := models.CategoryOf(string(rate.Category))
	switch {
	case !rate.EffectiveFrom.After(now):
		return "effectiveFrom"
	case !ok || known != rate.Category:
		return "category"
	case rate.Country != "" && !isCountry(rate.Country):
		return "country"
	case rate.Price < 0 || rate.Price > models.MaxCredits:
		return "price"
	}
	return ""
}

func isCountry(text string) bool {
	return len(text) == 2 && strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

func requireCard(db *gorm.DB, id models.ID) error {
	var found int64
	if err := db.Model(&models.RateCard{}).Where("id = ?", id).Count(&found).Error; err != nil {
		return fmt.Errorf("look up rate card %s: %w", id, err)
	}
	if found == 0 {
		return models.NewError(models.CodeNotFound, "cardId")
	}
	return nil
}
