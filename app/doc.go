// Package app puts the rooms together into one program: it opens the database,
// makes the services on it, and runs the HTTP edge and the jobs.
//
// Open makes everything but listens nowhere and runs no jobs, so that commands,
// the demo and tests can use the services alone. Start, or Run, serves. The order
// of ending is the reverse of that of dependence: first no more requests are
// taken and those under way are finished, then jobs, then the inbox, the bus and
// the database.
package app
