package graph

import (
	"context"

	"recado/graph/gqlmodel"
	"recado/models"
)

// ChannelRecordCreationSet sets which records first messages make.
func (r mutationResolver) ChannelRecordCreationSet(ctx context.Context, input gqlmodel.ChannelRecordCreationSetInput) (*gqlmodel.ChannelRecordCreationSetPayload, error) {
	changed, err := r.withChannel(ctx, input.ChannelID, func(viewer models.Viewer, id models.ID) (models.Channel, error) {
		var ids idParser
		creation := recordCreationOf(input.RecordCreation, &ids)
		if ids.err != nil {
			return models.Channel{}, ids.err
		}
		return r.rooms.Channels.SetRecordCreation(ctx, viewer, id, creation)
	})
	payload := &gqlmodel.ChannelRecordCreationSetPayload{}
	payload.UserErrors, err = r.channelErrors(ctx, err)
	if err == nil && len(payload.UserErrors) == 0 {
		payload.Channel = (*gqlmodel.Channel)(&changed)
	}
	return orNothing(payload, err)
}

// Stage is the one in which the deal begins.
func (r dealCreationResolver) Stage(ctx context.Context, deal *gqlmodel.DealCreation) (*gqlmodel.PipelineStage, error) {
	stage, err := loadersFrom(ctx).stages.load(ctx, deal.StageID)
	return (*gqlmodel.PipelineStage)(stage), err
}

// recordCreationOf reads a rule.
func recordCreationOf(input gqlmodel.RecordCreationInput, ids *idParser) models.RecordCreation {
	var creation models.RecordCreation
	if deal := input.Deal.Value(); deal != nil {
		creation.Deal = &models.DealCreation{StageID: ids.parse(models.PrefixPipelineStage, deal.StageID, "recordCreation.deal.stageId")}
	}
	return creation
}
