package inbox

import (
	"context"
	"fmt"
	"time"

	"recado/models"
	"recado/store"
)

// Reply is what an agent wants to send in a conversation.
type Reply struct {
	ConversationID models.ID    `json:"conversationId"`
	IdempotencyKey string       `json:"-"` // 1 to 64 characters, the client's; the same key and reply send once
	Content        models.Draft `json:"content"`
	ReplyToID      *models.ID   `json:"replyToId,omitempty"` // a message of the conversation to quote; none with a reaction
}

// Reply queues a message for the customer and returns it. Called again with the
// same key and input within a day, by the same user, it returns the first
// message; with the same key and another input it fails with
// IDEMPOTENCY_KEY_REUSED.
//
// Other failures: NOT_FOUND, FORBIDDEN, INVALID and REQUIRED with the field,
// SERVICE_WINDOW_CLOSED with Params["closedAt"] (absent if the customer never
// wrote), CONVERSATION_SUPERSEDED with Params["conversationId"] of the newer one,
// CONTACT_BLOCKED, CHANNEL_UNAVAILABLE with Params["status"], those of
// models.Attachment.Sendable, MESSAGE_TOO_OLD, MESSAGING_LIMIT_REACHED with
// Params["limit"] and ["freeAt"], INSUFFICIENT_CREDITS as of credits.Service.Hold.
// CanSend tells them beforehand, all at once.
func (s *Service) Reply(ctx context.Context, viewer models.Viewer, reply Reply) (models.Message, error) {
	if err := models.CheckIdempotencyKey(reply.IdempotencyKey); err != nil {
		return models.Message{}, err
	}
	if err := checkDraft(reply.Content, reply.ReplyToID); err != nil {
		return models.Message{}, err
	}
	once := onceOnly{mutation: "messageSend", key: reply.IdempotencyKey, input: reply}
	return s.queueOnce(ctx, viewer, once, func(tx *store.Tx, changes *changes) (*changing, models.Message, error) {
		conversation, err := changes.one(viewer.OrganizationID, reply.ConversationID)
		if err != nil {
			return nil, models.Message{}, err
		}
		if err := viewer.Require(conversation.ChannelID, models.LevelReply); err != nil {
			return nil, models.Message{}, err
		}
		proposed, err := s.propose(tx.DB, tx.Now(), viewer, conversation.Conversation, reply.Content, reply.ReplyToID)
		if err == nil && len(proposed.obstacles) > 0 {
			err = proposed.obstacles[0]
		}
		return conversation, proposed.message, err
	})
}

// onceOnly names a call, so that its repetition is recognized.
type onceOnly struct {
	mutation string // the public one
	key      string
	input    any
}

// queueOnce queues the message that prepare makes and returns it, or the one that
// an earlier call of the same name made. The viewer must be allowed to reply at the
// time of each call.
func (s *Service) queueOnce(ctx context.Context, viewer models.Viewer, once onceOnly,
	prepare func(*store.Tx, *changes) (*changing, models.Message, error),
) (models.Message, error) {
	var queued models.Message
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		// Before anything else, because the conversation may have been merged into
		// another one since the first call.
		first, err := store.RememberedResult(tx, viewer, once.mutation, once.key, once.input)
		if err != nil {
			return err
		}
		if first != nil {
			if queued, err = resultOf(tx, viewer, *first); err != nil {
				return err
			}
			return viewer.Require(queued.ChannelID, models.LevelReply)
		}
		changes := s.newChanges(tx)
		changes.by = new(viewer.UserID)
		conversation, message, err := prepare(tx, changes)
		if err != nil {
			return err
		}
		if err := store.RememberResult(tx, viewer, once.mutation, once.key, once.input, message.ID); err != nil {
			return err
		}
		s.takePlace(tx, conversation.Conversation, message)
		if err := s.hold(tx, changes, conversation.Conversation, &message); err != nil {
			return err
		}
		changes.addMessage(conversation, message)
		if err := changes.save(); err != nil {
			return err
		}
		queued = message
		args := SendArgs{OrganizationID: message.OrganizationID, MessageID: message.ID, WithFile: message.AttachmentID != nil}
		return s.queue.Enqueue(ctx, tx, args, time.Time{})
	})
	if err != nil {
		return models.Message{}, err
	}
	return queued, nil
}

// resultOf reads the message that an earlier call made.
func resultOf(tx *store.Tx, viewer models.Viewer, id models.ID) (models.Message, error) {
	var message models.Message
	if err := tx.Take(&message, "organization_id = ? AND id = ?", viewer.OrganizationID, id).Error; err != nil {
		return message, fmt.Errorf("read message %s of an earlier call: %w", id, err)
	}
	return message, nil
}
