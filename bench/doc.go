//go:build unix

// Command bench measures Recado: the real program, started as a child process, on
// a throw-away PostgreSQL with fsync on.
//
//	go run ./bench                     list the benchmarks
//	go run ./bench ingest              run one; see README.md for what each measures
//	go run ./bench ingest -short       a quick check that it works; its figures say little
//	go run ./bench all -json > now.json
//
// Tables are printed as Markdown, which can be pasted into README.md; -json prints
// the same as JSON. Progress goes to standard error. The exit code is 1 if
// something did not work or a promise was broken (a message lost, doubled or
// missing), and 0 if a goal of speed was missed: that depends on the machine.
//
// # Method
//
// The load generator lives in this process, apart from the program. On a machine
// with few cores it takes its share of them all the same, so requests and their
// signatures are made before the clock starts, and answers are read by a minimal
// parser. Every figure is the median of several rounds; where two things are
// compared their rounds alternate, so that noise hits both. Tables are vacuumed and
// analyzed, and a checkpoint is made, before each measurement of either.
//
// Everything that is measured against pgbench uses the same server, the same
// tables with the same indexes and constraints, and TCP connections for both.
package main
