package models

import "time"

// Clock tells the time. It is injected wherever a rule depends on it, so that
// tests can set it.
type Clock func() time.Time

// Precision is the finest difference in time that Recado keeps: GraphQL shows
// milliseconds, and both databases store at least that.
const Precision = time.Millisecond

// SystemClock is the real time, in UTC, cut to Precision.
func SystemClock() time.Time { return time.Now().UTC().Truncate(Precision) }

// SameTime reports whether two times that may be absent are the same moment, or both
// absent.
func SameTime(a, b *time.Time) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}

// Later returns the later of two times that may be absent; nil means never.
func Later(a, b *time.Time) *time.Time {
	switch {
	case a == nil:
		return b
	case b == nil || !b.After(*a):
		return a
	default:
		return b
	}
}

// Earlier returns the earlier of two times that may be absent; nil means never
// happened, so the one that did happen wins.
func Earlier(a, b *time.Time) *time.Time {
	switch {
	case a == nil:
		return b
	case b == nil || !b.Before(*a):
		return a
	default:
		return b
	}
}
