//go:build unix

package postgres

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestVersionInPath(t *testing.T) {
	t.Parallel()
	for dir, version := range map[string]int{
		"/usr/lib/postgresql/9.6/bin":                        9,
		"/usr/lib/postgresql/15/bin":                         15,
		"/usr/pgsql-17/bin":                                  17,
		"/usr/libexec/postgresql18":                          18,
		"/opt/homebrew/opt/postgresql@16/bin":                16,
		"/Applications/Postgres.app/Contents/Versions/9/bin": 9,
		"/usr/local/pgsql/bin":                               0,
		"/usr/bin":                                           0,
	} {
		require.Equal(t, version, versionInPath(dir), dir)
	}
}

func TestInspect_explains_why_a_folder_cannot_be_used(t *testing.T) {
	t.Parallel()
	// Everybody may enter the folder, so that it is looked at for root's server account too.
	dir := openDir(t)
	_, err := inspect(t.Context(), dir, nil, account{})
	require.ErrorContains(t, err, "no PostgreSQL server")

	write := func(program, script string) {
		t.Helper()
		require.NoError(t, os.WriteFile(filepath.Join(dir, program), []byte("#!/bin/sh\n"+script+"\n"), 0o755))
	}
	write("initdb", "echo 'initdb (PostgreSQL) 9.6.24'")
	write("postgres", "echo 'postgres (PostgreSQL) 9.6.24'")
	_, err = inspect(t.Context(), dir, nil, account{})
	require.ErrorContains(t, err, "PostgreSQL 9.6.24 in "+dir+" is older than 14")

	write("postgres", "echo 'libpq.so.5: cannot open shared object file' >&2; exit 127")
	_, err = inspect(t.Context(), dir, nil, account{})
	require.ErrorContains(t, err, "libpq.so.5: cannot open shared object file")

	write("postgres", "echo 'postgres (PostgreSQL) 17.5 (Debian 17.5-1)'")
	binaries, err := inspect(t.Context(), dir, nil, account{})
	require.NoError(t, err)
	require.Equal(t, Binaries{Dir: dir, Major: 17, Version: "17.5"}, binaries)
}

func TestFind_never_passes_over_a_named_folder(t *testing.T) {
	t.Setenv(EnvBinaries, openDir(t))
	_, err := Find(t.Context(), nil)
	require.ErrorContains(t, err, EnvBinaries)
}

func TestTimeZone(t *testing.T) {
	t.Parallel()
	zones := t.TempDir()
	require.Equal(t, "<-03>3", timeZone(zones), "a machine without zones")
	require.NoError(t, os.MkdirAll(filepath.Join(zones, "America/Sao_Paulo"), 0o755))
	require.Equal(t, "America/Sao_Paulo", timeZone(zones))
}
