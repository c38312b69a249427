package inbox

import (
	"sync"
	"sync/atomic"
)

// waiting is a delivery whose caller waits for it to be stored.
type waiting struct {
	in     *intake
	result chan error
}

// gate commits deliveries in groups: while one group is being committed the next
// one gathers, so the cost of a commit is shared by as many deliveries as the
// load brings, and a lone delivery waits for nobody.
type gate struct {
	arrivals chan waiting
	closing  chan struct{}
	close    sync.Once
	workers  sync.WaitGroup

	inside atomic.Int64 // callers that wait for their delivery to be stored
	crowd  atomic.Int64 // how many were inside at once lately
}

func newGate() *gate {
	return &gate{arrivals: make(chan waiting), closing: make(chan struct{})}
}

func (g *gate) enter() {
	inside := g.inside.Add(1)
	for {
		crowd := g.crowd.Load()
		if inside <= crowd || g.crowd.CompareAndSwap(crowd, inside) {
			return
		}
	}
}

func (g *gate) leave() { g.inside.Add(-1) }

// share is how many of the crowd each of the committers may expect.
func (g *gate) share(committers int) int {
	return (int(g.crowd.Load()) + committers - 1) / committers
}

// thinOut brings the crowd nearer to what it is now.
func (g *gate) thinOut() {
	crowd := g.crowd.Load()
	if excess := crowd - g.inside.Load(); excess > 0 {
		g.crowd.CompareAndSwap(crowd, crowd-max(1, excess/8))
	}
}
