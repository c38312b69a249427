//go:build unix

package main

import (
	"context"
	"log/slog"
	"slices"
	"sync"
)

// logTap is a slog.Handler that keeps messages while it is open.
type logTap struct {
	mu    sync.Mutex
	open  bool
	lines []string
}

// Enabled takes every level.
func (t *logTap) Enabled(context.Context, slog.Level) bool { return true }

// WithAttrs and WithGroup drop what only messages need not have.
func (t *logTap) WithAttrs([]slog.Attr) slog.Handler { return t }

// WithGroup returns the tap itself.
func (t *logTap) WithGroup(string) slog.Handler { return t }

// Handle keeps the message of a record.
func (t *logTap) Handle(_ context.Context, record slog.Record) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.open {
		t.lines = append(t.lines, record.Message)
	}
	return nil
}

// start forgets what was kept and keeps what follows.
func (t *logTap) start() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open, t.lines = true, nil
}

// stop returns what was kept.
func (t *logTap) stop() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open = false
	return slices.Clone(t.lines)
}
