// Package postgres starts a throw-away PostgreSQL cluster for tests and benchmarks, on a machine where nobody prepared one.
//
// Start looks for the server binaries (see Binaries), installs them when there are none, makes a fresh cluster in a folder
// of its own, listens on a free loopback port and returns when the server takes connections. Stop ends the server and
// removes the folder. Nothing but installed binaries outlives a cluster.
//
// Promises:
//
//   - PostgreSQL refuses to run as root. A root caller gets a server that runs as the account postgres or nobody, with
//     a data folder that belongs to it; everybody else gets a server that runs as themselves.
//   - The server ends with its parent on Linux, even if that is killed with SIGKILL (parent death signal). The folder that
//     such a death leaves behind is removed by the next Start in the same parent folder.
//   - The session time zone is America/Sao_Paulo, on purpose not UTC, so that code which forgets a zone fails its tests.
//   - Only the user recado with a random password can connect, and only over 127.0.0.1.
//
// Concurrency: any number of clusters may be started at once, by one process or by many. A Cluster's methods may be
// called from several goroutines.
//
// Production code must not import this package; a linter rule holds that.
package postgres
