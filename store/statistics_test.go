package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/models"
	"recado/store"
	"recado/testkit"
)

func TestAnalyzeGrown_takes_statistics_of_young_tables(t *testing.T) {
	db := testkit.Open(t, testkit.URL(t, store.Postgres), nil)
	organization := newOrganization(t, db)
	require.NoError(t, db.Write(t.Context(), func(tx *store.Tx) error {
		contacts := make([]models.Contact, 500)
		for i := range contacts {
			contacts[i] = models.Contact{OrganizationID: organization, ID: models.NewID(), CreatedAt: tx.Now(), UpdatedAt: tx.Now()}
		}
		return store.InsertAll(tx, contacts)
	}))
	rows := func() (count float64) {
		require.NoError(t, db.Read(t.Context()).Raw("SELECT reltuples FROM pg_class WHERE relname = 'contacts'").Scan(&count).Error)
		return count
	}
	require.LessOrEqual(t, rows(), 0.0)
	require.Eventually(t, func() bool { // the server counts changes a moment late
		require.NoError(t, db.AnalyzeGrown(t.Context()))
		return rows() == 500
	}, 30*time.Second, 100*time.Millisecond)
}

func TestAnalyzeGrown_is_nothing_on_SQLite(t *testing.T) {
	require.NoError(t, testkit.Open(t, testkit.URL(t, store.SQLite), nil).AnalyzeGrown(t.Context()))
}
