package graph

import (
	"context"
	"errors"

	"recado/graph/gqlmodel"
	"recado/inbox"
	"recado/models"
)

// QuickReplies are those that the viewer may use.
func (r queryResolver) QuickReplies(ctx context.Context, prefix string, first *int32, after *string, last *int32, before *string) (*gqlmodel.QuickReplyConnection, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	all, err := r.rooms.Inbox.QuickReplies(ctx, viewer, prefix)
	if err != nil {
		return nil, err
	}
	page, err := inbox.Cut(pageRequest(first, after, last, before), "quick replies of "+viewer.UserID.String()+" "+prefix, all,
		func(q *models.QuickReply) models.ID { return q.ID })
	if err != nil {
		return nil, err
	}
	return &gqlmodel.QuickReplyConnection{Rows: page.Rows, Cursor: page.Cursor, PageInfo: pageInfo(page)}, nil
}

// QuickReplyRender shows what a quick reply would say.
func (r queryResolver) QuickReplyRender(ctx context.Context, quickReplyID, conversationID string) (*gqlmodel.QuickReplyRendering, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	var ids idParser
	id, conversation := ids.parse(models.PrefixQuickReply, quickReplyID, "quickReplyId"), ids.parse(models.PrefixConversation, conversationID, "conversationId")
	if ids.err != nil {
		return nil, nil //nolint:nilnil,nilerr // names nothing
	}
	rendered, err := r.rooms.Inbox.RenderQuickReply(ctx, viewer, id, conversation)
	switch {
	case errors.Is(err, models.ErrNotFound):
		return nil, nil //nolint:nilnil // as the schema says
	case err != nil:
		return nil, err
	}
	shown := &gqlmodel.QuickReplyRendering{
		QuickReply: gqlmodel.QuickReply(rendered.QuickReply), Text: rendered.Text, MissingVariables: rendered.Missing,
	}
	if shown.MissingVariables == nil {
		shown.MissingVariables = []string{}
	}
	return shown, nil
}

// CreatedBy is who made the quick reply.
func (r quickReplyResolver) CreatedBy(ctx context.Context, reply *gqlmodel.QuickReply) (*gqlmodel.User, error) {
	return loadUser(ctx, &reply.CreatedByID)
}

// QuickReplyCreate makes a quick reply.
func (r mutationResolver) QuickReplyCreate(ctx context.Context, input gqlmodel.QuickReplyCreateInput) (*gqlmodel.QuickReplyCreatePayload, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	var ids idParser
	wish := inbox.QuickReplyWish{
		Shortcut: input.Shortcut, Body: input.Body, AttachmentID: ids.optional(models.PrefixAttachment, input.AttachmentID.Value(), "attachmentId"),
	}
	reply, err := models.QuickReply{}, ids.err
	if err == nil {
		reply, err = r.rooms.Inbox.CreateQuickReply(ctx, viewer, wish, input.IsShared)
	}
	payload := &gqlmodel.QuickReplyCreatePayload{}
	if payload.UserErrors, err = r.quickReplyErrors(ctx, err); err == nil && len(payload.UserErrors) == 0 {
		payload.QuickReply = (*gqlmodel.QuickReply)(&reply)
	}
	return orNothing(payload, err)
}

// QuickReplyUpdate changes a quick reply. With CONFLICT it is there as well, as it is
// now.
func (r mutationResolver) QuickReplyUpdate(ctx context.Context, input gqlmodel.QuickReplyUpdateInput) (*gqlmodel.QuickReplyUpdatePayload, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	var ids idParser
	id := ids.parse(models.PrefixQuickReply, input.QuickReplyID, "quickReplyId")
	wish := inbox.QuickReplyWish{
		Shortcut: input.Shortcut, Body: input.Body, AttachmentID: ids.optional(models.PrefixAttachment, input.AttachmentID.Value(), "attachmentId"),
	}
	reply, err := models.QuickReply{}, ids.err
	if err == nil {
		reply, err = r.rooms.Inbox.UpdateQuickReply(ctx, viewer, id, wish, version(input.ExpectedVersion))
	}
	code := models.CodeOf(err)
	payload := &gqlmodel.QuickReplyUpdatePayload{}
	if payload.UserErrors, err = r.quickReplyErrors(ctx, err); code == "" || code == models.CodeConflict {
		payload.QuickReply = (*gqlmodel.QuickReply)(&reply)
	}
	return orNothing(payload, err)
}

// QuickReplyDelete deletes a quick reply.
func (r mutationResolver) QuickReplyDelete(ctx context.Context, input gqlmodel.QuickReplyDeleteInput) (*gqlmodel.QuickReplyDeletePayload, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	var ids idParser
	id := ids.parse(models.PrefixQuickReply, input.QuickReplyID, "quickReplyId")
	if err = ids.err; err == nil {
		err = r.rooms.Inbox.DeleteQuickReply(ctx, viewer, id)
	}
	payload := &gqlmodel.QuickReplyDeletePayload{}
	if payload.UserErrors, err = r.quickReplyErrors(ctx, err); err == nil && len(payload.UserErrors) == 0 {
		payload.DeletedQuickReplyID = &input.QuickReplyID
	}
	return orNothing(payload, err)
}

func (e *Edge) quickReplyErrors(ctx context.Context, err error) ([]gqlmodel.QuickReplyUserError, error) {
	return userErrors(ctx, e, err, "QuickReplyErrorCode", nil,
		func(p problem) gqlmodel.QuickReplyUserError { return gqlmodel.QuickReplyUserError(p) })
}
