package channels

import (
	"context"
	"fmt"

	"recado/models"
)

// ByPhoneNumberID returns the channel of any organization with Meta's id of a
// number, or NOT_FOUND. For operators.
func (s *Service) ByPhoneNumberID(ctx context.Context, phoneNumberID string) (models.Channel, error) {
	var found []models.Channel
	err := s.db.Read(ctx).Where("phone_number_id = ?", phoneNumberID).Limit(1).Find(&found).Error
	if err != nil {
		return models.Channel{}, fmt.Errorf("find channel of phone number %s: %w", phoneNumberID, err)
	}
	if len(found) == 0 {
		return models.Channel{}, models.ErrNotFound
	}
	return found[0], nil
}
