// Package channels keeps the WhatsApp numbers of the organizations: their
// connection to Meta, who sees them, and whose turn it is to take a new
// conversation.
//
// # Access tokens
//
// A channel's token is sealed (package secrets) and bound to the organization and
// the channel, so that a row copied or edited in the database does not open. It
// leaves this room through Service.AccessToken only; no error, log line or JSON
// holds it.
//
// # Connecting
//
// A models.ChannelConnection is the state of an attempt: StartConnection, then
// AnswerLogin or CompleteConnection, ChooseNumber, FinishConnection. Each step at
// Meta is made between two transactions and may be made twice; a refusal is kept in
// the row, with the step, and RetryConnection goes on from there. CleanConnections
// undoes what nobody went on with. Clients know it as a setup.
//
// # Concurrency
//
// Everything is safe for concurrent use. What changes a channel locks its row
// first, which is also the first lock of every use case (see package store):
// Service.SetAssignees, LockByPhoneNumberID, LockPools and what follows them.
// TakeTurns expects the rows locked by the transaction it is given, and then hands
// out turns one after the other, also across processes.
//
// Workloads are locked last of all, in the order of users' ids: by TakeTurns, which
// decides by them, by what changes availability or ceiling, and by AddLoads, which
// counts. So nobody becomes away or full between a decision and its commit. Whatever
// may free somebody puts DrainArgs into its transaction; the job starts after the
// commit and finds what was queued meanwhile, so nothing is left waiting.
//
// # Invariants
//
//   - A phone number id belongs to one channel, and a channel never changes its
//     organization.
//   - The positions of a pool count up from 0. Users of a pool belong to the
//     organization of its channel; whether they may take a conversation is decided
//     when it is their turn.
//   - Workload.OpenCount is the number of open conversations that the user is
//     assigned: room inbox counts whatever changes that.
package channels
