package channels_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"recado/channels"
	"recado/models"
	"recado/store"
	"recado/testkit"
)

func TestAssigneesByChannel(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		w, other := testkit.NewWorld(t, db), testkit.NewWorld(t, db)
		service := channels.New(db, newBox(t, 1), channels.Options{})
		pool := []models.ID{w.Replier.ID, w.Administrator.ID}
		ids := []models.ID{w.Open.ID, w.Closed.ID, other.Open.ID, w.Channel("without a pool").ID}
		for name, c := range map[string]struct {
			viewer models.Viewer
			want   map[models.ID][]models.ID
		}{
			"all to an administrator":           {w.Viewer(w.Administrator), map[models.ID][]models.ID{w.Open.ID: pool, w.Closed.ID: pool}},
			"of the channel to who may view":    {w.Viewer(w.Looker), map[models.ID][]models.ID{w.Open.ID: pool}},
			"of no channel to who may not view": {w.Viewer(w.Outsider), map[models.ID][]models.ID{}},
		} {
			t.Run("shows the pools "+name, func(t *testing.T) {
				pools, err := service.AssigneesByChannel(t.Context(), c.viewer, ids)
				require.NoError(t, err)
				require.Equal(t, c.want, pools)
			})
		}
	})
}
