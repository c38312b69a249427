package crm

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"recado/models"
	"recado/store"
)

// ContactChange says what the team keeps of a contact from now on.
type ContactChange struct {
	CompanyID    Patch[models.ID]
	CustomValues []models.CustomValueChange
}

// UpdateContact changes what the team keeps of a contact, and returns the contact and
// what is kept. The viewer needs REPLY on a channel on which the contact is known.
// Failures: NOT_FOUND (contactId, companyId), FORBIDDEN, those of
// models.CustomValues.Change, and CONFLICT, which comes with what is kept now.
func (s *Service) UpdateContact(ctx context.Context, viewer models.Viewer, id models.ID, change ContactChange, expectedVersion *int64,
) (models.Contact, models.ContactRecord, error) {
	var (
		contact models.Contact
		record  models.ContactRecord
	)
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		var err error
		if contact, err = lockContact(tx, viewer, id, models.LevelReply); err != nil {
			return err
		}
		if record, err = recordOf(tx.DB, viewer.OrganizationID, id); err != nil {
			return err
		}
		if err := checkVersion(expectedVersion, record.Version); err != nil {
			return err
		}
		changed := record
		if change.CompanyID.Given {
			changed.CompanyID = change.CompanyID.Value
			if err := keepCompany(tx, viewer.OrganizationID, changed.CompanyID); err != nil {
				return err
			}
		}
		changed.CustomValues, err = changeValues(tx, viewer.OrganizationID, models.RecordContact, record.CustomValues, change.CustomValues)
		if err != nil {
			return err
		}
		if sameValue(changed.CompanyID, record.CompanyID) && slices.Equal(changed.CustomValues, record.CustomValues) {
			return nil
		}
		record = changed
		return saveRecord(tx, &record)
	})
	return contact, record, err
}

// ContactRecords returns what the team keeps of contacts. It answers for whoever may see
// them.
func (s *Service) ContactRecords(ctx context.Context, viewer models.Viewer, contacts []models.ID) (map[models.ID]models.ContactRecord, error) {
	found := make(map[models.ID]models.ContactRecord, len(contacts))
	for some := range slices.Chunk(contacts, idsPerStatement) {
		var rows []models.ContactRecord
		err := s.db.Read(ctx).Where("organization_id = ?", viewer.OrganizationID).Where(store.OneOf("contact_id", some)).Find(&rows).Error
		if err != nil {
			return nil, fmt.Errorf("read records of %d contacts: %w", len(some), err)
		}
		for _, row := range rows {
			found[row.ContactID] = row
		}
	}
	return found, nil
}

// lockContact locks a contact. NOT_FOUND (contactId) unless the viewer may see a channel
// on which they are known, FORBIDDEN unless the viewer has the level on one.
func lockContact(tx *store.Tx, viewer models.Viewer, id models.ID, needed models.MessagingLevel) (models.Contact, error) {
	contact, err := take[models.Contact](store.Locking(tx.DB), viewer.OrganizationID, id, "contactId")
	if err != nil || viewer.Administrator {
		return contact, err
	}
	return contact, allowed(tx.DB, viewer, id, needed)
}

// allowed returns nil if the viewer has the level on a channel on which the contact is
// known, FORBIDDEN if the viewer may only see one, and NOT_FOUND (contactId) otherwise.
func allowed(db *gorm.DB, viewer models.Viewer, contact models.ID, needed models.MessagingLevel) error {
	var on []models.ID
	err := db.Model(&models.ContactIdentity{}).Where("organization_id = ? AND contact_id = ?", viewer.OrganizationID, contact).
		Distinct().Pluck("channel_id", &on).Error
	if err != nil {
		return fmt.Errorf("read channels of contact %s: %w", contact, err)
	}
	can := func(level models.MessagingLevel) bool {
		return slices.ContainsFunc(on, func(channel models.ID) bool { return viewer.Can(channel, level) })
	}
	switch {
	case can(needed):
		return nil
	case can(models.LevelView):
		return models.NewError(models.CodeForbidden, "")
	}
	return models.NewError(models.CodeNotFound, "contactId")
}

// recordOf reads what is kept of a contact; an empty one if nothing is.
func recordOf(db *gorm.DB, organization, contact models.ID) (models.ContactRecord, error) {
	record := models.ContactRecord{OrganizationID: organization, ContactID: contact}
	err := db.Take(&record, "organization_id = ? AND contact_id = ?", organization, contact).Error
	if err != nil && !errors.Is(err, gorm.ErrRecordNotFound) {
		return record, fmt.Errorf("read record of contact %s: %w", contact, err)
	}
	return record, nil
}

// saveRecord keeps the next version of a contact's record; the contact is locked.
func saveRecord(tx *store.Tx, record *models.ContactRecord) error {
	record.Version++
	record.UpdatedAt = tx.Now()
	if record.CreatedAt.IsZero() {
		record.CreatedAt = tx.Now()
	}
	if err := tx.Save(record).Error; err != nil {
		return fmt.Errorf("keep record of contact %s: %w", record.ContactID, err)
	}
	return nil
}

// keepCompany has a company stay while something is made to refer to it; nil is none.
// NOT_FOUND (companyId).
func keepCompany(tx *store.Tx, organization models.ID, id *models.ID) error {
	if id == nil {
		return nil
	}
	_, err := take[models.Company](store.Keeping(tx.DB), organization, *id, "companyId")
	return err
}
