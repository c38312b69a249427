package crm_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"recado/crm"
	"recado/models"
	"recado/store"
	"recado/testkit"
)

// shop is an organization with records.
type shop struct {
	*testkit.World
	t                                *testing.T
	db                               *store.Store
	crm                              *crm.Service
	admin, replier, looker, outsider models.Viewer
	maria, hidden                    models.Conversation // on Open, and on Closed, which only administrators see
}

func newShop(t *testing.T, db *store.Store) *shop {
	w := testkit.NewWorld(t, db)
	s := &shop{World: w, t: t, db: db, crm: crm.New(db)}
	s.admin, s.replier, s.looker, s.outsider = w.Viewer(w.Administrator), w.Viewer(w.Replier), w.Viewer(w.Looker), w.Viewer(w.Outsider)
	s.maria, s.hidden = w.Conversation(w.Open, "Maria", db.Now()), w.Conversation(w.Closed, "João", db.Now())
	return s
}

// must returns what a use case made that must not fail.
func must[T any](t *testing.T) func(T, error) T {
	t.Helper()
	return func(made T, err error) T {
		t.Helper()
		require.NoError(t, err)
		return made
	}
}

func (s *shop) company(name string) models.Company {
	s.t.Helper()
	return must[models.Company](s.t)(s.crm.CreateCompany(s.t.Context(), s.replier, crm.CompanyChange{Name: &name}, nil))
}

func (s *shop) deal(name string, wish crm.DealChange) models.Deal {
	s.t.Helper()
	wish.Name = &name
	return must[models.Deal](s.t)(s.crm.CreateDeal(s.t.Context(), s.replier, wish, nil))
}

func (s *shop) field(of models.RecordType, key string, kind models.FieldKind, options ...string) models.CustomField {
	s.t.Helper()
	return must[models.CustomField](s.t)(s.crm.CreateCustomField(s.t.Context(), s.admin, crm.NewField{RecordType: of, Key: key, Label: key, Kind: kind, Options: options}, nil))
}

// standard is the default pipeline and its stages.
func (s *shop) standard() (models.Pipeline, []models.PipelineStage) {
	s.t.Helper()
	all := must[[]models.Pipeline](s.t)(s.crm.Pipelines(s.t.Context(), s.admin))
	return all[0], s.stages(all[0].ID)
}

func (s *shop) stages(pipeline models.ID) []models.PipelineStage {
	s.t.Helper()
	found, err := s.crm.StagesByPipeline(s.t.Context(), s.admin, []models.ID{pipeline})
	require.NoError(s.t, err)
	return found[pipeline]
}

func (s *shop) dealNow(id models.ID) models.Deal {
	s.t.Helper()
	found, err := s.crm.DealsByID(s.t.Context(), s.admin, []models.ID{id})
	require.NoError(s.t, err)
	require.Contains(s.t, found, id)
	return found[id]
}

// events are the kinds of the events about records, in their order.
func (s *shop) events() []models.EventKind {
	s.t.Helper()
	var kinds []models.EventKind
	require.NoError(s.t, s.db.Read(s.t.Context()).Model(&models.Event{}).Where("organization_id = ?", s.Organization.ID).
		Order("position").Pluck("kind", &kinds).Error)
	return kinds
}

// refused holds an error to a code and a field.
func refused(t *testing.T, err error, code models.Code, field string) {
	t.Helper()
	var failure *models.Error
	require.ErrorAs(t, err, &failure)
	require.Equal(t, code, failure.Code)
	require.Equal(t, field, failure.Field)
}

// Nothing of an organization exists for another one, whoever asks, and whatever names it.
func TestRecords_of_another_organization_do_not_exist(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		s, other := newShop(t, db), newShop(t, db)
		company := s.company("Padaria")
		pipeline, stages := s.standard()
		deal := s.deal("Forno", crm.DealChange{})
		field := s.field(models.RecordDeal, "size", models.FieldText)
		version, name, ctx, stranger := int64(1), "Mine", t.Context(), other.admin

		for what, find := range map[string]func(context.Context, models.Viewer) (int, error){
			"company":  counted(s.crm.CompaniesByID, company.ID),
			"pipeline": counted(s.crm.PipelinesByID, pipeline.ID),
			"stage":    counted(s.crm.StagesByID, stages[0].ID),
			"stages":   counted(s.crm.StagesByPipeline, pipeline.ID),
			"deal":     counted(s.crm.DealsByID, deal.ID),
			"field":    counted(s.crm.CustomFieldsByID, field.ID),
		} {
			own, err := find(ctx, s.outsider)
			require.NoError(t, err)
			require.Equal(t, 1, own, what)
			theirs, err := find(ctx, stranger)
			require.NoError(t, err)
			require.Zero(t, theirs, what)
		}
		companies, err := s.crm.Companies(ctx, stranger, "", store.PageRequest{})
		require.NoError(t, err)
		require.Empty(t, companies.Rows)
		deals, err := s.crm.Deals(ctx, stranger, crm.DealFilter{StageID: &deal.StageID}, store.PageRequest{})
		require.NoError(t, err)
		require.Empty(t, deals.Rows)

		own := other.deal("Own", crm.DealChange{})
		update := func(change crm.DealChange) error {
			_, err := s.crm.UpdateDeal(ctx, stranger, own.ID, change, nil)
			return err
		}
		for at, err := range map[string]error{
			"companyId":          second(s.crm.UpdateCompany(ctx, stranger, company.ID, crm.CompanyChange{Name: &name}, &version)),
			"companyId ":         s.crm.DeleteCompany(ctx, stranger, company.ID),
			"pipelineId":         second(s.crm.UpdatePipeline(ctx, stranger, pipeline.ID, crm.PipelineChange{Name: &name}, nil)),
			"pipelineId ":        s.crm.DeletePipeline(ctx, stranger, pipeline.ID, nil),
			"pipelineId  ":       second(s.crm.CreateStage(ctx, stranger, pipeline.ID, models.StageWish{Name: name, Kind: models.StageOpen}, nil, nil)),
			"stageId":            second(s.crm.UpdateStage(ctx, stranger, stages[0].ID, crm.StageChange{Name: &name}, nil)),
			"stageId ":           s.crm.DeleteStage(ctx, stranger, stages[0].ID, nil),
			"replacementStageId": s.crm.DeleteStage(ctx, stranger, own.StageID, &stages[0].ID),
			"customFieldId":      second(s.crm.UpdateCustomField(ctx, stranger, field.ID, crm.FieldChange{Label: &name}, nil)),
			"customFieldId ":     s.crm.DeleteCustomField(ctx, stranger, field.ID),
			"dealId":             second(s.crm.UpdateDeal(ctx, stranger, deal.ID, crm.DealChange{Name: &name}, nil)),
			"dealId ":            s.crm.DeleteDeal(ctx, stranger, deal.ID),
			"stageId  ":          update(crm.DealChange{StageID: &stages[0].ID}),
			"pipelineId   ":      update(crm.DealChange{PipelineID: &pipeline.ID}),
			"ownerId":            update(crm.DealChange{OwnerID: crm.To(s.Replier.ID)}),
			"contactId":          update(crm.DealChange{ContactID: crm.To(s.maria.ContactID)}),
			"companyId  ":        update(crm.DealChange{CompanyID: crm.To(company.ID)}),
			"conversationId":     update(crm.DealChange{ConversationID: crm.To(s.maria.ID)}),
			"customValues.0.key": update(crm.DealChange{CustomValues: []models.CustomValueChange{{Key: "size", Value: "L"}}}),
		} {
			refused(t, err, models.CodeNotFound, strings.TrimSpace(at))
		}
		_, _, err = s.crm.UpdateContact(ctx, stranger, s.maria.ContactID, crm.ContactChange{}, nil)
		refused(t, err, models.CodeNotFound, "contactId")
		_, err = crm.MergeValues(db.Read(ctx), stranger, &s.maria.ContactID, nil, "en")
		refused(t, err, models.CodeNotFound, "contactId")
		_, err = crm.MergeValues(db.Read(ctx), stranger, nil, &deal.ID, "en")
		refused(t, err, models.CodeNotFound, "dealId")
		require.Equal(t, deal, s.dealNow(deal.ID), "nothing was changed")
	})
}

// Who may do what, by who asks: the organization's records are everybody's, arranging
// them is for administrators, and people are for those who may see them.
func TestRecords_permissions(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		s := newShop(t, db)
		pipeline, stages := s.standard()
		deal := s.deal("Forno", crm.DealChange{})
		company := s.company("Padaria")
		size := s.field(models.RecordCompany, "size", models.FieldText)
		name, ctx := "Name", t.Context()
		size2 := crm.NewField{RecordType: models.RecordDeal, Label: "Size", Kind: models.FieldText}
		contact := func(conversation models.Conversation) func(models.Viewer) error {
			return func(viewer models.Viewer) error {
				_, _, err := s.crm.UpdateContact(ctx, viewer, conversation.ContactID, crm.ContactChange{CompanyID: crm.To(company.ID)}, nil)
				return err
			}
		}
		change := func(change crm.DealChange) func(models.Viewer) error {
			return func(viewer models.Viewer) error { return second(s.crm.UpdateDeal(ctx, viewer, deal.ID, change, nil)) }
		}
		merged := func(conversation models.Conversation) func(models.Viewer) error {
			return func(viewer models.Viewer) error {
				return second(crm.MergeValues(db.Read(ctx), viewer, &conversation.ContactID, &deal.ID, "en"))
			}
		}
		everybody := [4]models.Code{}
		administrators := [4]models.Code{"", models.CodeForbidden, models.CodeForbidden, models.CodeForbidden}
		viewers := [4]models.Code{"", "", "", models.CodeNotFound}
		nobodyElse := [4]models.Code{"", models.CodeNotFound, models.CodeNotFound, models.CodeNotFound}
		for what, c := range map[string]struct {
			want [4]models.Code // of an administrator, who may reply, who may view, who may do neither
			do   func(models.Viewer) error
		}{
			"make a company": {everybody, func(v models.Viewer) error {
				return second(s.crm.CreateCompany(ctx, v, crm.CompanyChange{Name: &name}, nil))
			}},
			"change a company": {everybody, func(v models.Viewer) error {
				return second(s.crm.UpdateCompany(ctx, v, company.ID, crm.CompanyChange{Name: &name}, nil))
			}},
			"delete a company": {everybody, func(v models.Viewer) error { return s.crm.DeleteCompany(ctx, v, s.company("x").ID) }},
			"make a deal":      {everybody, func(v models.Viewer) error { return second(s.crm.CreateDeal(ctx, v, crm.DealChange{Name: &name}, nil)) }},
			"change a deal":    {everybody, change(crm.DealChange{Name: &name})},
			"delete a deal":    {everybody, func(v models.Viewer) error { return s.crm.DeleteDeal(ctx, v, s.deal("x", crm.DealChange{}).ID) }},
			"make a pipeline": {administrators, func(v models.Viewer) error {
				return second(s.crm.CreatePipeline(ctx, v, crm.NewPipeline{Name: "of " + v.UserID.String()}, nil))
			}},
			"change a pipeline": {administrators, func(v models.Viewer) error {
				return second(s.crm.UpdatePipeline(ctx, v, pipeline.ID, crm.PipelineChange{Name: &name}, nil))
			}},
			"make a stage": {administrators, func(v models.Viewer) error {
				return second(s.crm.CreateStage(ctx, v, pipeline.ID, models.StageWish{Name: v.UserID.String(), Kind: models.StageOpen}, nil, nil))
			}},
			"change a stage": {administrators, func(v models.Viewer) error {
				return second(s.crm.UpdateStage(ctx, v, stages[0].ID, crm.StageChange{Name: &name}, nil))
			}},
			"delete a stage": {administrators, func(v models.Viewer) error { return s.crm.DeleteStage(ctx, v, stages[1].ID, nil) }},
			"delete a pipeline": {administrators, func(v models.Viewer) error {
				made := must[models.Pipeline](t)(s.crm.CreatePipeline(ctx, s.admin, crm.NewPipeline{Name: "for " + v.UserID.String()}, nil))
				return s.crm.DeletePipeline(ctx, v, made.ID, nil)
			}},
			"make a custom field": {administrators, func(v models.Viewer) error {
				size2.Key = "k" + v.UserID.String()[24:]
				return second(s.crm.CreateCustomField(ctx, v, size2, nil))
			}},
			"change a custom field": {administrators, func(v models.Viewer) error {
				return second(s.crm.UpdateCustomField(ctx, v, size.ID, crm.FieldChange{Label: &name}, nil))
			}},
			"delete a custom field": {administrators, func(v models.Viewer) error {
				return s.crm.DeleteCustomField(ctx, v, s.field(models.RecordContact, "d"+v.UserID.String()[24:], models.FieldText).ID)
			}},
			"keep something of a contact":        {[4]models.Code{"", "", models.CodeForbidden, models.CodeNotFound}, contact(s.maria)},
			"keep something of a hidden contact": {nobodyElse, contact(s.hidden)},
			"name a contact":                     {viewers, change(crm.DealChange{ContactID: crm.To(s.maria.ContactID)})},
			"name a hidden contact":              {nobodyElse, change(crm.DealChange{ContactID: crm.To(s.hidden.ContactID)})},
			"name a conversation":                {viewers, change(crm.DealChange{ConversationID: crm.To(s.maria.ID)})},
			"name a hidden conversation":         {nobodyElse, change(crm.DealChange{ConversationID: crm.To(s.hidden.ID)})},
			"write of a contact":                 {viewers, merged(s.maria)},
			"write of a hidden contact":          {nobodyElse, merged(s.hidden)},
		} {
			for i, viewer := range []models.Viewer{s.admin, s.replier, s.looker, s.outsider} {
				require.Equal(t, c.want[i], models.CodeOf(c.do(viewer)), "%s, viewer %d", what, i)
			}
		}
	})
}

// second drops what a use case made.
func second[T any](_ T, err error) error { return err }

// counted is how many of the ids are found.
func counted[T any](find func(context.Context, models.Viewer, []models.ID) (map[models.ID]T, error), id models.ID) func(context.Context, models.Viewer) (int, error) {
	return func(ctx context.Context, viewer models.Viewer) (int, error) {
		found, err := find(ctx, viewer, []models.ID{id})
		return len(found), err
	}
}
