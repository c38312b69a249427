package inbox

import (
	"context"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"recado/models"
	"recado/store"
)

// maxSnooze is how far a conversation can be put off.
const maxSnooze = 366 * 24 * time.Hour

// Snooze says until when a conversation is put off.
type Snooze struct {
	ConversationID  models.ID
	Until           time.Time // in the future, a year at most
	ExpectedVersion *int64    // as of Assign
}

// Snooze puts an open conversation off until a time. Then it comes back by itself,
// once, and earlier when the customer writes or it is closed; what is unread of it
// stays as it is. Snoozing it again changes the time. Failures: NOT_FOUND, FORBIDDEN,
// INVALID (until out of bounds, or conversationId if it is closed), and CONFLICT,
// which comes with the present conversation.
func (s *Service) Snooze(ctx context.Context, viewer models.Viewer, snooze Snooze) (models.Conversation, error) {
	until := snooze.Until.UTC().Truncate(models.Precision)
	return s.change(ctx, viewer, snooze.ConversationID, snooze.ExpectedVersion, func(changes *changes, conversation *changing) error {
		now := changes.tx.Now()
		switch {
		case !until.After(now) || until.After(now.Add(maxSnooze)):
			return models.NewError(models.CodeInvalid, "until")
		case conversation.Status != models.ConversationOpen:
			return models.NewError(models.CodeInvalid, "conversationId")
		case conversation.SnoozedUntil != nil && conversation.SnoozedUntil.Equal(until):
			return nil
		}
		conversation.SnoozedUntil, conversation.report = &until, true
		return s.queue.Enqueue(ctx, changes.tx, WakeArgs{
			OrganizationID: conversation.OrganizationID, ConversationID: conversation.ID, Until: until,
		}, until)
	})
}

// Unsnooze brings a conversation back now. One that is not put off stays as it is.
// Failures as of Snooze.
func (s *Service) Unsnooze(ctx context.Context, viewer models.Viewer, id models.ID, expectedVersion *int64) (models.Conversation, error) {
	return s.change(ctx, viewer, id, expectedVersion, func(_ *changes, conversation *changing) error {
		conversation.wake()
		return nil
	})
}

// wake brings the conversation back if it is put off.
func (c *changing) wake() {
	if c.SnoozedUntil != nil {
		c.SnoozedUntil, c.report = nil, true
	}
}

// WakeArgs ask for a conversation to come back that was put off until a time.
type WakeArgs struct {
	OrganizationID models.ID `json:"organizationId"`
	ConversationID models.ID `json:"conversationId"`
	Until          time.Time `json:"until"`
}

// Kind names the job.
func (WakeArgs) Kind() string { return "inbox.wake" }

type wakeWorker struct {
	river.WorkerDefaults[WakeArgs]
	inbox *Service
}

// Work wakes the conversation and tells its assignee, unless it came back earlier, was
// put off anew, or is no more.
func (w *wakeWorker) Work(ctx context.Context, job *river.Job[WakeArgs]) error {
	s, args := w.inbox, job.Args
	if early := args.Until.Sub(s.clock()); early > 0 {
		return river.JobSnooze(early)
	}
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		changes := s.newChanges(tx)
		if err := changes.loadByID([]models.ID{args.OrganizationID}, []models.ID{args.ConversationID}); err != nil {
			return err
		}
		conversation := changes.conversations[args.ConversationID]
		if conversation == nil || conversation.SnoozedUntil == nil || !conversation.SnoozedUntil.Equal(args.Until) {
			return nil
		}
		conversation.wake()
		if conversation.AssigneeID != nil {
			changes.notify(models.Notification{UserID: *conversation.AssigneeID, Kind: models.NotifySnoozeEnded}, conversation)
		}
		return changes.save()
	})
	if err != nil {
		return fmt.Errorf("wake conversation %s: %w", args.ConversationID, err)
	}
	return nil
}
