package events

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"recado/models"
)

// batch is how many events a reader reads from the log at once.
const batch = 500

// ErrTooSlow tells a reader that more than Options.MaxLag events wait for it. It
// can follow again from the last position it saw, or read the present state.
var ErrTooSlow = errors.New("the reader has fallen too far behind the events")

// Reader is a place in the feed of an organization. It is used by one goroutine.
type Reader struct {
	bus      *Bus
	feed     *feed
	ctx      context.Context // ends the reader
	position int64           // of the last event returned
	lag      int64           // how far the reader may be behind: more than MaxLag until it has caught up from where it started
}

// Follow returns a reader of the organization's events with positions above
// after; with after < 0, of those committed from now on. The reader lives until
// ctx ends, and whoever follows must see to it that it does.
//
// A position that the log has not reached is CURSOR_EXPIRED: it comes from
// another time of the database. One that the log no longer reaches back to is
// reported by Next.
func (b *Bus) Follow(ctx context.Context, organization models.ID, after int64) (*Reader, error) {
	f, err := b.join(organization)
	if err != nil {
		return nil, err
	}
	stay := context.AfterFunc(ctx, func() { b.leave(f) })
	reader, err := b.follow(ctx, f, after)
	if err != nil {
		if stay() {
			b.leave(f)
		}
		return nil, err
	}
	return reader, nil
}

func (b *Bus) follow(ctx context.Context, f *feed, after int64) (*Reader, error) {
	select {
	case <-f.ready:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if f.err != nil {
		return nil, f.err
	}
	head, err := b.db.FeedPosition(ctx, f.organization)
	switch {
	case err != nil:
		return nil, err
	case after > head:
		return nil, models.NewError(models.CodeCursorExpired, "after")
	case after < 0:
		after = head
	}
	f.know(head)
	return &Reader{bus: b, feed: f, ctx: ctx, position: after, lag: head - after + b.options.MaxLag}, nil
}

// Position is that of the last event Next returned; at first, the one the reader
// started after. Following again from here continues without a hole.
func (r *Reader) Position() int64 { return r.position }

// Next returns the events after those returned before, at least one, in order
// and without holes. It blocks until there are any, or until one of the contexts
// (its own, or that of Follow) ends, which it reports with the context's cause.
//
// The slice and what it holds are shared with other readers: they must not be
// changed.
//
// Errors: CURSOR_EXPIRED when the next event has been cleaned up; ErrTooSlow;
// ErrClosed; a fault when the database does not answer, after which Next may be
// called again: nothing was skipped.
func (r *Reader) Next(ctx context.Context) ([]models.Event, error) {
	for {
		if err := r.ended(ctx); err != nil {
			return nil, err
		}
		current := r.feed.view.Load()
		behind := current.last() - r.position
		switch {
		case behind <= 0:
			if err := r.wait(ctx, current); err != nil {
				return nil, err
			}
		case behind > r.lag:
			r.bus.metrics.tooSlow.Inc()
			return nil, fmt.Errorf("%d events behind: %w", behind, ErrTooSlow)
		case r.position >= current.after:
			events := current.events[r.position-current.after:]
			r.position, r.lag = current.last(), r.bus.options.MaxLag
			return slices.Clip(events), nil
		default:
			return r.read(ctx)
		}
	}
}

// wait returns when the view has been replaced.
func (r *Reader) wait(ctx context.Context, current *view) error {
	select {
	case <-current.replaced:
		return nil
	case <-ctx.Done():
	case <-r.ctx.Done():
	case <-r.bus.life.Done():
	}
	return r.ended(ctx)
}

func (r *Reader) ended(ctx context.Context) error {
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case r.ctx.Err() != nil:
		return context.Cause(r.ctx)
	case r.bus.life.Err() != nil:
		return ErrClosed
	}
	return nil
}

// read returns the next events from the log.
func (r *Reader) read(ctx context.Context) ([]models.Event, error) {
	r.bus.metrics.reads.WithLabelValues("behind").Inc()
	events, err := r.bus.db.EventsAfter(ctx, r.feed.organization, r.position, batch)
	if err != nil {
		return nil, err
	}
	if len(events) == 0 { // the log ends before what the feed has seen: it is another log
		return nil, models.NewError(models.CodeCursorExpired, "after")
	}
	r.position = events[len(events)-1].Position
	return events, nil
}
