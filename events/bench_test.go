package events_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/events"
	"recado/models"
	"recado/testkit"
)

// BenchmarkCommitToNext measures the time from a commit to the return of Next in
// all readers of the organization: the bus alone, without the transaction.
func BenchmarkCommitToNext(b *testing.B) {
	for _, readers := range []struct {
		name  string
		count int
	}{{"1 reader", 1}, {"1000 readers", 1000}} {
		for _, place := range []string{"in process", "over TCP"} {
			b.Run(readers.name+" "+place, func(b *testing.B) {
				var url string
				if place == "over TCP" {
					url, _, _ = natsAt(b, 0)
				}
				commitToNext(b, readers.count, events.Options{URL: url})
			})
		}
	}
}

func commitToNext(b *testing.B, count int, o events.Options) {
	b.Helper()
	db := testkit.Open(b, testkit.URL(b, testkit.Databases[0]), nil)
	var committed time.Time
	db.OnCommit(func([]models.Event) { committed = time.Now() })
	bus, err := events.Start(b.Context(), db, o)
	require.NoError(b, err)
	defer func() { require.NoError(b, bus.Close()) }()
	organization := newOrganization(b, db)

	ctx, end := context.WithCancel(b.Context())
	var (
		readers sync.WaitGroup
		got     = make(chan time.Time, count)
	)
	for range count {
		reader, err := bus.Follow(ctx, organization, -1)
		require.NoError(b, err)
		readers.Go(func() {
			for {
				if _, err := reader.Next(ctx); err != nil {
					return
				}
				got <- time.Now()
			}
		})
	}
	var first, last []time.Duration
	for b.Loop() {
		record(b, db, organization, 1)
		var times []time.Time
		for range count {
			times = append(times, <-got)
		}
		slices.SortFunc(times, time.Time.Compare)
		first = append(first, times[0].Sub(committed))
		last = append(last, times[count-1].Sub(committed))
	}
	b.StopTimer()
	end()
	readers.Wait()
	report := func(name string, d []time.Duration) {
		slices.Sort(d)
		b.ReportMetric(float64(d[len(d)/2].Microseconds()), name+"-p50-µs")
		b.ReportMetric(float64(d[len(d)*99/100].Microseconds()), name+"-p99-µs")
	}
	report("first", first)
	report("last", last)
}
