package events

import (
	"context"
	"time"

	"recado/models"
)

// idleBeatsKept is how many heartbeats a feed without readers lives to see: a
// reader that reconnects within that time finds it warm.
const idleBeatsKept = 2

// keepBeating runs the heartbeats until the bus is closed.
func (b *Bus) keepBeating() {
	ticker := time.NewTicker(b.options.Heartbeat)
	defer ticker.Stop()
	failed := 0
	for {
		select {
		case <-b.life.Done():
			return
		case <-ticker.C:
			b.giveUpIdle()
		case <-b.beat:
		}
		err := b.compare(b.life)
		switch {
		case b.life.Err() != nil:
			return
		case err != nil:
			if failed == 0 {
				b.log.Warn("heartbeat of the event bus failed", "error", err)
			}
			failed++
		case failed > 0:
			b.log.Info("heartbeat of the event bus works again", "failed", failed)
			failed = 0
		}
	}
}

// beatNow asks for a heartbeat out of turn. It does not block.
func (b *Bus) beatNow() {
	select {
	case b.beat <- struct{}{}:
	default: // one is due already
	}
}

// compare tells every feed how far the log has come, in one query.
func (b *Bus) compare(ctx context.Context) error {
	b.mu.Lock()
	feeds := make([]*feed, 0, len(b.feeds))
	organizations := make([]models.ID, 0, len(b.feeds))
	for organization, f := range b.feeds {
		feeds, organizations = append(feeds, f), append(organizations, organization)
	}
	b.mu.Unlock()
	if len(feeds) == 0 {
		return nil
	}
	positions, err := b.db.FeedPositions(ctx, organizations)
	if err != nil {
		return err
	}
	for _, f := range feeds {
		f.know(positions[f.organization])
	}
	return nil
}

// giveUpIdle ends the feeds that had no reader for a while.
func (b *Bus) giveUpIdle() {
	var idle []*feed
	b.mu.Lock()
	for organization, f := range b.feeds {
		if f.readers > 0 {
			continue
		}
		if f.idleBeats++; f.idleBeats >= idleBeatsKept {
			delete(b.feeds, organization)
			idle = append(idle, f)
		}
	}
	b.mu.Unlock()
	for _, f := range idle {
		f.stop()
	}
}
