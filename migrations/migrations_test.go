package migrations_test

import (
	"io/fs"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"recado/migrations"
)

// TestFolders holds that every change is written for both databases under the same
// name, and no number is used twice.
func TestFolders(t *testing.T) {
	postgres, sqlite := names(t, migrations.Postgres, "postgres"), names(t, migrations.SQLite, "sqlite")
	require.NotEmpty(t, postgres)
	require.Equal(t, postgres, sqlite)
	seen := make(map[string]bool, len(postgres))
	for _, name := range postgres {
		match := regexp.MustCompile(`^(\d{5})_[a-z0-9_]+\.sql$`).FindStringSubmatch(name)
		require.NotNil(t, match, "a migration is called NNNNN_what_it_does.sql, not %s", name)
		require.False(t, seen[match[1]], "two migrations are number %s", match[1])
		seen[match[1]] = true
	}
}

func names(t *testing.T, files fs.FS, folder string) (names []string) {
	t.Helper()
	entries, err := fs.ReadDir(files, folder)
	require.NoError(t, err)
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}
