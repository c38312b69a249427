package crm_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"recado/crm"
	"recado/models"
	"recado/store"
	"recado/testkit"
)

func TestPipelines_have_one_default_whoever_asks_first(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		s := newShop(t, db)
		var (
			workers sync.WaitGroup
			start   = make(chan struct{})
		)
		for i := range 8 {
			workers.Go(func() {
				<-start
				var err error
				switch i % 3 {
				case 0:
					_, err = s.crm.Pipelines(t.Context(), s.looker)
				case 1:
					_, err = s.crm.CreateDeal(t.Context(), s.looker, crm.DealChange{Name: new("Forno")}, nil)
				default:
					_, err = s.crm.CreatePipeline(t.Context(), s.admin, crm.NewPipeline{Name: "Other " + string(rune('a'+i))}, nil)
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		close(start)
		workers.Wait()
		all := must[[]models.Pipeline](t)(s.crm.Pipelines(t.Context(), s.looker))
		require.Len(t, all, 3, "two made by hand")
		var standard []models.Pipeline
		for i, pipeline := range all {
			require.Equal(t, i, pipeline.Position)
			if pipeline.IsDefault {
				standard = append(standard, pipeline)
			}
		}
		require.Len(t, standard, 1)
		require.Equal(t, models.DefaultPipelineName, standard[0].Name)
		require.Len(t, s.stages(standard[0].ID), len(models.DefaultStages))
		deals, err := s.crm.Deals(t.Context(), s.looker, crm.DealFilter{StageID: &s.stages(standard[0].ID)[0].ID}, store.PageRequest{})
		require.NoError(t, err)
		require.Len(t, deals.Rows, 3)
	})
}

func TestPipelines(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		s := newShop(t, db)
		ctx := t.Context()
		standard, _ := s.standard()
		create := func(name string, stages []models.StageWish) (models.Pipeline, error) {
			return s.crm.CreatePipeline(ctx, s.admin, crm.NewPipeline{Name: name, Stages: stages}, nil)
		}
		order := func() (names []string) {
			for _, pipeline := range must[[]models.Pipeline](t)(s.crm.Pipelines(ctx, s.looker)) {
				names = append(names, pipeline.Name)
			}
			return names
		}
		stageNames := func(pipeline models.ID) (names []string) {
			for _, stage := range s.stages(pipeline) {
				names = append(names, stage.Name)
			}
			return names
		}
		open := func(name string) models.StageWish { return models.StageWish{Name: name, Kind: models.StageOpen} }

		t.Run("have names of their own and a stage that is open", func(t *testing.T) {
			_, err := create("sales", nil)
			refused(t, err, models.CodeAlreadyExists, "name")
			_, err = create(" ", nil)
			refused(t, err, models.CodeRequired, "name")
			_, err = create("A", []models.StageWish{})
			refused(t, err, models.CodeInvalid, "stages")
			_, err = create("A", []models.StageWish{{Name: "Done", Kind: models.StageWon}})
			refused(t, err, models.CodeInvalid, "stages")
			_, err = create("A", []models.StageWish{open("a"), open("A ")})
			refused(t, err, models.CodeAlreadyExists, "stages.1.name")
			_, err = create("A", []models.StageWish{{Name: "a", Kind: "HALF"}})
			refused(t, err, models.CodeInvalid, "stages.0.kind")
			require.Equal(t, []string{"Sales"}, order(), "nothing is left of what was refused")
		})

		renewals := must[models.Pipeline](t)(create("Renewals", []models.StageWish{open("Due"), {Name: "Done", Kind: models.StageWon}}))
		t.Run("change their name, their place and which is the default", func(t *testing.T) {
			changed, err := s.crm.UpdatePipeline(ctx, s.admin, renewals.ID, crm.PipelineChange{Name: new("Renovações"), Position: new(0), IsDefault: new(true)}, new(int64(1)))
			require.NoError(t, err)
			require.Equal(t, []any{"Renovações", 0, true, int64(2)}, []any{changed.Name, changed.Position, changed.IsDefault, changed.Version})
			require.Equal(t, []string{"Renovações", "Sales"}, order())
			deal := s.deal("Forno", crm.DealChange{})
			require.Equal(t, renewals.ID, deal.PipelineID)
			require.NoError(t, s.crm.DeleteDeal(ctx, s.looker, deal.ID))
			_, err = s.crm.UpdatePipeline(ctx, s.admin, renewals.ID, crm.PipelineChange{IsDefault: new(false)}, nil)
			refused(t, err, models.CodeInvalid, "isDefault")
			present, err := s.crm.UpdatePipeline(ctx, s.admin, renewals.ID, crm.PipelineChange{Name: new("Late")}, new(int64(1)))
			refused(t, err, models.CodeConflict, "expectedVersion")
			require.Equal(t, "Renovações", present.Name)
			_, err = s.crm.UpdatePipeline(ctx, s.admin, standard.ID, crm.PipelineChange{IsDefault: new(true), Position: new(99)}, nil)
			require.NoError(t, err)
			require.Equal(t, []string{"Renovações", "Sales"}, order())
		})

		t.Run("get stages, which change their names and places", func(t *testing.T) {
			stage, err := s.crm.CreateStage(ctx, s.admin, renewals.ID, open("Called"), new(1), nil)
			require.NoError(t, err)
			require.Equal(t, []string{"Due", "Called", "Done"}, stageNames(renewals.ID))
			_, err = s.crm.CreateStage(ctx, s.admin, renewals.ID, open("DUE"), nil, nil)
			refused(t, err, models.CodeAlreadyExists, "name")
			moved, err := s.crm.UpdateStage(ctx, s.admin, stage.ID, crm.StageChange{Name: new("Phoned"), Position: new(7)}, nil)
			require.NoError(t, err)
			require.Equal(t, 2, moved.Position)
			require.Equal(t, []string{"Due", "Done", "Phoned"}, stageNames(renewals.ID))
			_, err = s.crm.UpdateStage(ctx, s.admin, stage.ID, crm.StageChange{Name: new("x")}, new(int64(1)))
			refused(t, err, models.CodeConflict, "expectedVersion")
			require.NoError(t, s.crm.DeleteStage(ctx, s.admin, stage.ID, nil))
			require.Equal(t, []string{"Due", "Done"}, stageNames(renewals.ID))
		})

		t.Run("give their deals to another stage when it goes", func(t *testing.T) {
			stages := s.stages(renewals.ID)
			due, done := stages[0], stages[1]
			deal := s.deal("Forno", crm.DealChange{StageID: &done.ID})
			require.NotNil(t, deal.ClosedAt)
			refused(t, s.crm.DeleteStage(ctx, s.admin, done.ID, nil), models.CodeRequired, "replacementStageId")
			refused(t, s.crm.DeleteStage(ctx, s.admin, done.ID, &done.ID), models.CodeInvalid, "replacementStageId")
			refused(t, s.crm.DeleteStage(ctx, s.admin, due.ID, &done.ID), models.CodeInvalid, "stageId")
			require.NoError(t, s.crm.DeleteStage(ctx, s.admin, done.ID, &due.ID))
			moved := s.dealNow(deal.ID)
			require.Equal(t, due.ID, moved.StageID)
			require.Nil(t, moved.ClosedAt, "it is worked on again")
			require.Equal(t, deal.Version+1, moved.Version)

			_, won := s.standard()
			target := won[0]
			for _, stage := range s.stages(standard.ID) {
				if stage.Kind == models.StageWon {
					target = stage
				}
			}
			refused(t, s.crm.DeletePipeline(ctx, s.admin, renewals.ID, nil), models.CodeRequired, "replacementStageId")
			refused(t, s.crm.DeletePipeline(ctx, s.admin, renewals.ID, &due.ID), models.CodeInvalid, "replacementStageId")
			refused(t, s.crm.DeletePipeline(ctx, s.admin, standard.ID, &due.ID), models.CodeInvalid, "pipelineId")
			require.NoError(t, s.crm.DeletePipeline(ctx, s.admin, renewals.ID, &target.ID))
			moved = s.dealNow(deal.ID)
			require.Equal(t, []any{standard.ID, target.ID}, []any{moved.PipelineID, moved.StageID})
			require.NotNil(t, moved.ClosedAt)
			require.Equal(t, []string{"Sales"}, order())
			require.Equal(t, models.EventPipelinesChanged, s.events()[len(s.events())-1])
		})
	})
}

// Whoever makes deals in a stage while it is deleted finds it gone, or has the deal moved.
func TestDeleteStage_while_deals_are_made_in_it(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		s := newShop(t, db)
		_, stages := s.standard()
		var (
			workers sync.WaitGroup
			start   = make(chan struct{})
		)
		for range 8 {
			workers.Go(func() {
				<-start
				_, err := s.crm.CreateDeal(t.Context(), s.looker, crm.DealChange{Name: new("Forno"), StageID: &stages[1].ID}, nil)
				if code := models.CodeOf(err); err != nil && code != models.CodeNotFound {
					t.Error(err)
				}
			})
		}
		workers.Go(func() {
			<-start
			if err := s.crm.DeleteStage(t.Context(), s.admin, stages[1].ID, &stages[0].ID); err != nil {
				t.Error(err)
			}
		})
		close(start)
		workers.Wait()
		var elsewhere int64
		require.NoError(t, db.Read(t.Context()).Model(&models.Deal{}).Where("stage_id <> ?", stages[0].ID).Count(&elsewhere).Error)
		require.Zero(t, elsewhere)
	})
}
