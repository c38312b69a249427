package inbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"recado/models"
	"recado/store"
)

// CleanArgs ask for what is past its time to be deleted.
type CleanArgs struct{}

// Kind names the job.
func (CleanArgs) Kind() string { return "inbox.clean" }

type cleanWorker struct {
	river.WorkerDefaults[CleanArgs]
	inbox *Service
}

// Work cleans up.
func (w *cleanWorker) Work(ctx context.Context, _ *river.Job[CleanArgs]) error {
	return w.inbox.Clean(ctx)
}

const (
	// parkedRetention is how long a status waits for its message: longer than Meta
	// goes on delivering (reference/whatsapp-cloud-api.md §2.4, §5.1).
	parkedRetention = 31 * 24 * time.Hour
	// cleanBatch bounds one deleting transaction, so that it holds nobody up.
	cleanBatch = 1000
)

// Clean deletes raw deliveries, events, parked statuses, notifications and
// idempotency keys whose time has passed. Failed deliveries are kept four times as long, since they still
// wait for somebody.
func (s *Service) Clean(ctx context.Context) error {
	now := s.clock()
	return errors.Join(
		clean[models.WebhookDelivery](ctx, s.db, []string{"id"}, "outcome <> 'FAILED' AND received_at < ?", now.Add(-s.options.DeliveryRetention)),
		clean[models.WebhookDelivery](ctx, s.db, []string{"id"}, "outcome = 'FAILED' AND received_at < ?", now.Add(-4*s.options.DeliveryRetention)),
		clean[models.IdempotencyRecord](ctx, s.db, []string{"organization_id", "actor_id", "mutation", "key"}, "created_at < ?", now.Add(-models.IdempotencyLifetime)),
		clean[models.ParkedStatus](ctx, s.db, []string{"organization_id", "channel_id", "wamid", "status"}, "created_at < ?", now.Add(-parkedRetention)),
		s.cleanNotifications(ctx),
		s.trimFeed(ctx, now.Add(-s.options.FeedRetention)),
	)
}

// clean deletes the rows that meet a condition, by their primary keys.
func clean[T any](ctx context.Context, db *store.Store, key []string, where string, args ...any) error {
	for {
		var rows []T
		err := db.Write(ctx, func(tx *store.Tx) error {
			if err := tx.Select(key).Where(where, args...).Limit(cleanBatch).Find(&rows).Error; err != nil || len(rows) == 0 {
				return err
			}
			return tx.Delete(&rows).Error
		})
		if err != nil {
			return fmt.Errorf("clean up %T: %w", rows, err)
		}
		if len(rows) < cleanBatch {
			return nil
		}
	}
}

func (s *Service) trimFeed(ctx context.Context, before time.Time) error {
	_, err := s.db.TrimFeed(ctx, before, cleanBatch)
	return err
}
