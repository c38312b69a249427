// Package events is the live bus: it tells readers in every process what was
// committed in any of them, in order and without holes.
//
// # The log and the bus
//
// The log is the feed in the database (package store): per organization,
// positions count up by one, and committed positions have no holes. It alone
// decides what happened. The bus, NATS, only makes news travel fast: after each
// commit its events are published as they are. Nothing depends on their arriving.
// What the bus loses, repeats, reorders or never got, readers get from the log.
//
// NATS runs inside the process, without a socket, or elsewhere, at a URL, when
// several processes share the work. Everything takes the same way through it,
// also between a writer and a reader of one process.
//
// # From commit to reader
//
//	Store.Write ─ OnCommit ─▶ queue ─ publisher ─▶ NATS recado.feed.<organization id>
//	                                                          │ one subscription per organization and process
//	Reader.Next ◀─ view, or the log ◀──────────────────────── feed ◀─ heartbeat, hole filling (from the log)
//
// The goroutine that committed only puts the events into a bounded queue. If the
// queue is full they are not published: readers find them by the next heartbeat.
//
// A feed exists for each organization that somebody in this process follows. It
// takes in events by position: known ones are dropped, early ones wait for those
// before them. A hole that the bus does not close within a few milliseconds is
// read from the log. At each heartbeat one query compares the feeds with the log,
// which finds events whose publisher died, or that NATS lost. A feed whose last
// reader left is given up one to two heartbeats later.
//
// Readers pull. A feed keeps its newest events in a view: an immutable slice
// and a channel that is closed when a newer view takes its place. A reader holds
// its own position, takes what the view has above it, reads the log when the view
// begins later than that, and waits on the channel when there is nothing. Nobody
// waits for a reader, and readers share memory with each other but no locks.
//
// # Notes
//
// What is not worth keeping travels beside the feed: a note (Bus.Send) reaches
// whoever listens to its topic at that moment (Bus.Listen), in any process, or nobody.
//
// # Invariants
//
//   - The events of a view have consecutive positions; the view's end never goes
//     back. Only the holder of feed.mu replaces the view.
//   - A reader's position only moves when Next returns the events up to it. So a
//     reader returns after+1, after+2, … exactly once each, whatever the bus does.
//   - A feed subscribes before it reads the head of the log, and a reader that
//     starts "from now on" joins its feed before it reads the head: what is
//     committed after Follow has returned is returned by Next.
//   - Bus.mu guards which feeds there are and how many readers each has; feed.mu
//     guards what a feed has taken in. feed.mu may be taken under Bus.mu, not the
//     other way round, and neither is held over I/O.
//   - After Close no goroutine of the bus is left. The store outlives the bus;
//     commits after Close are not published.
package events
