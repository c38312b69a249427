package inbox

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"recado/models"
	"recado/whatsapp"
)

// TypingArgs ask for Meta to show a customer that an answer is being written. Meta
// shows it together with the read mark of a message, and has no call without one.
type TypingArgs ReadArgs

// Kind names the job.
func (TypingArgs) Kind() string { return "inbox.typing" }

const (
	// typingPeriod is how often Meta is asked about a message at most: it shows the
	// sign for 25 seconds (reference/whatsapp-cloud-api.md §5.7).
	typingPeriod = 20 * time.Second
	// typingWorthwhile is how late the sign may come: later the answer may be there.
	typingWorthwhile = 10 * time.Second
)

// ShowTyping has the customer see for up to 25 seconds, or until the next message,
// that an answer is being written. The customer also sees that all they wrote was
// read; the team's unread count stays as it is. However often and by how many
// people it is called, Meta is asked once in 20 seconds. It is a courtesy: what goes
// wrong on the way to Meta is not repeated.
//
// Failures: NOT_FOUND, FORBIDDEN, SERVICE_WINDOW_CLOSED and CONTACT_BLOCKED as with
// Reply, and CHANNEL_UNAVAILABLE with Params["status"].
func (s *Service) ShowTyping(ctx context.Context, viewer models.Viewer, id models.ID) (models.Conversation, error) {
	return s.change(ctx, viewer, id, nil, func(changes *changes, conversation *changing) error {
		tx := changes.tx
		var weighed proposal
		channel, err := channelOf(tx.DB, conversation.Conversation)
		if err != nil {
			return err
		}
		if _, err := weighed.weigh(tx.DB, tx.Now(), viewer, conversation.Conversation, channel, ""); err != nil {
			return err
		}
		if len(weighed.obstacles) > 0 {
			return weighed.obstacles[0]
		}
		last, _, err := readThrough(tx, conversation.Conversation, nil)
		if err != nil || last == nil {
			return err
		}
		args := TypingArgs{OrganizationID: last.OrganizationID, ChannelID: last.ChannelID, WAMID: *last.WAMID}
		return s.queue.EnqueueOnce(ctx, tx, args, typingPeriod)
	})
}

type typingWorker struct {
	river.WorkerDefaults[TypingArgs]
	inbox *Service
}

// Work tells Meta, unless it is too late.
func (w *typingWorker) Work(ctx context.Context, job *river.Job[TypingArgs]) error {
	s := w.inbox
	if s.clock().Sub(job.CreatedAt) > typingWorthwhile {
		return nil
	}
	channel, err := s.markAtMeta(ctx, ReadArgs(job.Args), true)
	refusal, ok := errors.AsType[*whatsapp.Error](err)
	switch {
	case !ok && !errors.Is(err, errNotConnected):
		return err
	case ok && refusal.Code == whatsapp.CodeTokenInvalid:
		return s.tokenRefused(ctx, channel, refusal)
	case ok:
		s.log.WarnContext(ctx, "Meta did not show that an answer is being written", "channel", channel.ID, "code", refusal.Code)
	}
	return nil
}
