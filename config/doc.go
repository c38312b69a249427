// Package config reads the settings of the program from RECADO_* variables into one
// typed, validated struct.
//
// A setting that is wrong, misspelt or missing is an error of one line that names
// the variable, what was found and what is expected. Secrets are never part of an
// error, of a log line or of a printed Config.
//
// In embedded mode (SQLite) the secrets that are not given are made once, into a
// file beside the database that only its owner may read. With PostgreSQL, several
// processes share a database and must share their secrets, so these must be given.
//
// The tags of Config are the single list of settings: the help of the program, the
// table in the README and .env.example are made from it (Variables, EnvExample).
package config
