package accounts

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"

	"recado/models"
	"recado/store"
)

// Profiles returns the profiles of the viewer's organization, by name without regard
// to case. For administrators only (FORBIDDEN).
func (s *Service) Profiles(ctx context.Context, viewer models.Viewer) ([]models.Profile, error) {
	if !viewer.Administrator {
		return nil, models.NewError(models.CodeForbidden, "")
	}
	var profiles []models.Profile
	if err := s.db.Read(ctx).Find(&profiles, "organization_id = ?", viewer.OrganizationID).Error; err != nil {
		return nil, fmt.Errorf("list profiles of organization %s: %w", viewer.OrganizationID, err)
	}
	slices.SortFunc(profiles, func(a, b models.Profile) int { // here, because the databases collate differently
		return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), bytes.Compare(a.ID[:], b.ID[:]))
	})
	return profiles, nil
}

// LevelsByProfile returns what profiles of the viewer's organization may do on
// channels, as far as that is anything; nothing to all but administrators.
func (s *Service) LevelsByProfile(ctx context.Context, viewer models.Viewer, profileIDs []models.ID) (map[models.ID][]models.ChannelPermission, error) {
	levels := make(map[models.ID][]models.ChannelPermission, len(profileIDs))
	if !viewer.Administrator {
		return levels, nil
	}
	for some := range slices.Chunk(profileIDs, idsPerStatement) {
		var rows []models.ChannelPermission
		err := s.db.Read(ctx).Where("organization_id = ?", viewer.OrganizationID).Where(store.OneOf("profile_id", some)).
			Where("level <> ?", models.LevelNone).Order("profile_id, channel_id").Find(&rows).Error
		if err != nil {
			return nil, fmt.Errorf("read levels of %d profiles: %w", len(some), err)
		}
		for _, row := range rows {
			levels[row.ProfileID] = append(levels[row.ProfileID], row)
		}
	}
	return levels, nil
}

// AddProfile is CreateProfile for administrators (else FORBIDDEN), in their own
// organization.
func (s *Service) AddProfile(ctx context.Context, viewer models.Viewer, name string) (models.Profile, error) {
	if !viewer.Administrator {
		return models.Profile{}, models.NewError(models.CodeForbidden, "")
	}
	return s.CreateProfile(ctx, viewer.OrganizationID, name)
}

// RenameProfile gives a profile another name. For administrators only (FORBIDDEN).
// NOT_FOUND (profileId); REQUIRED, INVALID and ALREADY_EXISTS (name).
func (s *Service) RenameProfile(ctx context.Context, viewer models.Viewer, profileID models.ID, name string) (models.Profile, error) {
	if !viewer.Administrator {
		return models.Profile{}, models.NewError(models.CodeForbidden, "")
	}
	name, err := validName(name)
	if err != nil {
		return models.Profile{}, err
	}
	var profile models.Profile
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		profile = models.Profile{}
		if err := find(tx, &profile, viewer.OrganizationID, profileID); err != nil {
			return blame(err, "profileId")
		}
		profile.Name = name
		return tx.Model(&profile).Select("name", "updated_at").Updates(&profile).Error
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return models.Profile{}, models.NewError(models.CodeAlreadyExists, "name")
	}
	if err != nil {
		return models.Profile{}, fmt.Errorf("rename profile %s: %w", profileID, err)
	}
	return profile, nil
}

// DeleteProfile deletes a profile and gives its users another one of the
// organization's, which it returns. Their rights are the new ones within
// Options.SnapshotLifetime, in this process at once. For administrators only
// (FORBIDDEN). NOT_FOUND (profileId, replacementId); INVALID for an administrators'
// profile (profileId), so that one is always left, and for a profile that is to replace
// itself (replacementId).
func (s *Service) DeleteProfile(ctx context.Context, viewer models.Viewer, profileID, replacementID models.ID) (models.Profile, error) {
	if !viewer.Administrator {
		return models.Profile{}, models.NewError(models.CodeForbidden, "")
	}
	if profileID == replacementID {
		return models.Profile{}, models.NewError(models.CodeInvalid, "replacementId")
	}
	var replacement models.Profile
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		replacement = models.Profile{}
		// Both are locked, in the order of ids: of two that replace each other at the
		// same time one stays.
		var rows []models.Profile
		err := store.Locking(tx.DB).Where("organization_id = ? AND id IN ?", viewer.OrganizationID, []models.ID{profileID, replacementID}).
			Order("id").Find(&rows).Error
		if err != nil {
			return err
		}
		gone := slices.IndexFunc(rows, func(p models.Profile) bool { return p.ID == profileID })
		stays := slices.IndexFunc(rows, func(p models.Profile) bool { return p.ID == replacementID })
		switch {
		case gone < 0:
			return models.NewError(models.CodeNotFound, "profileId")
		case stays < 0:
			return models.NewError(models.CodeNotFound, "replacementId")
		case rows[gone].Administrator:
			return models.NewError(models.CodeInvalid, "profileId")
		}
		replacement = rows[stays]
		of := "organization_id = ? AND profile_id = ?"
		if err := tx.Model(&models.User{}).Where(of, viewer.OrganizationID, profileID).Update("profile_id", replacementID).Error; err != nil {
			return err
		}
		if err := tx.Where(of, viewer.OrganizationID, profileID).Delete(&models.ChannelPermission{}).Error; err != nil {
			return err
		}
		return tx.Where("organization_id = ? AND id = ?", viewer.OrganizationID, profileID).Delete(&models.Profile{}).Error
	})
	if err != nil {
		return models.Profile{}, fmt.Errorf("delete profile %s: %w", profileID, err)
	}
	s.RightsChanged(profileID)
	return replacement, nil
}

// blame names the field of a failure that names none.
func blame(err error, field string) error {
	if failure, ok := errors.AsType[*models.Error](err); ok && failure.Field == "" {
		return failure.At(field)
	}
	return err
}

// BookEdition sets what an organization has booked. NOT_FOUND (organizationId); INVALID
// (edition) if there is no such edition. For operators.
func (s *Service) BookEdition(ctx context.Context, organizationID models.ID, edition models.EditionName) error {
	return s.db.Write(ctx, func(tx *store.Tx) error {
		var known int64
		if err := tx.Model(&models.Edition{}).Where("name = ?", edition).Count(&known).Error; err != nil {
			return fmt.Errorf("look for edition %s: %w", edition, err)
		}
		if known == 0 {
			return models.NewError(models.CodeInvalid, "edition")
		}
		changed := tx.Model(&models.Organization{}).Where("id = ?", organizationID).Update("edition", edition)
		if changed.Error == nil && changed.RowsAffected == 0 {
			return models.NewError(models.CodeNotFound, "organizationId")
		}
		return changed.Error
	})
}
