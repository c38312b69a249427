package events_test

import (
	"context"
	"encoding/json"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"recado/events"
	"recado/models"
	"recado/store"
	"recado/testkit"
)

// never is a heartbeat that does not come during a test.
const never = time.Hour

// soon is a heartbeat that a test can wait for.
const soon = 20 * time.Millisecond

// patience bounds a wait for something that must happen.
const patience = time.Minute

// on runs the test once per database, with the database's address, so that it can
// play several processes.
func on(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	for _, dialect := range testkit.Databases {
		t.Run(string(dialect), func(t *testing.T) { test(t, testkit.URL(t, dialect)) })
	}
}

// start opens the database and a bus on it, as a process does.
func start(t testing.TB, url string, o events.Options) (*store.Store, *events.Bus) {
	t.Helper()
	db := testkit.Open(t, url, nil)
	bus, err := events.Start(t.Context(), db, o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, bus.Close()) })
	return db, bus
}

type fataler interface {
	require.TestingT
	Helper()
}

func newOrganization(t fataler, db *store.Store) models.ID {
	t.Helper()
	organization := models.Organization{ID: models.NewID(), Name: "Padaria Aurora"}
	require.NoError(t, db.Write(context.Background(), func(tx *store.Tx) error {
		if err := tx.Create(&organization).Error; err != nil {
			return err
		}
		return tx.Create(&models.FeedHead{OrganizationID: organization.ID}).Error
	}))
	return organization.ID
}

func newEvent(organization models.ID) models.Event {
	return models.Event{
		OrganizationID: organization, Kind: models.EventConversationChanged,
		ChannelID: models.NewID(), ConversationID: models.NewID(), Payload: json.RawMessage(`{"conversation":{}}`),
	}
}

// record commits n events of the organization, in one transaction.
func record(t fataler, db *store.Store, organization models.ID, n int) {
	t.Helper()
	require.NoError(t, db.Write(context.Background(), func(tx *store.Tx) error {
		for range n {
			tx.Record(newEvent(organization))
		}
		return nil
	}))
}

// expect reads until the reader stands at position through, the newest there is.
func expect(t fataler, reader *events.Reader, through int64) {
	t.Helper()
	readOn(t, reader, through)
	require.Equal(t, through, reader.Position())
}

// readOn reads until the reader stands at position through or beyond, and holds
// what came against what must: all positions after the reader's, once each, in
// order.
func readOn(t fataler, reader *events.Reader, through int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for next := reader.Position() + 1; reader.Position() < through; {
		batch, err := reader.Next(ctx)
		require.NoError(t, err, "waiting for position %d of %d", next, through)
		require.NotEmpty(t, batch)
		for _, event := range batch {
			require.Equal(t, next, event.Position)
			next++
		}
		require.Equal(t, next-1, reader.Position())
	}
}

// gauge reads one metric without labels, or the sum over all labels.
func gauge(t testing.TB, registry *prometheus.Registry, name string) float64 {
	t.Helper()
	families, err := registry.Gather()
	require.NoError(t, err)
	sum := 0.0
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, metric := range family.GetMetric() {
			sum += metric.GetGauge().GetValue() + metric.GetCounter().GetValue()
		}
	}
	return sum
}

// eventually waits for a condition that nothing signals.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	require.Eventually(t, condition, patience, 5*time.Millisecond, what)
}

// natsAt runs a NATS server on a port, 0 for any, until the test ends or stop is
// called.
func natsAt(t testing.TB, port int) (url string, at int, stop func()) {
	t.Helper()
	if port == 0 {
		port = -1 // as NATS spells it
	}
	srv, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: port, NoSigs: true, NoLog: true})
	require.NoError(t, err)
	srv.Start()
	require.True(t, srv.ReadyForConnections(patience), "NATS did not start")
	address, ok := srv.Addr().(*net.TCPAddr)
	require.True(t, ok)
	stop = func() { srv.Shutdown(); srv.WaitForShutdown() }
	t.Cleanup(stop)
	return "nats://127.0.0.1:" + strconv.Itoa(address.Port), address.Port, stop
}
