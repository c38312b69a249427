package graph

import (
	"context"

	"recado/graph/gqlmodel"
	"recado/inbox"
	"recado/models"
)

// ConversationSnooze puts a conversation off.
func (r mutationResolver) ConversationSnooze(ctx context.Context, input gqlmodel.ConversationSnoozeInput) (*gqlmodel.ConversationSnoozePayload, error) {
	changed, err := r.changeConversation(ctx, input.ConversationID,
		func(viewer models.Viewer, id models.ID) (models.Conversation, error) {
			return r.rooms.Inbox.Snooze(ctx, viewer, inbox.Snooze{
				ConversationID: id, Until: input.Until, ExpectedVersion: version(input.ExpectedVersion),
			})
		})
	return (*gqlmodel.ConversationSnoozePayload)(changed), err
}

// ConversationUnsnooze brings a conversation back.
func (r mutationResolver) ConversationUnsnooze(ctx context.Context, input gqlmodel.ConversationUnsnoozeInput) (*gqlmodel.ConversationUnsnoozePayload, error) {
	changed, err := r.changeConversation(ctx, input.ConversationID,
		func(viewer models.Viewer, id models.ID) (models.Conversation, error) {
			return r.rooms.Inbox.Unsnooze(ctx, viewer, id, version(input.ExpectedVersion))
		})
	return (*gqlmodel.ConversationUnsnoozePayload)(changed), err
}
