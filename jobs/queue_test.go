package jobs_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"

	"recado/jobs"
	"recado/store"
	"recado/testkit"
)

// patience bounds a wait for something that must happen.
const patience = time.Minute

// call is a job that says which it is.
type call struct {
	Name string `json:"name"`
}

func (call) Kind() string { return "test.call" }

// worker tells of each run, and does with it what the test wants.
type worker struct {
	river.WorkerDefaults[call]
	runs chan string
	work func(job *river.Job[call]) error
}

func (w *worker) Work(_ context.Context, job *river.Job[call]) error {
	w.runs <- job.Args.Name
	return w.work(job)
}

func newQueue(t *testing.T, db *store.Store, work func(job *river.Job[call]) error) (*jobs.Queue, *worker) {
	t.Helper()
	queue, w := jobs.New(db, jobs.Options{}), &worker{runs: make(chan string, 100), work: work}
	jobs.Register(queue, w)
	return queue, w
}

func start(t *testing.T, queue *jobs.Queue) {
	t.Helper()
	require.NoError(t, queue.Start(t.Context()))
	t.Cleanup(func() { stop(t, queue) })
}

func stop(t *testing.T, queue *jobs.Queue) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	require.NoError(t, queue.Stop(ctx))
}

func (w *worker) next(t *testing.T) string {
	t.Helper()
	select {
	case name := <-w.runs:
		return name
	case <-time.After(patience):
		require.Fail(t, "no job ran")
		return ""
	}
}

func succeed(*river.Job[call]) error { return nil }

func TestEnqueue_runs_a_job_if_and_only_if_its_transaction_commits(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		queue, w := newQueue(t, db, succeed)
		undone := errors.New("undone")
		require.ErrorIs(t, db.Write(t.Context(), func(tx *store.Tx) error {
			if err := queue.Enqueue(t.Context(), tx, call{"undone"}, time.Time{}); err != nil {
				return err
			}
			return undone
		}), undone)
		require.NoError(t, db.Write(t.Context(), func(tx *store.Tx) error {
			return queue.Enqueue(t.Context(), tx, call{"before the start"}, time.Time{})
		}))
		start(t, queue)
		require.Equal(t, "before the start", w.next(t))
		require.NoError(t, db.Write(t.Context(), func(tx *store.Tx) error {
			return queue.Enqueue(t.Context(), tx, call{"after the start"}, time.Time{})
		}))
		require.Equal(t, "after the start", w.next(t))
		stop(t, queue)
		require.Empty(t, w.runs)
	})
}

func TestQueue_short_snoozes_are_short(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		const snoozes = 5
		var seen atomic.Int64
		queue, w := newQueue(t, db, func(*river.Job[call]) error {
			if seen.Add(1) <= snoozes {
				return river.JobSnooze(10 * time.Millisecond)
			}
			return nil
		})
		start(t, queue)
		began := time.Now()
		require.NoError(t, db.Write(t.Context(), func(tx *store.Tx) error {
			return queue.Enqueue(t.Context(), tx, call{"again"}, time.Time{})
		}))
		for range 1 + snoozes {
			w.next(t)
		}
		require.Less(t, time.Since(began), snoozes*500*time.Millisecond)
	})
}

func TestQueue_runs_a_failed_job_again(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		queue, w := newQueue(t, db, func(job *river.Job[call]) error {
			if job.Attempt == 1 {
				return errors.New("not today")
			}
			return nil
		})
		start(t, queue)
		require.NoError(t, db.Write(t.Context(), func(tx *store.Tx) error {
			return queue.Enqueue(t.Context(), tx, call{"stubborn"}, time.Time{})
		}))
		w.next(t)
		w.next(t)
	})
}

func TestQueue_Every_runs_once_at_the_start(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		queue, w := newQueue(t, db, succeed)
		queue.Every(time.Hour, call{"hourly"})
		start(t, queue)
		require.Equal(t, "hourly", w.next(t))
	})
}

func TestStop_before_Start_does_nothing(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		queue, _ := newQueue(t, db, succeed)
		require.NoError(t, queue.Stop(t.Context()))
	})
}
