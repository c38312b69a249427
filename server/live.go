package server

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// live are the connections that stay open. They are counted for metrics and can
// all be ended.
type live struct {
	sockets, streams, operations atomic.Int64

	mu          sync.Mutex
	ending      bool
	connections map[*connection]struct{}
	running     sync.WaitGroup
}

// connection is a live connection as far as its end is concerned.
type connection struct {
	end func() // asks the peer to go elsewhere; may block for seconds
	cut func() // breaks off at once
}

// enter registers a connection. It returns false when no more are taken; if true,
// the caller calls leave when the connection has ended.
func (l *live) enter(c *connection) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ending {
		return false
	}
	l.connections[c] = struct{}{}
	l.running.Add(1)
	return true
}

func (l *live) leave(c *connection) {
	l.mu.Lock()
	delete(l.connections, c)
	l.mu.Unlock()
	l.running.Done()
}

// end asks all connections to go, spread evenly over a time, and returns when
// they have. When ctx is over first, it cuts them.
func (l *live) end(ctx context.Context, spread time.Duration) {
	open := l.close()
	var asked sync.WaitGroup
	if len(open) > 0 {
		pause := time.NewTicker(max(spread/time.Duration(len(open)), time.Nanosecond))
		defer pause.Stop()
		for _, c := range open {
			asked.Go(c.end)
			select {
			case <-pause.C:
			case <-ctx.Done():
			}
		}
	}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		asked.Wait()
		l.running.Wait()
	}()
	select {
	case <-gone:
	case <-ctx.Done():
		l.cut()
	}
}

// cut breaks all connections off.
func (l *live) cut() {
	for _, c := range l.close() {
		c.cut()
	}
}

func (l *live) close() []*connection {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ending = true
	open := make([]*connection, 0, len(l.connections))
	for c := range l.connections {
		open = append(open, c)
	}
	return open
}
