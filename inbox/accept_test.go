package inbox_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"recado/inbox"
	"recado/jobs"
	"recado/models"
	"recado/store"
	"recado/testkit"
)

// A new customer writes ten messages at once, which reach two processes.
func TestAccept_burst_of_a_new_customer_over_two_processes(t *testing.T) {
	for _, dialect := range testkit.Databases {
		t.Run(string(dialect), func(t *testing.T) {
			url := testkit.URL(t, dialect)
			db := testkit.Open(t, url, nil)
			services := []*inbox.Service{newReceiver(t, db), newReceiver(t, testkit.Open(t, url, nil))}
			s := newShop(t, db, services[0])
			var (
				callers sync.WaitGroup
				start   = make(chan struct{})
			)
			for i := range 10 {
				body := payload(text(s.channels[0], joao, "João", fmt.Sprint("wamid.", i), fmt.Sprint("mensagem ", i), noon))
				for _, service := range services { // each delivered to both
					callers.Go(func() {
						<-start
						if err := service.Accept(t.Context(), inbox.RawDelivery{Body: body, ReceivedAt: noon}); err != nil {
							t.Error(err)
						}
					})
				}
			}
			close(start)
			callers.Wait()
			require.Len(t, rows[models.Contact](s, "id"), 1)
			require.Equal(t, 10, s.only().UnreadCount)
			require.Equal(t, s.agents[0].ID, *s.only().AssigneeID)
			require.Len(t, rows[models.Message](s, "id"), 10)
			s.receive(payload(text(s.channels[0], "5511987659999", "Zélia", "wamid.zelia", "Oi", noon)))
			require.Equal(t, s.agents[1].ID, *rows[models.Conversation](s, "id")[1].AssigneeID, "the turn moved by one")
			deliveries, err := services[0].Deliveries(t.Context(), models.DeliveryProcessed, 100)
			require.NoError(t, err)
			require.Len(t, deliveries, 21)
		})
	}
}

func TestAccept(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		t.Run("commits those that arrive together together", func(t *testing.T) {
			var largest atomic.Int64
			service := inbox.New(inbox.Rooms{DB: db, Queue: jobs.New(db, jobs.Options{})}, inbox.Options{
				Clock: atNoon, MaxBatch: 8, ObserveBatch: func(size int) { largest.Store(max(largest.Load(), int64(size))) },
			})
			t.Cleanup(service.Close)
			s := newShop(t, db, service)
			var callers sync.WaitGroup
			for i := range 100 {
				body := payload(text(s.channels[0], joao, "João", fmt.Sprint("wamid.", i), "Oi", noon))
				callers.Go(func() {
					if err := service.Accept(t.Context(), inbox.RawDelivery{Body: body, ReceivedAt: noon}); err != nil {
						t.Error(err)
					}
				})
			}
			callers.Wait()
			require.Equal(t, 100, s.only().UnreadCount)
			require.LessOrEqual(t, largest.Load(), int64(8))
			require.Greater(t, largest.Load(), int64(1))
		})

		t.Run("returns when the delivery can be read", func(t *testing.T) {
			s := newShop(t, db, newReceiver(t, db))
			s.deliver(payload(text(s.channels[0], joao, "João", "wamid.1", "Oi", noon)))
			require.Equal(t, 1, s.only().UnreadCount)
		})

		t.Run("refuses after Close, and closing twice is harmless", func(t *testing.T) {
			service := newReceiver(t, db)
			service.Close()
			service.Close()
			require.ErrorIs(t, service.Accept(t.Context(), inbox.RawDelivery{Body: []byte("{}"), ReceivedAt: noon}), inbox.ErrClosed)
		})

		t.Run("a caller who hangs up does not harm the others", func(t *testing.T) {
			s := newShop(t, db, newReceiver(t, db))
			gone, hangUp := context.WithCancel(t.Context())
			hangUp()
			var callers sync.WaitGroup
			for i := range 20 {
				body := payload(text(s.channels[0], joao, "João", fmt.Sprint("wamid.", i), "Oi", noon))
				callers.Go(func() {
					ctx := t.Context()
					if i%2 == 0 {
						ctx = gone
					}
					err := s.inbox.Accept(ctx, inbox.RawDelivery{Body: body, ReceivedAt: noon})
					if i%2 == 1 && err != nil {
						t.Error(err)
					}
				})
			}
			callers.Wait()
			require.GreaterOrEqual(t, s.only().UnreadCount, 10)
		})
	})
}

func TestReceive_says_what_could_not_be_kept(t *testing.T) {
	db, err := store.Open(t.Context(), testkit.URL(t, store.SQLite), store.Options{})
	require.NoError(t, err)
	service := newReceiver(t, db)
	require.NoError(t, db.Close())
	failures := service.Receive(t.Context(), []inbox.RawDelivery{{Body: []byte("{}"), ReceivedAt: noon}, {Body: []byte("{}"), ReceivedAt: noon}})
	require.Len(t, failures, 2)
	for _, failure := range failures {
		require.Error(t, failure, "Meta must send it again")
	}
}
