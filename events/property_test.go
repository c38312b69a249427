package events_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"recado/events"
	"recado/models"
	"recado/store"
	"recado/testkit"
)

// Whatever the order in which two processes and one that never publishes commit,
// and wherever readers start, leave and resume: each sees every position after its
// start once, in order.
func TestExactlyOnceInOrder(t *testing.T) {
	on(t, func(t *testing.T, url string) {
		natsURL, _, _ := natsAt(t, 0)
		o := events.Options{URL: natsURL, Heartbeat: soon, Ring: 8}
		here, hereBus := start(t, url, o)
		there, thereBus := start(t, url, o)
		writers := []*store.Store{here, there, testkit.Open(t, url, nil)}
		buses := []*events.Bus{hereBus, thereBus}

		rapid.Check(t, func(t *rapid.T) {
			p := &property{organization: newOrganization(t, here)}
			defer p.leaveAll()
			t.Repeat(map[string]func(*rapid.T){
				"write": func(t *rapid.T) {
					n := rapid.IntRange(1, 12).Draw(t, "events")
					record(t, rapid.SampledFrom(writers).Draw(t, "writer"), p.organization, n)
					p.head += int64(n)
				},
				"follow": func(t *rapid.T) {
					after := rapid.Int64Range(-1, p.head).Draw(t, "after")
					p.follow(t, rapid.SampledFrom(buses).Draw(t, "bus"), after)
				},
				"read": func(t *rapid.T) {
					reader := p.any(t)
					readOn(t, reader.Reader, rapid.Int64Range(reader.Position(), p.head).Draw(t, "through"))
				},
				"resume elsewhere": func(t *rapid.T) {
					reader := p.any(t)
					reader.leave()
					p.follow(t, rapid.SampledFrom(buses).Draw(t, "bus"), reader.Position())
				},
			})
			for _, reader := range p.readers {
				if reader.ctx.Err() == nil {
					expect(t, reader.Reader, p.head)
				}
			}
		})
	})
}

type property struct {
	organization models.ID
	head         int64
	readers      []*propertyReader
}

type propertyReader struct {
	*events.Reader

	ctx   context.Context
	leave context.CancelFunc
}

func (p *property) follow(t *rapid.T, bus *events.Bus, after int64) {
	ctx, leave := context.WithCancel(context.Background())
	reader, err := bus.Follow(ctx, p.organization, after)
	if err != nil {
		leave()
		require.NoError(t, err)
	}
	if after < 0 {
		require.Equal(t, p.head, reader.Position())
	}
	p.readers = append(p.readers, &propertyReader{Reader: reader, ctx: ctx, leave: leave})
}

// any draws a reader that has not left, or skips.
func (p *property) any(t *rapid.T) *propertyReader {
	if len(p.readers) == 0 {
		t.Skip("no reader yet")
	}
	reader := rapid.SampledFrom(p.readers).Draw(t, "reader")
	if reader.ctx.Err() != nil {
		t.Skip("it has left")
	}
	return reader
}

func (p *property) leaveAll() {
	for _, reader := range p.readers {
		reader.leave()
	}
}
