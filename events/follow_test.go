package events_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"recado/events"
	"recado/models"
	"recado/store"
	"recado/testkit"
)

func TestFollow(t *testing.T) {
	on(t, func(t *testing.T, url string) {
		db, bus := start(t, url, events.Options{Heartbeat: never})

		t.Run("from now on starts with the next commit", func(t *testing.T) {
			organization := newOrganization(t, db)
			record(t, db, organization, 3)
			reader, err := bus.Follow(t.Context(), organization, -1)
			require.NoError(t, err)
			require.EqualValues(t, 3, reader.Position())
			record(t, db, organization, 2)
			record(t, db, organization, 1)
			expect(t, reader, 6)
		})

		t.Run("events come as they were stored", func(t *testing.T) {
			organization := newOrganization(t, db)
			reader, err := bus.Follow(t.Context(), organization, 0)
			require.NoError(t, err)
			record(t, db, organization, 1)
			live, err := reader.Next(t.Context())
			require.NoError(t, err)
			stored, err := db.EventsAfter(t.Context(), organization, 0, 10)
			require.NoError(t, err)
			stored[0].CreatedAt = stored[0].CreatedAt.UTC()
			require.Equal(t, stored, live)
		})

		t.Run("resumes from any position", func(t *testing.T) {
			organization := newOrganization(t, db)
			for range 5 {
				record(t, db, organization, 4)
			}
			var readers []*events.Reader
			for after := range int64(21) {
				reader, err := bus.Follow(t.Context(), organization, after)
				require.NoError(t, err)
				require.Equal(t, after, reader.Position())
				readers = append(readers, reader)
			}
			record(t, db, organization, 1)
			for _, reader := range readers {
				expect(t, reader, 21)
			}
		})

		t.Run("commits of many goroutines come once each, in order", func(t *testing.T) {
			organization, other := newOrganization(t, db), newOrganization(t, db)
			reader, err := bus.Follow(t.Context(), organization, -1)
			require.NoError(t, err)
			var writers sync.WaitGroup
			for range 8 {
				writers.Go(func() {
					for range 10 {
						if err := db.Write(t.Context(), func(tx *store.Tx) error {
							tx.Record(newEvent(organization), newEvent(other), newEvent(organization))
							return nil
						}); err != nil {
							t.Error(err)
						}
					}
				})
			}
			writers.Wait()
			expect(t, reader, 160)
			record(t, db, organization, 1)
			expect(t, reader, 161)
		})

		t.Run("what was rolled back is never seen", func(t *testing.T) {
			organization := newOrganization(t, db)
			reader, err := bus.Follow(t.Context(), organization, -1)
			require.NoError(t, err)
			refused := errors.New("refused")
			require.ErrorIs(t, db.Write(t.Context(), func(tx *store.Tx) error {
				tx.Record(newEvent(organization))
				return refused
			}), refused)
			record(t, db, organization, 1)
			expect(t, reader, 1)
		})

		t.Run("an event too big for NATS arrives all the same", func(t *testing.T) {
			organization := newOrganization(t, db)
			reader, err := bus.Follow(t.Context(), organization, -1)
			require.NoError(t, err)
			big := newEvent(organization)
			big.Payload, err = json.Marshal(string(bytes.Repeat([]byte("a"), 3<<20)))
			require.NoError(t, err)
			require.NoError(t, db.Write(t.Context(), func(tx *store.Tx) error {
				tx.Record(newEvent(organization), big, newEvent(organization))
				return nil
			}))
			expect(t, reader, 3)
		})

		t.Run("a position that the log has not reached is expired", func(t *testing.T) {
			organization := newOrganization(t, db)
			record(t, db, organization, 2)
			_, err := bus.Follow(t.Context(), organization, 3)
			require.Equal(t, models.CodeCursorExpired, models.CodeOf(err))
		})

		t.Run("a position that was cleaned up is expired", func(t *testing.T) {
			organization := newOrganization(t, db)
			record(t, db, organization, 3)
			behind, err := bus.Follow(t.Context(), organization, 1)
			require.NoError(t, err)
			trimmed, err := db.TrimFeed(t.Context(), db.Now().Add(time.Hour), 1_000_000)
			require.NoError(t, err)
			require.GreaterOrEqual(t, trimmed, int64(3))
			_, err = behind.Next(t.Context())
			require.Equal(t, models.CodeCursorExpired, models.CodeOf(err))
			atTheEnd, err := bus.Follow(t.Context(), organization, 3)
			require.NoError(t, err)
			record(t, db, organization, 1)
			expect(t, atTheEnd, 4)
		})

		t.Run("ends with the context of Follow or of Next", func(t *testing.T) {
			organization := newOrganization(t, db)
			life, end := context.WithCancelCause(t.Context())
			reader, err := bus.Follow(life, organization, -1)
			require.NoError(t, err)

			call, cancel := context.WithCancel(t.Context())
			cancel()
			_, err = reader.Next(call)
			require.ErrorIs(t, err, context.Canceled)

			record(t, db, organization, 1)
			expect(t, reader, 1) // an ended call ends nothing else

			signedOut := errors.New("signed out")
			waiting := make(chan error, 1)
			go func() {
				_, err := reader.Next(t.Context())
				waiting <- err
			}()
			end(signedOut)
			require.ErrorIs(t, <-waiting, signedOut)
			_, err = bus.Follow(life, organization, -1)
			require.Error(t, err)
		})
	})
}

func TestHeartbeat(t *testing.T) {
	on(t, func(t *testing.T, url string) {
		db, bus := start(t, url, events.Options{Heartbeat: soon})
		dead := testkit.Open(t, url, nil) // commits, and dies before it publishes
		organization, another := newOrganization(t, db), newOrganization(t, db)
		reader, err := bus.Follow(t.Context(), organization, -1)
		require.NoError(t, err)
		second, err := bus.Follow(t.Context(), another, -1)
		require.NoError(t, err)

		record(t, dead, organization, 2)
		record(t, dead, another, 1)
		expect(t, reader, 2)
		expect(t, second, 1)

		record(t, dead, organization, 1)
		record(t, db, organization, 1)
		record(t, dead, organization, 1)
		expect(t, reader, 5)
	})
}

func TestHole(t *testing.T) {
	on(t, func(t *testing.T, url string) {
		db, bus := start(t, url, events.Options{Heartbeat: never})
		dead := testkit.Open(t, url, nil)
		organization := newOrganization(t, db)
		reader, err := bus.Follow(t.Context(), organization, -1)
		require.NoError(t, err)
		for through := int64(6); through <= 30; through += 6 {
			record(t, dead, organization, 5)
			record(t, db, organization, 1) // reveals the hole
			expect(t, reader, through)
		}
	})
}

func TestReaders(t *testing.T) {
	on(t, func(t *testing.T, url string) {
		t.Run("many read the same", func(t *testing.T) {
			db, bus := start(t, url, events.Options{Heartbeat: never, Ring: 8})
			organization := newOrganization(t, db)
			var readers sync.WaitGroup
			for i := range 200 {
				reader, err := bus.Follow(t.Context(), organization, 0)
				require.NoError(t, err)
				readers.Go(func() {
					if i%2 == 0 {
						readOn(errorOnly{t}, reader, 50)
					}
					expect(errorOnly{t}, reader, 100)
				})
			}
			for range 25 {
				record(t, db, organization, 4)
			}
			readers.Wait()
		})

		t.Run("one behind the memory reads the log", func(t *testing.T) {
			db, bus := start(t, url, events.Options{Heartbeat: never, Ring: 4})
			organization := newOrganization(t, db)
			quick, err := bus.Follow(t.Context(), organization, -1)
			require.NoError(t, err)
			behind, err := bus.Follow(t.Context(), organization, -1)
			require.NoError(t, err)
			for range 40 {
				record(t, db, organization, 1)
			}
			record(t, db, organization, 30) // more than the memory holds, at once
			expect(t, quick, 70)
			expect(t, behind, 70)
		})

		t.Run("one that is too slow is told, the others are not held up", func(t *testing.T) {
			registry := prometheus.NewRegistry()
			db, bus := start(t, url, events.Options{Heartbeat: never, MaxLag: 20, Metrics: registry})
			organization := newOrganization(t, db)
			slow, err := bus.Follow(t.Context(), organization, -1)
			require.NoError(t, err)
			quick, err := bus.Follow(t.Context(), organization, -1)
			require.NoError(t, err)
			for through := int64(7); through <= 21; through += 7 {
				record(t, db, organization, 7)
				expect(t, quick, through)
			}
			_, err = slow.Next(t.Context())
			require.ErrorIs(t, err, events.ErrTooSlow)
			require.InDelta(t, 1, gauge(t, registry, "recado_events_too_slow_total"), 0)

			again, err := bus.Follow(t.Context(), organization, slow.Position())
			require.NoError(t, err)
			for through := int64(28); through <= 35; through += 7 {
				record(t, db, organization, 7)
				expect(t, quick, through)
			}
			expect(t, again, 35) // who catches up may be as far behind as it started, and then some
			for through := int64(42); through <= 56; through += 7 {
				record(t, db, organization, 7)
				expect(t, quick, through)
			}
			_, err = again.Next(t.Context())
			require.ErrorIs(t, err, events.ErrTooSlow, "it had caught up")
		})
	})
}

// errorOnly fails a test from a goroutine that is not the test's.
type errorOnly struct{ t *testing.T }

func (e errorOnly) Helper()                   { e.t.Helper() }
func (e errorOnly) Errorf(f string, a ...any) { e.t.Errorf(f, a...) }
func (e errorOnly) FailNow()                  { runtime.Goexit() }

func TestIdleFeed(t *testing.T) {
	on(t, func(t *testing.T, url string) {
		registry := prometheus.NewRegistry()
		db, bus := start(t, url, events.Options{Heartbeat: soon, Metrics: registry})
		organization := newOrganization(t, db)
		life, end := context.WithCancel(t.Context())
		for range 3 {
			_, err := bus.Follow(life, organization, -1)
			require.NoError(t, err)
		}
		require.InDelta(t, 1, gauge(t, registry, "recado_events_feeds"), 0)
		require.InDelta(t, 3, gauge(t, registry, "recado_events_readers"), 0)
		end()
		eventually(t, "the feed is given up", func() bool { return gauge(t, registry, "recado_events_feeds") == 0 })
		require.InDelta(t, 0, gauge(t, registry, "recado_events_readers"), 0)

		record(t, db, organization, 2) // nobody listens
		reader, err := bus.Follow(t.Context(), organization, 0)
		require.NoError(t, err)
		record(t, db, organization, 1)
		expect(t, reader, 3)
	})
}

func TestClose(t *testing.T) {
	on(t, func(t *testing.T, url string) {
		db := testkit.Open(t, url, nil)
		organization := newOrganization(t, db)
		before := goleak.IgnoreCurrent()

		bus, err := events.Start(t.Context(), db, events.Options{})
		require.NoError(t, err)
		life, end := context.WithCancel(t.Context())
		reader, err := bus.Follow(life, organization, -1)
		require.NoError(t, err)
		record(t, db, organization, 1)
		expect(t, reader, 1)
		waiting := make(chan error, 1)
		go func() {
			_, err := reader.Next(life)
			waiting <- err
		}()
		require.NoError(t, bus.Healthy())

		require.NoError(t, bus.Close())
		require.ErrorIs(t, <-waiting, events.ErrClosed)
		_, err = reader.Next(life)
		require.ErrorIs(t, err, events.ErrClosed)
		_, err = bus.Follow(life, organization, -1)
		require.ErrorIs(t, err, events.ErrClosed)
		require.ErrorIs(t, bus.Healthy(), events.ErrClosed)
		require.NoError(t, bus.Close(), "closing twice is harmless")
		record(t, db, organization, 1) // the store outlives the bus
		end()
		if db.Dialect() == store.SQLite { // pgx keeps goroutines for its idle connections
			goleak.VerifyNone(t, before)
		}
	})
}
