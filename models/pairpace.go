package models

import (
	"slices"
	"time"
)

const (
	// PairBurst is how many messages a number may send to one customer at once, on
	// credit (reference/whatsapp-cloud-api.md §10.4).
	PairBurst = 45
	// PairInterval is the time in which one message may be sent on average.
	PairInterval = 6 * time.Second
	// PairPeriod is the pause after a burst: as long as the burst would have needed.
	PairPeriod = PairBurst * PairInterval
)

// PairFreeAt is from when on a number may send the next message to a customer: now,
// or later. handed are the times at which it handed messages for them to Meta, in any
// order; the newest PairBurst are enough. ahead is how many others go before it.
//
// In any PairPeriod no more than PairBurst go out. That keeps Meta's rule, however
// its burst is measured: what is on credit never exceeds PairBurst, and after a burst
// nothing is sent until it is paid back. One message each PairInterval never waits.
func PairFreeAt(handed []time.Time, ahead int, now time.Time) time.Time {
	handed = slices.SortedFunc(slices.Values(handed), time.Time.Compare)
	for ; ; ahead-- {
		next := now
		if oldest := len(handed) - PairBurst; oldest >= 0 {
			next = *Later(&now, new(handed[oldest].Add(PairPeriod)))
		}
		if ahead <= 0 {
			return next
		}
		handed = append(handed, next)
	}
}
