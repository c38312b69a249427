package channels

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

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

// SetRecordCreation sets which records the first message of a customer in a conversation
// makes on the channel, besides the contact, and returns the channel. It holds for
// conversations that begin from then on. For administrators only (FORBIDDEN). NOT_FOUND
// (channelId); NOT_FOUND and INVALID (recordCreation.deal.stageId) for a stage that there is
// not, or in which deals are closed.
func (s *Service) SetRecordCreation(ctx context.Context, viewer models.Viewer, channelID models.ID, creation models.RecordCreation) (models.Channel, error) {
	if !viewer.Administrator {
		return models.Channel{}, models.NewError(models.CodeForbidden, "")
	}
	var channel models.Channel
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		var err error
		if channel, err = Lock(tx, viewer.OrganizationID, channelID); err != nil {
			return models.Blame(err, "channelId")
		}
		if channel.RecordCreation, err = checkedCreation(tx, channel.OrganizationID, creation); err != nil {
			return err
		}
		if err := store.UpdateAll(tx, []models.Channel{channel}); err != nil {
			return fmt.Errorf("set records of channel %s: %w", channel.ID, err)
		}
		return record(tx, channel)
	})
	return channel, err
}

// checkedCreation is a rule as a channel keeps it, see SetRecordCreation.
func checkedCreation(tx *store.Tx, organization models.ID, creation models.RecordCreation) (*models.RecordCreation, error) {
	if creation.Empty() {
		return nil, nil //nolint:nilnil // none are made
	}
	const field = "recordCreation.deal.stageId"
	var stage models.PipelineStage
	switch err := tx.Take(&stage, "organization_id = ? AND id = ?", organization, creation.Deal.StageID).Error; {
	case errors.Is(err, gorm.ErrRecordNotFound):
		return nil, models.NewError(models.CodeNotFound, field)
	case err != nil:
		return nil, fmt.Errorf("read stage %s: %w", creation.Deal.StageID, err)
	case stage.Kind != models.StageOpen:
		return nil, models.NewError(models.CodeInvalid, field)
	}
	return &creation, nil
}
