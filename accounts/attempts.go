package accounts

import (
	"net/netip"
	"strconv"
	"sync"
	"time"

	"recado/models"
)

// SignInLimits bound how often sign-in may fail, in each process. Zero values
// stand for the defaults named here.
type SignInLimits struct {
	PerAccount int           // 10 attempts for an email
	PerAddress int           // 50 attempts from an address (IPv6: a /64 network)
	Window     time.Duration // 15 minutes, from the first attempt on
	Remembered int           // 20,000 emails, and as many addresses
}

// attempts counts attempts to sign in, whether the account exists or not. An
// attempt counts from its start, so that many at once cannot slip through; one
// that succeeds is taken back.
type attempts struct {
	clock  models.Clock
	mu     sync.Mutex
	limits [2]limit
}

// The places in attempts.limits.
const (
	byAccount = iota
	byAddress
)

type limit struct {
	most       int
	window     time.Duration
	remembered int
	counts     map[string]count
}

type count struct {
	attempts int
	since    time.Time
}

func newAttempts(l SignInLimits, clock models.Clock) *attempts {
	defaultTo(&l.PerAccount, 10)
	defaultTo(&l.PerAddress, 50)
	defaultTo(&l.Window, 15*time.Minute)
	defaultTo(&l.Remembered, 20_000)
	return &attempts{clock: clock, limits: [2]limit{
		byAccount: {most: l.PerAccount, window: l.Window, remembered: l.Remembered, counts: make(map[string]count)},
		byAddress: {most: l.PerAddress, window: l.Window, remembered: l.Remembered, counts: make(map[string]count)},
	}}
}

// begin counts an attempt, or refuses it with TOO_MANY_ATTEMPTS and
// retryAfterSeconds. A refused attempt does not count.
func (a *attempts) begin(email, address string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.clock()
	keys := attemptKeys(email, address)
	var wait time.Duration
	for i := range a.limits {
		wait = max(wait, a.limits[i].wait(keys[i], now))
	}
	if wait > 0 {
		seconds := int64((wait + time.Second - 1) / time.Second)
		return models.NewError(models.CodeTooManyAttempts, "").With("retryAfterSeconds", strconv.FormatInt(seconds, 10))
	}
	for i := range a.limits {
		a.limits[i].add(keys[i], now)
	}
	return nil
}

// succeeded forgets the failures of the account, and the attempt of the address.
func (a *attempts) succeeded(email, address string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	keys := attemptKeys(email, address)
	delete(a.limits[byAccount].counts, keys[byAccount])
	a.limits[byAddress].takeBack(keys[byAddress])
}

// abandoned takes back an attempt that told nothing about the password.
func (a *attempts) abandoned(email, address string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, key := range attemptKeys(email, address) {
		a.limits[i].takeBack(key)
	}
}

// attemptKeys are what attempts are counted by; an empty key is not counted. A
// household has a whole /64 of IPv6 addresses, so that is what counts.
func attemptKeys(email, address string) [2]string {
	if ip, err := netip.ParseAddr(address); err == nil {
		ip = ip.Unmap().WithZone("")
		if ip.Is6() {
			network, _ := ip.Prefix(64) // 64 bits always fit
			address = network.String()
		} else {
			address = ip.String()
		}
	}
	return [2]string{byAccount: cut(email), byAddress: cut(address)}
}

// cut bounds the memory of a key: no account has a longer email.
func cut(key string) string { return key[:min(len(key), maxEmailLength+1)] }

func (l *limit) wait(key string, now time.Time) time.Duration {
	c, known := l.counts[key]
	if !known || c.attempts < l.most {
		return 0
	}
	return max(0, c.since.Add(l.window).Sub(now))
}

func (l *limit) add(key string, now time.Time) {
	if key == "" {
		return
	}
	c, known := l.counts[key]
	if !known && len(l.counts) >= l.remembered {
		l.makeRoom(now)
	}
	if !known || !now.Before(c.since.Add(l.window)) {
		c = count{since: now}
	}
	c.attempts++
	l.counts[key] = c
}

func (l *limit) takeBack(key string) {
	c, known := l.counts[key]
	if !known {
		return
	}
	if c.attempts--; c.attempts <= 0 {
		delete(l.counts, key)
		return
	}
	l.counts[key] = c
}

// makeRoom forgets what is over, and otherwise one with the fewest attempts, so
// that a flood of made-up emails cannot wash away the count of one under attack.
func (l *limit) makeRoom(now time.Time) {
	var least string
	for key, c := range l.counts {
		if !now.Before(c.since.Add(l.window)) {
			delete(l.counts, key)
			continue
		}
		if other, ok := l.counts[least]; !ok || c.attempts < other.attempts {
			least = key
		}
	}
	if len(l.counts) >= l.remembered {
		delete(l.counts, least)
	}
}
