package testkit

import (
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"recado/store"
)

// CountStatements counts the queries that a store is asked through Store.Read from
// now on, for tests that hold a number of statements.
func CountStatements(t testing.TB, db *store.Store) *atomic.Int64 {
	t.Helper()
	count := new(atomic.Int64)
	add := func(tx *gorm.DB) {
		if !tx.DryRun { // part of another statement
			count.Add(1)
		}
	}
	callbacks := db.Read(t.Context()).Callback()
	require.NoError(t, callbacks.Query().After("gorm:query").Register("testkit:count", add))
	require.NoError(t, callbacks.Row().After("gorm:row").Register("testkit:count", add))
	require.NoError(t, callbacks.Raw().After("gorm:raw").Register("testkit:count", add))
	return count
}
