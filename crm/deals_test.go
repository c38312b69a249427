package crm_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/crm"
	"recado/models"
	"recado/store"
	"recado/testkit"
)

func TestDeals(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		s := newShop(t, db)
		ctx := t.Context()
		standard, stages := s.standard()
		company := s.company("Padaria")
		_, _, err := s.crm.UpdateContact(ctx, s.replier, s.maria.ContactID, crm.ContactChange{CompanyID: crm.To(company.ID)}, nil)
		require.NoError(t, err)

		t.Run("begin with what is known", func(t *testing.T) {
			deal := s.deal(" Forno  novo ", crm.DealChange{ConversationID: crm.To(s.maria.ID)})
			require.Equal(t, "Forno novo", deal.Name)
			require.Equal(t, []models.ID{standard.ID, stages[0].ID}, []models.ID{deal.PipelineID, deal.StageID})
			require.Equal(t, []*models.ID{&s.Replier.ID, &s.maria.ContactID, &company.ID}, []*models.ID{deal.OwnerID, deal.ContactID, deal.CompanyID})
			require.Nil(t, deal.ClosedAt)
			require.Nil(t, deal.Price())
			bare := s.deal("Bare", crm.DealChange{
				OwnerID: crm.Patch[models.ID]{Given: true}, ConversationID: crm.To(s.maria.ID), ContactID: crm.Patch[models.ID]{Given: true}, CompanyID: crm.Patch[models.ID]{Given: true},
			})
			require.Equal(t, []*models.ID{nil, nil, nil}, []*models.ID{bare.OwnerID, bare.ContactID, bare.CompanyID})
			_, err := s.crm.CreateDeal(ctx, s.looker, crm.DealChange{}, nil)
			refused(t, err, models.CodeRequired, "name")
		})

		t.Run("are made once under a key", func(t *testing.T) {
			wish := crm.DealChange{Name: new("Once"), Price: crm.To(models.NewMoney(5, "BRL"))}
			first := must[models.Deal](t)(s.crm.CreateDeal(ctx, s.replier, wish, new("k")))
			require.Equal(t, first.ID, must[models.Deal](t)(s.crm.CreateDeal(ctx, s.replier, wish, new("k"))).ID)
			wish.Price = crm.To(models.NewMoney(6, "BRL"))
			_, err := s.crm.CreateDeal(ctx, s.replier, wish, new("k"))
			refused(t, err, models.CodeIdempotencyKeyReused, "idempotencyKey")
		})

		t.Run("change, move and are told", func(t *testing.T) {
			won := stages[slices.IndexFunc(stages, func(s models.PipelineStage) bool { return s.Kind == models.StageWon })]
			deal := s.deal("Forno", crm.DealChange{})
			before := len(s.events())
			changed, err := s.crm.UpdateDeal(ctx, s.looker, deal.ID, crm.DealChange{
				StageID: &won.ID, Price: crm.To(models.NewMoney(123456, "BRL")), ClosingDate: crm.To(models.Date("2026-12-31")), OwnerID: crm.To(s.Looker.ID),
			}, new(int64(1)))
			require.NoError(t, err)
			require.NotNil(t, changed.ClosedAt)
			require.Equal(t, *changed.ClosedAt, changed.StageChangedAt)
			require.EqualValues(t, 2, changed.Version)
			require.Equal(t, &models.Money{Currency: "BRL", Minor: 123456, Digits: 2}, s.dealNow(deal.ID).Price())

			present, err := s.crm.UpdateDeal(ctx, s.looker, deal.ID, crm.DealChange{Name: new("Late")}, new(int64(1)))
			refused(t, err, models.CodeConflict, "expectedVersion")
			require.Equal(t, "Forno", present.Name)
			same, err := s.crm.UpdateDeal(ctx, s.looker, deal.ID, crm.DealChange{Name: new("Forno"), PipelineID: &standard.ID}, nil)
			require.NoError(t, err)
			require.EqualValues(t, 2, same.Version, "it is in the pipeline already")
			cleared, err := s.crm.UpdateDeal(ctx, s.looker, deal.ID, crm.DealChange{Price: crm.Patch[models.Money]{Given: true}, StageID: &stages[0].ID}, nil)
			require.NoError(t, err)
			require.Nil(t, cleared.Price())
			require.Nil(t, cleared.ClosedAt)
			require.Equal(t, models.Date("2026-12-31"), *cleared.ClosingDate, "what is not named stays")

			_, err = s.crm.UpdateDeal(ctx, s.looker, deal.ID, crm.DealChange{ClosingDate: crm.To(models.Date("2026-02-30"))}, nil)
			refused(t, err, models.CodeInvalid, "closingDate")
			require.NoError(t, s.crm.DeleteDeal(ctx, s.looker, deal.ID))
			refused(t, s.crm.DeleteDeal(ctx, s.looker, deal.ID), models.CodeNotFound, "dealId")
			require.Equal(t, []models.EventKind{models.EventDealChanged, models.EventDealChanged, models.EventDealDeleted}, s.events()[before:])
		})

		t.Run("have an owner who is active", func(t *testing.T) {
			gone := s.User("Elias", models.LevelReply)
			s.Exec("UPDATE users SET active = ? WHERE id = ?", false, gone.ID)
			_, err := s.crm.CreateDeal(ctx, s.looker, crm.DealChange{Name: new("x"), OwnerID: crm.To(gone.ID)}, nil)
			refused(t, err, models.CodeInvalid, "ownerId")
		})
	})
}

// manyDeals makes deals of all states, in every combination of what they belong to.
func (s *shop) manyDeals(count int) []models.Deal {
	s.t.Helper()
	standard, stages := s.standard()
	other := must[models.Pipeline](s.t)(s.crm.CreatePipeline(s.t.Context(), s.admin, crm.NewPipeline{Name: "Other"}, nil))
	all := slices.Concat(stages, s.stages(other.ID))
	companies := []*models.ID{new(s.company("A").ID), new(s.company("B").ID), nil}
	owners := []*models.ID{&s.Looker.ID, &s.Replier.ID, &s.Administrator.ID, nil}
	contacts := []*models.ID{&s.maria.ContactID, &s.hidden.ContactID, nil, nil, nil}
	deals := make([]models.Deal, count)
	for i := range deals {
		at := noon.Add(time.Duration(i/2) * time.Minute) // pairs at the same moment
		deals[i] = models.Deal{
			OrganizationID: s.Organization.ID, ID: models.NewID(), Name: fmt.Sprint("Deal ", i), OwnerID: owners[i%4], CompanyID: companies[i%3], ContactID: contacts[i%5],
			Version: 1, CreatedAt: at, UpdatedAt: at,
		}
		deals[i].Enter(all[(i*7)%len(all)], at)
	}
	require.NotEqual(s.t, standard.ID, other.ID)
	s.Write(func(tx *store.Tx) error { return tx.CreateInBatches(&deals, 200).Error })
	return deals
}

func TestDeals_lists(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		s := newShop(t, db)
		deals := s.manyDeals(120)
		some := deals[0]
		filters := map[string]struct {
			filter crm.DealFilter
			fits   func(models.Deal) bool
		}{
			"all":           {crm.DealFilter{}, func(models.Deal) bool { return true }},
			"open":          {crm.DealFilter{Open: new(true)}, func(d models.Deal) bool { return d.ClosedAt == nil }},
			"closed":        {crm.DealFilter{Open: new(false)}, func(d models.Deal) bool { return d.ClosedAt != nil }},
			"of a pipeline": {crm.DealFilter{PipelineID: &some.PipelineID}, func(d models.Deal) bool { return d.PipelineID == some.PipelineID }},
			"of a stage":    {crm.DealFilter{StageID: &some.StageID}, func(d models.Deal) bool { return d.StageID == some.StageID }},
			"of an owner":   {crm.DealFilter{OwnerID: some.OwnerID}, func(d models.Deal) bool { return sameID(d.OwnerID, some.OwnerID) }},
			"of a contact":  {crm.DealFilter{ContactID: some.ContactID}, func(d models.Deal) bool { return sameID(d.ContactID, some.ContactID) }},
			"of a company":  {crm.DealFilter{CompanyID: some.CompanyID}, func(d models.Deal) bool { return sameID(d.CompanyID, some.CompanyID) }},
			"of an open mine": {crm.DealFilter{OwnerID: some.OwnerID, PipelineID: &some.PipelineID, Open: new(true)}, func(d models.Deal) bool {
				return sameID(d.OwnerID, some.OwnerID) && d.PipelineID == some.PipelineID && d.ClosedAt == nil
			}},
		}
		for name, list := range filters {
			t.Run(name+", joined without gaps and repeats, forward and back", func(t *testing.T) {
				var want []string
				for _, deal := range slices.Backward(sorted(deals)) {
					if list.fits(deal) {
						want = append(want, deal.Name)
					}
				}
				require.NotEmpty(t, want)
				require.Equal(t, want, s.walk(list.filter, false))
				require.Equal(t, want, s.walk(list.filter, true))
			})
		}
		t.Run("take no cursor of another list", func(t *testing.T) {
			page, err := s.crm.Deals(t.Context(), s.looker, crm.DealFilter{}, store.PageRequest{First: new(1)})
			require.NoError(t, err)
			_, err = s.crm.Deals(t.Context(), s.looker, crm.DealFilter{Open: new(true)}, store.PageRequest{After: page.EndCursor()})
			refused(t, err, models.CodeInvalid, "after")
		})
		t.Run("do not tell of contacts whom the viewer may not see", func(t *testing.T) {
			for viewer, want := range map[*models.Viewer]bool{&s.admin: true, &s.looker: false} {
				page, err := s.crm.Deals(t.Context(), *viewer, crm.DealFilter{ContactID: &s.hidden.ContactID}, store.PageRequest{})
				require.NoError(t, err)
				require.Equal(t, want, len(page.Rows) > 0)
			}
		})
		t.Run("of many records are read together", func(t *testing.T) {
			statements := testkit.CountStatements(t, db)
			parts := []crm.DealPart{
				{Of: crm.DealsOfContact, ID: s.maria.ContactID, Page: store.PageRequest{First: new(2)}},
				{Of: crm.DealsOfContact, ID: s.maria.ContactID, Page: store.PageRequest{Last: new(2)}},
				{Of: crm.DealsOfCompany, ID: *some.CompanyID, Page: store.PageRequest{First: new(3)}},
				{Of: crm.DealsOfConversation, ID: s.maria.ID},
				{Of: crm.DealsOfConversation, ID: s.maria.ID, Page: store.PageRequest{First: new(-1)}},
			}
			results, err := s.crm.DealParts(t.Context(), s.looker, parts)
			require.NoError(t, err)
			require.EqualValues(t, 1, statements.Load())
			of := func(filter crm.DealFilter) []string { return s.walk(filter, false) }
			contact, company := of(crm.DealFilter{ContactID: &s.maria.ContactID}), of(crm.DealFilter{CompanyID: some.CompanyID})
			require.Equal(t, contact[:2], names(results[0].Page.Rows))
			require.True(t, results[0].Page.HasNext)
			require.Equal(t, contact[len(contact)-2:], names(results[1].Page.Rows))
			require.Equal(t, company[:3], names(results[2].Page.Rows))
			require.Empty(t, results[3].Page.Rows)
			refused(t, results[4].Err, models.CodeInvalid, "first")
		})
	})
}

// walk reads a list to its end, page by page, newest first.
func (s *shop) walk(filter crm.DealFilter, back bool) (all []string) {
	s.t.Helper()
	request := store.PageRequest{First: new(7)}
	if back {
		request = store.PageRequest{Last: new(7)}
	}
	for {
		page, err := s.crm.Deals(s.t.Context(), s.looker, filter, request)
		require.NoError(s.t, err)
		if back {
			all = append(names(page.Rows), all...)
			request.Before = page.StartCursor()
		} else {
			all = append(all, names(page.Rows)...)
			request.After = page.EndCursor()
		}
		if back && !page.HasPrevious || !back && !page.HasNext {
			return all
		}
	}
}

func names(deals []models.Deal) (names []string) {
	for _, deal := range deals {
		names = append(names, deal.Name)
	}
	return names
}

// sorted are deals, the oldest first.
func sorted(deals []models.Deal) []models.Deal {
	deals = slices.Clone(deals)
	slices.SortFunc(deals, func(a, b models.Deal) int {
		if order := a.CreatedAt.Compare(b.CreatedAt); order != 0 {
			return order
		}
		return strings.Compare(a.ID.String(), b.ID.String())
	})
	return deals
}

func sameID(a, b *models.ID) bool { return a == b || a != nil && b != nil && *a == *b }

// Each list walks an index in its order and sorts nothing.
func TestDeals_lists_walk_an_index(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		s := newShop(t, db)
		deals := s.manyDeals(3000)
		some := deals[0]
		s.Exec("ANALYZE")
		for name, condition := range map[string]struct {
			sql    string
			values []any
		}{
			"deals_recent_idx":        {"TRUE", nil},
			"deals_open_idx":          {"closed_at IS NULL", nil},
			"deals_pipeline_idx":      {"pipeline_id = ?", []any{some.PipelineID}},
			"deals_open_pipeline_idx": {"pipeline_id = ? AND closed_at IS NULL", []any{some.PipelineID}},
			"deals_stage_idx":         {"stage_id = ?", []any{some.StageID}},
			"deals_owner_idx":         {"owner_id = ?", []any{*some.OwnerID}},
			"deals_open_owner_idx":    {"owner_id = ? AND closed_at IS NULL", []any{*some.OwnerID}},
			"deals_contact_idx":       {"contact_id = ?", []any{*some.ContactID}},
			"deals_company_idx":       {"company_id = ?", []any{*some.CompanyID}},
			"deals_conversation_idx":  {"conversation_id = ?", []any{s.maria.ID}},
		} {
			plan := s.plan("SELECT * FROM deals WHERE organization_id = ? AND "+condition.sql+" ORDER BY created_at DESC, id DESC LIMIT 21",
				append([]any{s.Organization.ID}, condition.values...)...)
			require.Contains(t, plan, name)
			if db.Dialect() == store.SQLite {
				require.NotContains(t, plan, "TEMP B-TREE", name)
			}
		}
		plan := s.plan("SELECT * FROM companies WHERE organization_id = ? AND sort_name >= ? AND sort_name < ? ORDER BY sort_name, id LIMIT 21", s.Organization.ID, "a", "b")
		require.Contains(t, plan, "companies_name_idx")
		require.NotContains(t, plan, "TEMP B-TREE")
	})
}

// plan is how the database finds rows, if reading a table as a whole is no choice.
func (s *shop) plan(statement string, values ...any) string {
	s.t.Helper()
	var lines []string
	s.Write(func(tx *store.Tx) error {
		lines = nil
		explain := "EXPLAIN QUERY PLAN "
		if s.db.Dialect() == store.Postgres {
			explain = "EXPLAIN "
			for _, off := range []string{"seqscan", "sort", "bitmapscan"} {
				if err := tx.Exec("SET LOCAL enable_" + off + " = off").Error; err != nil {
					return err
				}
			}
		}
		rows, err := tx.Raw(explain+statement, values...).Rows()
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		columns, err := rows.Columns()
		if err != nil {
			return err
		}
		for rows.Next() {
			row := make([]any, len(columns))
			for i := range row {
				row[i] = new(any)
			}
			if err := rows.Scan(row...); err != nil {
				return err
			}
			text, err := json.Marshal(row)
			if err != nil {
				return err
			}
			lines = append(lines, string(text))
		}
		return rows.Err()
	})
	return strings.Join(lines, "\n")
}
