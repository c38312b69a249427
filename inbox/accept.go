package inbox

import (
	"context"
	"errors"
	"time"
)

// ErrClosed is the answer of Accept after Close.
var ErrClosed = errors.New("the inbox is closed")

// Accept stores a delivery and all it means, together with others that arrive at
// the same time. It returns when that is committed; an error means that Meta must
// send the delivery again. If ctx ends first the delivery may be stored all the
// same.
func (s *Service) Accept(ctx context.Context, delivery RawDelivery) error {
	s.gate.enter()
	defer s.gate.leave()
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

// linger is how long a group under load waits for its share of the callers to come
// back with their next deliveries: a commit costs far more than this.
const linger = time.Millisecond

// commitTimeout is when a database that does not answer is given up, so that the
// deliveries after a group get their turn. Meta has long lost patience by then.
const commitTimeout = 30 * time.Second

// commitGroups is the work of one committer.
func (s *Service) commitGroups() {
	for {
		select {
		case <-s.gate.closing:
			return
		case first := <-s.gate.arrivals:
			s.commit(s.gather(first))
			s.gate.thinOut()
		}
	}
}

// gather takes along whoever stands at the gate. Where there is a crowd it waits a
// moment for a fair share of it, because without that the load settles into many
// small groups.
func (s *Service) gather(first waiting) []waiting {
	share := min(s.gate.share(s.options.Committers), s.options.MaxBatch)
	group := s.takeWaiting(append(make([]waiting, 0, max(1, share)), first))
	if len(group) >= share {
		return group
	}
	timeout := time.NewTimer(linger)
	defer timeout.Stop()
	for len(group) < share {
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
	s.hear(ctx, batch)
}
