package crm

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"gorm.io/gorm"

	"recado/models"
	"recado/store"
)

// NewPipeline is a pipeline to be made.
type NewPipeline struct {
	Name   string             `json:"name"`   // see models.CleanName; up to models.MaxPipelineName characters
	Stages []models.StageWish `json:"stages"` // in their order; nil: models.DefaultStages
}

// CreatePipeline makes a pipeline, the last in the list. For administrators (FORBIDDEN
// otherwise). Failures: REQUIRED and INVALID with the field, ALREADY_EXISTS (name, or
// stages.INDEX.name for one that comes twice), LIMIT_REACHED, IDEMPOTENCY_KEY_REUSED.
func (s *Service) CreatePipeline(ctx context.Context, viewer models.Viewer, wish NewPipeline, key *string) (models.Pipeline, error) {
	if err := administrate(viewer); err != nil {
		return models.Pipeline{}, err
	}
	var pipeline models.Pipeline
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		first, remember, err := once(tx, viewer, "pipelineCreate", key, wish)
		if err != nil {
			return err
		}
		if first != nil {
			pipeline, err = take[models.Pipeline](tx.DB, viewer.OrganizationID, *first, "")
			return err
		}
		if err := lockPipelines(tx, viewer.OrganizationID); err != nil {
			return err
		}
		if _, err := defaultPipeline(tx, viewer.OrganizationID); err != nil {
			return err
		}
		all, err := pipelines(tx.DB, viewer.OrganizationID)
		if err != nil {
			return err
		}
		if len(all) >= models.MaxPipelines {
			return models.NewError(models.CodeLimitReached, "").With("max", strconv.Itoa(models.MaxPipelines))
		}
		if pipeline, err = makePipeline(tx, viewer.OrganizationID, wish, len(all), false); err != nil {
			return err
		}
		if err := remember(pipeline.ID); err != nil {
			return err
		}
		return recordPipelines(tx, viewer.OrganizationID)
	})
	return pipeline, err
}

// makePipeline writes a pipeline with its stages; pipelines are locked.
func makePipeline(tx *store.Tx, organization models.ID, wish NewPipeline, position int, isDefault bool) (models.Pipeline, error) {
	pipeline := models.Pipeline{
		OrganizationID: organization, ID: models.NewID(), Position: position, IsDefault: isDefault, Version: 1, CreatedAt: tx.Now(), UpdatedAt: tx.Now(),
	}
	var err error
	if pipeline.Name, err = models.CleanName(wish.Name, "name", models.MaxPipelineName); err != nil {
		return pipeline, err
	}
	pipeline.NameKey = models.NameKey(pipeline.Name)
	if wish.Stages == nil {
		wish.Stages = models.DefaultStages
	}
	stages := make([]models.PipelineStage, len(wish.Stages))
	kinds := make([]models.StageKind, len(wish.Stages))
	names := make(map[string]bool, len(wish.Stages))
	for i, wanted := range wish.Stages {
		at := "stages." + strconv.Itoa(i)
		if stages[i], err = newStage(tx, pipeline, wanted, i, at+"."); err != nil {
			return pipeline, err
		}
		if names[stages[i].NameKey] {
			return pipeline, models.NewError(models.CodeAlreadyExists, at+".name")
		}
		names[stages[i].NameKey], kinds[i] = true, wanted.Kind
	}
	if err := models.CheckStages(kinds); err != nil {
		return pipeline, err
	}
	if err := tx.Create(&pipeline).Error; err != nil {
		return pipeline, taken(err, "name")
	}
	if err := tx.Create(&stages).Error; err != nil {
		return pipeline, fmt.Errorf("make stages: %w", err)
	}
	return pipeline, nil
}

// PipelineChange says what a pipeline becomes; nil leaves something as it is.
type PipelineChange struct {
	Name      *string
	Position  *int  // in the list, from 0; one beyond the end is the end
	IsDefault *bool // true makes it the default in place of the one that is; false is INVALID for that one
}

// UpdatePipeline changes a pipeline. For administrators (FORBIDDEN otherwise). Failures:
// NOT_FOUND (pipelineId), REQUIRED, INVALID and ALREADY_EXISTS with the field, and
// CONFLICT, which comes with the present pipeline.
func (s *Service) UpdatePipeline(ctx context.Context, viewer models.Viewer, id models.ID, change PipelineChange, expectedVersion *int64) (models.Pipeline, error) {
	var pipeline models.Pipeline
	err := s.arrange(ctx, viewer, func(tx *store.Tx, all []models.Pipeline) (changed bool, err error) {
		index := slices.IndexFunc(all, func(p models.Pipeline) bool { return p.ID == id })
		if index < 0 {
			return false, models.NewError(models.CodeNotFound, "pipelineId")
		}
		pipeline = all[index]
		if err := checkVersion(expectedVersion, pipeline.Version); err != nil {
			return false, err
		}
		if change.Name != nil {
			if pipeline.Name, err = models.CleanName(*change.Name, "name", models.MaxPipelineName); err != nil {
				return false, err
			}
			pipeline.NameKey = models.NameKey(pipeline.Name)
		}
		if change.IsDefault != nil && *change.IsDefault != pipeline.IsDefault {
			if pipeline.IsDefault {
				return false, models.NewError(models.CodeInvalid, "isDefault")
			}
			pipeline.IsDefault = true
			for i := range all { // the old one first: there is never more than one
				if all[i].IsDefault {
					all[i].IsDefault = false
					if err := savePipeline(tx, &all[i]); err != nil {
						return false, err
					}
				}
			}
		}
		if change.Position != nil {
			order := move(all, index, *change.Position)
			for i := range order {
				if order[i].ID == id {
					pipeline.Position = i
				} else if order[i].Position != i {
					order[i].Position = i
					if err := savePipeline(tx, &order[i]); err != nil {
						return false, err
					}
				}
			}
		}
		if before := all[index]; pipeline == before {
			return false, nil
		}
		return true, savePipeline(tx, &pipeline)
	})
	return pipeline, err
}

// DeletePipeline deletes a pipeline with its stages. Its deals move to the replacement
// stage, of another pipeline; without deals none is needed. For administrators (FORBIDDEN
// otherwise). Failures: NOT_FOUND (pipelineId, replacementStageId), INVALID (pipelineId)
// for the default, INVALID (replacementStageId) for a stage of the pipeline itself, and
// REQUIRED (replacementStageId) if it has deals.
func (s *Service) DeletePipeline(ctx context.Context, viewer models.Viewer, id models.ID, replacement *models.ID) error {
	return s.arrange(ctx, viewer, func(tx *store.Tx, all []models.Pipeline) (changed bool, err error) {
		index := slices.IndexFunc(all, func(p models.Pipeline) bool { return p.ID == id })
		switch {
		case index < 0:
			return false, models.NewError(models.CodeNotFound, "pipelineId")
		case all[index].IsDefault:
			return false, models.NewError(models.CodeInvalid, "pipelineId")
		}
		if _, err := take[models.Pipeline](store.Removing(tx.DB), viewer.OrganizationID, id, "pipelineId"); err != nil {
			return false, err
		}
		var stages []models.PipelineStage
		err = store.Removing(tx.DB).Where("organization_id = ? AND pipeline_id = ?", viewer.OrganizationID, id).Order("id").Find(&stages).Error
		if err != nil {
			return false, fmt.Errorf("lock stages of pipeline %s: %w", id, err)
		}
		if replacement != nil && slices.ContainsFunc(stages, func(s models.PipelineStage) bool { return s.ID == *replacement }) {
			return false, models.NewError(models.CodeInvalid, "replacementStageId")
		}
		if err := moveDeals(tx, viewer.OrganizationID, "pipeline_id", id, replacement); err != nil {
			return false, err
		}
		if err := tx.Where("organization_id = ? AND pipeline_id = ?", viewer.OrganizationID, id).Delete(&models.PipelineStage{}).Error; err != nil {
			return false, fmt.Errorf("delete stages of pipeline %s: %w", id, err)
		}
		if err := tx.Where("organization_id = ? AND id = ?", viewer.OrganizationID, id).Delete(&models.Pipeline{}).Error; err != nil {
			return false, fmt.Errorf("delete pipeline %s: %w", id, err)
		}
		for i, left := range slices.Delete(slices.Clone(all), index, index+1) {
			if left.Position != i {
				left.Position = i
				if err := savePipeline(tx, &left); err != nil {
					return false, err
				}
			}
		}
		return true, nil
	})
}

// Pipelines returns all pipelines of the viewer's organization, in their order. There is
// at least one: who asks first gets the default made.
func (s *Service) Pipelines(ctx context.Context, viewer models.Viewer) ([]models.Pipeline, error) {
	all, err := pipelines(s.db.Read(ctx), viewer.OrganizationID)
	if err != nil || len(all) > 0 {
		return all, err
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		if _, err := defaultPipeline(tx, viewer.OrganizationID); err != nil {
			return err
		}
		all, err = pipelines(tx.DB, viewer.OrganizationID)
		return err
	})
	return all, err
}

// PipelinesByID returns those of the pipelines that are the viewer's organization's.
func (s *Service) PipelinesByID(ctx context.Context, viewer models.Viewer, ids []models.ID) (map[models.ID]models.Pipeline, error) {
	return store.ByID(s.db.Read(ctx), viewer.OrganizationID, ids, func(p *models.Pipeline) models.ID { return p.ID })
}

// arrange runs an administrator's change of pipelines (FORBIDDEN for all others), given
// all there are, one change at a time.
func (s *Service) arrange(ctx context.Context, viewer models.Viewer, change func(*store.Tx, []models.Pipeline) (changed bool, err error)) error {
	if err := administrate(viewer); err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *store.Tx) error {
		if err := lockPipelines(tx, viewer.OrganizationID); err != nil {
			return err
		}
		all, err := pipelines(tx.DB, viewer.OrganizationID)
		if err != nil {
			return err
		}
		if changed, err := change(tx, all); err != nil || !changed {
			return err
		}
		return recordPipelines(tx, viewer.OrganizationID)
	})
}

func lockPipelines(tx *store.Tx, organization models.ID) error {
	return tx.LockName("pipelines of " + organization.String())
}

// pipelines reads all pipelines of an organization, in their order.
func pipelines(db *gorm.DB, organization models.ID) ([]models.Pipeline, error) {
	var all []models.Pipeline
	if err := db.Where("organization_id = ?", organization).Find(&all).Error; err != nil {
		return nil, fmt.Errorf("read pipelines: %w", err)
	}
	slices.SortFunc(all, func(a, b models.Pipeline) int { return cmp.Or(a.Position-b.Position, bytes.Compare(a.ID[:], b.ID[:])) })
	return all, nil
}

// defaultPipeline returns the organization's default pipeline. If there is none yet it is
// made: of several who do so at once, one makes it.
func defaultPipeline(tx *store.Tx, organization models.ID) (models.Pipeline, error) {
	find := func() (models.Pipeline, error) {
		var pipeline models.Pipeline
		return pipeline, tx.Take(&pipeline, "organization_id = ? AND is_default", organization).Error
	}
	pipeline, err := find()
	if errors.Is(err, gorm.ErrRecordNotFound) {
		if err := lockPipelines(tx, organization); err != nil {
			return pipeline, err
		}
		if pipeline, err = find(); errors.Is(err, gorm.ErrRecordNotFound) {
			return makePipeline(tx, organization, NewPipeline{Name: models.DefaultPipelineName}, 0, true)
		}
	}
	if err != nil {
		return pipeline, fmt.Errorf("read default pipeline: %w", err)
	}
	return pipeline, nil
}

// savePipeline keeps the next version of a pipeline.
func savePipeline(tx *store.Tx, pipeline *models.Pipeline) error {
	pipeline.Version++
	pipeline.UpdatedAt = tx.Now()
	return taken(tx.Save(pipeline).Error, "name")
}

// move returns the rows with one of them at another place.
func move[T any](rows []T, from, to int) []T {
	row := rows[from]
	rest := slices.Delete(slices.Clone(rows), from, from+1)
	return slices.Insert(rest, min(max(to, 0), len(rest)), row)
}
