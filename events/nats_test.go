package events_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"recado/events"
	"recado/models"
	"recado/store"
	"recado/testkit"
)

func TestTwoProcesses(t *testing.T) {
	on(t, func(t *testing.T, url string) {
		natsURL, _, _ := natsAt(t, 0)
		o := events.Options{URL: natsURL, Heartbeat: never}
		here, hereBus := start(t, url, o)
		there, thereBus := start(t, url, o)
		organization := newOrganization(t, here)
		onHere, err := hereBus.Follow(t.Context(), organization, -1)
		require.NoError(t, err)
		onThere, err := thereBus.Follow(t.Context(), organization, -1)
		require.NoError(t, err)
		for range 10 {
			record(t, here, organization, 1)
			record(t, there, organization, 2)
		}
		expect(t, onHere, 30)
		expect(t, onThere, 30)
	})
}

func TestUnrulyBus(t *testing.T) {
	on(t, func(t *testing.T, url string) {
		natsURL, _, _ := natsAt(t, 0)
		registry := prometheus.NewRegistry()
		_, bus := start(t, url, events.Options{URL: natsURL, Heartbeat: never, Metrics: registry, Ring: 16})
		silent := testkit.Open(t, url, nil) // commits; the test publishes
		organization := newOrganization(t, silent)
		conn, err := nats.Connect(natsURL)
		require.NoError(t, err)
		t.Cleanup(conn.Close)

		publish := func(content any) {
			data, ok := content.(string)
			if !ok {
				encoded, err := json.Marshal(content)
				require.NoError(t, err)
				data = string(encoded)
			}
			require.NoError(t, conn.Publish("recado.feed."+organization.String(), []byte(data)))
			require.NoError(t, conn.Flush())
		}
		publishEvents := func(some ...models.Event) {
			publish(map[string]any{"position": some[len(some)-1].Position, "events": some})
		}
		stored := func(after int64) []models.Event {
			all, err := silent.EventsAfter(t.Context(), organization, after, 1000)
			require.NoError(t, err)
			return all
		}
		reader, err := bus.Follow(t.Context(), organization, -1)
		require.NoError(t, err)

		t.Run("later before earlier", func(t *testing.T) {
			record(t, silent, organization, 3)
			e := stored(0)
			publishEvents(e[2])
			publishEvents(e[1])
			publishEvents(e[0])
			expect(t, reader, 3)
		})
		t.Run("the same again, alone and with news", func(t *testing.T) {
			e := stored(0)
			publishEvents(e[1])
			publishEvents(e...)
			record(t, silent, organization, 2)
			publishEvents(stored(0)...)
			publishEvents(stored(3)...)
			expect(t, reader, 5)
			require.Positive(t, gauge(t, registry, "recado_events_repeated_total"))
		})
		t.Run("a later one only", func(t *testing.T) {
			record(t, silent, organization, 100)
			publishEvents(stored(100)...)
			expect(t, reader, 105)
			require.Positive(t, gauge(t, registry, "recado_events_database_reads_total"))
		})
		t.Run("only a position", func(t *testing.T) {
			record(t, silent, organization, 40) // more than the memory holds
			publish(map[string]any{"position": 145})
			expect(t, reader, 145)
		})
		t.Run("more early ones than the memory holds", func(t *testing.T) {
			record(t, silent, organization, 40)
			publishEvents(stored(150)...)
			expect(t, reader, 185)
		})
		t.Run("nonsense", func(t *testing.T) {
			foreign := newEvent(models.NewID())
			foreign.Position = 186
			publish(`{"position":"soon"}`)
			publish(`{`)
			publishEvents(foreign)
			invented := newEvent(organization)
			invented.Position = 1_000_000
			reads := func() float64 { return gauge(t, registry, "recado_events_database_reads_total") }
			before := reads()
			publishEvents(invented)
			publish(map[string]any{"position": -5})
			eventually(t, "the log is asked, and knows better", func() bool { return reads() > before })
			record(t, silent, organization, 2)
			publishEvents(stored(185)...)
			expect(t, reader, 187)
			before = reads()
			record(t, silent, organization, 1)
			publishEvents(stored(187)...)
			expect(t, reader, 188)
			require.Never(t, func() bool { return reads() > before }, 50*time.Millisecond, 5*time.Millisecond,
				"what was invented is not looked for again")
			require.InDelta(t, 3, gauge(t, registry, "recado_events_malformed_total"), 0)
		})
	})
}

func TestNATSComesAndGoes(t *testing.T) {
	on(t, func(t *testing.T, url string) {
		natsURL, port, stop := natsAt(t, 0)
		stop() // it is not there when we start
		o := events.Options{URL: natsURL, Heartbeat: soon}
		here, hereBus := start(t, url, o)
		there, thereBus := start(t, url, o)
		require.Error(t, hereBus.Healthy())
		organization := newOrganization(t, here)
		onHere, err := hereBus.Follow(t.Context(), organization, -1)
		require.NoError(t, err)
		onThere, err := thereBus.Follow(t.Context(), organization, -1)
		require.NoError(t, err)

		through := int64(0)
		both := func(what string) {
			for _, db := range []*store.Store{here, there} {
				record(t, db, organization, 2)
				through += 2
			}
			expect(t, onHere, through)
			expect(t, onThere, through)
			t.Log(what, "to position", through)
		}
		healthy := func(want bool) func() bool {
			return func() bool { return (hereBus.Healthy() == nil) == want && (thereBus.Healthy() == nil) == want }
		}
		both("never connected")
		for range 2 {
			_, _, stop := natsAt(t, port)
			eventually(t, "both are connected", healthy(true))
			both("connected")
			stop()
			eventually(t, "both notice", healthy(false))
			both("NATS away")
		}
	})
}

func TestReconnect(t *testing.T) {
	on(t, func(t *testing.T, url string) {
		natsURL, port, stop := natsAt(t, 0)
		db, bus := start(t, url, events.Options{URL: natsURL, Heartbeat: never})
		elsewhere := testkit.Open(t, url, nil) // its messages pass by while we are away
		organization := newOrganization(t, db)
		reader, err := bus.Follow(t.Context(), organization, -1)
		require.NoError(t, err)
		record(t, db, organization, 1)
		expect(t, reader, 1)

		stop()
		eventually(t, "it is noticed", func() bool { return bus.Healthy() != nil })
		record(t, elsewhere, organization, 3)
		natsAt(t, port)
		expect(t, reader, 4) // without a regular heartbeat: being back is reason enough to look
	})
}

func TestStart(t *testing.T) {
	db := testkit.Open(t, testkit.URL(t, store.SQLite), nil)

	t.Run("an address that is none is refused without its password", func(t *testing.T) {
		_, err := events.Start(t.Context(), db, events.Options{URL: "nats://recado:sesame@nats:port"})
		require.Error(t, err)
		require.NotContains(t, err.Error(), "sesame")
	})

	t.Run("metrics are given back", func(t *testing.T) {
		registry := prometheus.NewRegistry()
		for range 2 {
			bus, err := events.Start(t.Context(), db, events.Options{Metrics: registry})
			require.NoError(t, err)
			_, err = events.Start(t.Context(), db, events.Options{Metrics: registry})
			require.Error(t, err, "two buses cannot share a registry")
			require.NoError(t, bus.Close())
		}
	})
}
