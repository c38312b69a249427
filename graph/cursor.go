package graph

import (
	"encoding/base64"
	"encoding/binary"

	"recado/models"
)

// A feed cursor is its version, the organization and the position in its feed.
const (
	feedCursorVersion = 1
	feedCursorSize    = 1 + 16 + 8
)

// feedCursor is how clients see a place in the organization's feed.
func feedCursor(event models.Event) string {
	var raw [feedCursorSize]byte
	raw[0] = feedCursorVersion
	copy(raw[1:], event.OrganizationID[:])
	binary.BigEndian.PutUint64(raw[17:], uint64(event.Position))
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

// feedPosition is the inverse of feedCursor; nil for nil. INVALID for anything that
// is not a cursor of the organization.
func feedPosition(organization models.ID, cursor *string) (*int64, error) {
	if cursor == nil {
		return nil, nil //nolint:nilnil // no cursor, no position
	}
	invalid := models.NewError(models.CodeInvalid, "after")
	if base64.RawURLEncoding.DecodedLen(len(*cursor)) != feedCursorSize {
		return nil, invalid
	}
	var raw [feedCursorSize]byte
	if _, err := base64.RawURLEncoding.Strict().Decode(raw[:], []byte(*cursor)); err != nil {
		return nil, invalid
	}
	position := int64(binary.BigEndian.Uint64(raw[17:]))
	if raw[0] != feedCursorVersion || models.ID(raw[1:17]) != organization || position < 0 {
		return nil, invalid
	}
	return &position, nil
}
