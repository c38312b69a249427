package app

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"recado/accounts"
	"recado/jobs"
	"recado/store"
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

// analyzeArgs is the job that keeps the statistics of growing tables fresh.
type analyzeArgs struct{}

// Kind names the job.
func (analyzeArgs) Kind() string { return "store.analyze" }

// analyzeEvery is a fraction of the minute that the server itself may take.
const analyzeEvery = 10 * time.Second

type analyzeWorker struct {
	river.WorkerDefaults[analyzeArgs]

	store *store.Store
}

// Work does the job.
func (w *analyzeWorker) Work(ctx context.Context, _ *river.Job[analyzeArgs]) error {
	return w.store.AnalyzeGrown(ctx)
}

// keepHouse registers the work that no single room asks for.
func (a *App) keepHouse() {
	jobs.Register(a.Queue, &purgeWorker{accounts: a.Accounts})
	a.Queue.Every(time.Hour, purgeArgs{})
	if a.Store.Dialect() == store.Postgres {
		jobs.Register(a.Queue, &analyzeWorker{store: a.Store})
		a.Queue.Every(analyzeEvery, analyzeArgs{})
	}
}
