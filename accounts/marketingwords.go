package accounts

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"recado/models"
	"recado/store"
)

// SetMarketingWords sets what the customers of the viewer's organization write to stop
// marketing, from the next message on, and returns the organization. Failures:
// FORBIDDEN for others than administrators, and those of models.MarketingWords.Check.
func (s *Service) SetMarketingWords(ctx context.Context, viewer models.Viewer, words models.MarketingWords) (models.Organization, error) {
	var organization models.Organization
	if !viewer.Administrator {
		return organization, models.NewError(models.CodeForbidden, "")
	}
	if err := words.Check(); err != nil {
		return organization, err
	}
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		organization = models.Organization{}
		switch err := store.Locking(tx.DB).Take(&organization, "id = ?", viewer.OrganizationID).Error; {
		case errors.Is(err, gorm.ErrRecordNotFound):
			return models.ErrNotFound
		case err != nil:
			return fmt.Errorf("read organization %s: %w", viewer.OrganizationID, err)
		}
		organization.ChosenWords, organization.UpdatedAt = &words, tx.Now()
		if err := tx.Select("marketing_words", "updated_at").Updates(&organization).Error; err != nil {
			return fmt.Errorf("set words of organization %s: %w", viewer.OrganizationID, err)
		}
		return nil
	})
	return organization, err
}
