package app

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"recado/accounts"
	"recado/jobs"
)

// purgeArgs is the job that forgets sessions that have expired.
type purgeArgs struct{}

// Kind names the job.
func (purgeArgs) Kind() string { return "accounts.purge" }

type purgeWorker struct {
	river.WorkerDefaults[purgeArgs]

	accounts *accounts.Service
}

// Work does the job.
func (w *purgeWorker) Work(ctx context.Context, _ *river.Job[purgeArgs]) error {
	_, err := w.accounts.PurgeExpired(ctx)
	return err
}

func (a *App) purgeHourly() {
	jobs.Register(a.Queue, &purgeWorker{accounts: a.Accounts})
	a.Queue.Every(time.Hour, purgeArgs{})
}
