package graph

import (
	"context"

	"recado/crm"
	"recado/graph/gqlmodel"
	"recado/models"
)

// Companies are the organization's.
func (r queryResolver) Companies(ctx context.Context, query *string, first *int32, after *string, last *int32, before *string) (*gqlmodel.CompanyConnection, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	var beginning string
	if query != nil {
		beginning = *query
	}
	page, err := r.rooms.CRM.Companies(ctx, viewer, beginning, pageRequest(first, after, last, before))
	if err != nil {
		return nil, err
	}
	return &gqlmodel.CompanyConnection{Rows: page.Rows, Cursor: page.Cursor, PageInfo: pageInfo(page)}, nil
}

// Company is a company by its id.
func (r queryResolver) Company(ctx context.Context, id string) (*gqlmodel.Company, error) {
	if _, err := r.viewer(ctx); err != nil {
		return nil, err
	}
	company, ok := models.ParsePublicID(models.PrefixCompany, id)
	if !ok {
		return nil, nil //nolint:nilnil // does not exist
	}
	return loadCompany(ctx, &company)
}

func loadCompany(ctx context.Context, id *models.ID) (*gqlmodel.Company, error) {
	if id == nil {
		return nil, nil //nolint:nilnil // there is none
	}
	company, err := loadersFrom(ctx).companies.load(ctx, *id)
	return (*gqlmodel.Company)(company), err
}

// CustomValues are what the company has in custom fields.
func (r companyResolver) CustomValues(ctx context.Context, company *gqlmodel.Company) ([]gqlmodel.CustomValue, error) {
	return customValues(ctx, models.RecordCompany, company.CustomValues)
}

// Deals are the company's.
func (r companyResolver) Deals(ctx context.Context, company *gqlmodel.Company, first *int32, after *string, last *int32, before *string) (*gqlmodel.DealConnection, error) {
	return dealsOf(ctx, crm.DealsOfCompany, newPartKey(company.ID, first, after, last, before))
}

// CreatedBy is who made the company.
func (r companyResolver) CreatedBy(ctx context.Context, company *gqlmodel.Company) (*gqlmodel.User, error) {
	return loadUser(ctx, &company.CreatedByID)
}

// CompanyCreate makes a company.
func (r mutationResolver) CompanyCreate(ctx context.Context, input gqlmodel.CompanyCreateInput) (*gqlmodel.CompanyCreatePayload, error) {
	company, problems, err := change(ctx, r.Edge, func(viewer models.Viewer, _ *idParser) (models.Company, error) {
		return r.rooms.CRM.CreateCompany(ctx, viewer, crm.CompanyChange{
			Name: &input.Name, Phone: textOf(input.Phone), Website: textOf(input.Website), CustomValues: valueChanges(input.CustomValues.Value()),
		}, input.IdempotencyKey.Value())
	})
	return orNothing(&gqlmodel.CompanyCreatePayload{Company: (*gqlmodel.Company)(company), UserErrors: problems}, err)
}

// CompanyUpdate changes a company.
func (r mutationResolver) CompanyUpdate(ctx context.Context, input gqlmodel.CompanyUpdateInput) (*gqlmodel.CompanyUpdatePayload, error) {
	company, problems, err := change(ctx, r.Edge, func(viewer models.Viewer, ids *idParser) (models.Company, error) {
		id := ids.parse(models.PrefixCompany, input.CompanyID, "companyId")
		if ids.err != nil {
			return models.Company{}, ids.err
		}
		return r.rooms.CRM.UpdateCompany(ctx, viewer, id, crm.CompanyChange{
			Name: input.Name.Value(), Phone: textOf(input.Phone), Website: textOf(input.Website), CustomValues: valueChanges(input.CustomValues.Value()),
		}, version(input.ExpectedVersion))
	})
	return orNothing(&gqlmodel.CompanyUpdatePayload{Company: (*gqlmodel.Company)(company), UserErrors: problems}, err)
}

// CompanyDelete deletes a company.
func (r mutationResolver) CompanyDelete(ctx context.Context, input gqlmodel.CompanyDeleteInput) (*gqlmodel.CompanyDeletePayload, error) {
	deleted, problems, err := change(ctx, r.Edge, func(viewer models.Viewer, ids *idParser) (string, error) {
		id := ids.parse(models.PrefixCompany, input.CompanyID, "companyId")
		if ids.err != nil {
			return "", ids.err
		}
		return input.CompanyID, r.rooms.CRM.DeleteCompany(ctx, viewer, id)
	})
	return orNothing(&gqlmodel.CompanyDeletePayload{DeletedCompanyID: deleted, UserErrors: problems}, err)
}

// Company is the contact's.
func (r contactResolver) Company(ctx context.Context, contact *gqlmodel.Contact) (*gqlmodel.Company, error) {
	record, err := loadersFrom(ctx).contactRecords.load(ctx, contact.ID)
	if err != nil || record == nil {
		return nil, err
	}
	return loadCompany(ctx, record.CompanyID)
}

// CustomValues are what the team keeps of the contact in custom fields.
func (r contactResolver) CustomValues(ctx context.Context, contact *gqlmodel.Contact) ([]gqlmodel.CustomValue, error) {
	record, err := loadersFrom(ctx).contactRecords.load(ctx, contact.ID)
	if err != nil || record == nil {
		return []gqlmodel.CustomValue{}, err
	}
	return customValues(ctx, models.RecordContact, record.CustomValues)
}

// Deals are those with the contact.
func (r contactResolver) Deals(ctx context.Context, contact *gqlmodel.Contact, first *int32, after *string, last *int32, before *string) (*gqlmodel.DealConnection, error) {
	return dealsOf(ctx, crm.DealsOfContact, newPartKey(contact.ID, first, after, last, before))
}

// Version is that of what the team keeps of the contact.
func (r contactResolver) Version(ctx context.Context, contact *gqlmodel.Contact) (*int32, error) {
	record, err := loadersFrom(ctx).contactRecords.load(ctx, contact.ID)
	if err != nil {
		return nil, err
	}
	if record == nil {
		return new(int32), nil
	}
	return new(int32(record.Version)), nil
}

// ContactUpdate changes what the team keeps of a contact.
func (r mutationResolver) ContactUpdate(ctx context.Context, input gqlmodel.ContactUpdateInput) (*gqlmodel.ContactUpdatePayload, error) {
	contact, problems, err := change(ctx, r.Edge, func(viewer models.Viewer, ids *idParser) (models.Contact, error) {
		id := ids.parse(models.PrefixContact, input.ContactID, "contactId")
		wish := crm.ContactChange{
			CompanyID: idPatch(ids, models.PrefixCompany, input.CompanyID, "companyId"), CustomValues: valueChanges(input.CustomValues.Value()),
		}
		if ids.err != nil {
			return models.Contact{}, ids.err
		}
		contact, record, err := r.rooms.CRM.UpdateContact(ctx, viewer, id, wish, version(input.ExpectedVersion))
		loadersFrom(ctx).contactRecords.prime(id, &record)
		return contact, err
	})
	return orNothing(&gqlmodel.ContactUpdatePayload{Contact: (*gqlmodel.Contact)(contact), UserErrors: problems}, err)
}
