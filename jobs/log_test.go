package jobs

import (
	"bytes"
	"context"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRiverLog(t *testing.T) {
	var text bytes.Buffer
	log := slog.New(riverLog{slog.NewTextHandler(&text, nil)})
	log.Info("started")
	log.Error("could not fetch", "err", context.Canceled.Error())
	require.Empty(t, text.String(), "what a start and a stop bring along")
	log.With("queue", "default").Error("could not fetch", "err", "connection refused")
	require.Contains(t, text.String(), "connection refused")
}
