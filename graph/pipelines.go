package graph

import (
	"context"

	"recado/crm"
	"recado/graph/gqlmodel"
	"recado/models"
)

// Pipelines are the organization's.
func (r queryResolver) Pipelines(ctx context.Context) ([]gqlmodel.Pipeline, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	all, err := r.rooms.CRM.Pipelines(ctx, viewer)
	if err != nil {
		return nil, err
	}
	shown := make([]gqlmodel.Pipeline, len(all))
	for i, pipeline := range all {
		shown[i] = gqlmodel.Pipeline(pipeline)
	}
	return shown, nil
}

// Stages are the pipeline's.
func (r pipelineResolver) Stages(ctx context.Context, pipeline *gqlmodel.Pipeline) ([]gqlmodel.PipelineStage, error) {
	stages, err := loadersFrom(ctx).stagesOf.load(ctx, pipeline.ID)
	if err != nil || stages == nil {
		return nil, err
	}
	shown := make([]gqlmodel.PipelineStage, len(*stages))
	for i, stage := range *stages {
		shown[i] = gqlmodel.PipelineStage(stage)
	}
	return shown, nil
}

// Pipeline is the stage's.
func (r pipelineStageResolver) Pipeline(ctx context.Context, stage *gqlmodel.PipelineStage) (*gqlmodel.Pipeline, error) {
	pipeline, err := loadersFrom(ctx).pipelines.load(ctx, stage.PipelineID)
	return (*gqlmodel.Pipeline)(pipeline), err
}

// PipelineCreate makes a pipeline.
func (r mutationResolver) PipelineCreate(ctx context.Context, input gqlmodel.PipelineCreateInput) (*gqlmodel.PipelineCreatePayload, error) {
	pipeline, problems, err := change(ctx, r.Edge, func(viewer models.Viewer, _ *idParser) (models.Pipeline, error) {
		wish := crm.NewPipeline{Name: input.Name}
		if stages := input.Stages.Value(); stages != nil {
			wish.Stages = make([]models.StageWish, len(stages))
			for i, stage := range stages {
				wish.Stages[i] = models.StageWish{Name: stage.Name, Kind: stage.Kind}
			}
		}
		return r.rooms.CRM.CreatePipeline(ctx, viewer, wish, input.IdempotencyKey.Value())
	})
	return orNothing(&gqlmodel.PipelineCreatePayload{Pipeline: (*gqlmodel.Pipeline)(pipeline), UserErrors: problems}, err)
}

// PipelineUpdate changes a pipeline.
func (r mutationResolver) PipelineUpdate(ctx context.Context, input gqlmodel.PipelineUpdateInput) (*gqlmodel.PipelineUpdatePayload, error) {
	pipeline, problems, err := change(ctx, r.Edge, func(viewer models.Viewer, ids *idParser) (models.Pipeline, error) {
		id := ids.parse(models.PrefixPipeline, input.PipelineID, "pipelineId")
		if ids.err != nil {
			return models.Pipeline{}, ids.err
		}
		wish := crm.PipelineChange{Name: input.Name.Value(), Position: size(input.Position.Value()), IsDefault: input.IsDefault.Value()}
		return r.rooms.CRM.UpdatePipeline(ctx, viewer, id, wish, version(input.ExpectedVersion))
	})
	return orNothing(&gqlmodel.PipelineUpdatePayload{Pipeline: (*gqlmodel.Pipeline)(pipeline), UserErrors: problems}, err)
}

// PipelineDelete deletes a pipeline.
func (r mutationResolver) PipelineDelete(ctx context.Context, input gqlmodel.PipelineDeleteInput) (*gqlmodel.PipelineDeletePayload, error) {
	deleted, problems, err := change(ctx, r.Edge, func(viewer models.Viewer, ids *idParser) (string, error) {
		id := ids.parse(models.PrefixPipeline, input.PipelineID, "pipelineId")
		replacement := ids.optional(models.PrefixPipelineStage, input.ReplacementStageID.Value(), "replacementStageId")
		if ids.err != nil {
			return "", ids.err
		}
		return input.PipelineID, r.rooms.CRM.DeletePipeline(ctx, viewer, id, replacement)
	})
	return orNothing(&gqlmodel.PipelineDeletePayload{DeletedPipelineID: deleted, UserErrors: problems}, err)
}

// PipelineStageCreate adds a stage.
func (r mutationResolver) PipelineStageCreate(ctx context.Context, input gqlmodel.PipelineStageCreateInput) (*gqlmodel.PipelineStageCreatePayload, error) {
	stage, problems, err := change(ctx, r.Edge, func(viewer models.Viewer, ids *idParser) (models.PipelineStage, error) {
		id := ids.parse(models.PrefixPipeline, input.PipelineID, "pipelineId")
		if ids.err != nil {
			return models.PipelineStage{}, ids.err
		}
		wish := models.StageWish{Name: input.Name, Kind: input.Kind}
		return r.rooms.CRM.CreateStage(ctx, viewer, id, wish, size(input.Position.Value()), input.IdempotencyKey.Value())
	})
	return orNothing(&gqlmodel.PipelineStageCreatePayload{Stage: (*gqlmodel.PipelineStage)(stage), UserErrors: problems}, err)
}

// PipelineStageUpdate changes a stage.
func (r mutationResolver) PipelineStageUpdate(ctx context.Context, input gqlmodel.PipelineStageUpdateInput) (*gqlmodel.PipelineStageUpdatePayload, error) {
	stage, problems, err := change(ctx, r.Edge, func(viewer models.Viewer, ids *idParser) (models.PipelineStage, error) {
		id := ids.parse(models.PrefixPipelineStage, input.StageID, "stageId")
		if ids.err != nil {
			return models.PipelineStage{}, ids.err
		}
		wish := crm.StageChange{Name: input.Name.Value(), Position: size(input.Position.Value())}
		return r.rooms.CRM.UpdateStage(ctx, viewer, id, wish, version(input.ExpectedVersion))
	})
	return orNothing(&gqlmodel.PipelineStageUpdatePayload{Stage: (*gqlmodel.PipelineStage)(stage), UserErrors: problems}, err)
}

// PipelineStageDelete deletes a stage.
func (r mutationResolver) PipelineStageDelete(ctx context.Context, input gqlmodel.PipelineStageDeleteInput) (*gqlmodel.PipelineStageDeletePayload, error) {
	deleted, problems, err := change(ctx, r.Edge, func(viewer models.Viewer, ids *idParser) (string, error) {
		id := ids.parse(models.PrefixPipelineStage, input.StageID, "stageId")
		replacement := ids.optional(models.PrefixPipelineStage, input.ReplacementStageID.Value(), "replacementStageId")
		if ids.err != nil {
			return "", ids.err
		}
		return input.StageID, r.rooms.CRM.DeleteStage(ctx, viewer, id, replacement)
	})
	return orNothing(&gqlmodel.PipelineStageDeletePayload{DeletedStageID: deleted, UserErrors: problems}, err)
}
