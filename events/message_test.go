package events

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"recado/models"
)

func sized(organization models.ID, position int64, size int) models.Event {
	payload, err := json.Marshal(strings.Repeat("ã", size/2))
	if err != nil {
		panic(err)
	}
	return models.Event{
		OrganizationID: organization, Position: position, ID: models.NewID(), Kind: models.EventMessageAdded,
		ChannelID: models.NewID(), ConversationID: models.NewID(), Payload: payload,
		CreatedAt: time.Date(2026, 3, 1, 12, 0, 0, 7_000_000, time.UTC),
	}
}

func TestEncode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const limit = 2000
		organization := models.NewID()
		var events []models.Event
		for i, size := range rapid.SliceOf(rapid.IntRange(0, 3000)).Draw(t, "sizes") {
			events = append(events, sized(organization, int64(i+1), size))
		}
		messages, err := encode(events, limit)
		require.NoError(t, err)
		next := 0
		for _, data := range messages {
			require.LessOrEqual(t, len(data), limit)
			m, err := decode(data, organization)
			require.NoError(t, err)
			if len(m.Events) == 0 {
				require.Equal(t, events[next].Position, m.Position, "a hint stands for one event")
				next++
				continue
			}
			for _, event := range m.Events {
				require.Equal(t, events[next], event)
				next++
			}
			require.Equal(t, m.Events[len(m.Events)-1].Position, m.Position)
		}
		require.Len(t, events, next)
	})
}

func FuzzDecode(f *testing.F) {
	organization := models.NewID()
	whole, err := encode([]models.Event{sized(organization, 1, 10), sized(organization, 2, 10)}, 1<<20)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole[0])
	f.Add([]byte(`{"position":9}`))
	f.Add([]byte(`{"position":9,"events":[{}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := decode(data, organization)
		if err != nil {
			return
		}
		for _, event := range m.Events {
			require.Equal(t, organization, event.OrganizationID)
		}
	})
}

func TestEnqueue(t *testing.T) {
	m, err := newMetrics(nil, nil)
	require.NoError(t, err)
	life, end := context.WithCancel(t.Context())
	b := &Bus{
		queue: make(chan []models.Event, 1), metrics: m, life: life, log: slog.New(slog.DiscardHandler),
	}
	b.enqueue([]models.Event{{Position: 1}})
	b.enqueue([]models.Event{{Position: 2}, {Position: 3}}) // nobody takes them: this must return all the same
	b.enqueue(nil)
	require.EqualValues(t, 1, b.dropped.Load())
	require.InDelta(t, 2, counted(t, m.unpublished.WithLabelValues("queue_full")), 0)
	require.EqualValues(t, 1, (<-b.queue)[0].Position)

	end()
	b.enqueue([]models.Event{{Position: 4}})
	require.Empty(t, b.queue, "a closed bus takes nothing")
}

func counted(t *testing.T, counter prometheus.Counter) float64 {
	t.Helper()
	registry := prometheus.NewRegistry()
	require.NoError(t, registry.Register(counter))
	families, err := registry.Gather()
	require.NoError(t, err)
	return families[0].GetMetric()[0].GetCounter().GetValue()
}
