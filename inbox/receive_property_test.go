package inbox_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"recado/inbox"
	"recado/store"
	"recado/testkit"
)

// A day of traffic may be delivered in any order, any number of times, split and
// merged at will, with the answers to our own calls anywhere in between: it ends
// in the same state. Only who got which conversation follows the arrival.
func TestReceive_any_order_and_repetition_ends_in_the_same_state(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		t.Parallel()
		service := newReceiver(t, db)
		rapid.Check(t, func(r *rapid.T) {
			day := drawDay(r)
			inOrder := newShop(t, db, service)
			sent := inOrder.begin(day)
			for _, each := range day.acts {
				inOrder.play(sent, [][][]act{{{each}}})
			}
			shuffled := newShop(t, db, service)
			shuffled.play(shuffled.begin(day), day.scramble(r))
			require.Equal(r, inOrder.state(), shuffled.state())
		})
	})
}

// The same, with several callers in two processes at the same time.
func TestReceive_at_the_same_time_ends_in_the_same_state(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		t.Parallel()
		services := []*inbox.Service{newReceiver(t, db), newReceiver(t, db)}
		rapid.Check(t, func(r *rapid.T) {
			day := drawDay(r)
			inOrder := newShop(t, db, services[0])
			sent := inOrder.begin(day)
			for _, each := range day.acts {
				inOrder.play(sent, [][][]act{{{each}}})
			}
			atOnce := newShop(t, db, services[0])
			sent = atOnce.begin(day)
			var callers sync.WaitGroup
			for i, batch := range day.scramble(r) {
				caller := *atOnce
				caller.inbox = services[i%2]
				callers.Go(func() { caller.play(sent, [][][]act{batch}) })
			}
			callers.Wait()
			require.Equal(r, inOrder.state(), atOnce.state())
		})
	})
}
