package graph

import (
	"context"

	"recado/graph/gqlmodel"
	"recado/models"
)

// ConversationMute has a conversation notify nobody of its customer's messages.
func (r mutationResolver) ConversationMute(ctx context.Context, input gqlmodel.ConversationMuteInput) (*gqlmodel.ConversationMutePayload, error) {
	changed, err := r.changeConversation(ctx, input.ConversationID,
		func(viewer models.Viewer, id models.ID) (models.Conversation, error) {
			return r.rooms.Inbox.Mute(ctx, viewer, id, version(input.ExpectedVersion))
		})
	return (*gqlmodel.ConversationMutePayload)(changed), err
}

// ConversationUnmute undoes ConversationMute.
func (r mutationResolver) ConversationUnmute(ctx context.Context, input gqlmodel.ConversationUnmuteInput) (*gqlmodel.ConversationUnmutePayload, error) {
	changed, err := r.changeConversation(ctx, input.ConversationID,
		func(viewer models.Viewer, id models.ID) (models.Conversation, error) {
			return r.rooms.Inbox.Unmute(ctx, viewer, id, version(input.ExpectedVersion))
		})
	return (*gqlmodel.ConversationUnmutePayload)(changed), err
}
