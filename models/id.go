package models

import (
	"bytes"

	"github.com/google/uuid"
)

// ID identifies a row. It is a UUIDv7, so ids made later sort later, up to the
// clocks of the processes that made them.
type ID = uuid.UUID

// NoID is the zero ID; no row has it.
var NoID ID

// NewID returns a fresh ID. It only fails to be unique when the operating
// system has no randomness left, in which case it panics as uuid.New does.
func NewID() ID {
	return uuid.Must(uuid.NewV7())
}

// IsID reports whether ref points at id.
func IsID(ref *ID, id ID) bool { return ref != nil && *ref == id }

func compareIDs(a, b ID) int { return bytes.Compare(a[:], b[:]) }
