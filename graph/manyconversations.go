package graph

import (
	"context"

	"recado/graph/gqlmodel"
	"recado/inbox"
	"recado/models"
)

// ConversationsAssign hands many conversations to a user, or to nobody.
func (r mutationResolver) ConversationsAssign(ctx context.Context, input gqlmodel.ConversationsAssignInput) (*gqlmodel.ConversationsAssignPayload, error) {
	var payload gqlmodel.ConversationsAssignPayload
	var err error
	payload.Results, payload.UserErrors, err = r.changeConversations(ctx, input.ConversationIds,
		func(viewer models.Viewer, conversations []models.ID) ([]inbox.ManyResult, error) {
			if !input.AssigneeID.IsSet() {
				return nil, models.NewError(models.CodeRequired, "assigneeId")
			}
			var ids idParser
			assignee := ids.optional(models.PrefixUser, input.AssigneeID.Value(), "assigneeId")
			if ids.err != nil {
				return nil, ids.err
			}
			return r.rooms.Inbox.AssignMany(ctx, viewer, conversations, assignee)
		})
	return orNothing(&payload, err)
}

// ConversationsClose closes many conversations.
func (r mutationResolver) ConversationsClose(ctx context.Context, input gqlmodel.ConversationsCloseInput) (*gqlmodel.ConversationsClosePayload, error) {
	var payload gqlmodel.ConversationsClosePayload
	var err error
	payload.Results, payload.UserErrors, err = r.changeConversations(ctx, input.ConversationIds,
		func(viewer models.Viewer, conversations []models.ID) ([]inbox.ManyResult, error) {
			return r.rooms.Inbox.CloseMany(ctx, viewer, conversations, input.Reason)
		})
	return orNothing(&payload, err)
}

// ConversationsTag gives tags to many conversations and takes others off them.
func (r mutationResolver) ConversationsTag(ctx context.Context, input gqlmodel.ConversationsTagInput) (*gqlmodel.ConversationsTagPayload, error) {
	var payload gqlmodel.ConversationsTagPayload
	var err error
	payload.Results, payload.UserErrors, err = r.changeConversations(ctx, input.ConversationIds,
		func(viewer models.Viewer, conversations []models.ID) ([]inbox.ManyResult, error) {
			add, err := publicIDs(models.PrefixTag, input.AddTagIds.Value(), "addTagIds", maxTagsAdded)
			if err != nil {
				return nil, err
			}
			remove, err := publicIDs(models.PrefixTag, input.RemoveTagIds.Value(), "removeTagIds", maxTagsRemoved)
			if err != nil {
				return nil, err
			}
			return r.rooms.Inbox.TagMany(ctx, viewer, conversations, add, remove)
		})
	return orNothing(&payload, err)
}

// changeConversations runs a change of many conversations and sorts what became of
// each.
func (r mutationResolver) changeConversations(ctx context.Context, texts []string,
	change func(models.Viewer, []models.ID) ([]inbox.ManyResult, error),
) ([]gqlmodel.ConversationsResult, []gqlmodel.ConversationsUserError, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, nil, err
	}
	sorted := func(err error) ([]gqlmodel.ConversationsUserError, error) {
		return userErrors(ctx, r.Edge, err, "ConversationsErrorCode", nil,
			func(p problem) gqlmodel.ConversationsUserError { return gqlmodel.ConversationsUserError(p) })
	}
	conversations := make([]models.ID, len(texts))
	for i, text := range texts {
		conversations[i], _ = models.ParsePublicID(models.PrefixConversation, text) // an id that cannot be is found nowhere
	}
	results, err := change(viewer, conversations)
	problems, err := sorted(err)
	if err != nil {
		return nil, nil, err
	}
	shown := make([]gqlmodel.ConversationsResult, len(results))
	for i := range results {
		shown[i].ConversationID = texts[i]
		if shown[i].UserErrors, err = sorted(results[i].Err); err != nil {
			return nil, nil, err
		}
		if results[i].Err == nil {
			shown[i].Conversation = (*gqlmodel.Conversation)(&results[i].Conversation)
		}
	}
	return shown, problems, nil
}
