package accounts

import (
	"context"
	"fmt"

	"recado/models"
	"recado/store"
)

// idsPerStatement bounds the parameters of one statement.
const idsPerStatement = 1000

// UsersByID returns the users of the viewer's organization among the ids, switched
// off ones too: old messages and assignments name them.
func (s *Service) UsersByID(ctx context.Context, viewer models.Viewer, ids []models.ID) (map[models.ID]models.User, error) {
	return store.ByID(s.db.Read(ctx), viewer.OrganizationID, ids, func(u *models.User) models.ID { return u.ID })
}

// ProfilesByID returns the profiles of the viewer's organization among the ids.
func (s *Service) ProfilesByID(ctx context.Context, viewer models.Viewer, ids []models.ID) (map[models.ID]models.Profile, error) {
	return store.ByID(s.db.Read(ctx), viewer.OrganizationID, ids, func(p *models.Profile) models.ID { return p.ID })
}

// Organization returns the viewer's organization.
func (s *Service) Organization(ctx context.Context, viewer models.Viewer) (models.Organization, error) {
	var rows []models.Organization
	if err := s.db.Read(ctx).Where("id = ?", viewer.OrganizationID).Limit(1).Find(&rows).Error; err != nil {
		return models.Organization{}, fmt.Errorf("read organization %s: %w", viewer.OrganizationID, err)
	}
	if len(rows) == 0 {
		return models.Organization{}, models.ErrNotFound
	}
	return rows[0], nil
}
