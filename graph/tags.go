package graph

import (
	"context"

	"recado/graph/gqlmodel"
	"recado/inbox"
	"recado/models"
)

// Limits of conversationTagsUpdate.
const (
	maxTagsAdded   = models.MaxTagsPerConversation
	maxTagsRemoved = 100
)

// Tags are the organization's.
func (r queryResolver) Tags(ctx context.Context, first *int32, after *string, last *int32, before *string) (*gqlmodel.TagConnection, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	all, err := r.rooms.Inbox.Tags(ctx, viewer)
	if err != nil {
		return nil, err
	}
	page, err := inbox.Cut(pageRequest(first, after, last, before), "tags of "+viewer.OrganizationID.String(), all,
		func(t *models.Tag) models.ID { return t.ID })
	if err != nil {
		return nil, err
	}
	return &gqlmodel.TagConnection{Rows: page.Rows, Cursor: page.Cursor, PageInfo: pageInfo(page)}, nil
}

// Tags are the conversation's.
func (r conversationResolver) Tags(ctx context.Context, conversation *gqlmodel.Conversation) ([]gqlmodel.Tag, error) {
	found, err := loadersFrom(ctx).tagsOf.load(ctx, conversation.ID)
	if err != nil || found == nil {
		return []gqlmodel.Tag{}, err
	}
	tags := make([]gqlmodel.Tag, len(*found))
	for i, tag := range *found {
		tags[i] = gqlmodel.Tag(tag)
	}
	return tags, nil
}

// CreatedBy is who made the tag.
func (r tagResolver) CreatedBy(ctx context.Context, tag *gqlmodel.Tag) (*gqlmodel.User, error) {
	return loadUser(ctx, &tag.CreatedByID)
}

// TagCreate makes a tag.
func (r mutationResolver) TagCreate(ctx context.Context, input gqlmodel.TagCreateInput) (*gqlmodel.TagCreatePayload, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	tag, err := r.rooms.Inbox.CreateTag(ctx, viewer, inbox.TagDraft{Name: input.Name, Color: input.Color})
	payload := &gqlmodel.TagCreatePayload{}
	if payload.UserErrors, err = r.tagErrors(ctx, err); err == nil && len(payload.UserErrors) == 0 {
		payload.Tag = (*gqlmodel.Tag)(&tag)
	}
	return orNothing(payload, err)
}

// TagUpdate changes a tag. With CONFLICT the tag is there as well, as it is now.
func (r mutationResolver) TagUpdate(ctx context.Context, input gqlmodel.TagUpdateInput) (*gqlmodel.TagUpdatePayload, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	var ids idParser
	id := ids.parse(models.PrefixTag, input.TagID, "tagId")
	tag, err := models.Tag{}, ids.err
	if err == nil {
		tag, err = r.rooms.Inbox.UpdateTag(ctx, viewer, id, inbox.TagDraft{Name: input.Name, Color: input.Color}, version(input.ExpectedVersion))
	}
	code := models.CodeOf(err)
	payload := &gqlmodel.TagUpdatePayload{}
	if payload.UserErrors, err = r.tagErrors(ctx, err); code == "" || code == models.CodeConflict {
		payload.Tag = (*gqlmodel.Tag)(&tag)
	}
	return orNothing(payload, err)
}

// TagDelete deletes a tag.
func (r mutationResolver) TagDelete(ctx context.Context, input gqlmodel.TagDeleteInput) (*gqlmodel.TagDeletePayload, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	var ids idParser
	id := ids.parse(models.PrefixTag, input.TagID, "tagId")
	if err = ids.err; err == nil {
		err = r.rooms.Inbox.DeleteTag(ctx, viewer, id)
	}
	payload := &gqlmodel.TagDeletePayload{}
	if payload.UserErrors, err = r.tagErrors(ctx, err); err == nil && len(payload.UserErrors) == 0 {
		payload.DeletedTagID = &input.TagID
	}
	return orNothing(payload, err)
}

func (e *Edge) tagErrors(ctx context.Context, err error) ([]gqlmodel.TagUserError, error) {
	return userErrors(ctx, e, err, "TagErrorCode", nil, func(p problem) gqlmodel.TagUserError { return gqlmodel.TagUserError(p) })
}

// ConversationTagsUpdate gives tags to a conversation and takes others off it.
func (r mutationResolver) ConversationTagsUpdate(ctx context.Context, input gqlmodel.ConversationTagsUpdateInput) (*gqlmodel.ConversationTagsUpdatePayload, error) {
	changed, err := r.changeConversation(ctx, input.ConversationID,
		func(viewer models.Viewer, id models.ID) (models.Conversation, error) {
			tagging := inbox.Tagging{ConversationID: id, ExpectedVersion: version(input.ExpectedVersion)}
			var err error
			if tagging.Add, err = publicIDs(models.PrefixTag, input.AddTagIds.Value(), "addTagIds", maxTagsAdded); err != nil {
				return models.Conversation{}, err
			}
			if tagging.Remove, err = publicIDs(models.PrefixTag, input.RemoveTagIds.Value(), "removeTagIds", maxTagsRemoved); err != nil {
				return models.Conversation{}, err
			}
			return r.rooms.Inbox.Tag(ctx, viewer, tagging)
		})
	return (*gqlmodel.ConversationTagsUpdatePayload)(changed), err
}
