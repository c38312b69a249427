//go:build unix

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// idleAfter is how long the program is left alone before its memory is measured.
const idleAfter = 5 * time.Second

func runStart(ctx context.Context, r *rig) error {
	times := r.report.table("From the start of the process until /readyz answers 200", "database", "start", "runs", "median", "fastest", "slowest")
	memory := r.report.table(fmt.Sprintf("Memory of `recado serve` with nothing to do, after %s, medians", idleAfter), "database", "resident MiB", "Go heap in use MiB", "threads")

	sqlite := func(ctx context.Context, folder string) (*process, error) {
		// Nothing is set but the two addresses, which may be taken here.
		return r.serveIn(ctx, folder, nil)
	}
	first, resident, err := r.starts(ctx, "SQLite", times, memory, sqlite)
	if err != nil {
		return err
	}
	r.report.goal("start to ready on SQLite, fresh", first < time.Second, "under 1 s", first)
	r.report.goal("idle memory on SQLite", resident < 80, "under 80 MiB", resident)

	_, _, err = r.starts(ctx, "PostgreSQL", times, memory, func(ctx context.Context, folder string) (*process, error) {
		name := filepath.Base(folder)
		address := filepath.Join(folder, "url")
		url, err := os.ReadFile(address)
		if err != nil { // a fresh one
			made, err := r.database(ctx, name)
			if err != nil {
				return nil, err
			}
			url = []byte(made)
			if err := os.WriteFile(address, url, 0o600); err != nil {
				return nil, fmt.Errorf("remember the database: %w", err)
			}
		}
		return r.serve(ctx, string(url))
	})
	return err
}

// starts measures fresh starts, second starts and idle memory. A folder stands for
// a database.
func (r *rig) starts(ctx context.Context, database string, times, memory *table, serve func(context.Context, string) (*process, error)) (time.Duration, float64, error) {
	runs := r.roundsOr(10, 2)
	taken := map[string][]time.Duration{}
	for run := range runs {
		folder := filepath.Join(r.dir, fmt.Sprintf("start-%s-%d", database, run))
		if err := os.Mkdir(folder, 0o700); err != nil {
			return 0, 0, fmt.Errorf("make a folder: %w", err)
		}
		for _, kind := range []string{"fresh", "second"} {
			p, err := serve(ctx, folder)
			if err != nil {
				return 0, 0, err
			}
			taken[kind] = append(taken[kind], p.readyAfter)
			if err := p.stop(); err != nil {
				return 0, 0, err
			}
		}
	}
	for _, kind := range []string{"fresh", "second"} {
		times.row(database, kind, runs, median(taken[kind]), percentile(sortedCopy(taken[kind]), 0), percentile(sortedCopy(taken[kind]), 100))
	}
	var resident, heap, threads []float64
	for range min(3, runs) {
		p, err := serve(ctx, filepath.Join(r.dir, fmt.Sprintf("start-%s-0", database)))
		if err != nil {
			return 0, 0, err
		}
		time.Sleep(idleAfter)
		resident = append(resident, float64(residentKiB(p.pid()))/1024)
		bytes, err := p.metric(ctx, "go_memstats_heap_inuse_bytes")
		if err != nil {
			return 0, 0, err
		}
		heap = append(heap, bytes/(1<<20))
		count, err := p.metric(ctx, "go_threads")
		if err != nil {
			return 0, 0, err
		}
		threads = append(threads, count)
		if err := p.stop(); err != nil {
			return 0, 0, err
		}
	}
	memory.row(database, median(resident), median(heap), median(threads))
	return median(taken["fresh"]), median(resident), nil
}
