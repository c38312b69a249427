package channels

import (
	"context"

	"github.com/riverqueue/river"
)

// WorkDisconnect does a job, as the queue has it done.
func (s *Service) WorkDisconnect(ctx context.Context, job *river.Job[DisconnectArgs]) error {
	return (&disconnectWorker{channels: s}).Work(ctx, job)
}
