package jobs

import (
	"context"
	"log/slog"
	"strings"
)

// riverLog leaves out of the log what River says at every start and stop: its
// notices, and the errors of what it interrupts itself.
type riverLog struct{ slog.Handler }

func (h riverLog) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && h.Handler.Enabled(ctx, level)
}

func (h riverLog) Handle(ctx context.Context, record slog.Record) error {
	interrupted := false
	record.Attrs(func(attr slog.Attr) bool {
		interrupted = strings.Contains(attr.Value.String(), context.Canceled.Error())
		return !interrupted
	})
	if interrupted {
		return nil
	}
	return h.Handler.Handle(ctx, record)
}

func (h riverLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	return riverLog{h.Handler.WithAttrs(attrs)}
}

func (h riverLog) WithGroup(name string) slog.Handler { return riverLog{h.Handler.WithGroup(name)} }
