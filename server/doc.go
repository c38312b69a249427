// Package server is the HTTP edge: Meta's webhook, the GraphQL endpoint over
// POST, WebSocket and server-sent events, and, on an address of its own, health,
// readiness and metrics. It holds no rule of the business and no SQL.
//
// # Webhooks
//
// A delivery is acknowledged with 200 only after Webhook.Accept returned nil,
// which promises that it is stored. Whatever else happens is answered so that
// Meta tries again later (reference/whatsapp-cloud-api.md §2.4). Nothing of an
// unsigned body is kept, not even in memory.
//
// # Live connections
//
// A WebSocket has one goroutine that reads, one that watches over it, and one per
// operation; a stream of server-sent events has one that writes and one that
// watches. The watcher ends the connection when its access token expires, when
// the session is revoked or the user switched off (asked for every few seconds),
// and drops peers that fell silent. Each write has a deadline: a peer that does
// not read in time is dropped and never waited for. All writes of a connection
// are made under its lock, so that no message of an operation follows its end.
//
// # Ending
//
// Drain stops taking connections, turns readiness to 503, lets requests finish,
// closes sockets with 1012 and streams without their complete event, spread over
// a moment, so that clients come back to another process and not all at once.
package server
