package inbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/riverqueue/river"
	"gorm.io/gorm"

	"recado/models"
	"recado/store"
	"recado/whatsapp"
)

// # How a message is sent once
//
// Meta has no idempotency key: a call whose answer was lost may or may not have
// been taken. So a message is marked SENDING in a transaction of its own before
// the call, and what happens then decides:
//
//   - Meta answers: the message gets Meta's id (ACCEPTED), or the failure.
//   - Meta refuses for now: the message is QUEUED again, for later.
//   - The answer is lost, or this process dies: the message is UNCONFIRMED. Every
//     call carries our id as biz_opaque_callback_data, so any status webhook claims
//     the message. Only if the quiet period passes without one is it sent again.

// SendArgs ask for a message to be handed to Meta.
type SendArgs struct {
	OrganizationID models.ID `json:"organizationId"`
	MessageID      models.ID `json:"messageId"`
	WithFile       bool      `json:"withFile,omitempty"` // it has an attachment, which may take long
}

// Kind names the job.
func (SendArgs) Kind() string { return "inbox.send" }

const (
	// maxSendAttempts is how often Meta may refuse a message for now: with the waits
	// in between, for about half an hour.
	maxSendAttempts = 16
	// turnWait is how long a message waits for the one before it in its conversation.
	turnWait = 100 * time.Millisecond
	// reauthorizationWait is how often a message looks whether its channel works again.
	reauthorizationWait = 30 * time.Second
	// fileTimeout bounds one try with an attachment, of up to 100 MB.
	fileTimeout = 5 * time.Minute
)

type sendWorker struct {
	river.WorkerDefaults[SendArgs]
	inbox *Service
}

// Timeout leaves time for the upload of an attachment. For other messages it is the
// queue's, so that those of a process that died are soon taken up.
func (w *sendWorker) Timeout(job *river.Job[SendArgs]) time.Duration {
	if job.Args.WithFile {
		return fileTimeout
	}
	return w.WorkerDefaults.Timeout(job)
}

// Work hands a message to Meta, unless that happened already.
func (w *sendWorker) Work(ctx context.Context, job *river.Job[SendArgs]) error {
	attempt, err := w.inbox.beginAttempt(ctx, job.Args, "")
	if err == nil && attempt.file != nil {
		attempt, err = w.inbox.beginWithFile(ctx, job.Args, attempt)
	}
	if err != nil {
		return err
	}
	if attempt.wait > 0 {
		return river.JobSnooze(attempt.wait)
	}
	if attempt.over {
		return nil
	}
	result, failure := w.inbox.client.Send(ctx, attempt.credentials, attempt.message)
	failure = w.inbox.reconsiderFile(ctx, attempt, failure)
	// The answer must be kept even if the program is about to stop.
	wait, err := w.inbox.endAttempt(context.WithoutCancel(ctx), job.Args, attempt, result, failure)
	if err != nil {
		return err
	}
	if wait > 0 {
		return river.JobSnooze(wait)
	}
	return nil
}

// sendAttempt is what beginAttempt decided.
type sendAttempt struct {
	over        bool          // nothing is left to do
	wait        time.Duration // not yet
	begun       bool          // the message is SENDING
	credentials whatsapp.Credentials
	sealedToken []byte // the token of credentials as the channel's row has it
	message     whatsapp.OutboundMessage
	file        *wantedFile // the message's attachment; see beginWithFile
}

// beginAttempt decides whether the message is to be sent now and marks it as
// SENDING if so. A message with an attachment is not marked without Meta's id of that:
// then the attempt says which file is wanted.
func (s *Service) beginAttempt(ctx context.Context, args SendArgs, mediaID string) (sendAttempt, error) {
	var attempt sendAttempt
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		attempt = sendAttempt{}
		changes := s.newChanges(tx)
		message, conversation, err := changes.lockMessage(args.OrganizationID, args.MessageID)
		if errors.Is(err, models.ErrNotFound) || err == nil && (message.WAMID != nil || !message.Status.Pending()) {
			attempt.over = true
			return nil
		}
		if err != nil {
			return err
		}
		if attempt.wait = s.lostAnswerWait(tx, message); attempt.wait > 0 {
			if message.Status != models.StatusUnconfirmed {
				message.Status = models.StatusUnconfirmed
				changes.move(message)
			}
			return changes.save()
		}
		channel, err := channelOf(tx.DB, conversation.Conversation)
		if err != nil {
			return err
		}
		if failure := hopeless(tx, channel, conversation.Conversation, *message); failure != nil {
			message.Apply(models.StatusChange{Status: models.StatusFailed, At: tx.Now(), Failure: failure})
			changes.move(message)
			attempt.over = true
			return changes.save()
		}
		if channel.Status == models.ChannelReauthorizationRequired {
			attempt.wait = reauthorizationWait
			return nil
		}
		if attempt.wait, err = pairWait(tx, conversation.Conversation, channel); err != nil || attempt.wait > 0 {
			return err // before the line: all of it waits until the same time, and none looks every moment
		}
		if first, err := isFirstInLine(tx, message); err != nil || !first {
			attempt.wait = turnWait
			return err
		}
		token, err := s.channels.AccessToken(channel)
		if err != nil {
			return err
		}
		attempt.credentials = whatsapp.Credentials{PhoneNumberID: channel.PhoneNumberID, AccessToken: token}
		attempt.sealedToken = channel.AccessToken
		if message.AttachmentID != nil && mediaID == "" {
			attempt.file = &wantedFile{organization: message.OrganizationID, channel: message.ChannelID, id: *message.AttachmentID}
			return nil
		}
		message.Status, message.AttemptedAt = models.StatusSending, new(tx.Now())
		message.Attempts++
		attempt.begun = true
		if attempt.message, err = outbound(conversation.Conversation, message, mediaID); err != nil {
			return err
		}
		return store.UpdateAll(tx, []models.Message{*message}) // no event: it lasts a moment
	})
	return attempt, err
}

// lostAnswerWait is how long a message whose earlier call may have reached Meta
// still waits for a webhook; 0 if there was no such call, or it waited enough.
func (s *Service) lostAnswerWait(tx *store.Tx, message *models.Message) time.Duration {
	if message.Status == models.StatusQueued || message.AttemptedAt == nil {
		return 0
	}
	return max(0, message.AttemptedAt.Add(s.options.QuietPeriod).Sub(tx.Now()))
}

// hopeless returns why a message cannot be sent any more, or nil.
func hopeless(tx *store.Tx, channel models.Channel, conversation models.Conversation, message models.Message) *models.Failure {
	switch {
	case channel.Status == models.ChannelDisconnected:
		return &models.Failure{Code: string(models.CodeChannelUnavailable), NextAction: string(whatsapp.NextActionReconnectChannel)}
	case conversation.Blocked:
		return &models.Failure{Code: string(models.CodeContactBlocked), NextAction: models.NextActionUnblockContact}
	case refusesMarketing(conversation, message):
		return &models.Failure{Code: string(whatsapp.CodeMarketingOptedOut), NextAction: string(whatsapp.NextActionStopRecipient)}
	case message.Kind != models.KindTemplate && !conversation.WindowOpen(tx.Now()):
		return &models.Failure{Code: string(whatsapp.CodeWindowClosed), NextAction: string(whatsapp.NextActionSendTemplate)}
	}
	return nil
}

// isFirstInLine reports whether no earlier message of the conversation is about to
// be sent: customers read answers in the order they were written. A message whose
// answer was lost does not hold up the line.
func isFirstInLine(tx *store.Tx, message *models.Message) (bool, error) {
	var ahead int64
	err := tx.Model(&models.Message{}).
		Where("organization_id = ? AND conversation_id = ?", message.OrganizationID, message.ConversationID).
		Where("(sent_at, id) < (?, ?)", message.SentAt, message.ID).
		Where("sent_at > ?", message.SentAt.Add(-models.ServiceWindow)).
		Where("direction = ? AND status IN ?", models.Outbound, []models.MessageStatus{models.StatusQueued, models.StatusSending}).
		Limit(1).Count(&ahead).Error
	if err != nil {
		return false, fmt.Errorf("look for earlier messages: %w", err)
	}
	return ahead == 0, nil
}

// endAttempt stores what became of a call to Meta, and returns how long to wait
// before the message is looked at again; 0 means never.
func (s *Service) endAttempt(ctx context.Context, args SendArgs, attempt sendAttempt, result whatsapp.SendResult, failure error) (time.Duration, error) {
	var wait time.Duration
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		wait = 0
		changes := s.newChanges(tx)
		// Whoever parks a status or claims a message by one locks the channel too: so a
		// status of this message is either parked before this transaction, and found
		// here, or comes after it, and finds the message.
		channel, err := lockChannelOf(tx, args)
		if err != nil {
			return err
		}
		message, _, err := changes.lockMessage(args.OrganizationID, args.MessageID)
		if err != nil {
			return err
		}
		if !attempt.begun {
			message.Attempts++ // the upload was one
		}
		if failure == nil {
			err = accepted(tx, message, result, changes)
		} else {
			renewed := !bytes.Equal(channel.AccessToken, attempt.sealedToken)
			wait, err = s.refused(tx, channel, renewed, message, failure, changes)
		}
		if err != nil {
			return err
		}
		return changes.save()
	})
	return wait, err
}

// accepted gives the message Meta's id. A webhook may have done so already.
func accepted(tx *store.Tx, message *models.Message, result whatsapp.SendResult, changes *changes) error {
	if message.WAMID != nil && *message.WAMID != result.MessageID {
		return nil // a webhook of an earlier call claimed it; this one went out as well
	}
	message.WAMID = &result.MessageID
	message.Apply(models.StatusChange{Status: models.StatusAccepted, At: tx.Now()})
	changes.move(message)
	return unpark(tx, []*models.Message{message}, changes)
}

// refused decides what a failed call means. The channel's token may have been
// renewed since the call was made: then nothing is known against the new one.
func (s *Service) refused(tx *store.Tx, channel models.Channel, renewed bool, message *models.Message, failure error, changes *changes,
) (time.Duration, error) {
	if !message.Status.Pending() || message.WAMID != nil {
		return 0, nil // a webhook knew better
	}
	refusal, ok := errors.AsType[*whatsapp.Error](failure)
	if !ok {
		return 0, fmt.Errorf("send message %s: %w", message.ID, failure)
	}
	changes.move(message)
	if neverReachedMeta(refusal) {
		message.Attempts--
	}
	switch {
	case refusal.Uncertain:
		message.Status = models.StatusUnconfirmed
		return s.lostAnswerWait(tx, message), nil
	case refusal.Code == whatsapp.CodeTokenInvalid:
		message.Status = models.StatusQueued
		if renewed {
			return time.Second, nil
		}
		return reauthorizationWait, s.channels.RequireReauthorization(tx, channel.ID, refusal.Meta.Message)
	case refusal.Code == whatsapp.CodeInterrupted:
		message.Status = models.StatusQueued
		return time.Second, nil
	case refusal.Retryable && message.Attempts < maxSendAttempts:
		message.Status = models.StatusQueued
		return max(refusal.RetryAfter, backOff(message.Attempts)), nil
	}
	failed := models.StatusChange{Status: models.StatusFailed, At: tx.Now(), Failure: failureOf(refusal)}
	message.Apply(failed)
	changes.hearRefusal(message, failed)
	return 0, nil
}

// neverReachedMeta reports whether a call was held back or had no connection. It
// does not count: an outage may last longer than the patience with refusals.
func neverReachedMeta(refusal *whatsapp.Error) bool {
	return !refusal.Uncertain && refusal.HTTPStatus == 0 && refusal.Retryable
}

// backOff grows from about a second to about five minutes, with jitter.
func backOff(attempts int) time.Duration {
	ceiling := min(time.Second<<attempts, 5*time.Minute)
	return ceiling/2 + rand.N(ceiling/2)
}

func lockChannelOf(tx *store.Tx, args SendArgs) (models.Channel, error) {
	var channel models.Channel
	of := tx.Model(&models.Message{}).Select("channel_id").Where("organization_id = ? AND id = ?", args.OrganizationID, args.MessageID)
	if err := store.Locking(tx.Where("id = (?)", of)).Take(&channel).Error; err != nil {
		return channel, fmt.Errorf("lock channel of message %s: %w", args.MessageID, err)
	}
	return channel, nil
}

// lockMessage locks the conversation of a message and returns both.
func (c *changes) lockMessage(organization, id models.ID) (*models.Message, *changing, error) {
	query := c.tx.Where("organization_id = ? AND id = ?", organization, id).Session(&gorm.Session{})
	found, err := lockMessages(query, []models.ID{organization}, c)
	if err != nil {
		return nil, nil, err
	}
	if len(found) == 0 {
		return nil, nil, models.ErrNotFound
	}
	return &found[0], c.conversations[found[0].ConversationID], nil
}
