package inbox

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"recado/models"
	"recado/store"
)

// Deliveries lists raw deliveries for an operator, newest first, at most limit.
// An empty outcome means any.
func (s *Service) Deliveries(ctx context.Context, outcome models.DeliveryOutcome, limit int) ([]models.WebhookDelivery, error) {
	query := s.db.Read(ctx).Order("received_at DESC, id DESC").Limit(limit)
	if outcome != "" {
		query = query.Where("outcome = ?", outcome)
	}
	var rows []models.WebhookDelivery
	if err := query.Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list deliveries: %w", err)
	}
	return rows, nil
}

// Delivery returns one raw delivery for an operator, or NOT_FOUND.
func (s *Service) Delivery(ctx context.Context, id models.ID) (models.WebhookDelivery, error) {
	var row models.WebhookDelivery
	err := s.db.Read(ctx).Take(&row, "id = ?", id).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return row, models.ErrNotFound
	}
	if err != nil {
		return row, fmt.Errorf("read delivery %s: %w", id, err)
	}
	return row, nil
}

// Replay applies a stored delivery again and returns it with its new outcome.
// What it brought before is not brought twice.
func (s *Service) Replay(ctx context.Context, id models.ID) (models.WebhookDelivery, error) {
	var replayed models.WebhookDelivery
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		var row models.WebhookDelivery
		err := tx.Take(&row, "id = ?", id).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return models.ErrNotFound
		}
		if err != nil {
			return fmt.Errorf("read delivery %s: %w", id, err)
		}
		in := newIntake(row)
		if err := s.apply(tx, []*intake{in}, aloneOnChannels); err != nil {
			return err
		}
		replayed = in.result(tx.Now())
		return store.UpdateAll(tx, []models.WebhookDelivery{replayed})
	})
	return replayed, err
}

// ReplayFailed replays every failed delivery, oldest first, and reports how many
// were processed and how many failed again.
func (s *Service) ReplayFailed(ctx context.Context) (processed, failed int, err error) {
	var ids []models.ID
	err = s.db.Read(ctx).Model(&models.WebhookDelivery{}).Where("outcome = ?", models.DeliveryFailed).
		Order("received_at, id").Pluck("id", &ids).Error
	if err != nil {
		return 0, 0, fmt.Errorf("list failed deliveries: %w", err)
	}
	for _, id := range ids {
		row, err := s.Replay(ctx, id)
		switch {
		case ctx.Err() != nil:
			return processed, failed, ctx.Err()
		case err != nil:
			s.log.ErrorContext(ctx, "a replayed delivery failed again", "delivery", id, "error", err)
			failed++
		case row.Outcome == models.DeliveryFailed:
			failed++
		default:
			processed++
		}
	}
	return processed, failed, nil
}
