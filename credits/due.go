package credits

import (
	"context"
	"fmt"

	"github.com/riverqueue/river"

	"recado/models"
	"recado/store"
)

// DueArgs ask for holds whose time has passed to be ended.
type DueArgs struct{}

// Kind names the job.
func (DueArgs) Kind() string { return "credits.due" }

type dueWorker struct {
	river.WorkerDefaults[DueArgs]
	credits *Service
}

// Work ends what is due.
func (w *dueWorker) Work(ctx context.Context, _ *river.Job[DueArgs]) error {
	return w.credits.EndDue(ctx)
}

// dueBatch bounds one transaction, so that it holds no organization up for long.
const dueBatch = 100

// EndDue ends the holds whose time has passed: what nothing was heard of is let go,
// and a delivery whose price never came is charged as it was quoted. When it returns
// nil, no hold was older than its deadline when it began.
func (s *Service) EndDue(ctx context.Context) error {
	for {
		var due []models.CreditHold
		err := s.db.Read(ctx).Where("due_at IS NOT NULL AND due_at <= ?", s.clock()).Order("due_at").Limit(dueBatch).Find(&due).Error
		if err != nil {
			return fmt.Errorf("find holds that are due: %w", err)
		}
		if len(due) == 0 {
			return nil
		}
		keys := make([]holdKey, len(due))
		for i, hold := range due {
			keys[i] = holdKey{hold.OrganizationID, hold.MessageID}
		}
		err = s.db.Write(ctx, func(tx *store.Tx) error {
			return s.change(ctx, tx, keys, func(c *change) error { return c.endDue(keys) })
		})
		if err != nil {
			return fmt.Errorf("end %d holds that are due: %w", len(due), err)
		}
	}
}

func (c *change) endDue(keys []holdKey) error {
	for _, key := range keys {
		hold := c.holds[key]
		if hold == nil || hold.DueAt == nil || hold.DueAt.After(c.tx.Now()) {
			continue
		}
		var err error
		if hold.DeliveredAt != nil {
			err = c.settle(hold)
		} else {
			err = c.release(hold, models.ReleaseExpired)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
