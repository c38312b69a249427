package accounts

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"gorm.io/gorm/clause"

	"recado/models"
	"recado/store"
)

// SetMessagingLevel sets what a profile may do on a channel and returns the
// profile. For administrators only (FORBIDDEN). NOT_FOUND if the profile or the
// channel is not the organization's. An administrator profile has REPLY
// everywhere, which cannot be changed (INVALID, profileId). It takes effect within
// Options.SnapshotLifetime, in this process at once.
func (s *Service) SetMessagingLevel(ctx context.Context, viewer models.Viewer, profileID, channelID models.ID, level models.MessagingLevel) (models.Profile, error) {
	if !viewer.Administrator {
		return models.Profile{}, models.NewError(models.CodeForbidden, "")
	}
	if !level.Valid() {
		return models.Profile{}, models.NewError(models.CodeInvalid, "level")
	}
	var profile models.Profile
	err := s.db.Write(ctx, func(tx *store.Tx) (err error) {
		profile, err = s.PutMessagingLevel(tx, viewer.OrganizationID, profileID, channelID, level)
		return err
	})
	if err != nil {
		return models.Profile{}, fmt.Errorf("set level of profile %s on channel %s: %w", profileID, channelID, err)
	}
	s.RightsChanged(profileID)
	return profile, nil
}

// PutMessagingLevel is SetMessagingLevel inside of a transaction of somebody who has
// asked for the right to do so, and who calls RightsChanged after the commit.
func (s *Service) PutMessagingLevel(tx *store.Tx, organization, profileID, channelID models.ID, level models.MessagingLevel) (models.Profile, error) {
	var profile models.Profile
	if err := find(tx, &profile, organization, profileID); err != nil {
		return profile, err
	}
	if err := find(tx, &models.Channel{}, organization, channelID); err != nil {
		return profile, err
	}
	if profile.Administrator {
		return profile, models.NewError(models.CodeInvalid, "profileId")
	}
	permission := models.ChannelPermission{OrganizationID: organization, ProfileID: profileID, ChannelID: channelID, Level: level}
	if level == models.LevelNone {
		return profile, tx.Delete(&permission).Error
	}
	return profile, tx.Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "profile_id"}, {Name: "channel_id"}},
		DoUpdates: clause.AssignmentColumns([]string{"level"}),
	}).Create(&permission).Error
}

// RightsChanged has this process look anew at what the users of a profile may do.
func (s *Service) RightsChanged(profileID models.ID) {
	s.snapshots.forget(func(v models.Viewer) bool { return v.ProfileID == profileID })
}

// SetUserActive switches a user on or off. For administrators only, and not for
// oneself (FORBIDDEN, the latter with field userId), so that one administrator is
// always left. A user who is off is refused within Options.SnapshotLifetime, in
// this process at once, and cannot refresh; their sessions are not revoked and
// work again when they are switched on before these expire.
func (s *Service) SetUserActive(ctx context.Context, viewer models.Viewer, userID models.ID, active bool) (models.User, error) {
	switch {
	case !viewer.Administrator:
		return models.User{}, models.NewError(models.CodeForbidden, "")
	case userID == viewer.UserID:
		return models.User{}, models.NewError(models.CodeForbidden, "userId")
	}
	var user models.User
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		// Both rows are locked, in the order of ids, so that of two administrators
		// who switch each other off at the same time one stays.
		ids := []models.ID{viewer.UserID, userID}
		slices.SortFunc(ids, func(a, b models.ID) int { return bytes.Compare(a[:], b[:]) })
		var users []models.User
		err := store.Locking(tx.DB).Where("organization_id = ? AND id IN ?", viewer.OrganizationID, ids).Order("id").Find(&users).Error
		if err != nil {
			return err
		}
		self := slices.IndexFunc(users, func(u models.User) bool { return u.ID == viewer.UserID })
		other := slices.IndexFunc(users, func(u models.User) bool { return u.ID == userID })
		switch {
		case self < 0 || !users[self].Active:
			return errUnauthenticated
		case other < 0:
			return models.ErrNotFound
		}
		user = users[other]
		return switchTo(tx, &user, active)
	})
	if err != nil {
		return models.User{}, fmt.Errorf("switch user %s to active=%t: %w", userID, active, err)
	}
	s.snapshots.forget(func(v models.Viewer) bool { return v.UserID == userID })
	return user, nil
}

// switchTo switches a user, whose row is locked, on or off.
func switchTo(tx *store.Tx, user *models.User, active bool) error {
	if user.Active == active {
		return nil
	}
	user.Active = active
	return tx.Model(user).Select("active", "updated_at").Updates(user).Error
}

// find reads the row of an organization, or returns ErrNotFound.
func find[T any](tx *store.Tx, row *T, organization, id models.ID) error {
	found := tx.Where("organization_id = ? AND id = ?", organization, id).Limit(1).Find(row)
	if found.Error == nil && found.RowsAffected == 0 {
		return models.ErrNotFound
	}
	return found.Error
}
