// Package e2e holds tests of whole processes: the program as it is shipped, built
// once per run, started with an environment, talked to over HTTP, and killed.
//
// They hold what no test inside a process can: that what was acknowledged outlives
// a SIGKILL on both databases, that several processes on one PostgreSQL and one
// NATS act as one, and that the program starts with nothing set and refuses to
// start with something wrong.
//
// Everything is waited for by its condition; deadlines are generous, so that a slow
// machine is slow and not red.
package e2e
