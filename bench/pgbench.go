//go:build unix

package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// pgbenchRun is what pgbench is to do, with prepared statements, without a pause.
type pgbenchRun struct {
	url       string
	script    string
	clients   int
	lasting   time.Duration
	variables map[string]string
}

// pgbenchResult is what it did.
type pgbenchResult struct {
	transactions int
	perSecond    float64
	latencies    []time.Duration // sorted
}

func (r *rig) pgbench(ctx context.Context, run pgbenchRun) (pgbenchResult, error) {
	dir, err := os.MkdirTemp(r.dir, "pgbench-")
	if err != nil {
		return pgbenchResult{}, fmt.Errorf("make a folder for pgbench: %w", err)
	}
	script := filepath.Join(dir, "script.sql")
	if err := os.WriteFile(script, []byte(run.script), 0o600); err != nil {
		return pgbenchResult{}, fmt.Errorf("write the script of pgbench: %w", err)
	}
	// The log of each transaction costs a buffered write; that is all of the overhead.
	args := []string{
		"--no-vacuum", "--protocol=prepared", "--log", "--file=" + script, "--client=" + strconv.Itoa(run.clients),
		"--jobs=" + strconv.Itoa(min(2, run.clients)), "--time=" + strconv.Itoa(max(1, int(run.lasting.Seconds()))),
	}
	for name, value := range run.variables {
		args = append(args, "--define="+name+"="+value)
	}
	command := exec.CommandContext(ctx, r.pgbenchPath(), append(args, run.url)...) //nolint:gosec // the benchmarks' own arguments
	command.Dir = dir
	command.Env = append(os.Environ(), "LD_LIBRARY_PATH="+strings.Join(append(r.binaries.Libraries, os.Getenv("LD_LIBRARY_PATH")), ":"))
	output, err := command.CombinedOutput()
	if err != nil {
		return pgbenchResult{}, fmt.Errorf("pgbench: %w\n%s", err, output)
	}
	result, err := readPgbench(string(output))
	if err != nil {
		return pgbenchResult{}, err
	}
	result.latencies, err = readTransactionLogs(dir)
	return result, err
}

// pgbenchPath is beside the server's programs; some packages put it into PATH only.
func (r *rig) pgbenchPath() string {
	beside := filepath.Join(r.binaries.Dir, "pgbench")
	if _, err := os.Stat(beside); err == nil {
		return beside
	}
	return "pgbench"
}

var (
	pgbenchRate   = regexp.MustCompile(`(?m)^tps = ([0-9.]+)`)
	pgbenchCount  = regexp.MustCompile(`(?m)^number of transactions actually processed: (\d+)`)
	pgbenchFailed = regexp.MustCompile(`(?m)^number of failed transactions: (\d+)`)
)

// readPgbench reads what pgbench prints. Failed transactions are an error.
func readPgbench(output string) (pgbenchResult, error) {
	rate, count := pgbenchRate.FindStringSubmatch(output), pgbenchCount.FindStringSubmatch(output)
	if rate == nil || count == nil {
		return pgbenchResult{}, fmt.Errorf("pgbench answers in an unknown form:\n%s", output)
	}
	if failed := pgbenchFailed.FindStringSubmatch(output); failed != nil && failed[1] != "0" {
		return pgbenchResult{}, fmt.Errorf("pgbench had %s failed transactions:\n%s", failed[1], output)
	}
	var result pgbenchResult
	var err error
	if result.perSecond, err = strconv.ParseFloat(rate[1], 64); err != nil {
		return pgbenchResult{}, fmt.Errorf("rate of pgbench: %w", err)
	}
	if result.transactions, err = strconv.Atoi(count[1]); err != nil {
		return pgbenchResult{}, fmt.Errorf("count of pgbench: %w", err)
	}
	return result, nil
}

// readTransactionLogs reads the latency, in microseconds in the third column, of
// every transaction.
func readTransactionLogs(dir string) ([]time.Duration, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "pgbench_log.*"))
	if err != nil {
		return nil, fmt.Errorf("find the logs of pgbench: %w", err)
	}
	var latencies []time.Duration
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("open a log of pgbench: %w", err)
		}
		lines := bufio.NewScanner(file)
		for lines.Scan() {
			fields := strings.Fields(lines.Text())
			if len(fields) < 3 {
				continue
			}
			took, err := strconv.ParseInt(fields[2], 10, 64)
			if err != nil {
				continue // skipped or failed
			}
			latencies = append(latencies, time.Duration(took)*time.Microsecond)
		}
		err = lines.Err()
		_ = file.Close()
		if err != nil {
			return nil, fmt.Errorf("read a log of pgbench: %w", err)
		}
	}
	slices.Sort(latencies)
	return latencies, nil
}
