package inbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"gorm.io/gorm"

	"recado/models"
	"recado/store"
	"recado/whatsapp"
)

// MarkRead says that the team has read a conversation, up to and including the
// message through; nil means all of it. What came in after that message stays
// unread. The customer sees blue ticks a moment later. Failures: NOT_FOUND (with
// the field throughMessageId if the message is not in the conversation) and
// FORBIDDEN.
func (s *Service) MarkRead(ctx context.Context, viewer models.Viewer, id models.ID, through *models.ID) (models.Conversation, error) {
	return s.change(ctx, viewer, id, nil, func(changes *changes, conversation *changing) error {
		tx := changes.tx
		last, unread, err := readThrough(tx, conversation.Conversation, through)
		if err != nil || last == nil || unread >= conversation.UnreadCount {
			return err
		}
		conversation.UnreadCount, conversation.report = unread, true
		return s.queue.Enqueue(ctx, tx, ReadArgs{
			OrganizationID: last.OrganizationID, ChannelID: last.ChannelID, WAMID: *last.WAMID,
		}, time.Time{})
	})
}

// readThrough returns the newest customer message up to the one given, and how
// many newer ones there are. Newer means stored later: a message that arrives late
// was not on the reader's screen, whatever its own time.
func readThrough(tx *store.Tx, conversation models.Conversation, through *models.ID) (last *models.Message, unread int, err error) {
	received := tx.Where("organization_id = ? AND conversation_id = ? AND direction = ? AND kind NOT IN ?",
		conversation.OrganizationID, conversation.ID, models.Inbound, models.KindsNotWritten()).Session(&gorm.Session{})
	upTo := received
	if through != nil {
		var message models.Message
		err := tx.Take(&message, "organization_id = ? AND conversation_id = ? AND id = ?",
			conversation.OrganizationID, conversation.ID, *through).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return nil, 0, models.NewError(models.CodeNotFound, "throughMessageId")
		}
		if err != nil {
			return nil, 0, fmt.Errorf("read message %s: %w", *through, err)
		}
		var newer int64
		if err := received.Model(&models.Message{}).Where("id > ?", *through).Count(&newer).Error; err != nil {
			return nil, 0, fmt.Errorf("count unread messages: %w", err)
		}
		unread = int(newer)
		upTo = received.Where("id <= ?", *through)
	}
	var message models.Message
	switch err := upTo.Order("sent_at DESC, id DESC").Take(&message).Error; {
	case errors.Is(err, gorm.ErrRecordNotFound):
		return nil, 0, nil
	case err != nil:
		return nil, 0, fmt.Errorf("find last message of conversation %s: %w", conversation.ID, err)
	}
	return &message, unread, nil
}

// ReadArgs ask for Meta to be told that a message was read, and all before it.
type ReadArgs struct {
	OrganizationID models.ID `json:"organizationId"`
	ChannelID      models.ID `json:"channelId"`
	WAMID          string    `json:"wamid"`
}

// Kind names the job.
func (ReadArgs) Kind() string { return "inbox.read" }

// readMarkWorthwhile is how old a message may be for Meta to care about its read
// mark (reference/whatsapp-cloud-api.md §5.7).
const readMarkWorthwhile = 30 * 24 * time.Hour

type readWorker struct {
	river.WorkerDefaults[ReadArgs]
	inbox *Service
}

// Work tells Meta. A read mark is a courtesy: when Meta refuses it for good, it is
// left at that.
func (w *readWorker) Work(ctx context.Context, job *river.Job[ReadArgs]) error {
	s := w.inbox
	if s.clock().Sub(job.CreatedAt) > readMarkWorthwhile {
		return nil
	}
	var channel models.Channel
	err := s.db.Read(ctx).Take(&channel, "organization_id = ? AND id = ?", job.Args.OrganizationID, job.Args.ChannelID).Error
	if err != nil {
		return fmt.Errorf("read channel %s: %w", job.Args.ChannelID, err)
	}
	if channel.Status != models.ChannelConnected {
		return river.JobSnooze(reauthorizationWait)
	}
	token, err := s.channels.AccessToken(channel)
	if err != nil {
		return err
	}
	err = s.client.MarkRead(ctx, whatsapp.Credentials{PhoneNumberID: channel.PhoneNumberID, AccessToken: token}, job.Args.WAMID, false)
	refusal, ok := errors.AsType[*whatsapp.Error](err)
	switch {
	case !ok || refusal.Retryable:
		return err
	case refusal.Code == whatsapp.CodeTokenInvalid:
		return s.tokenRefused(ctx, channel, refusal)
	}
	s.log.WarnContext(ctx, "Meta refused a read mark", "channel", channel.ID, "code", refusal.Code)
	return nil
}

// tokenRefused has the read mark wait until the channel has another token than the
// one that was used.
func (s *Service) tokenRefused(ctx context.Context, used models.Channel, refusal *whatsapp.Error) error {
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		var channel models.Channel
		if err := store.Locking(tx.DB).Take(&channel, "id = ?", used.ID).Error; err != nil {
			return fmt.Errorf("lock channel %s: %w", used.ID, err)
		}
		if !bytes.Equal(channel.AccessToken, used.AccessToken) {
			return nil
		}
		return s.channels.RequireReauthorization(tx, channel.ID, refusal.Meta.Message)
	})
	if err != nil {
		return err
	}
	return river.JobSnooze(reauthorizationWait)
}
