package inbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"recado/channels"
	"recado/models"
	"recado/store"
)

// SweepArgs ask for the queues of all organizations to be looked through.
//
// What frees somebody says so itself (channels.DrainArgs). This is for what does not
// know of queues: a user switched on, a permission given, a pool set by an operator.
type SweepArgs struct{}

// Kind names the job.
func (SweepArgs) Kind() string { return "inbox.sweep" }

// sweepInterval is how soon rights take effect everywhere else, too.
const sweepInterval = 30 * time.Second

type sweepWorker struct {
	river.WorkerDefaults[SweepArgs]
	inbox *Service
}

// Work drains the queues.
func (w *sweepWorker) Work(ctx context.Context, _ *river.Job[SweepArgs]) error {
	return w.inbox.DrainAll(ctx)
}

type drainWorker struct {
	river.WorkerDefaults[channels.DrainArgs]
	inbox *Service
}

// Work drains a queue.
func (w *drainWorker) Work(ctx context.Context, job *river.Job[channels.DrainArgs]) error {
	return w.inbox.Drain(ctx, job.Args.OrganizationID)
}

// DrainAll drains the queues of all organizations that have one.
func (s *Service) DrainAll(ctx context.Context) error {
	var waiting []models.ID
	err := s.db.Read(ctx).Model(&models.Conversation{}).Where("queued_at IS NOT NULL").Distinct().Pluck("organization_id", &waiting).Error
	if err != nil {
		return fmt.Errorf("find queues: %w", err)
	}
	var failures []error
	for _, organization := range waiting {
		failures = append(failures, s.Drain(ctx, organization))
	}
	return errors.Join(failures...)
}

// drainBatch bounds one draining transaction, so that it holds nobody up.
const drainBatch = 50

// Drain hands the conversations that wait in the queue of an organization to whoever
// can take them now, the longest waiting first. Several may drain at the same time:
// each conversation is handed out once.
func (s *Service) Drain(ctx context.Context, organization models.ID) error {
	for {
		handedOut, err := s.drainSome(ctx, organization)
		if err != nil || handedOut == 0 {
			return err
		}
	}
}

func (s *Service) drainSome(ctx context.Context, organization models.ID) (handedOut int, err error) {
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		handedOut = 0
		pools, err := channels.LockPools(tx, organization)
		if err != nil {
			return err
		}
		able, err := channels.WithSomebodyFree(tx, pools)
		if err != nil || len(able) == 0 {
			return err
		}
		changes := s.newChanges(tx)
		waiting, err := changes.lockQueue(organization, able)
		if err != nil || len(waiting) == 0 {
			return err
		}
		turns, err := channels.TakeTurns(tx, able, nil)
		if err != nil {
			return err
		}
		for _, conversation := range waiting {
			assignee, skipped := turns.Next(conversation.ChannelID)
			if assignee == nil {
				continue
			}
			conversation.report = conversation.Assign(assignee)
			changes.decided(conversation, models.AssignedQueue, nil, nil, skipped)
			handedOut++
		}
		if err := turns.Save(); err != nil {
			return err
		}
		return changes.save()
	})
	if err != nil {
		return 0, fmt.Errorf("drain queue of organization %s: %w", organization, err)
	}
	return handedOut, nil
}

// lockQueue locks the conversations that have waited longest on channels, and
// returns them in that order.
func (c *changes) lockQueue(organization models.ID, pools []*models.Channel) ([]*changing, error) {
	ids := make([]models.ID, len(pools))
	for i, channel := range pools {
		ids[i] = channel.ID
	}
	var queue []models.ID
	err := c.tx.Model(&models.Conversation{}).Where("organization_id = ? AND queued_at IS NOT NULL", organization).
		Where(store.OneOf("channel_id", ids)).Order("queued_at, id").Limit(drainBatch).Pluck("id", &queue).Error
	if err != nil {
		return nil, fmt.Errorf("read queue: %w", err)
	}
	if err := c.loadByID([]models.ID{organization}, queue); err != nil {
		return nil, err
	}
	waiting := make([]*changing, 0, len(queue))
	for _, id := range queue {
		if conversation := c.conversations[id]; conversation != nil && conversation.QueuedAt != nil {
			waiting = append(waiting, conversation)
		}
	}
	return waiting, nil
}
