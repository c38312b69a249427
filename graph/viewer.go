package graph

import (
	"context"

	"recado/graph/gqlmodel"
	"recado/models"
)

// Viewer tells who is asking.
func (r queryResolver) Viewer(ctx context.Context) (*gqlmodel.Viewer, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	return (*gqlmodel.Viewer)(&viewer), nil
}

// User is the signed-in user.
func (r viewerResolver) User(ctx context.Context, viewer *gqlmodel.Viewer) (*gqlmodel.User, error) {
	return loadUser(ctx, &viewer.UserID)
}

// Organization is the viewer's.
func (r viewerResolver) Organization(ctx context.Context, viewer *gqlmodel.Viewer) (*gqlmodel.Organization, error) {
	return r.organization(ctx, models.Viewer(*viewer))
}

func (e *Edge) organization(ctx context.Context, viewer models.Viewer) (*gqlmodel.Organization, error) {
	organization, err := e.rooms.Accounts.Organization(ctx, viewer)
	if err != nil {
		return nil, err
	}
	return (*gqlmodel.Organization)(&organization), nil
}

// Profile is the viewer's.
func (r viewerResolver) Profile(ctx context.Context, viewer *gqlmodel.Viewer) (*gqlmodel.Profile, error) {
	return loadProfile(ctx, viewer.ProfileID)
}

// ChannelPermissions are the viewer's levels on the channels they may see.
func (r viewerResolver) ChannelPermissions(ctx context.Context, viewer *gqlmodel.Viewer) ([]gqlmodel.ChannelPermission, error) {
	rights := models.Viewer(*viewer)
	visible, err := r.rooms.Channels.Visible(ctx, rights)
	if err != nil {
		return nil, err
	}
	permissions := make([]gqlmodel.ChannelPermission, len(visible))
	for i := range visible {
		channel := &visible[i]
		loadersFrom(ctx).channels.prime(channel.ID, channel)
		permissions[i] = gqlmodel.ChannelPermission{ChannelID: channel.ID, Level: rights.Level(channel.ID)}
	}
	return permissions, nil
}

// Profile is the user's set of rights.
func (r userResolver) Profile(ctx context.Context, user *gqlmodel.User) (*gqlmodel.Profile, error) {
	return loadProfile(ctx, user.ProfileID)
}

func loadUser(ctx context.Context, id *models.ID) (*gqlmodel.User, error) {
	if id == nil {
		return nil, nil //nolint:nilnil // nobody
	}
	user, err := loadersFrom(ctx).users.load(ctx, *id)
	return (*gqlmodel.User)(user), err
}

// loadUsers loads users in their order, without those that do not exist.
func loadUsers(ctx context.Context, ids []models.ID) ([]gqlmodel.User, error) {
	waiting := make([]func() (*models.User, error), len(ids))
	for i, id := range ids {
		waiting[i] = loadersFrom(ctx).users.later(ctx, id)
	}
	users := make([]gqlmodel.User, 0, len(waiting))
	for _, wait := range waiting {
		user, err := wait()
		if err != nil {
			return nil, err
		}
		if user != nil {
			users = append(users, gqlmodel.User(*user))
		}
	}
	return users, nil
}

func loadProfile(ctx context.Context, id models.ID) (*gqlmodel.Profile, error) {
	profile, err := loadersFrom(ctx).profiles.load(ctx, id)
	return (*gqlmodel.Profile)(profile), err
}
