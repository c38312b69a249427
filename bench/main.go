//go:build unix

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"text/tabwriter"
)

// benchmark is one command.
type benchmark struct {
	name  string
	about string
	run   func(ctx context.Context, r *rig) error
}

var benchmarks = []benchmark{
	{"ingest", "signed webhook deliveries over HTTP, beside pgbench with the same three writes", runIngest},
	{"live", "from a webhook POST to the event on a subscribed socket, at 100 messages a second", runLive},
	{"page", "inbox pages of 50 over 100,000 conversations, beside the same SQL by pgbench", runPage},
	{"lists", "views, filters and sorts over 1,000,000 conversations and 5,000,000 messages, in the database", runLists},
	{"search", "searches over 5,000,000 messages and 1,000,000 contacts, in the database", runSearch},
	{"start", "start to ready, and idle memory, on SQLite and PostgreSQL", runStart},
	{"peers", "kill -9 under load, SIGTERM under load, every message delivered twice at once", runPeers},
}

const (
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// settings are the flags.
type settings struct {
	short      bool
	json       bool
	verbose    bool
	rounds     int
	program    string
	cpuProfile string
	server     string
}

func run(ctx context.Context, args []string, out, progress io.Writer) int {
	var s settings
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(progress)
	flags.Usage = func() { usage(progress, flags) }
	flags.BoolVar(&s.short, "short", false, "a quick check that it works: few and short rounds")
	flags.BoolVar(&s.json, "json", false, "print JSON instead of tables")
	flags.BoolVar(&s.verbose, "v", false, "show the log of the program that is measured")
	flags.IntVar(&s.rounds, "rounds", 0, "rounds of which the median is taken (0: as each benchmark thinks fit)")
	flags.StringVar(&s.program, "program", "", "measure this binary of recado instead of building one")
	flags.StringVar(&s.cpuProfile, "cpuprofile", "", "ingest, page: write a CPU profile of the program, under the last load, to this file")

	flags.StringVar(&s.server, "server", "", "lists, search: load into a database of this PostgreSQL server (URL) and leave it there for the next run")

	if len(args) == 0 {
		usage(out, flags)
		return 0
	}
	name := args[0]
	if err := flags.Parse(args[1:]); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil || flags.NArg() > 0 {
		return exitUsage
	}
	var chosen []benchmark
	for _, b := range benchmarks {
		if b.name == name || name == "all" {
			chosen = append(chosen, b)
		}
	}
	if len(chosen) == 0 {
		usage(progress, flags)
		return exitUsage
	}
	code := 0
	for _, b := range chosen {
		if err := runOne(ctx, b, s, out, progress); err != nil {
			_, _ = fmt.Fprintf(progress, "bench %s: %v\n", b.name, err)
			code = exitFailed
		}
	}
	return code
}

// runOne runs a benchmark and prints what it found, also if it failed half-way.
func runOne(ctx context.Context, b benchmark, s settings, out, progress io.Writer) error {
	r, err := newRig(ctx, b, s, progress)
	if err != nil {
		return err
	}
	err = errors.Join(b.run(ctx, r), r.close())
	return errors.Join(err, r.report.write(out, s.json))
}

func usage(to io.Writer, flags *flag.FlagSet) {
	_, _ = fmt.Fprint(to, "usage: go run ./bench NAME [flags]\n\n")
	table := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	for _, b := range benchmarks {
		_, _ = fmt.Fprintf(table, "  %s\t%s\n", b.name, b.about)
	}
	_, _ = fmt.Fprint(table, "  all\teach of them, one after the other\n")
	_ = table.Flush()
	_, _ = fmt.Fprint(to, "\nflags:\n")
	defer flags.SetOutput(flags.Output())
	flags.SetOutput(to)
	flags.PrintDefaults()
}
