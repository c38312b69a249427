package graph

import (
	"context"

	"recado/graph/gqlmodel"
	"recado/inbox"
	"recado/models"
)

// Profiles are the organization's profiles, by name.
func (r queryResolver) Profiles(ctx context.Context, first *int32, after *string, last *int32, before *string) (*gqlmodel.ProfileConnection, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	all, err := r.rooms.Accounts.Profiles(ctx, viewer)
	if err != nil {
		return nil, err
	}
	page, err := inbox.Cut(pageRequest(first, after, last, before), "profiles of "+viewer.OrganizationID.String(), all,
		func(p *models.Profile) models.ID { return p.ID })
	if err != nil {
		return nil, err
	}
	return &gqlmodel.ProfileConnection{Rows: page.Rows, Cursor: page.Cursor, PageInfo: pageInfo(page)}, nil
}

// ChannelPermissions are what a profile's users may do, for administrators.
func (r profileResolver) ChannelPermissions(ctx context.Context, profile *gqlmodel.Profile) ([]gqlmodel.ChannelPermission, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	if !viewer.Administrator || profile.Administrator {
		return nil, nil
	}
	levels, err := loadersFrom(ctx).levels.load(ctx, profile.ID)
	if err != nil || levels == nil {
		return []gqlmodel.ChannelPermission{}, err
	}
	shown := make([]gqlmodel.ChannelPermission, len(*levels))
	for i, level := range *levels {
		shown[i] = gqlmodel.ChannelPermission{ChannelID: level.ChannelID, Level: level.Level}
	}
	return shown, nil
}

func (e *Edge) profileErrors(ctx context.Context, err error) ([]gqlmodel.ProfileUserError, error) {
	return userErrors(ctx, e, err, "ProfileErrorCode", nil,
		func(p problem) gqlmodel.ProfileUserError { return gqlmodel.ProfileUserError(p) })
}

// ProfileCreate makes a profile.
func (r mutationResolver) ProfileCreate(ctx context.Context, input gqlmodel.ProfileCreateInput) (*gqlmodel.ProfileCreatePayload, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	profile, err := r.rooms.Accounts.AddProfile(ctx, viewer, input.Name)
	payload := &gqlmodel.ProfileCreatePayload{}
	payload.UserErrors, err = r.profileErrors(ctx, err)
	if err == nil && len(payload.UserErrors) == 0 {
		payload.Profile = (*gqlmodel.Profile)(&profile)
	}
	return orNothing(payload, err)
}

// ProfileUpdate renames a profile.
func (r mutationResolver) ProfileUpdate(ctx context.Context, input gqlmodel.ProfileUpdateInput) (*gqlmodel.ProfileUpdatePayload, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	var ids idParser
	id := ids.parse(models.PrefixProfile, input.ProfileID, "profileId")
	profile, err := models.Profile{}, ids.err
	if err == nil {
		profile, err = r.rooms.Accounts.RenameProfile(ctx, viewer, id, input.Name)
	}
	payload := &gqlmodel.ProfileUpdatePayload{}
	payload.UserErrors, err = r.profileErrors(ctx, err)
	if err == nil && len(payload.UserErrors) == 0 {
		payload.Profile = (*gqlmodel.Profile)(&profile)
	}
	return orNothing(payload, err)
}

// ProfileDelete deletes a profile.
func (r mutationResolver) ProfileDelete(ctx context.Context, input gqlmodel.ProfileDeleteInput) (*gqlmodel.ProfileDeletePayload, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	var ids idParser
	id := ids.parse(models.PrefixProfile, input.ProfileID, "profileId")
	replacement := ids.parse(models.PrefixProfile, input.ReplacementID, "replacementId")
	profile, err := models.Profile{}, ids.err
	if err == nil {
		profile, err = r.rooms.Accounts.DeleteProfile(ctx, viewer, id, replacement)
	}
	payload := &gqlmodel.ProfileDeletePayload{}
	payload.UserErrors, err = r.profileErrors(ctx, err)
	if err == nil && len(payload.UserErrors) == 0 {
		payload.DeletedProfileID, payload.Replacement = &input.ProfileID, (*gqlmodel.Profile)(&profile)
	}
	return orNothing(payload, err)
}
