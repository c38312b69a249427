package e2e_test

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/models"
	"recado/store"
	"recado/testkit"
)

// TestDeath holds the promise behind every acknowledgement: what was answered with
// 200 is there once, however the process ends.
func TestDeath(t *testing.T) {
	for _, dialect := range testkit.Databases {
		t.Run(string(dialect), func(t *testing.T) {
			t.Run("kill -9 loses nothing and doubles nothing", func(t *testing.T) {
				outlive(t, dialect, 3000, 4, func(p *process) { p.kill() })
			})
			t.Run("SIGTERM finishes what was taken and ends with 0", func(t *testing.T) {
				outlive(t, dialect, 1000, 2, func(p *process) { require.Zero(t, p.terminate()) })
			})
		})
	}
}

const (
	customers   = 40
	connections = 16
)

// outlive pours deliveries into a process that is ended several times meanwhile.
func outlive(t *testing.T, dialect store.Dialect, deliveries, endings int, end func(*process)) {
	w := newWorld(t, dialect)
	flood := newFlood(t, deliveries, endings)
	p := w.serve()
	flood.moveTo(p.address)
	done := make(chan struct{})
	go func() {
		defer close(done)
		flood.pour()
	}()
	t.Cleanup(func() { flood.giveUp(); <-done })
	for range endings {
		select {
		case <-flood.due:
		case <-time.After(patience):
			require.FailNow(t, "the traffic got stuck", p.log.tail(60))
		}
		end(p)
		// Before anything is sent again: all that was acknowledged is there, once.
		acknowledged, stored := flood.acknowledged(), w.stored()
		require.NotEmpty(t, acknowledged)
		require.Less(t, len(acknowledged), deliveries, "the process ended too late to prove anything")
		for _, wamid := range acknowledged {
			require.Equal(t, 1, stored[wamid], "acknowledged message %s", wamid)
		}
		t.Logf("ended with %d of %d acknowledged and %d stored", len(acknowledged), deliveries, len(stored))
		p = w.serve()
		flood.moveTo(p.address)
	}
	select {
	case <-done:
	case <-time.After(2 * patience):
		require.FailNow(t, "the traffic got stuck", p.log.tail(60))
	}
	t.Logf("%d acknowledgements for %d deliveries", flood.answers(), deliveries)
	w.holds(signIn(t, p, w.ana), flood.texts)
}

// holds makes sure that the database and the API show each text exactly once, and
// that all that is counted agrees.
func (w *world) holds(ana *client, texts []text) {
	w.t.Helper()
	written := make(map[string][]string)
	stored := w.stored()
	require.Len(w.t, stored, len(texts))
	for _, text := range texts {
		require.Equal(w.t, 1, stored[text.wamid], text.wamid)
		written[nameOf(text.customer)] = append(written[nameOf(text.customer)], text.body)
	}
	added := 0
	for _, event := range w.feed() {
		if event.Kind == models.EventMessageAdded {
			added++
		}
	}
	require.Equal(w.t, len(texts), added, "events that tell of messages")

	var failed int64
	require.NoError(w.t, w.db.Read(w.t.Context()).Model(&models.WebhookDelivery{}).
		Where("outcome <> ?", models.DeliveryProcessed).Count(&failed).Error)
	require.Zero(w.t, failed, "deliveries that were not processed")

	shown := ana.conversations()
	require.Len(w.t, shown, len(written), "one conversation per customer")
	turns := make(map[string]int)
	for _, conversation := range shown {
		require.ElementsMatch(w.t, written[conversation.Contact.Name], conversation.bodies)
		require.Equal(w.t, len(written[conversation.Contact.Name]), conversation.UnreadCount, "unread messages")
		require.NotNil(w.t, conversation.Assignee)
		turns[conversation.Assignee.Name]++
	}
	require.Equal(w.t, map[string]int{"Ana": len(written) / 2, "Bruno": len(written) / 2}, turns, "conversations handed out in turn")
}

// flood is traffic that does not give up: like Meta, it sends what was not
// acknowledged again, and sometimes what was.
type flood struct {
	texts  []text
	bodies [][]byte
	due    chan struct{} // it is time to end the process

	mu      sync.Mutex
	moved   *sync.Cond
	address string
	moves   int
	given   bool // up
	acked   map[string]bool
	count   int // acknowledgements
	endAt   []int
}

func newFlood(t *testing.T, deliveries, endings int) *flood {
	t.Helper()
	f := &flood{due: make(chan struct{}, endings), acked: make(map[string]bool)}
	f.moved = sync.NewCond(&f.mu)
	now := time.Now()
	for n := range deliveries {
		text := textNumber(n, customerNumber(n%customers))
		f.texts = append(f.texts, text)
		f.bodies = append(f.bodies, payload(t, counter, now, text))
	}
	for i := range endings {
		f.endAt = append(f.endAt, deliveries*(i+1)/(endings+1))
	}
	return f
}

// pour returns when every delivery was acknowledged.
func (f *flood) pour() {
	work := make(chan int)
	var workers sync.WaitGroup
	for range connections {
		workers.Go(func() {
			for n := range work {
				f.insist(n)
				if n%5 == 0 {
					f.insist(rand.N(n + 1)) // one that was most likely acknowledged
				}
			}
		})
	}
	for n := range f.bodies {
		work <- n
		if n%10 == 0 {
			work <- n // on two connections at once
		}
	}
	close(work)
	workers.Wait()
}

// insist delivers until it is acknowledged.
func (f *flood) insist(n int) {
	for address, move := f.awaitMove(0); address != ""; {
		status, err := post(address, f.bodies[n])
		switch {
		case err != nil:
			address, move = f.awaitMove(move)
		case status == http.StatusOK:
			f.acknowledge(f.texts[n].wamid)
			return
		}
	}
}

func (f *flood) acknowledge(wamid string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.acked[wamid] = true
	f.count++
	if len(f.endAt) > 0 && len(f.acked) >= f.endAt[0] {
		f.endAt = f.endAt[1:]
		f.due <- struct{}{}
	}
}

// awaitMove returns the address after a move later than the given one, and the
// number of that move; an empty address when there is nothing to hope for.
func (f *flood) awaitMove(after int) (string, int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for f.moves <= after && !f.given {
		f.moved.Wait()
	}
	if f.given {
		return "", f.moves
	}
	return f.address, f.moves
}

func (f *flood) moveTo(address string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.address, f.moves = address, f.moves+1
	f.moved.Broadcast()
}

func (f *flood) giveUp() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.given = true
	f.moved.Broadcast()
}

func (f *flood) acknowledged() (wamids []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for wamid := range f.acked {
		wamids = append(wamids, wamid)
	}
	slices.Sort(wamids)
	return wamids
}

func (f *flood) answers() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.count
}
