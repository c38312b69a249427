package inbox

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"gorm.io/gorm"

	"recado/channels"
	"recado/models"
	"recado/store"
)

// Assign says who is to take care of a conversation.
type Assign struct {
	ConversationID  models.ID
	AssigneeID      *models.ID // nil: nobody
	ExpectedVersion *int64     // refuse with CONFLICT if the conversation has another; nil: whatever it is
}

// Assign hands a conversation to a user, or to nobody. The user must be active
// and may reply on the channel, else ASSIGNEE_NOT_ALLOWED; whether they are away or
// have reached their ceiling does not matter to who decides by hand. Given to nobody
// it does not go into the queue, but waits for somebody to take it by hand. Other failures:
// NOT_FOUND, FORBIDDEN, and CONFLICT, which comes with the present conversation.
func (s *Service) Assign(ctx context.Context, viewer models.Viewer, assign Assign) (models.Conversation, error) {
	return s.assign(ctx, viewer, assign, models.AssignedByHand)
}

func (s *Service) assign(ctx context.Context, viewer models.Viewer, assign Assign, cause models.AssignmentCause) (models.Conversation, error) {
	return s.change(ctx, viewer, assign.ConversationID, assign.ExpectedVersion, func(changes *changes, conversation *changing) error {
		if assign.AssigneeID != nil {
			if err := requireMayReply(changes.tx, conversation.Conversation, *assign.AssigneeID); err != nil {
				return err
			}
		}
		changes.assignBy(viewer, conversation, assign.AssigneeID, cause)
		return nil
	})
}

func requireMayReply(tx *store.Tx, conversation models.Conversation, user models.ID) error {
	var channel models.Channel
	err := tx.Take(&channel, "organization_id = ? AND id = ?", conversation.OrganizationID, conversation.ChannelID).Error
	if err != nil {
		return fmt.Errorf("read channel %s: %w", conversation.ChannelID, err)
	}
	allowed, err := channels.MayReply(tx, channel, user)
	if err != nil {
		return err
	}
	if !allowed {
		return models.NewError(models.CodeAssigneeNotAllowed, "assigneeId")
	}
	return nil
}

// Close says which conversation is done, and why.
type Close struct {
	ConversationID  models.ID
	Reason          string // for people, up to 500 characters; may be empty
	ExpectedVersion *int64 // as of Assign
}

// maxCloseReason is the longest reason for closing, in characters.
const maxCloseReason = 500

// CloseConversation ends the team's work on a conversation, until the customer or
// the team writes again. Closing a closed one changes nothing, the reason neither.
// Failures: NOT_FOUND, FORBIDDEN, INVALID (reason), and CONFLICT, which comes with the
// present conversation.
func (s *Service) CloseConversation(ctx context.Context, viewer models.Viewer, closing Close) (models.Conversation, error) {
	if utf8.RuneCountInString(closing.Reason) > maxCloseReason {
		return models.Conversation{}, models.NewError(models.CodeInvalid, "reason").With("max", strconv.Itoa(maxCloseReason))
	}
	if strings.ContainsRune(closing.Reason, 0) || !utf8.ValidString(closing.Reason) {
		return models.Conversation{}, models.NewError(models.CodeInvalid, "reason")
	}
	return s.change(ctx, viewer, closing.ConversationID, closing.ExpectedVersion, func(changes *changes, conversation *changing) error {
		if conversation.Close(viewer.UserID, changes.tx.Now()) {
			conversation.CloseReason, conversation.report = closing.Reason, true
		}
		return nil
	})
}

// ReopenConversation undoes CloseConversation, with the same failures; and
// CONVERSATION_SUPERSEDED if the customer has written in a newer conversation since:
// that one comes with it.
func (s *Service) ReopenConversation(ctx context.Context, viewer models.Viewer, id models.ID, expectedVersion *int64) (models.Conversation, error) {
	return s.change(ctx, viewer, id, expectedVersion, func(changes *changes, conversation *changing) error {
		if err := requireCurrent(changes.tx.DB, conversation.Conversation); err != nil {
			return err
		}
		conversation.report = conversation.Reopen()
		return nil
	})
}

// requireCurrent returns CONVERSATION_SUPERSEDED, with Params["conversationId"], if
// the conversation has a successor, in which all goes on.
func requireCurrent(db *gorm.DB, conversation models.Conversation) error {
	if conversation.Current {
		return nil
	}
	current, err := currentOf(db, conversation)
	if err != nil {
		return err
	}
	return models.NewError(models.CodeConversationSuperseded, "conversationId").
		With("conversationId", models.PublicID(models.PrefixConversation, current.ID))
}

// currentOf reads the conversation that took the place of a superseded one.
func currentOf(db *gorm.DB, superseded models.Conversation) (models.Conversation, error) {
	var current models.Conversation
	err := db.Take(&current, "current AND organization_id = ? AND channel_id = ? AND contact_id = ?",
		superseded.OrganizationID, superseded.ChannelID, superseded.ContactID).Error
	if err != nil {
		return current, fmt.Errorf("read the successor of conversation %s: %w", superseded.ID, err)
	}
	return current, nil
}

// change runs a change of one conversation by somebody who may reply in it. On
// CONFLICT it returns the conversation as it is, on CONVERSATION_SUPERSEDED the one
// that took its place.
func (s *Service) change(ctx context.Context, viewer models.Viewer, id models.ID, expectedVersion *int64,
	decide func(changes *changes, conversation *changing) error,
) (models.Conversation, error) {
	var result models.Conversation
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		changes := s.newChanges(tx)
		conversation, err := changes.visible(viewer, id)
		if err != nil {
			return err
		}
		if err := viewer.Require(conversation.ChannelID, models.LevelReply); err != nil {
			return err
		}
		result = conversation.Conversation
		if expectedVersion != nil && *expectedVersion != conversation.Version {
			return models.NewError(models.CodeConflict, "expectedVersion")
		}
		if err := decide(changes, conversation); err != nil {
			if models.CodeOf(err) == models.CodeConversationSuperseded {
				var failure error
				if result, failure = currentOf(tx.DB, conversation.Conversation); failure != nil {
					return failure
				}
			}
			return err
		}
		if err := changes.save(); err != nil {
			return err
		}
		result = conversation.Conversation
		return s.drainRelieved(ctx, tx, changes)
	})
	return result, err
}
