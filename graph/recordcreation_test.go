package graph_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"recado/crm"
	"recado/models"
	"recado/testkit"
)

func TestChannelRecordCreationSet(t *testing.T) {
	onEach(t, func(t *testing.T, a *api) {
		const set = `mutation($channel: ID!, $creation: RecordCreationInput!) {channelRecordCreationSet(input: {channelId: $channel, recordCreation: $creation}) {
			channel {id recordCreation {deal {stage {id}}}} userErrors {code field}}}`
		stagesOf := func(w *testkit.World) []models.PipelineStage {
			records, admin := crm.New(a.DB), w.Viewer(w.Administrator)
			pipelines, err := records.Pipelines(t.Context(), admin)
			require.NoError(t, err)
			stages, err := records.StagesByPipeline(t.Context(), admin, []models.ID{pipelines[0].ID})
			require.NoError(t, err)
			return stages[pipelines[0].ID]
		}
		stages := stagesOf(a.World)
		other := testkit.NewWorld(t, a.DB)
		channel := public(models.PrefixChannel, a.Open.ID)
		with := func(stage models.ID) map[string]any {
			return map[string]any{"channel": channel, "creation": map[string]any{"deal": map[string]any{"stageId": public(models.PrefixPipelineStage, stage)}}}
		}
		admin := a.as(a.Administrator)
		done := admin.get(set, with(stages[1].ID))
		require.Empty(t, done.at("channelRecordCreationSet.userErrors"))
		rule := map[string]any{"deal": map[string]any{"stage": map[string]any{"id": public(models.PrefixPipelineStage, stages[1].ID)}}}
		require.Equal(t, rule, done.at("channelRecordCreationSet.channel.recordCreation"))
		require.Contains(t, a.as(a.Looker).get(`{channels {nodes {id recordCreation {deal {stage {id}}}}}}`, nil).at("channels.nodes"), map[string]any{"id": channel, "recordCreation": rule})

		field := []any{"input", "recordCreation", "deal", "stageId"}
		for name, c := range map[string]struct {
			stage models.ID
			code  string
		}{
			"one that is not there":       {models.NewID(), "NOT_FOUND"},
			"one of another organization": {stagesOf(other)[0].ID, "NOT_FOUND"},
			"one in which deals are won":  {stages[len(stages)-2].ID, "INVALID"},
		} {
			t.Run(name, func(t *testing.T) {
				refused := admin.get(set, with(c.stage))
				require.Equal(t, c.code, refused.at("channelRecordCreationSet.userErrors.0.code"))
				require.Equal(t, field, refused.at("channelRecordCreationSet.userErrors.0.field"))
			})
		}
		require.Equal(t, "FORBIDDEN", a.as(a.Replier).ask(set, with(stages[0].ID)).code())
		require.Equal(t, "NOT_FOUND", a.as(other.Administrator).get(set, with(stages[0].ID)).at("channelRecordCreationSet.userErrors.0.code"))
		off := admin.get(set, map[string]any{"channel": channel, "creation": map[string]any{}})
		require.Equal(t, map[string]any{"deal": nil}, off.at("channelRecordCreationSet.channel.recordCreation"))
	})
}
