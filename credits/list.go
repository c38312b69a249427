package credits

import (
	"context"
	"fmt"

	"recado/models"
	"recado/store"
)

// Entry is a movement of the ledger with all it did.
type Entry struct {
	models.CreditEntry

	Postings []models.CreditPosting // by account; they sum to zero
}

// Entries returns a page of the viewer's organization's ledger, newest first.
// Administrators only. INVALID for a request out of bounds or a cursor of another list.
func (s *Service) Entries(ctx context.Context, viewer models.Viewer, request store.PageRequest) (page store.Page[Entry], err error) {
	if err := requireAdministrator(viewer); err != nil {
		return page, err
	}
	wanted, err := store.Keyset{Column: "created_at", NewestFirst: true, Scope: "entries of " + viewer.OrganizationID.String()}.Range(request)
	if err != nil {
		return page, err
	}
	db := s.db.Read(ctx)
	var rows []models.CreditEntry
	if err := wanted.Apply(db.Where("organization_id = ?", viewer.OrganizationID)).Find(&rows).Error; err != nil {
		return page, fmt.Errorf("list entries: %w", err)
	}
	ids := make([]models.ID, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	var postings []models.CreditPosting
	err = db.Where("organization_id = ?", viewer.OrganizationID).Where(store.OneOf("entry_id", ids)).Order("entry_id, account").Find(&postings).Error
	if err != nil {
		return page, fmt.Errorf("list postings: %w", err)
	}
	of := make(map[models.ID][]models.CreditPosting, len(rows))
	for _, posting := range postings {
		of[posting.EntryID] = append(of[posting.EntryID], posting)
	}
	entries := make([]Entry, len(rows))
	for i, row := range rows {
		entries[i] = Entry{CreditEntry: row, Postings: of[row.ID]}
	}
	return store.PageOf(wanted, entries, func(e *Entry) store.Place { return store.Place{At: e.CreatedAt, ID: e.ID} }), nil
}

// Purchases returns a page of the purchases of the viewer's organization, newest first;
// those that were paid are its receipts. Administrators only. INVALID for a request out
// of bounds or a cursor of another list.
func (s *Service) Purchases(ctx context.Context, viewer models.Viewer, status *models.PurchaseStatus, request store.PageRequest,
) (page store.Page[models.CreditPurchase], err error) {
	if err := requireAdministrator(viewer); err != nil {
		return page, err
	}
	scope := "purchases of " + viewer.OrganizationID.String()
	query := s.db.Read(ctx).Where("organization_id = ?", viewer.OrganizationID)
	if status != nil {
		scope += " " + string(*status)
		query = query.Where("status = ?", *status)
	}
	wanted, err := store.Keyset{Column: "created_at", NewestFirst: true, Scope: scope}.Range(request)
	if err != nil {
		return page, err
	}
	var rows []models.CreditPurchase
	if err := wanted.Apply(query).Find(&rows).Error; err != nil {
		return page, fmt.Errorf("list purchases: %w", err)
	}
	return store.PageOf(wanted, rows, func(p *models.CreditPurchase) store.Place { return store.Place{At: p.CreatedAt, ID: p.ID} }), nil
}

// PurchaseByID is a purchase of the viewer's organization; nil if there is none, or the
// viewer is no administrator.
func (s *Service) PurchaseByID(ctx context.Context, viewer models.Viewer, id models.ID) (*models.CreditPurchase, error) {
	if !viewer.Administrator {
		return nil, nil //nolint:nilnil // it does not exist for the viewer
	}
	var purchase models.CreditPurchase
	there, err := found(s.db.Read(ctx).Take(&purchase, "organization_id = ? AND id = ?", viewer.OrganizationID, id).Error)
	if err != nil {
		return nil, fmt.Errorf("read purchase %s: %w", id, err)
	}
	if !there {
		return nil, nil //nolint:nilnil // there is none
	}
	return &purchase, nil
}
