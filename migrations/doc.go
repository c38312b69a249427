// Package migrations holds the schema as SQL, one folder per dialect, applied by
// goose in the order of the file names. The two folders have the same files: a
// change is written in both, and a test holds the result against the structs of
// package models.
package migrations

import "embed"

// Postgres is the schema of a scaled-out Recado.
//
//go:embed postgres/*.sql
var Postgres embed.FS

// SQLite is the schema of an embedded Recado.
//
//go:embed sqlite/*.sql
var SQLite embed.FS
