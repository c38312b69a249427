package channels_test

import (
	"errors"

	"github.com/stretchr/testify/require"

	"recado/models"
	"recado/store"
)

// stage makes a pipeline with one stage.
func (d *desk) stage() models.ID {
	d.t.Helper()
	pipeline := models.Pipeline{OrganizationID: d.id, ID: models.NewID(), Name: "Vendas", NameKey: "vendas", IsDefault: true, Version: 1}
	stage := models.PipelineStage{OrganizationID: d.id, ID: models.NewID(), PipelineID: pipeline.ID, Name: "Novo", NameKey: "novo", Kind: models.StageOpen}
	require.NoError(d.t, d.db.Write(d.t.Context(), func(tx *store.Tx) error {
		return errors.Join(tx.Create(&pipeline).Error, tx.Create(&stage).Error)
	}))
	return stage.ID
}
