package crm

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"recado/models"
	"recado/store"
)

// CreateStage adds a stage to a pipeline, at a position from 0; nil: at the end. For
// administrators (FORBIDDEN otherwise). Failures: NOT_FOUND (pipelineId), REQUIRED and
// INVALID with the field, ALREADY_EXISTS (name), LIMIT_REACHED (stages),
// IDEMPOTENCY_KEY_REUSED.
func (s *Service) CreateStage(ctx context.Context, viewer models.Viewer, pipelineID models.ID, wish models.StageWish, position *int, key *string) (models.PipelineStage, error) {
	var stage models.PipelineStage
	err := s.arrange(ctx, viewer, func(tx *store.Tx, all []models.Pipeline) (changed bool, err error) {
		input := []any{pipelineID, wish, position}
		first, remember, err := once(tx, viewer, "pipelineStageCreate", key, input)
		if err != nil {
			return false, err
		}
		if first != nil {
			stage, err = take[models.PipelineStage](tx.DB, viewer.OrganizationID, *first, "")
			return false, err
		}
		index := slices.IndexFunc(all, func(p models.Pipeline) bool { return p.ID == pipelineID })
		if index < 0 {
			return false, models.NewError(models.CodeNotFound, "pipelineId")
		}
		stages, err := stagesOf(tx.DB, viewer.OrganizationID, pipelineID)
		if err != nil {
			return false, err
		}
		if stage, err = newStage(tx, all[index], wish, len(stages), ""); err != nil {
			return false, err
		}
		kinds := []models.StageKind{wish.Kind}
		for _, other := range stages {
			kinds = append(kinds, other.Kind)
		}
		if err := models.CheckStages(kinds); err != nil {
			return false, err
		}
		if err := tx.Create(&stage).Error; err != nil {
			return false, taken(err, "name")
		}
		if position != nil {
			if err := placeStage(tx, append(stages, stage), len(stages), *position); err != nil {
				return false, err
			}
			stage.Position = min(max(*position, 0), len(stages))
		}
		if err := savePipeline(tx, &all[index]); err != nil {
			return false, err
		}
		return true, remember(stage.ID)
	})
	return stage, err
}

// StageChange says what a stage becomes; nil leaves something as it is.
type StageChange struct {
	Name     *string
	Position *int // in the pipeline, from 0; one beyond the end is the end
}

// UpdateStage changes a stage. For administrators (FORBIDDEN otherwise). Failures:
// NOT_FOUND (stageId), REQUIRED, INVALID and ALREADY_EXISTS with the field, and CONFLICT
// if the pipeline's version is not the expected one; it comes with the present stage.
func (s *Service) UpdateStage(ctx context.Context, viewer models.Viewer, id models.ID, change StageChange, expectedVersion *int64) (models.PipelineStage, error) {
	var stage models.PipelineStage
	err := s.arrange(ctx, viewer, func(tx *store.Tx, all []models.Pipeline) (changed bool, err error) {
		if stage, err = take[models.PipelineStage](tx.DB, viewer.OrganizationID, id, "stageId"); err != nil {
			return false, err
		}
		pipeline := &all[slices.IndexFunc(all, func(p models.Pipeline) bool { return p.ID == stage.PipelineID })]
		if err := checkVersion(expectedVersion, pipeline.Version); err != nil {
			return false, err
		}
		before := stage
		if change.Name != nil {
			if stage.Name, err = models.CleanName(*change.Name, "name", models.MaxPipelineName); err != nil {
				return false, err
			}
			stage.NameKey = models.NameKey(stage.Name)
		}
		if change.Position != nil {
			stages, err := stagesOf(tx.DB, viewer.OrganizationID, stage.PipelineID)
			if err != nil {
				return false, err
			}
			index := slices.IndexFunc(stages, func(s models.PipelineStage) bool { return s.ID == id })
			if err := placeStage(tx, stages, index, *change.Position); err != nil {
				return false, err
			}
			stage.Position = min(max(*change.Position, 0), len(stages)-1)
		}
		if stage == before {
			return false, nil
		}
		stage.UpdatedAt = tx.Now()
		if err := tx.Save(&stage).Error; err != nil {
			return false, taken(err, "name")
		}
		return true, savePipeline(tx, pipeline)
	})
	return stage, err
}

// DeleteStage deletes a stage. Its deals move to the replacement, of any pipeline;
// without deals none is needed. For administrators (FORBIDDEN otherwise). Failures:
// NOT_FOUND (stageId, replacementStageId), INVALID (stageId) for the last open one of its
// pipeline, INVALID (replacementStageId) for the stage itself, and REQUIRED
// (replacementStageId) if it has deals.
func (s *Service) DeleteStage(ctx context.Context, viewer models.Viewer, id models.ID, replacement *models.ID) error {
	return s.arrange(ctx, viewer, func(tx *store.Tx, all []models.Pipeline) (changed bool, err error) {
		stage, err := take[models.PipelineStage](store.Removing(tx.DB), viewer.OrganizationID, id, "stageId")
		if err != nil {
			return false, err
		}
		stages, err := stagesOf(tx.DB, viewer.OrganizationID, stage.PipelineID)
		if err != nil {
			return false, err
		}
		left := slices.DeleteFunc(stages, func(s models.PipelineStage) bool { return s.ID == id })
		switch {
		case !slices.ContainsFunc(left, func(s models.PipelineStage) bool { return s.Kind == models.StageOpen }):
			return false, models.NewError(models.CodeInvalid, "stageId")
		case models.IsID(replacement, id):
			return false, models.NewError(models.CodeInvalid, "replacementStageId")
		}
		if err := moveDeals(tx, viewer.OrganizationID, "stage_id", id, replacement); err != nil {
			return false, err
		}
		if err := tx.Delete(&stage).Error; err != nil {
			return false, fmt.Errorf("delete stage %s: %w", id, err)
		}
		if err := keepPlaces(tx, left); err != nil {
			return false, err
		}
		return true, savePipeline(tx, &all[slices.IndexFunc(all, func(p models.Pipeline) bool { return p.ID == stage.PipelineID })])
	})
}

// StagesByPipeline returns the stages of pipelines of the viewer's organization, in their
// order.
func (s *Service) StagesByPipeline(ctx context.Context, viewer models.Viewer, pipelines []models.ID) (map[models.ID][]models.PipelineStage, error) {
	stages, err := stagesOf(s.db.Read(ctx), viewer.OrganizationID, pipelines...)
	if err != nil {
		return nil, err
	}
	found := make(map[models.ID][]models.PipelineStage, len(pipelines))
	for _, stage := range stages {
		found[stage.PipelineID] = append(found[stage.PipelineID], stage)
	}
	return found, nil
}

// StagesByID returns those of the stages that are the viewer's organization's.
func (s *Service) StagesByID(ctx context.Context, viewer models.Viewer, ids []models.ID) (map[models.ID]models.PipelineStage, error) {
	return store.ByID(s.db.Read(ctx), viewer.OrganizationID, ids, func(s *models.PipelineStage) models.ID { return s.ID })
}

// stagesOf reads the stages of pipelines, each pipeline's in their order.
func stagesOf(db *gorm.DB, organization models.ID, pipelines ...models.ID) ([]models.PipelineStage, error) {
	var stages []models.PipelineStage
	err := db.Where("organization_id = ?", organization).Where(store.OneOf("pipeline_id", pipelines)).Find(&stages).Error
	if err != nil {
		return nil, fmt.Errorf("read stages of %d pipelines: %w", len(pipelines), err)
	}
	slices.SortFunc(stages, func(a, b models.PipelineStage) int {
		return cmp.Or(bytes.Compare(a.PipelineID[:], b.PipelineID[:]), a.Position-b.Position, bytes.Compare(a.ID[:], b.ID[:]))
	})
	return stages, nil
}

// newStage makes the row of a stage; failures name its fields after a prefix.
func newStage(tx *store.Tx, pipeline models.Pipeline, wish models.StageWish, position int, prefix string) (models.PipelineStage, error) {
	name, err := models.CleanName(wish.Name, prefix+"name", models.MaxPipelineName)
	if err != nil {
		return models.PipelineStage{}, err
	}
	if !wish.Kind.Valid() {
		return models.PipelineStage{}, models.NewError(models.CodeInvalid, prefix+"kind")
	}
	return models.PipelineStage{
		OrganizationID: pipeline.OrganizationID, ID: models.NewID(), PipelineID: pipeline.ID, Name: name, NameKey: models.NameKey(name), Kind: wish.Kind,
		Position: position, CreatedAt: tx.Now(), UpdatedAt: tx.Now(),
	}, nil
}

// placeStage puts one of a pipeline's stages at another place.
func placeStage(tx *store.Tx, stages []models.PipelineStage, from, to int) error {
	return keepPlaces(tx, move(stages, from, to))
}

// keepPlaces writes the places of stages that are not where they were.
func keepPlaces(tx *store.Tx, order []models.PipelineStage) error {
	for i, stage := range order {
		if stage.Position == i {
			continue
		}
		err := tx.Model(&models.PipelineStage{}).Where("organization_id = ? AND id = ?", stage.OrganizationID, stage.ID).
			Updates(map[string]any{"position": i, "updated_at": tx.Now()}).Error
		if err != nil {
			return fmt.Errorf("place stage %s: %w", stage.ID, err)
		}
	}
	return nil
}

// moveDeals moves the deals that have the column's value to a stage, and closes or opens
// them as it does. REQUIRED (replacementStageId) if there are any and no stage is given.
func moveDeals(tx *store.Tx, organization models.ID, column string, value models.ID, to *models.ID) error {
	of := column + " = ? AND organization_id = ?"
	if to == nil {
		var some []models.Deal
		if err := tx.Select("id").Where(of, value, organization).Limit(1).Find(&some).Error; err != nil {
			return fmt.Errorf("look for deals: %w", err)
		}
		if len(some) > 0 {
			return models.NewError(models.CodeRequired, "replacementStageId")
		}
		return nil
	}
	stage, err := take[models.PipelineStage](store.Keeping(tx.DB), organization, *to, "replacementStageId")
	if err != nil {
		return err
	}
	closed := any(gorm.Expr("coalesce(closed_at, ?)", tx.Now()))
	if stage.Kind == models.StageOpen {
		closed = nil
	}
	err = tx.Model(&models.Deal{}).Where(of, value, organization).Updates(map[string]any{
		"pipeline_id": stage.PipelineID, "stage_id": stage.ID, "stage_changed_at": tx.Now(), "closed_at": closed,
		"version": gorm.Expr("version + 1"), "updated_at": tx.Now(),
	}).Error
	if err != nil {
		return fmt.Errorf("move deals to stage %s: %w", stage.ID, err)
	}
	return nil
}
