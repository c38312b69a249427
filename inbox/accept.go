package inbox

import (
	"context"
	"errors"
	"sync"
	"time"
)

// ErrClosed is the answer of Accept after Close.
var ErrClosed = errors.New("the inbox is closed")

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
}

func newGate() *gate {
	return &gate{arrivals: make(chan waiting), closing: make(chan struct{})}
}

// Accept stores a delivery and all it means, together with others that arrive at
// the same time. It returns when that is committed; an error means that Meta must
// send the delivery again. If ctx ends first the delivery may be stored all the
// same.
func (s *Service) Accept(ctx context.Context, delivery RawDelivery) error {
	w := waiting{in: takeIn(delivery), result: make(chan error, 1)} // decoded by many, committed by few
	select {
	case s.gate.arrivals <- w:
	case <-s.gate.closing:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-w.result:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close finishes the deliveries that were taken and lets Accept take no more.
func (s *Service) Close() {
	s.gate.close.Do(func() { close(s.gate.closing) })
	s.gate.workers.Wait()
}

// linger is how long a group under load waits for the callers of the group before
// it: their next deliveries are on their way, and a commit costs far more than
// this.
const linger = time.Millisecond

// commitTimeout is when a database that does not answer is given up, so that the
// deliveries after a group get their turn. Meta has long lost patience by then.
const commitTimeout = 30 * time.Second

// commitGroups is the work of one committer.
func (s *Service) commitGroups() {
	previous := 0
	for {
		select {
		case <-s.gate.closing:
			return
		case first := <-s.gate.arrivals:
			group := s.gather(first, previous)
			s.commit(group)
			previous = len(group)
		}
	}
}

// gather takes along whoever stands at the gate. When the group before had several
// members it waits a moment for as many again, because without that the load
// settles into two half groups that take turns.
func (s *Service) gather(first waiting, previous int) []waiting {
	group := append(make([]waiting, 0, max(1, previous)), first)
	group = s.takeWaiting(group)
	if previous < 2 {
		return group
	}
	expected := min(previous+len(group), s.options.MaxBatch)
	timeout := time.NewTimer(linger)
	defer timeout.Stop()
	for len(group) < expected {
		select {
		case next := <-s.gate.arrivals:
			group = append(group, next)
		case <-timeout.C:
			return group
		}
	}
	return s.takeWaiting(group)
}

func (s *Service) takeWaiting(group []waiting) []waiting {
	for len(group) < s.options.MaxBatch {
		select {
		case next := <-s.gate.arrivals:
			group = append(group, next)
		default:
			return group
		}
	}
	return group
}

func (s *Service) commit(group []waiting) {
	batch := make([]*intake, len(group))
	for i, w := range group {
		batch[i] = w.in
	}
	// The callers' contexts do not count here: one that hangs up must not undo the
	// deliveries of the others.
	ctx, cancel := context.WithTimeout(context.Background(), commitTimeout)
	defer cancel()
	failures := s.receive(ctx, batch)
	s.options.ObserveBatch(len(group))
	for i, w := range group {
		w.result <- failures[i]
	}
}
