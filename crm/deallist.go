package crm

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"

	"recado/models"
	"recado/store"
)

// DealFilter says which deals are wanted: those for which everything holds. The zero
// value wants all.
type DealFilter struct {
	PipelineID, StageID, OwnerID, ContactID, CompanyID *models.ID
	Open                                               *bool
}

// Deals returns a page of deals, the newest first. A contact whom the viewer may not see
// has none. INVALID for a request out of bounds or a cursor of another list.
func (s *Service) Deals(ctx context.Context, viewer models.Viewer, filter DealFilter, page store.PageRequest) (store.Page[models.Deal], error) {
	list, err := filter.keyset(viewer).Range(page)
	if err != nil {
		return store.Page[models.Deal]{}, err
	}
	if filter.ContactID != nil && !viewer.Administrator {
		switch err := allowed(s.db.Read(ctx), viewer, *filter.ContactID, models.LevelView); {
		case models.CodeOf(err) == models.CodeNotFound:
			return store.PageOf(list, nil, placeOfDeal), nil
		case err != nil:
			return store.Page[models.Deal]{}, err
		}
	}
	query := s.db.Read(ctx).Where("organization_id = ?", viewer.OrganizationID)
	for _, link := range filter.links() {
		query = query.Where(link.column+" = ?", *link.id)
	}
	var rows []models.Deal
	if err := list.Apply(ofState(query, filter.Open)).Find(&rows).Error; err != nil {
		return store.Page[models.Deal]{}, fmt.Errorf("list deals: %w", err)
	}
	return store.PageOf(list, rows, placeOfDeal), nil
}

type dealLink struct {
	column string
	id     *models.ID
}

// links are the conditions on what deals belong to.
func (f DealFilter) links() []dealLink {
	return slices.DeleteFunc([]dealLink{
		{"pipeline_id", f.PipelineID}, {"stage_id", f.StageID}, {"owner_id", f.OwnerID}, {"contact_id", f.ContactID}, {"company_id", f.CompanyID},
	}, func(link dealLink) bool { return link.id == nil })
}

func (f DealFilter) keyset(viewer models.Viewer) store.Keyset {
	scope := []any{"deals of", viewer.OrganizationID}
	for _, link := range f.links() {
		scope = append(scope, link.column, *link.id)
	}
	if f.Open != nil {
		scope = append(scope, "open", *f.Open)
	}
	return dealKeyset(fmt.Sprintln(scope...))
}

func dealKeyset(scope string) store.Keyset {
	return store.Keyset{Column: "created_at", NewestFirst: true, Scope: scope}
}

func placeOfDeal(d *models.Deal) store.Place { return store.Place{At: d.CreatedAt, ID: d.ID} }

// ofState restricts deals to those that are open, or closed; nil: either.
func ofState(query *gorm.DB, open *bool) *gorm.DB {
	switch {
	case open == nil:
		return query
	case *open:
		return query.Where("closed_at IS NULL")
	}
	return query.Where("closed_at IS NOT NULL")
}

// DealsByID returns those of the deals that are the viewer's organization's.
func (s *Service) DealsByID(ctx context.Context, viewer models.Viewer, ids []models.ID) (map[models.ID]models.Deal, error) {
	return store.ByID(s.db.Read(ctx), viewer.OrganizationID, ids, func(d *models.Deal) models.ID { return d.ID })
}

// DealOwner is a kind of record that deals belong to.
type DealOwner string

// The kinds of record that have lists of deals.
const (
	DealsOfContact      DealOwner = "contact_id"
	DealsOfCompany      DealOwner = "company_id"
	DealsOfConversation DealOwner = "conversation_id"
)

// DealPart names a part of the deals of a record, the newest first.
type DealPart struct {
	Of   DealOwner
	ID   models.ID
	Page store.PageRequest
}

// DealResult is what became of a DealPart.
type DealResult struct {
	Page store.Page[models.Deal]
	Err  error // INVALID for a request out of bounds or a cursor of another list
}

// dealPartsPerStatement bounds the parts of one statement (SQLite takes 500).
const dealPartsPerStatement = 100

// DealParts reads parts of the deals of records, many in one statement. It answers for
// whoever may see the records.
func (s *Service) DealParts(ctx context.Context, viewer models.Viewer, wanted []DealPart) ([]DealResult, error) {
	results := make([]DealResult, len(wanted))
	ranges := make([]store.Range, len(wanted))
	var open []int // indexes of parts to read
	for i, part := range wanted {
		ranges[i], results[i].Err = dealKeyset(fmt.Sprint("deals ", part.Of, part.ID)).Range(part.Page)
		if results[i].Err == nil {
			open = append(open, i)
		}
	}
	for some := range slices.Chunk(open, dealPartsPerStatement) {
		queries := make([]any, len(some))
		for n, i := range some {
			part := s.db.Read(ctx).Model(&models.Deal{}).Select(fmt.Sprintf("deals.*, %d AS part", i)).
				Where("organization_id = ? AND "+string(wanted[i].Of)+" = ?", viewer.OrganizationID, wanted[i].ID)
			queries[n] = ranges[i].Apply(part)
		}
		var rows []struct {
			models.Deal
			Part int
		}
		union := "SELECT * FROM (?) AS part" + strings.Repeat(" UNION ALL SELECT * FROM (?) AS part", len(queries)-1)
		if err := s.db.Read(ctx).Raw(union, queries...).Scan(&rows).Error; err != nil {
			return nil, fmt.Errorf("list deals of %d records: %w", len(some), err)
		}
		found := make(map[int][]models.Deal, len(some))
		for _, row := range rows {
			found[row.Part] = append(found[row.Part], row.Deal)
		}
		for _, i := range some {
			inOrder(found[i], ranges[i].Ascending())
			results[i].Page = store.PageOf(ranges[i], found[i], placeOfDeal)
		}
	}
	return results, nil
}

// inOrder sorts deals: a union promises no order.
func inOrder(deals []models.Deal, ascending bool) {
	slices.SortFunc(deals, func(a, b models.Deal) int {
		order := cmp.Or(a.CreatedAt.Compare(b.CreatedAt), bytes.Compare(a.ID[:], b.ID[:]))
		if ascending {
			return order
		}
		return -order
	})
}
