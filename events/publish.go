package events

import "recado/models"

// assumedPayload is the size of message that is published before any NATS has
// told us what it takes.
const assumedPayload = 64 << 10

// enqueue is called by the goroutine that committed, so it never waits.
func (b *Bus) enqueue(events []models.Event) {
	if len(events) == 0 || b.life.Err() != nil {
		return
	}
	select {
	case b.queue <- events:
	default:
		b.dropped.Add(1)
		b.metrics.unpublished.WithLabelValues("queue_full").Add(float64(len(events)))
	}
}

// publishAll sends what is queued until the bus is closed, and then what is left.
func (b *Bus) publishAll() {
	p := publisher{Bus: b}
	for {
		select {
		case events := <-b.queue:
			p.send(events)
		case <-b.life.Done():
			for {
				select {
				case events := <-b.queue:
					p.send(events)
				default:
					return
				}
			}
		}
	}
}

// publisher is the state of the goroutine that sends.
type publisher struct {
	*Bus

	failed int64 // commits that failed since the last success: a streak is logged twice, not a thousand times
}

// send publishes the events of one commit, which are sorted by organization. What
// cannot be published is left to the heartbeats of the readers.
func (p *publisher) send(events []models.Event) {
	var failure error
	for from := 0; from < len(events); {
		to := from + 1
		for to < len(events) && events[to].OrganizationID == events[from].OrganizationID {
			to++
		}
		if err := p.sendFeed(events[from:to]); err != nil {
			failure = err
			p.metrics.unpublished.WithLabelValues("error").Add(float64(to - from))
		} else {
			p.metrics.published.Add(float64(to - from))
		}
		from = to
	}
	dropped := p.dropped.Swap(0)
	switch {
	case failure != nil || dropped > 0:
		if p.failed == 0 {
			p.log.Warn("events are not published; readers find them by heartbeat", "error", failure, "queueFull", dropped > 0)
		}
		p.failed += max(1, dropped)
	case p.failed > 0:
		p.log.Info("events are published again", "missedCommits", p.failed)
		p.failed = 0
	}
}

// sendFeed publishes events of one organization.
func (p *publisher) sendFeed(events []models.Event) error {
	limit := int(p.conn.MaxPayload())
	if limit <= 0 {
		limit = assumedPayload
	}
	messages, err := encode(events, limit)
	if err != nil {
		return err
	}
	to := subject(events[0].OrganizationID)
	for _, data := range messages {
		if err := p.conn.Publish(to, data); err != nil {
			return err
		}
	}
	return nil
}
