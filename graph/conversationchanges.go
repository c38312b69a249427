package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"recado/graph/gqlmodel"
	"recado/inbox"
	"recado/models"
)

// ConversationAssign hands a conversation to a user, or to nobody.
func (r mutationResolver) ConversationAssign(ctx context.Context, input gqlmodel.ConversationAssignInput) (*gqlmodel.ConversationAssignPayload, error) {
	changed, err := r.changeConversation(ctx, input.ConversationID,
		func(viewer models.Viewer, id models.ID) (models.Conversation, error) {
			if !input.AssigneeID.IsSet() {
				return models.Conversation{}, models.NewError(models.CodeRequired, "assigneeId")
			}
			var ids idParser
			assignee := ids.optional(models.PrefixUser, input.AssigneeID.Value(), "assigneeId")
			if ids.err != nil {
				return models.Conversation{}, ids.err
			}
			return r.rooms.Inbox.Assign(ctx, viewer, inbox.Assign{
				ConversationID: id, AssigneeID: assignee, ExpectedVersion: version(input.ExpectedVersion),
			})
		})
	return (*gqlmodel.ConversationAssignPayload)(changed), err
}

// ConversationClose marks a conversation as done.
func (r mutationResolver) ConversationClose(ctx context.Context, input gqlmodel.ConversationCloseInput) (*gqlmodel.ConversationClosePayload, error) {
	changed, err := r.changeConversation(ctx, input.ConversationID,
		func(viewer models.Viewer, id models.ID) (models.Conversation, error) {
			return r.rooms.Inbox.CloseConversation(ctx, viewer, inbox.Close{
				ConversationID: id, Reason: input.Reason, ExpectedVersion: version(input.ExpectedVersion),
			})
		})
	return (*gqlmodel.ConversationClosePayload)(changed), err
}

// ConversationReopen opens a closed conversation.
func (r mutationResolver) ConversationReopen(ctx context.Context, input gqlmodel.ConversationReopenInput) (*gqlmodel.ConversationReopenPayload, error) {
	changed, err := r.changeConversation(ctx, input.ConversationID,
		func(viewer models.Viewer, id models.ID) (models.Conversation, error) {
			return r.rooms.Inbox.ReopenConversation(ctx, viewer, id, version(input.ExpectedVersion))
		})
	return (*gqlmodel.ConversationReopenPayload)(changed), err
}

// ConversationMarkRead marks messages as read.
func (r mutationResolver) ConversationMarkRead(ctx context.Context, input gqlmodel.ConversationMarkReadInput) (*gqlmodel.ConversationMarkReadPayload, error) {
	changed, err := r.changeConversation(ctx, input.ConversationID,
		func(viewer models.Viewer, id models.ID) (models.Conversation, error) {
			var ids idParser
			through := ids.optional(models.PrefixMessage, input.ThroughMessageID.Value(), "throughMessageId")
			if ids.err != nil {
				return models.Conversation{}, ids.err
			}
			return r.rooms.Inbox.MarkRead(ctx, viewer, id, through)
		})
	return (*gqlmodel.ConversationMarkReadPayload)(changed), err
}

// ConversationMarkSeen notes what the viewer has read.
func (r mutationResolver) ConversationMarkSeen(ctx context.Context, input gqlmodel.ConversationMarkSeenInput) (*gqlmodel.ConversationMarkSeenPayload, error) {
	changed, err := r.changeConversation(ctx, input.ConversationID,
		func(viewer models.Viewer, id models.ID) (models.Conversation, error) {
			var ids idParser
			through := ids.optional(models.PrefixMessage, input.ThroughMessageID.Value(), "throughMessageId")
			if ids.err != nil {
				return models.Conversation{}, ids.err
			}
			return r.rooms.Inbox.MarkSeen(ctx, viewer, id, through)
		})
	return (*gqlmodel.ConversationMarkSeenPayload)(changed), err
}

// changedConversation is what all payloads of changes of one conversation are like.
type changedConversation struct {
	Conversation *gqlmodel.Conversation
	UserErrors   []gqlmodel.ConversationUserError
}

// changeConversation runs a change and sorts its outcome. With CONFLICT the
// conversation is there as well, as it is now; with CONVERSATION_SUPERSEDED the one
// that took its place.
func (r mutationResolver) changeConversation(ctx context.Context, conversationID string,
	change func(models.Viewer, models.ID) (models.Conversation, error),
) (*changedConversation, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	var ids idParser
	id := ids.parse(models.PrefixConversation, conversationID, "conversationId")
	changed, err := models.Conversation{}, ids.err
	if err == nil {
		changed, err = change(viewer, id)
	}
	code := models.CodeOf(err)
	problems, err := userErrors(ctx, r.Edge, err, "ConversationErrorCode", nil,
		func(p problem) gqlmodel.ConversationUserError { return gqlmodel.ConversationUserError(p) })
	if err != nil {
		return nil, err
	}
	payload := &changedConversation{UserErrors: problems}
	if code == "" || code == models.CodeConflict || code == models.CodeConversationSuperseded {
		payload.Conversation = (*gqlmodel.Conversation)(&changed)
	}
	return payload, nil
}

func version(expected graphql.Omittable[*int32]) *int64 {
	if expected.Value() == nil {
		return nil
	}
	wide := int64(*expected.Value())
	return &wide
}
