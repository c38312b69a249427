package inbox

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"recado/models"
	"recado/store"
	"recado/whatsapp"
)

// Retry asks for a failed message to be sent anew.
type Retry struct {
	MessageID      models.ID `json:"messageId"`
	IdempotencyKey string    `json:"-"` // as with Reply
}

// retriedError carries the message that an earlier retry made out of a transaction.
type retriedError struct{ by models.ID }

func (e retriedError) Error() string { return "sent anew already as " + e.by.String() }

// Retry queues a new message that says what a failed one said, and returns it. The
// failed one stays as it is, so that history is true and a late status of Meta's
// finds its own message; the two name each other. A message is sent anew once at
// most: whoever asks again, at the same time or later, gets the message of the
// first time, which may be retried in its turn.
//
// It fails with MESSAGE_NOT_RETRYABLE for a message that has not failed
// (Params["status"]) or that would fail in the same way again
// (Params["failure"]), and otherwise as Reply does.
func (s *Service) Retry(ctx context.Context, viewer models.Viewer, retry Retry) (models.Message, error) {
	if err := models.CheckIdempotencyKey(retry.IdempotencyKey); err != nil {
		return models.Message{}, err
	}
	once := onceOnly{mutation: "messageRetry", key: retry.IdempotencyKey, input: retry}
	queued, err := s.queueOnce(ctx, viewer, once, func(tx *store.Tx, changes *changes) (*changing, models.Message, error) {
		failed, conversation, err := changes.lockMessage(viewer.OrganizationID, retry.MessageID)
		if err != nil {
			return nil, models.Message{}, err
		}
		if err := viewer.Require(failed.ChannelID, models.LevelReply); err != nil {
			return nil, models.Message{}, err
		}
		if failed.RetriedByID != nil {
			return nil, models.Message{}, retriedError{by: *failed.RetriedByID}
		}
		if err := retryable(*failed); err != nil {
			return nil, models.Message{}, err
		}
		now := tx.Now()
		again := proposal{message: models.Message{
			OrganizationID: failed.OrganizationID, ID: models.NewID(),
			ChannelID: failed.ChannelID, ConversationID: failed.ConversationID,
			Direction: models.Outbound, Source: models.SourceAgent, SenderID: new(viewer.UserID), Status: models.StatusQueued,
			Kind: failed.Kind, Body: failed.Body, PreviewURL: failed.PreviewURL, Content: failed.Content,
			AttachmentID: failed.AttachmentID, ReplyToWAMID: failed.ReplyToWAMID, RetryOfID: new(failed.ID),
			SentAt: now, CreatedAt: now, UpdatedAt: now,
		}}
		if err := s.weighAgain(tx.DB, now, viewer, conversation.Conversation, &again); err != nil {
			return nil, models.Message{}, err
		}
		if len(again.obstacles) > 0 {
			return nil, models.Message{}, again.obstacles[0].At("messageId")
		}
		failed.RetriedByID = new(again.message.ID)
		changes.move(failed)
		return conversation, again.message, nil
	})
	if before, ok := errors.AsType[retriedError](err); ok {
		return s.takeMessage(ctx, viewer, before.by)
	}
	return queued, err
}

// weighAgain finds what keeps a message from going out a second time.
func (s *Service) weighAgain(db *gorm.DB, now time.Time, viewer models.Viewer, conversation models.Conversation, again *proposal) error {
	channel, err := channelOf(db, conversation)
	if err != nil {
		return err
	}
	if sent := again.message.Content; sent != nil && sent.Template != nil {
		if _, err := s.templates.Sendable(db, viewer, channel, sent.Template.TemplateID); err != nil {
			if err := again.refuse(err); err != nil {
				return err
			}
		}
	}
	if _, err = again.weigh(db, now, viewer, conversation, channel, "messageId"); err != nil {
		return err
	}
	return s.reach(db, now, conversation, channel, again)
}

// takeMessage reads a message that is known to be there.
func (s *Service) takeMessage(ctx context.Context, viewer models.Viewer, id models.ID) (models.Message, error) {
	found, err := s.MessagesByID(ctx, viewer, []models.ID{id})
	if err != nil {
		return models.Message{}, err
	}
	message, ok := found[id]
	if !ok {
		return models.Message{}, models.ErrNotFound
	}
	return message, nil
}

// retryable says whether sending the same again can end otherwise: Meta's trouble
// passes, and windows, connections and payment may have been mended since. The
// message itself and its recipient stay what they are.
func retryable(message models.Message) error {
	refusal := models.NewError(models.CodeMessageNotRetryable, "messageId")
	if message.Direction != models.Outbound || message.Status != models.StatusFailed {
		return refusal.With("status", string(message.Status))
	}
	failure := message.Failure
	if failure == nil || failure.Retryable {
		return nil
	}
	switch whatsapp.NextAction(failure.NextAction) {
	case whatsapp.NextActionFixRequest, whatsapp.NextActionStopRecipient, whatsapp.NextActionNone:
		return refusal.With("failure", failure.Code)
	}
	return nil
}
