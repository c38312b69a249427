package graph

import (
	"context"

	"recado/graph/gqlmodel"
	"recado/models"
)

// Workload is what the user has and takes.
func (r userResolver) Workload(ctx context.Context, user *gqlmodel.User) (*gqlmodel.Workload, error) {
	workload, err := loadersFrom(ctx).workloads.load(ctx, user.ID)
	if err != nil {
		return nil, err
	}
	if workload == nil {
		idle := gqlmodel.Workload(models.IdleWorkload(user.OrganizationID, user.ID))
		return &idle, nil
	}
	return (*gqlmodel.Workload)(workload), nil
}

// AssignmentLog is why it belongs to whom.
func (r conversationResolver) AssignmentLog(ctx context.Context, conversation *gqlmodel.Conversation, first *int32, after *string, last *int32, before *string) (*gqlmodel.AssignmentEntryConnection, error) {
	result, err := loadersFrom(ctx).assignmentLogs.load(ctx, newPartKey(conversation.ID, first, after, last, before))
	if err != nil {
		return nil, err
	}
	if result.Err != nil {
		return nil, result.Err
	}
	page := result.Page
	return &gqlmodel.AssignmentEntryConnection{Rows: page.Rows, Cursor: page.Cursor, PageInfo: pageInfo(page)}, nil
}

// Assignee is who takes care of it from then on.
func (r assignmentEntryResolver) Assignee(ctx context.Context, entry *gqlmodel.AssignmentEntry) (*gqlmodel.User, error) {
	return loadUser(ctx, entry.AssigneeID)
}

// PreviousAssignee is who had it before.
func (r assignmentEntryResolver) PreviousAssignee(ctx context.Context, entry *gqlmodel.AssignmentEntry) (*gqlmodel.User, error) {
	return loadUser(ctx, entry.PreviousID)
}

// DecidedBy is the user who decided.
func (r assignmentEntryResolver) DecidedBy(ctx context.Context, entry *gqlmodel.AssignmentEntry) (*gqlmodel.User, error) {
	return loadUser(ctx, entry.DecidedByID)
}

// User is who was passed over.
func (r assignmentSkipResolver) User(ctx context.Context, skip *gqlmodel.AssignmentSkip) (*gqlmodel.User, error) {
	return loadUser(ctx, &skip.UserID)
}

// ChannelAssigneesSet sets a channel's pool.
func (r mutationResolver) ChannelAssigneesSet(ctx context.Context, input gqlmodel.ChannelAssigneesSetInput) (*gqlmodel.ChannelAssigneesSetPayload, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	var ids idParser
	channel := ids.parse(models.PrefixChannel, input.ChannelID, "channelId")
	users := make([]models.ID, len(input.UserIds))
	for i, text := range input.UserIds {
		users[i] = ids.parse(models.PrefixUser, text, "userIds")
	}
	changed, err := models.Channel{}, ids.err
	if err == nil {
		changed, err = r.rooms.Channels.SetPool(ctx, viewer, channel, users)
	}
	payload := &gqlmodel.ChannelAssigneesSetPayload{}
	payload.UserErrors, err = userErrors(ctx, r.Edge, err, "ChannelErrorCode", nil,
		func(p problem) gqlmodel.ChannelUserError { return gqlmodel.ChannelUserError(p) })
	if err == nil && len(payload.UserErrors) == 0 {
		payload.Channel = (*gqlmodel.Channel)(&changed)
	}
	return orNothing(payload, err)
}

// UserAvailabilitySet says whether a user wants new conversations.
func (r mutationResolver) UserAvailabilitySet(ctx context.Context, input gqlmodel.UserAvailabilitySetInput) (*gqlmodel.UserAvailabilitySetPayload, error) {
	var payload gqlmodel.UserAvailabilitySetPayload
	var err error
	payload.Workload, payload.UserErrors, err = r.changeWorkload(ctx, input.UserID.Value(),
		func(viewer models.Viewer, user models.ID) (models.Workload, error) {
			return r.rooms.Channels.SetAvailability(ctx, viewer, user, input.Availability)
		})
	return orNothing(&payload, err)
}

// UserCeilingSet sets how much is handed to a user.
func (r mutationResolver) UserCeilingSet(ctx context.Context, input gqlmodel.UserCeilingSetInput) (*gqlmodel.UserCeilingSetPayload, error) {
	var payload gqlmodel.UserCeilingSetPayload
	var err error
	payload.Workload, payload.UserErrors, err = r.changeWorkload(ctx, &input.UserID,
		func(viewer models.Viewer, user models.ID) (models.Workload, error) {
			if !input.Ceiling.IsSet() {
				return models.Workload{}, models.NewError(models.CodeRequired, "ceiling")
			}
			return r.rooms.Channels.SetCeiling(ctx, viewer, user, size(input.Ceiling.Value()))
		})
	return orNothing(&payload, err)
}

// changeWorkload runs a change of a user's workload, the viewer's own without an id,
// and sorts its outcome.
func (r mutationResolver) changeWorkload(ctx context.Context, userID *string,
	change func(models.Viewer, models.ID) (models.Workload, error),
) (*gqlmodel.Workload, []gqlmodel.AccountUserError, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, nil, err
	}
	var ids idParser
	user := viewer.UserID
	if userID != nil {
		user = ids.parse(models.PrefixUser, *userID, "userId")
	}
	changed, err := models.Workload{}, ids.err
	if err == nil {
		changed, err = change(viewer, user)
	}
	problems, err := userErrors(ctx, r.Edge, err, "AccountErrorCode", nil,
		func(p problem) gqlmodel.AccountUserError { return gqlmodel.AccountUserError(p) })
	if err != nil || len(problems) > 0 {
		return nil, problems, err
	}
	return (*gqlmodel.Workload)(&changed), problems, nil
}
