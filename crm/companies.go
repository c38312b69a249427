package crm

import (
	"context"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"recado/models"
	"recado/store"
)

// CompanyChange says what a company becomes; nil leaves something as it is.
type CompanyChange struct {
	Name         *string                    `json:"name"`    // see models.CleanName; up to models.MaxRecordName characters
	Phone        *string                    `json:"phone"`   // see models.CleanPhone
	Website      *string                    `json:"website"` // see models.CleanWebsite
	CustomValues []models.CustomValueChange `json:"customValues"`
}

// CreateCompany makes a company; several may have the same name. With a key, the same
// input makes it once. Failures: REQUIRED and INVALID with the field, those of
// models.CustomValues.Change, IDEMPOTENCY_KEY_REUSED.
func (s *Service) CreateCompany(ctx context.Context, viewer models.Viewer, wish CompanyChange, key *string) (models.Company, error) {
	var company models.Company
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		first, remember, err := once(tx, viewer, "companyCreate", key, wish)
		if err != nil {
			return err
		}
		if first != nil {
			company, err = take[models.Company](tx.DB, viewer.OrganizationID, *first, "")
			return err
		}
		company = models.Company{
			OrganizationID: viewer.OrganizationID, ID: models.NewID(), Version: 1, CreatedByID: viewer.UserID, CreatedAt: tx.Now(), UpdatedAt: tx.Now(),
		}
		if wish.Name == nil {
			return models.NewError(models.CodeRequired, "name")
		}
		if err := wish.apply(tx, &company); err != nil {
			return err
		}
		if err := tx.Create(&company).Error; err != nil {
			return fmt.Errorf("make company: %w", err)
		}
		return remember(company.ID)
	})
	return company, err
}

// UpdateCompany changes a company. Failures: NOT_FOUND (companyId), those of
// CreateCompany, and CONFLICT, which comes with the present company.
func (s *Service) UpdateCompany(ctx context.Context, viewer models.Viewer, id models.ID, change CompanyChange, expectedVersion *int64) (models.Company, error) {
	var company models.Company
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		var err error
		if company, err = take[models.Company](store.Locking(tx.DB), viewer.OrganizationID, id, "companyId"); err != nil {
			return err
		}
		if err := checkVersion(expectedVersion, company.Version); err != nil {
			return err
		}
		changed := company
		if err := change.apply(tx, &changed); err != nil {
			return err
		}
		if changed.Name == company.Name && changed.Phone == company.Phone && changed.Website == company.Website &&
			slices.Equal(changed.CustomValues, company.CustomValues) {
			return nil
		}
		company = changed
		company.Version++
		company.UpdatedAt = tx.Now()
		return tx.Save(&company).Error
	})
	return company, err
}

// DeleteCompany deletes a company; its contacts and deals are without one from then on.
// NOT_FOUND (companyId).
func (s *Service) DeleteCompany(ctx context.Context, viewer models.Viewer, id models.ID) error {
	return s.db.Write(ctx, func(tx *store.Tx) error {
		company, err := take[models.Company](store.Removing(tx.DB), viewer.OrganizationID, id, "companyId")
		if err != nil {
			return err
		}
		for _, row := range []any{&models.ContactRecord{}, &models.Deal{}} {
			err := tx.Model(row).Where("organization_id = ? AND company_id = ?", viewer.OrganizationID, id).
				Updates(map[string]any{"company_id": nil, "version": gorm.Expr("version + 1"), "updated_at": tx.Now()}).Error
			if err != nil {
				return fmt.Errorf("take company %s from %T: %w", id, row, err)
			}
		}
		return tx.Delete(&company).Error
	})
}

// Companies returns a page of the companies whose name begins with a text, without
// regard to case and accents, by name. INVALID for a request out of bounds or a cursor
// of another list.
func (s *Service) Companies(ctx context.Context, viewer models.Viewer, beginning string, page store.PageRequest) (store.Page[models.Company], error) {
	beginning, err := searchable(beginning)
	if err != nil {
		return store.Page[models.Company]{}, err
	}
	list, err := store.Keyset{Column: "sort_name", ByText: true, Scope: "companies of " + viewer.OrganizationID.String() + " " + beginning}.Range(page)
	if err != nil {
		return store.Page[models.Company]{}, err
	}
	query := s.db.Read(ctx).Where("organization_id = ?", viewer.OrganizationID)
	if beginning != "" {
		query = query.Where("sort_name >= ? AND sort_name < ?", beginning, beginning+"\U0010FFFF") // greater than all that a name is made of
	}
	var rows []models.Company
	if err := list.Apply(query).Find(&rows).Error; err != nil {
		return store.Page[models.Company]{}, fmt.Errorf("list companies: %w", err)
	}
	return store.PageOf(list, rows, func(c *models.Company) store.Place { return store.Place{Text: c.SortName, ID: c.ID} }), nil
}

// searchable brings what somebody typed into the form of sort names. INVALID (query) for
// more than any name has.
func searchable(beginning string) (string, error) {
	clean, err := models.CleanName(beginning, "query", models.MaxRecordName)
	if models.CodeOf(err) == models.CodeRequired {
		return "", nil
	}
	return models.SortName(clean), err
}

// CompaniesByID returns those of the companies that are the viewer's organization's.
func (s *Service) CompaniesByID(ctx context.Context, viewer models.Viewer, ids []models.ID) (map[models.ID]models.Company, error) {
	return store.ByID(s.db.Read(ctx), viewer.OrganizationID, ids, func(c *models.Company) models.ID { return c.ID })
}

// apply writes the change into a company.
func (c CompanyChange) apply(tx *store.Tx, company *models.Company) error {
	var err error
	if c.Name != nil {
		if company.Name, err = models.CleanName(*c.Name, "name", models.MaxRecordName); err != nil {
			return err
		}
		company.SortName = models.SortName(company.Name)
	}
	if c.Phone != nil {
		if company.Phone, err = models.CleanPhone(*c.Phone); err != nil {
			return err
		}
	}
	if c.Website != nil {
		if company.Website, err = models.CleanWebsite(*c.Website); err != nil {
			return err
		}
	}
	company.CustomValues, err = changeValues(tx, company.OrganizationID, models.RecordCompany, company.CustomValues, c.CustomValues)
	return err
}
