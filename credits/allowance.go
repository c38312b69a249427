package credits

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"recado/models"
	"recado/store"
)

// allowanceLeft is how much of the month's free allowance a message may use.
func allowanceLeft(db *gorm.DB, card models.CardInForce, organization, channel models.ID, category models.PricingCategory, at time.Time,
) (int64, error) {
	allowance := card.AllowanceAt(category, at)
	if allowance == nil {
		return 0, nil
	}
	taken, err := allowanceTaken(db, organization, channel, card.Model, *allowance, models.MonthOf(at))
	if err != nil {
		return 0, err
	}
	return max(0, allowance.Monthly-taken.Used-taken.Reserved), nil
}

// allowanceTaken is what is used and reserved of an allowance in a month, over all
// that share it.
func allowanceTaken(db *gorm.DB, organization, channel models.ID, model models.PricingModel, allowance models.RateAllowance, month time.Time,
) (models.CreditAllowanceUse, error) {
	query := db.Where("organization_id = ? AND month = ? AND model = ? AND category = ?", organization, month, model, allowance.Category)
	if allowance.Scope == models.AllowanceChannel {
		query = query.Where("channel_id = ?", channel)
	}
	var rows []models.CreditAllowanceUse
	if err := query.Find(&rows).Error; err != nil {
		return models.CreditAllowanceUse{}, fmt.Errorf("read use of free allowance: %w", err)
	}
	var taken models.CreditAllowanceUse
	for _, row := range rows {
		taken.Used += row.Used
		taken.Reserved += row.Reserved
	}
	return taken, nil
}

// allowanceOf is a change of what a message takes of its allowance.
func allowanceOf(card models.CardInForce, hold models.CreditHold, used, reserved int64) models.CreditAllowanceUse {
	return models.CreditAllowanceUse{
		OrganizationID: hold.OrganizationID, Month: models.MonthOf(hold.CreatedAt), ChannelID: hold.ChannelID,
		Model: card.Model, Category: hold.Category, Used: used, Reserved: reserved,
	}
}

// countAllowance adds to the use of an allowance.
func countAllowance(tx *store.Tx, change models.CreditAllowanceUse) error {
	err := tx.Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "organization_id"}, {Name: "month"}, {Name: "channel_id"}, {Name: "model"}, {Name: "category"}},
		DoUpdates: clause.Assignments(map[string]any{
			"used":     gorm.Expr("credit_allowance_uses.used + excluded.used"),
			"reserved": gorm.Expr("credit_allowance_uses.reserved + excluded.reserved"),
		}),
	}).Create(&change).Error
	if err != nil {
		return fmt.Errorf("count use of free allowance: %w", err)
	}
	return nil
}

// Allowance is the free allowance of a category in a month.
type Allowance struct {
	models.RateAllowance

	Model     models.PricingModel // whether conversations or messages are counted
	ChannelID *models.ID          // nil: of the organization as a whole
	Used      int64
}

// Allowances are the free allowances of this month on the card that the viewer's
// organization is on; one per channel where each has its own, of those channels that
// used any.
func (s *Service) Allowances(ctx context.Context, viewer models.Viewer) ([]Allowance, error) {
	now, db := s.clock(), s.db.Read(ctx)
	card, err := cardAt(db, viewer.OrganizationID, now)
	if err != nil {
		return nil, err
	}
	var rows []models.CreditAllowanceUse
	err = db.Where("organization_id = ? AND month = ? AND model = ?", viewer.OrganizationID, models.MonthOf(now), card.Model).
		Order("category, channel_id").Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read use of free allowances: %w", err)
	}
	var shown []Allowance
	for _, category := range categoriesOf(card) {
		allowance := card.AllowanceAt(category, now)
		if allowance == nil {
			continue
		}
		whole := Allowance{RateAllowance: *allowance, Model: card.Model}
		for _, row := range rows {
			switch {
			case row.Category != category || !viewer.Can(row.ChannelID, models.LevelView):
			case allowance.Scope == models.AllowanceOrganization:
				whole.Used += row.Used
			default:
				of := whole
				of.ChannelID, of.Used = &row.ChannelID, row.Used
				shown = append(shown, of)
			}
		}
		if allowance.Scope == models.AllowanceOrganization {
			shown = append(shown, whole)
		}
	}
	return shown, nil
}

func categoriesOf(card models.CardInForce) (categories []models.PricingCategory) {
	for _, allowance := range card.Allowances {
		if len(categories) == 0 || categories[len(categories)-1] != allowance.Category {
			categories = append(categories, allowance.Category)
		}
	}
	return categories
}
