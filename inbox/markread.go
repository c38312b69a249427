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
// unread. It is also the viewer's own place, see MarkSeen, and reads the notifications
// that led there. The customer sees blue ticks a moment later. Failures: NOT_FOUND
// (with the field throughMessageId if the message is not in the conversation) and
// FORBIDDEN.
func (s *Service) MarkRead(ctx context.Context, viewer models.Viewer, id models.ID, through *models.ID) (models.Conversation, error) {
	return s.change(ctx, viewer, id, nil, func(changes *changes, conversation *changing) error {
		tx := changes.tx
		last, unread, err := readThrough(tx, conversation.Conversation, through)
		if err != nil || last == nil {
			return err
		}
		if err := markSeen(tx, viewer.UserID, conversation.Conversation, unread); err != nil {
			return err
		}
		if unread == 0 {
			if err := readWithConversation(tx, conversation.Conversation, viewer.UserID); err != nil {
				return err
			}
		}
		if unread >= conversation.UnreadCount {
			return nil
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
	channel, err := s.markAtMeta(ctx, job.Args, false)
	refusal, ok := errors.AsType[*whatsapp.Error](err)
	switch {
	case errors.Is(err, errNotConnected):
		return river.JobSnooze(reauthorizationWait)
	case !ok || refusal.Retryable:
		return err
	case refusal.Code == whatsapp.CodeTokenInvalid:
		if err := s.tokenRefused(ctx, channel, refusal); err != nil {
			return err
		}
		return river.JobSnooze(reauthorizationWait)
	}
	s.log.WarnContext(ctx, "Meta refused a read mark", "channel", channel.ID, "code", refusal.Code)
	return nil
}

// errNotConnected says that a channel's number cannot be used at the moment.
var errNotConnected = errors.New("the channel is not connected")

// markAtMeta has Meta show the customer that a message was read, and with typing
// that an answer is being written. It returns the channel as it was used.
func (s *Service) markAtMeta(ctx context.Context, args ReadArgs, typing bool) (models.Channel, error) {
	var channel models.Channel
	err := s.db.Read(ctx).Take(&channel, "organization_id = ? AND id = ?", args.OrganizationID, args.ChannelID).Error
	if err != nil {
		return channel, fmt.Errorf("read channel %s: %w", args.ChannelID, err)
	}
	if channel.Status != models.ChannelConnected {
		return channel, errNotConnected
	}
	token, err := s.channels.AccessToken(channel)
	if err != nil {
		return channel, err
	}
	credentials := whatsapp.Credentials{PhoneNumberID: channel.PhoneNumberID, AccessToken: token}
	return channel, s.client.MarkRead(ctx, credentials, args.WAMID, typing)
}

// tokenRefused has the channel wait for another token, unless it has another one by
// now than the one that was used.
func (s *Service) tokenRefused(ctx context.Context, used models.Channel, refusal *whatsapp.Error) error {
	return s.db.Write(ctx, func(tx *store.Tx) error {
		var channel models.Channel
		if err := store.Locking(tx.DB).Take(&channel, "id = ?", used.ID).Error; err != nil {
			return fmt.Errorf("lock channel %s: %w", used.ID, err)
		}
		if !bytes.Equal(channel.AccessToken, used.AccessToken) {
			return nil
		}
		return s.channels.RequireReauthorization(tx, channel.ID, refusal.Meta.Message)
	})
}
