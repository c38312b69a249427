package simulator

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"strings"
)

const (
	directionBusiness = 0x11
	directionUser     = 0x12
)

// randomHex is n hex characters from the simulator's own random source.
// s.mu must be held.
func (s *Simulator) randomHex(n int) string {
	raw := make([]byte, (n+1)/2)
	for i := range raw {
		raw[i] = byte(s.random.Uint32())
	}
	return strings.ToUpper(hex.EncodeToString(raw))[:n]
}

// newMessageID builds an id of the form seen in traffic (§1.1): for the business
// with 18 hex characters, for a phone with 20. s.mu must be held.
func (s *Simulator) newMessageID(c *customer, direction byte) string {
	digits := c.WAID
	if c.HidesNumber || digits == "" {
		_, digits, _ = strings.Cut(c.UserID, ".")
	}
	id := s.randomHex(18)
	if direction == directionUser {
		id = s.randomHex(20)
	}
	raw := []byte{0x1c, 0x18, byte(len(digits))}
	raw = append(raw, digits...)
	raw = append(raw, 0x15, 0x02, 0x00, direction, 0x18, byte(len(id)))
	raw = append(raw, id...)
	raw = append(raw, 0x00)
	return "wamid." + base64.StdEncoding.EncodeToString(raw)
}

// newObjectID is a decimal id such as Graph gives to media. s.mu must be held.
func (s *Simulator) newObjectID() string {
	return fmt.Sprintf("9%014d", s.random.Uint64N(100_000_000_000_000))
}

// newTrace is the fbtrace_id of an answer. s.mu must be held.
func (s *Simulator) newTrace() string {
	raw := make([]byte, 17)
	for i := range raw {
		raw[i] = byte(s.random.Uint32())
	}
	return "A" + base64.RawURLEncoding.EncodeToString(raw)[:22]
}

// businessScopedID is the user id that belongs to a number when none was given:
// always the same for the same app and number (§13.3).
func businessScopedID(appID, waID string) string {
	h := fnv.New64a()
	h.Write([]byte(appID + "/" + waID))
	return fmt.Sprintf("%s.%016d", countryOf(waID), h.Sum64()%10_000_000_000_000_000)
}
