package inbox

import (
	"context"
	"errors"
	"sync"
)

// ErrClosed is the answer of Accept after Close.
var ErrClosed = errors.New("the inbox is closed")

// waiting is a delivery whose caller waits for it to be stored.
type waiting struct {
	delivery RawDelivery
	result   chan error
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
	w := waiting{delivery: delivery, result: make(chan error, 1)}
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

// commitGroups is the work of one committer.
func (s *Service) commitGroups() {
	for {
		select {
		case <-s.gate.closing:
			return
		case first := <-s.gate.arrivals:
			s.commit(s.gather(first))
		}
	}
}

// gather takes along whoever stands at the gate already.
func (s *Service) gather(first waiting) []waiting {
	group := []waiting{first}
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
	deliveries := make([]RawDelivery, len(group))
	for i, w := range group {
		deliveries[i] = w.delivery
	}
	// The callers' contexts do not count here: one that hangs up must not undo the
	// deliveries of the others.
	failures := s.Receive(context.Background(), deliveries)
	s.options.ObserveBatch(len(group))
	for i, w := range group {
		w.result <- failures[i]
	}
}
