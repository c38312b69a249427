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
// # Concurrency
//
// Everything is safe for concurrent use. What changes a channel locks its row
// first, which is also the first lock of every use case (see package store):
// Service.SetAssignees, LockByPhoneNumberID and what follows it. NextAssignee and
// MayReply expect the row locked by the transaction they are given; NextAssignee
// then hands out turns one after the other, also across processes.
//
// # Invariants
//
//   - A phone number id belongs to one channel, and a channel never changes its
//     organization.
//   - The positions of a pool count up from 0. Users of a pool belong to the
//     organization of its channel; whether they may take a conversation is decided
//     when it is their turn.
package channels
