//go:build unix

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// machine is where the figures come from.
type machine struct {
	CPU         string `json:"cpu"`
	Cores       int    `json:"cores"`
	MemoryMiB   int    `json:"memoryMiB"`
	System      string `json:"system"`
	Go          string `json:"go"`
	PostgreSQL  string `json:"postgresql,omitempty"` // empty: not used
	Commit      string `json:"commit"`
	LoadAverage string `json:"loadAverage"` // of the last minute, before the benchmark: above 0.3 others were at work too
}

func (m machine) String() string {
	database := ""
	if m.PostgreSQL != "" {
		database = ", PostgreSQL " + m.PostgreSQL + " with fsync on"
	}
	return fmt.Sprintf("%s, %d cores, %d MiB; %s; %s%s; commit %s; load average before the run %s",
		m.CPU, m.Cores, m.MemoryMiB, m.System, m.Go, database, m.Commit, m.LoadAverage)
}

func thisMachine(ctx context.Context, root string) machine {
	m := machine{
		CPU: runtime.GOARCH, Cores: runtime.NumCPU(), Go: runtime.Version(), System: runtime.GOOS, LoadAverage: "unknown",
		Commit: outputOf(ctx, root, "git", "rev-parse", "--short", "HEAD"),
	}
	// Only what the program is made of: a report that is being written changes nothing.
	if changed := outputOf(ctx, root, "git", "status", "--porcelain", "--", "*.go", "*.sql", "go.mod"); changed != "" {
		m.Commit += " and changes on top"
	}
	if info, ok := field("/proc/cpuinfo", "model name"); ok {
		m.CPU = info
	}
	if total, ok := field("/proc/meminfo", "MemTotal"); ok {
		m.MemoryMiB = kibibytes(total) / 1024
	}
	if release, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.System += " " + strings.TrimSpace(string(release))
	}
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		m.LoadAverage, _, _ = strings.Cut(string(load), " ")
	}
	return m
}

// field finds the first line "name: value" of a file of the kernel's.
func field(path, name string) (string, bool) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", false
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value), true
		}
	}
	return "", false
}

// kibibytes reads a size such as "1234 kB"; 0 if it is none.
func kibibytes(text string) int {
	number, _, _ := strings.Cut(text, " ")
	size, err := strconv.Atoi(number)
	if err != nil {
		return 0
	}
	return size
}

// residentKiB is the memory of a process that is in RAM; 0 where it is not known.
func residentKiB(pid int) int {
	value, _ := field(filepath.Join("/proc", strconv.Itoa(pid), "status"), "VmRSS")
	return kibibytes(value)
}

// cpuSeconds is what a process has spent, its threads included; 0 where it is not
// known. With ended, its children that have ended count too.
func cpuSeconds(pid int, ended bool) float64 {
	fields := processFields(pid)
	if len(fields) < 15 {
		return 0
	}
	const ticksPerSecond = 100
	total := 0.0
	wanted := fields[11:13] // utime, stime
	if ended {
		wanted = fields[11:15] // cutime, cstime
	}
	for _, text := range wanted {
		ticks, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return 0
		}
		total += ticks / ticksPerSecond
	}
	return total
}

// familySeconds is cpuSeconds of a process and all its children, dead or alive.
func familySeconds(pid int) float64 {
	total := cpuSeconds(pid, true)
	processes, err := os.ReadDir("/proc")
	if err != nil {
		return 0
	}
	for _, entry := range processes {
		child, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if parentOf(child) == pid {
			total += cpuSeconds(child, false)
		}
	}
	return total
}

// parentOf is the id of the process that started another; 0 where it is not known.
func parentOf(pid int) int {
	fields := processFields(pid)
	if len(fields) < 2 {
		return 0
	}
	parent, err := strconv.Atoi(fields[1])
	if err != nil {
		return 0
	}
	return parent
}

// processFields are those of /proc/PID/stat that follow the name.
func processFields(pid int) []string {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return nil
	}
	return strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
}

func outputOf(ctx context.Context, dir, program string, args ...string) string {
	command := exec.CommandContext(ctx, program, args...) //nolint:gosec // git and go, of the one who runs this
	command.Dir = dir
	output, err := command.Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(output))
}
