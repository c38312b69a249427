package graph

import (
	"context"

	"recado/graph/gqlmodel"
	"recado/inbox"
	"recado/models"
)

// ConversationSnooze puts a conversation off.
func (r mutationResolver) ConversationSnooze(ctx context.Context, input gqlmodel.ConversationSnoozeInput) (*gqlmodel.ConversationSnoozePayload, error) {
	var payload gqlmodel.ConversationSnoozePayload
	var err error
	payload.Conversation, payload.UserErrors, err = r.changeConversation(ctx, input.ConversationID,
		func(viewer models.Viewer, id models.ID) (models.Conversation, error) {
			return r.rooms.Inbox.Snooze(ctx, viewer, inbox.Snooze{
				ConversationID: id, Until: input.Until, ExpectedVersion: version(input.ExpectedVersion),
			})
		})
	return orNothing(&payload, err)
}

// ConversationUnsnooze brings a conversation back.
func (r mutationResolver) ConversationUnsnooze(ctx context.Context, input gqlmodel.ConversationUnsnoozeInput) (*gqlmodel.ConversationUnsnoozePayload, error) {
	var payload gqlmodel.ConversationUnsnoozePayload
	var err error
	payload.Conversation, payload.UserErrors, err = r.changeConversation(ctx, input.ConversationID,
		func(viewer models.Viewer, id models.ID) (models.Conversation, error) {
			return r.rooms.Inbox.Unsnooze(ctx, viewer, id, version(input.ExpectedVersion))
		})
	return orNothing(&payload, err)
}
