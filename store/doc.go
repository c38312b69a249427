// Package store keeps rows in SQLite or PostgreSQL. It opens the database,
// migrates it, runs transactions, and is the only room that knows which of the
// two dialects it speaks.
//
// # Transactions
//
// Store.Write runs a use case: everything it changes, the events it records and
// the jobs it enqueues are committed together or not at all. A transaction that
// loses to another (deadlock, serialization failure, busy database) is run again,
// so the function given to Write must be safe to repeat: it may only touch the
// transaction and variables that it sets anew.
//
// Locks are taken in one order everywhere, so that use cases do not wait for
// each other in a circle: channels, named locks, conversations, contacts, companies,
// pipelines with their stages, deals (rows of a kind in the order of their ids),
// messaging limits and credit accounts of organizations, and last, by Write itself,
// the feed head. The lock of a conversation covers the status of its
// messages. Where the order cannot be kept (two people turn out to be one) the server
// breaks the circle, and Write runs the transaction again.
//
// # The change feed
//
// Events recorded in a transaction get their positions in its last statements,
// under the lock of the organization's feed head, which is held until the
// commit. Positions of committed events therefore have no holes. After the
// commit the events are handed to the listeners of Store.OnCommit.
//
// # SQLite
//
// One connection writes and several read. Using the store inside a function
// given to Write instead of its transaction waits for ever: pass the transaction.
package store
