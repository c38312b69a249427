package accounts

import (
	"crypto/sha256"
	"sync"
	"time"

	"recado/models"
)

// maxVerified bounds the memory for verified tokens; what does not fit is verified
// again.
const maxVerified = 10_000

// verified remembers tokens that were found valid, by their hash, until they end:
// a signature takes longer to check than a small page to read. It says nothing of
// sessions and rights, which are looked up for every request.
type verified struct {
	clock models.Clock

	mu      sync.Mutex
	bearers map[[sha256.Size]byte]bearer
}

func newVerified(clock models.Clock) *verified {
	return &verified{clock: clock, bearers: make(map[[sha256.Size]byte]bearer)}
}

// bearer returns who a token was made for, if it was kept and has not ended.
func (v *verified) bearer(token [sha256.Size]byte) (bearer, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	b, known := v.bearers[token]
	if known && b.ended(v.clock()) {
		delete(v.bearers, token)
		known = false
	}
	return b, known
}

// keep remembers a valid token.
func (v *verified) keep(token [sha256.Size]byte, b bearer) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.bearers) >= maxVerified {
		v.sweep(v.clock())
	}
	v.bearers[token] = b
}

// sweep throws away what has ended, and any tenth of the rest.
func (v *verified) sweep(now time.Time) {
	surplus := maxVerified / 10
	for token, b := range v.bearers {
		if surplus > 0 || b.ended(now) {
			delete(v.bearers, token)
			surplus--
		}
	}
}

// ended reports whether a token is no longer accepted.
func (b bearer) ended(now time.Time) bool { return !now.Before(b.expiresAt.Add(leeway)) }
