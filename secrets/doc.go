// Package secrets keeps things that must not be read: it seals tokens before they
// are written to the database, and reads the keys that operators hand to Recado.
//
// Everything in it is safe for concurrent use. It does no I/O, imports no other
// room, and none of its errors repeats any part of a secret.
package secrets
