package crm

import (
	"context"
	"fmt"
	"slices"

	"recado/models"
	"recado/store"
)

// idsPerStatement bounds the parameters of one statement.
const idsPerStatement = 1000

// ContactsByID returns those of the contacts that exist for the viewer: who may
// see a channel on which the contact is known may see the contact.
func (s *Service) ContactsByID(ctx context.Context, viewer models.Viewer, ids []models.ID) (map[models.ID]models.Contact, error) {
	found := make(map[models.ID]models.Contact, len(ids))
	channels := viewer.Channels(models.LevelView)
	if !viewer.Administrator && len(channels) == 0 {
		return found, nil
	}
	for some := range slices.Chunk(ids, idsPerStatement) {
		query := s.db.Read(ctx).Where("organization_id = ?", viewer.OrganizationID).Where(store.OneOf("id", some))
		if !viewer.Administrator {
			known := s.db.Read(ctx).Model(&models.ContactIdentity{}).Select("contact_id").
				Where("organization_id = ?", viewer.OrganizationID).Where(store.OneOf("contact_id", some)).Where(store.OneOf("channel_id", channels))
			query = query.Where("id IN (?)", known)
		}
		var rows []models.Contact
		if err := query.Find(&rows).Error; err != nil {
			return nil, fmt.Errorf("read %d contacts: %w", len(some), err)
		}
		for _, row := range rows {
			found[row.ID] = row
		}
	}
	return found, nil
}

// IdentitiesByContact returns the identities of the contacts on the channels that
// the viewer may see, the oldest first.
func (s *Service) IdentitiesByContact(ctx context.Context, viewer models.Viewer, contacts []models.ID) (map[models.ID][]models.ContactIdentity, error) {
	found := make(map[models.ID][]models.ContactIdentity, len(contacts))
	for some := range slices.Chunk(contacts, idsPerStatement) {
		var rows []models.ContactIdentity
		err := s.db.Read(ctx).Where("organization_id = ? AND contact_id IN ?", viewer.OrganizationID, some).
			Order("created_at, channel_id, kind, value").Find(&rows).Error
		if err != nil {
			return nil, fmt.Errorf("read identities of %d contacts: %w", len(some), err)
		}
		for _, row := range rows {
			if viewer.Can(row.ChannelID, models.LevelView) {
				found[row.ContactID] = append(found[row.ContactID], row)
			}
		}
	}
	return found, nil
}

// PhoneNumber returns the number, in E.164, that a contact with these identities
// is registered under at WhatsApp: the one seen first. It is false for people who
// hide their number.
func PhoneNumber(identities []models.ContactIdentity) (string, bool) {
	var first *models.ContactIdentity
	for i := range identities {
		identity := &identities[i]
		if identity.Kind == models.IdentityWAID && (first == nil || identity.CreatedAt.Before(first.CreatedAt)) {
			first = identity
		}
	}
	if first == nil {
		return "", false
	}
	return "+" + first.Value, true
}
