package channels

import (
	"context"
	"fmt"

	"recado/models"
	"recado/store"
)

// SetReopenPolicy sets what becomes of a message of a customer whose conversation on
// the channel is closed, and returns the channel. It holds from the next message on.
// For administrators only (FORBIDDEN). NOT_FOUND if the channel is not the
// organization's; INVALID (reopenPolicy).
func (s *Service) SetReopenPolicy(ctx context.Context, viewer models.Viewer, channelID models.ID, policy models.ReopenPolicy) (models.Channel, error) {
	if !viewer.Administrator {
		return models.Channel{}, models.NewError(models.CodeForbidden, "")
	}
	if !policy.Valid() {
		return models.Channel{}, models.NewError(models.CodeInvalid, "reopenPolicy")
	}
	var channel models.Channel
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		var err error
		if channel, err = lock(tx, channelID); err != nil {
			return err
		}
		if channel.OrganizationID != viewer.OrganizationID {
			return models.NewError(models.CodeNotFound, "channelId")
		}
		channel.ReopenPolicy = policy
		if err := tx.Model(&models.Channel{}).Where("id = ?", channel.ID).Update("reopen_policy", policy).Error; err != nil {
			return fmt.Errorf("set policy of channel %s: %w", channel.ID, err)
		}
		return nil
	})
	if err != nil {
		return models.Channel{}, err
	}
	return channel, nil
}
