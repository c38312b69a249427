package inbox

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"gorm.io/gorm"

	"recado/models"
	"recado/store"
	"recado/whatsapp"
)

// Reply is what an agent wants to send in a conversation.
type Reply struct {
	ConversationID models.ID  `json:"conversationId"`
	IdempotencyKey string     `json:"-"`                   // 1 to 64 characters, the client's; the same key and reply send once
	Text           string     `json:"text"`                // 1 to 4,096 characters
	PreviewURL     bool       `json:"previewUrl"`          // show a preview of the first link
	ReplyToID      *models.ID `json:"replyToId,omitempty"` // a message of the conversation to quote
}

// replyMutation names Reply in idempotency records, after the public mutation.
const replyMutation = "messageSend"

// maxIdempotencyKey is the longest key that a client may choose, in characters.
const maxIdempotencyKey = 64

// Reply queues a message for the customer and returns it. Called again with the
// same key and input within a day, by the same user, it returns the first
// message; with the same key and another input it fails with
// IDEMPOTENCY_KEY_REUSED.
//
// Other failures: NOT_FOUND, FORBIDDEN, INVALID and REQUIRED with the field,
// SERVICE_WINDOW_CLOSED with Params["closedAt"] (absent if the customer never
// wrote), CONVERSATION_SUPERSEDED with Params["conversationId"] of the newer one,
// CHANNEL_UNAVAILABLE with Params["status"].
func (s *Service) Reply(ctx context.Context, viewer models.Viewer, reply Reply) (models.Message, error) {
	if err := reply.validate(); err != nil {
		return models.Message{}, err
	}
	var sent models.Message
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		// Before anything else, because the conversation may have been merged into
		// another one since the first call.
		first, err := rememberedResult(tx, viewer, replyMutation, reply.IdempotencyKey, reply)
		if err != nil {
			return err
		}
		if first != nil {
			if sent, err = resultOf(tx, viewer, *first); err != nil {
				return err
			}
			return viewer.Require(sent.ChannelID, models.LevelReply)
		}
		changes := newChanges(tx)
		conversation, err := changes.one(viewer.OrganizationID, reply.ConversationID)
		if err != nil {
			return err
		}
		if err := viewer.Require(conversation.ChannelID, models.LevelReply); err != nil {
			return err
		}
		message := models.Message{
			OrganizationID: viewer.OrganizationID, ID: models.NewID(),
			ChannelID: conversation.ChannelID, ConversationID: conversation.ID,
			Direction: models.Outbound, Kind: models.KindText, Body: reply.Text, PreviewURL: reply.PreviewURL,
			Source: models.SourceAgent, SenderID: new(viewer.UserID), Status: models.StatusQueued,
			SentAt: tx.Now(), CreatedAt: tx.Now(), UpdatedAt: tx.Now(),
		}
		if err := rememberResult(tx, viewer, replyMutation, reply.IdempotencyKey, reply, message.ID); err != nil {
			return err
		}
		if err := sendable(tx, conversation.Conversation); err != nil {
			return err
		}
		if message.ReplyToWAMID, err = quoted(tx, conversation.Conversation, reply.ReplyToID); err != nil {
			return err
		}
		changes.addMessage(conversation, message)
		if err := changes.save(); err != nil {
			return err
		}
		sent = message
		return s.queue.Enqueue(ctx, tx, SendArgs{OrganizationID: message.OrganizationID, MessageID: message.ID}, time.Time{})
	})
	if err != nil {
		return models.Message{}, err
	}
	return sent, nil
}

// resultOf reads the message that an earlier call made.
func resultOf(tx *store.Tx, viewer models.Viewer, id models.ID) (models.Message, error) {
	var message models.Message
	if err := tx.Take(&message, "organization_id = ? AND id = ?", viewer.OrganizationID, id).Error; err != nil {
		return message, fmt.Errorf("read message %s of an earlier call: %w", id, err)
	}
	return message, nil
}

func (r Reply) validate() error {
	switch length := utf8.RuneCountInString(r.IdempotencyKey); {
	case length == 0:
		return models.NewError(models.CodeRequired, "idempotencyKey")
	case strings.ContainsRune(r.IdempotencyKey, 0) || !utf8.ValidString(r.IdempotencyKey):
		return models.NewError(models.CodeInvalid, "idempotencyKey")
	case length > maxIdempotencyKey:
		return models.NewError(models.CodeInvalid, "idempotencyKey").With("max", strconv.Itoa(maxIdempotencyKey))
	}
	switch {
	case strings.TrimSpace(r.Text) == "":
		return models.NewError(models.CodeRequired, "text")
	case utf8.RuneCountInString(r.Text) > whatsapp.MaxTextBody:
		return models.NewError(models.CodeInvalid, "text").With("max", strconv.Itoa(whatsapp.MaxTextBody))
	case strings.ContainsRune(r.Text, 0) || !utf8.ValidString(r.Text):
		return models.NewError(models.CodeInvalid, "text")
	}
	return nil
}

// sendable reports why free text cannot be sent in a conversation now, or nil.
func sendable(tx *store.Tx, conversation models.Conversation) error {
	if err := requireCurrent(tx, conversation); err != nil {
		return err
	}
	if !conversation.WindowOpen(tx.Now()) {
		closed := models.NewError(models.CodeServiceWindowClosed, "conversationId")
		if expired := conversation.WindowExpiresAt(); expired != nil {
			closed = closed.With("closedAt", expired.UTC().Format(time.RFC3339))
		}
		return closed
	}
	var channel models.Channel
	if err := tx.First(&channel, "organization_id = ? AND id = ?", conversation.OrganizationID, conversation.ChannelID).Error; err != nil {
		return fmt.Errorf("read channel %s: %w", conversation.ChannelID, err)
	}
	if channel.Status != models.ChannelConnected {
		return models.NewError(models.CodeChannelUnavailable, "conversationId").With("status", string(channel.Status))
	}
	return nil
}

// quoted returns Meta's id of the message to quote; nil if none is asked for.
func quoted(tx *store.Tx, conversation models.Conversation, id *models.ID) (*string, error) {
	if id == nil {
		return nil, nil //nolint:nilnil // no quote is no failure
	}
	var message models.Message
	err := tx.Where("organization_id = ? AND conversation_id = ? AND id = ?", conversation.OrganizationID, conversation.ID, *id).
		Take(&message).Error
	switch {
	case errors.Is(err, gorm.ErrRecordNotFound):
		return nil, models.NewError(models.CodeNotFound, "replyToId")
	case err != nil:
		return nil, fmt.Errorf("read message to quote: %w", err)
	case message.WAMID == nil: // not sent yet, so Meta could not show it
		return nil, models.NewError(models.CodeInvalid, "replyToId")
	}
	return message.WAMID, nil
}
