package graph

import (
	"context"

	"recado/graph/gqlmodel"
	"recado/inbox"
	"recado/models"
)

// Channels are the numbers that the viewer may see.
func (r queryResolver) Channels(ctx context.Context, first *int32, after *string, last *int32, before *string) (*gqlmodel.ChannelConnection, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	visible, err := r.rooms.Channels.Visible(ctx, viewer)
	if err != nil {
		return nil, err
	}
	page, err := inbox.Cut(pageRequest(first, after, last, before), "channels of "+viewer.OrganizationID.String(), visible,
		func(c *models.Channel) models.ID { return c.ID })
	if err != nil {
		return nil, err
	}
	for i := range page.Rows {
		loadersFrom(ctx).channels.prime(page.Rows[i].ID, &page.Rows[i])
	}
	return &gqlmodel.ChannelConnection{Rows: page.Rows, Cursor: page.Cursor, PageInfo: pageInfo(page)}, nil
}

// ViewerLevel is what the viewer may do on the channel.
func (r channelResolver) ViewerLevel(ctx context.Context, channel *gqlmodel.Channel) (*models.MessagingLevel, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	level := viewer.Level(channel.ID)
	return &level, nil
}

// MessagingLimitUsed is how many customers were written to first.
func (r channelResolver) MessagingLimitUsed(ctx context.Context, channel *gqlmodel.Channel) (*int32, error) {
	used, err := loadersFrom(ctx).outreach.load(ctx, channel.ID)
	if err != nil || used == nil {
		return nil, err
	}
	return new(int32(*used)), nil
}

// Assignees are the users that new conversations are handed to in turn.
func (r channelResolver) Assignees(ctx context.Context, channel *gqlmodel.Channel) ([]gqlmodel.User, error) {
	pool, err := loadersFrom(ctx).assignees.load(ctx, channel.ID)
	if err != nil || pool == nil {
		return []gqlmodel.User{}, err
	}
	return loadUsers(ctx, *pool)
}

// Channel is the channel of a permission.
func (r channelPermissionResolver) Channel(ctx context.Context, permission *gqlmodel.ChannelPermission) (*gqlmodel.Channel, error) {
	return loadChannel(ctx, permission.ChannelID)
}

func loadChannel(ctx context.Context, id models.ID) (*gqlmodel.Channel, error) {
	channel, err := loadersFrom(ctx).channels.load(ctx, id)
	return (*gqlmodel.Channel)(channel), err
}

// ChannelPermissionSet sets a profile's level on a channel.
func (r mutationResolver) ChannelPermissionSet(ctx context.Context, input gqlmodel.ChannelPermissionSetInput) (*gqlmodel.ChannelPermissionSetPayload, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	var ids idParser
	channel := ids.parse(models.PrefixChannel, input.ChannelID, "channelId")
	profile := ids.parse(models.PrefixProfile, input.ProfileID, "profileId")
	changed, err := models.Profile{}, ids.err
	if err == nil {
		changed, err = r.rooms.Accounts.SetMessagingLevel(ctx, viewer, profile, channel, input.Level)
	}
	payload := &gqlmodel.ChannelPermissionSetPayload{}
	payload.UserErrors, err = userErrors(ctx, r.Edge, err, "ChannelErrorCode", nil,
		func(p problem) gqlmodel.ChannelUserError { return gqlmodel.ChannelUserError(p) })
	if err == nil && len(payload.UserErrors) == 0 {
		payload.Profile = (*gqlmodel.Profile)(&changed)
		payload.ChannelPermission = &gqlmodel.ChannelPermission{ChannelID: channel, Level: input.Level}
	}
	return orNothing(payload, err)
}

// ChannelReopenPolicySet sets what becomes of messages to closed conversations.
func (r mutationResolver) ChannelReopenPolicySet(ctx context.Context, input gqlmodel.ChannelReopenPolicySetInput) (*gqlmodel.ChannelReopenPolicySetPayload, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	var ids idParser
	channel := ids.parse(models.PrefixChannel, input.ChannelID, "channelId")
	changed, err := models.Channel{}, ids.err
	if err == nil {
		changed, err = r.rooms.Channels.SetReopenPolicy(ctx, viewer, channel, input.ReopenPolicy)
	}
	payload := &gqlmodel.ChannelReopenPolicySetPayload{}
	payload.UserErrors, err = userErrors(ctx, r.Edge, err, "ChannelErrorCode", nil,
		func(p problem) gqlmodel.ChannelUserError { return gqlmodel.ChannelUserError(p) })
	if err == nil && len(payload.UserErrors) == 0 {
		payload.Channel = (*gqlmodel.Channel)(&changed)
	}
	return orNothing(payload, err)
}

// UserSetActive switches a user on or off.
func (r mutationResolver) UserSetActive(ctx context.Context, input gqlmodel.UserSetActiveInput) (*gqlmodel.UserSetActivePayload, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	var ids idParser
	user := ids.parse(models.PrefixUser, input.UserID, "userId")
	changed, err := models.User{}, ids.err
	if err == nil {
		changed, err = r.rooms.Accounts.SetUserActive(ctx, viewer, user, input.IsActive)
	}
	payload := &gqlmodel.UserSetActivePayload{}
	payload.UserErrors, err = userErrors(ctx, r.Edge, err, "AccountErrorCode", nil,
		func(p problem) gqlmodel.AccountUserError { return gqlmodel.AccountUserError(p) })
	if err == nil && len(payload.UserErrors) == 0 {
		payload.User = (*gqlmodel.User)(&changed)
	}
	return orNothing(payload, err)
}
