package events

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// farewell bounds how long Close waits for NATS to take the last events.
const farewell = time.Second

// connect starts NATS in this process or dials the one at Options.URL.
func (b *Bus) connect(ctx context.Context) error {
	options := []nats.Option{
		nats.Name("recado"),
		nats.RetryOnFailedConnect(true),
		nats.MaxReconnects(-1),
		nats.IgnoreAuthErrorAbort(), // credentials may be mended while we run
		nats.ReconnectWait(200 * time.Millisecond),
		nats.ReconnectJitter(100*time.Millisecond, 300*time.Millisecond),
		nats.PingInterval(10 * time.Second),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if b.life.Err() == nil {
				b.log.Warn("NATS is away; events arrive with heartbeats only", "error", err)
			}
		}),
		nats.ConnectHandler(func(*nats.Conn) { b.beatNow() }),
		nats.ReconnectHandler(func(*nats.Conn) {
			b.log.Info("NATS is back")
			b.beatNow() // what was published meanwhile did not reach us
		}),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			b.log.Warn("NATS reports an error", "error", err)
			b.beatNow() // a slow consumer has lost messages
		}),
	}
	if b.options.URL == "" {
		embedded, err := startEmbedded(ctx)
		if err != nil {
			return err
		}
		b.embedded = embedded
		options = append(options, nats.InProcessServer(embedded))
	}
	conn, err := nats.Connect(b.options.URL, options...)
	if err != nil {
		if b.embedded != nil {
			b.embedded.Shutdown()
		}
		return fmt.Errorf("connect to NATS: %w", withoutURL(err))
	}
	b.conn = conn
	return nil
}

// disconnect hands NATS what was published last, and ends the connection and an
// embedded server.
func (b *Bus) disconnect() {
	if b.conn.IsConnected() {
		if err := b.conn.FlushTimeout(farewell); err != nil {
			b.log.Warn("NATS did not confirm the last events", "error", err)
		}
	}
	b.conn.Close()
	if b.embedded != nil {
		b.embedded.Shutdown()
		b.embedded.WaitForShutdown()
	}
}

func startEmbedded(ctx context.Context) (*server.Server, error) {
	embedded, err := server.NewServer(&server.Options{
		ServerName: "recado", DontListen: true, NoSigs: true, NoLog: true,
	})
	if err != nil {
		return nil, fmt.Errorf("prepare embedded NATS: %w", err)
	}
	embedded.Start()
	wait := 10 * time.Second
	if deadline, ok := ctx.Deadline(); ok {
		wait = min(wait, time.Until(deadline))
	}
	if !embedded.ReadyForConnections(wait) {
		embedded.Shutdown()
		return nil, errors.New("embedded NATS did not start in time")
	}
	return embedded, nil
}

// withoutURL replaces an error that quotes the address, which may hold a password.
func withoutURL(err error) error {
	if _, ok := errors.AsType[*url.Error](err); ok {
		return errors.New("the address is not a URL of the form nats://host:port")
	}
	return err
}
