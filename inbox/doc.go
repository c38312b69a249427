// Package inbox holds conversations and messages: what customers write comes in,
// what the team answers goes out, and both are read, assigned and closed here.
//
// # Receiving
//
// Receive applies webhook deliveries. One transaction stores the raw delivery
// and all that it means: contact, conversation, assignment, message, window,
// counters and events. So an acknowledged delivery is visible, and one that was
// not acknowledged left nothing. Accept is the same for a caller with a single
// delivery: those that arrive together are committed together.
//
// Deliveries may come twice, late, in any order, split or merged. Messages are
// keyed by Meta's id, statuses only move forward and wait for their message, and
// summaries are functions of the rows' own times, so all of that ends in the same
// state. Only two things follow the order of arrival, because they must: who
// gets a new conversation in the round-robin, and the order of messages that Meta
// stamped with the same second.
//
// What cannot be applied does not hold up its neighbours: it is kept raw, marked
// FAILED with the reason, and can be replayed.
//
// # Sending
//
// Reply stores the message and a job in one transaction; the job calls Meta. See
// send.go for how a message is never sent twice although Meta knows no
// idempotency.
//
// # Concurrency
//
// Transactions that receive lock the conversations they write to, all at once and
// in the order of their ids, and several may work on a channel beside each other.
// Where the absence of a row decides (a new customer, a status whose message is not
// there) the transaction starts again with its channels locked, so that of those
// there is one at a time, over all processes. The order of locks is that of
// package store.
package inbox
