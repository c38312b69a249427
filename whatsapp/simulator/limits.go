package simulator

import "time"

// throughput is the bucket of one number: messages in both directions share
// it, only sends are refused by it (§10.4). It starts full.
type throughput struct {
	level float64
	at    time.Time
}

func (b *throughput) refill(now time.Time, perSecond float64) {
	if b.at.IsZero() {
		b.level = perSecond
	} else {
		b.level = min(perSecond, b.level+max(now.Sub(b.at).Seconds(), 0)*perSecond)
	}
	b.at = now
}

// take reports whether one more message fits, and counts it if so.
func (b *throughput) take(now time.Time, perSecond float64) bool {
	b.refill(now, perSecond)
	if b.level < 1 {
		return false
	}
	b.level--
	return true
}

// note counts a message that comes anyway.
func (b *throughput) note(now time.Time, perSecond float64) {
	b.refill(now, perSecond)
	b.level = max(b.level-1, 0)
}

// pairRate is the limit between one number and one user (§10.4): one message
// per interval on average, a burst on credit, and once the credit is used up a
// pause as long as the burst would have needed.
type pairRate struct {
	used   float64
	at     time.Time
	paused bool
}

func (p *pairRate) take(now time.Time, burst int, interval time.Duration) bool {
	if !p.at.IsZero() {
		p.used = max(p.used-max(now.Sub(p.at).Seconds(), 0)/interval.Seconds(), 0)
	}
	p.at = now
	if p.used < 1e-9 {
		p.used, p.paused = 0, false
	}
	if p.paused || p.used+1 > float64(burst) {
		return false
	}
	p.used++
	p.paused = p.used+1 > float64(burst)
	return true
}

// hourly counts management calls of one account (§10.4).
type hourly struct {
	since time.Time
	calls int
}

// take reports whether the call is within the limit and, if not, how long the
// hour still lasts.
func (h *hourly) take(now time.Time, limit int) (ok bool, regain time.Duration) {
	if h.since.IsZero() || now.Sub(h.since) >= time.Hour {
		h.since, h.calls = now, 0
	}
	if h.calls >= limit {
		return false, h.since.Add(time.Hour).Sub(now)
	}
	h.calls++
	return true, 0
}
