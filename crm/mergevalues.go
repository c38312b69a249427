package crm

import (
	"errors"
	"fmt"

	"gorm.io/gorm"

	"recado/models"
)

// MergeValues returns what texts can say of records, by the name of the merge field: of
// the contact's company, or if they have none the deal's (models.FieldCompanyName and the
// like), of the deal (models.FieldDealName and the like), and of the custom fields of all
// three (models.CustomFieldVariable). What is not known is absent. They are written for
// people in a language, see models.Money.In. Contact and deal may each be nil. NOT_FOUND
// (contactId, dealId) for one that does not exist for the viewer.
func MergeValues(db *gorm.DB, viewer models.Viewer, contact, deal *models.ID, language string) (map[string]string, error) {
	known := mergeValues{db: db, viewer: viewer, language: language, values: make(map[string]string)}
	var company *models.ID
	if contact != nil {
		record, err := known.contact(*contact)
		if err != nil {
			return nil, err
		}
		company = record.CompanyID
		known.custom(models.RecordContact, record.CustomValues)
	}
	if deal != nil {
		row, err := known.deal(*deal)
		if err != nil {
			return nil, err
		}
		if company == nil {
			company = row.CompanyID
		}
		known.custom(models.RecordDeal, row.CustomValues)
	}
	if company != nil {
		row, err := take[models.Company](db, viewer.OrganizationID, *company, "")
		if err != nil {
			return nil, err
		}
		known.set(models.FieldCompanyName, row.Name)
		known.set(models.FieldCompanyPhone, row.Phone)
		known.set(models.FieldCompanyWebsite, row.Website)
		known.custom(models.RecordCompany, row.CustomValues)
	}
	return known.values, known.resolve()
}

// mergeValues are gathered from records.
type mergeValues struct {
	db       *gorm.DB
	viewer   models.Viewer
	language string
	values   map[string]string
	found    map[models.RecordType]models.CustomValues
}

func (m *mergeValues) set(name, value string) {
	if value != "" {
		m.values[name] = value
	}
}

// custom keeps values until their fields are read.
func (m *mergeValues) custom(of models.RecordType, values models.CustomValues) {
	if len(values) == 0 {
		return
	}
	if m.found == nil {
		m.found = make(map[models.RecordType]models.CustomValues)
	}
	m.found[of] = values
}

// contact reads what is kept of a contact whom the viewer may see.
func (m *mergeValues) contact(id models.ID) (models.ContactRecord, error) {
	var rows []models.ContactRecord
	err := m.db.Table("contacts AS c").Select("r.*").
		Joins("LEFT JOIN contact_records AS r ON r.organization_id = c.organization_id AND r.contact_id = c.id").
		Where("c.organization_id = ? AND c.id = ?", m.viewer.OrganizationID, id).Find(&rows).Error
	switch {
	case err != nil:
		return models.ContactRecord{}, fmt.Errorf("read record of contact %s: %w", id, err)
	case len(rows) == 0:
		return models.ContactRecord{}, models.NewError(models.CodeNotFound, "contactId")
	case m.viewer.Administrator:
		return rows[0], nil
	}
	return rows[0], allowed(m.db, m.viewer, id, models.LevelView)
}

// deal reads a deal and sets what it says.
func (m *mergeValues) deal(id models.ID) (models.Deal, error) {
	var row struct {
		models.Deal
		Stage string
	}
	err := m.db.Table("deals AS d").Select("d.*, s.name AS stage").
		Joins("JOIN pipeline_stages AS s ON s.organization_id = d.organization_id AND s.id = d.stage_id").
		Where("d.organization_id = ? AND d.id = ?", m.viewer.OrganizationID, id).Take(&row).Error
	switch {
	case errors.Is(err, gorm.ErrRecordNotFound):
		return row.Deal, models.NewError(models.CodeNotFound, "dealId")
	case err != nil:
		return row.Deal, fmt.Errorf("read deal %s: %w", id, err)
	}
	m.set(models.FieldDealName, row.Name)
	m.set(models.FieldDealStage, row.Stage)
	if price := row.Price(); price != nil {
		m.set(models.FieldDealAmount, price.In(m.language))
	}
	if row.ClosingDate != nil {
		m.set(models.FieldDealClosingDate, row.ClosingDate.In(m.language))
	}
	return row.Deal, nil
}

// resolve sets the values of the custom fields that there are.
func (m *mergeValues) resolve() error {
	if len(m.found) == 0 {
		return nil
	}
	fields, err := customFields(m.db, m.viewer.OrganizationID, models.RecordContact, models.RecordCompany, models.RecordDeal)
	if err != nil {
		return err
	}
	for _, field := range fields {
		if value, ok := m.found[field.RecordType].Get(field.ID); ok {
			m.set(models.CustomFieldVariable(field.RecordType, field.Key), field.In(m.language, value))
		}
	}
	return nil
}
