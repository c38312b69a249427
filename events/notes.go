package events

import (
	"fmt"

	"github.com/nats-io/nats.go"
)

// Notes are what travels between processes without being kept: who is typing, and
// the like. A note may get lost, and nobody hears of those from before they
// listened. For what must not get lost there is the feed.

// noteSubject is where the notes of a topic travel.
func noteSubject(topic string) string { return "recado.note." + topic }

// Send tells all processes that listen to the topic, this one included. It does not
// wait for them; a note that NATS cannot take is lost.
func (b *Bus) Send(topic string, note []byte) error {
	if b.life.Err() != nil {
		return ErrClosed
	}
	if err := b.conn.Publish(noteSubject(topic), note); err != nil {
		return fmt.Errorf("send note on %s: %w", topic, err)
	}
	return nil
}

// Listen has handle called with each note of the topic, one after the other, until
// the bus is closed or stop is called. It must not block for long: what piles up is
// dropped.
func (b *Bus) Listen(topic string, handle func(note []byte)) (stop func(), err error) {
	if b.life.Err() != nil {
		return nil, ErrClosed
	}
	subscription, err := b.conn.Subscribe(noteSubject(topic), func(message *nats.Msg) { handle(message.Data) })
	if err != nil {
		return nil, fmt.Errorf("listen to notes on %s: %w", topic, err)
	}
	return func() { _ = subscription.Unsubscribe() }, nil // fails only when the bus is closed already
}
