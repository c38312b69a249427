//go:build unix

package main

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// percentile returns the smallest value that at least p percent of sorted are not
// above; zero if there are none.
func percentile(sorted []time.Duration, p float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(math.Ceil(p / 100 * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// median returns the middle value, or of an even number the lower one of the two
// in the middle; zero if there are none.
func median[T cmp.Ordered](values []T) T {
	if len(values) == 0 {
		var none T
		return none
	}
	sorted := sortedCopy(values)
	return sorted[(len(sorted)-1)/2]
}

// medianOf is the median of one figure of every item.
func medianOf[E any, T cmp.Ordered](items []E, figure func(E) T) T {
	values := make([]T, len(items))
	for i, item := range items {
		values[i] = figure(item)
	}
	return median(values)
}

func sortedCopy[T cmp.Ordered](values []T) []T { return slices.Sorted(slices.Values(values)) }
