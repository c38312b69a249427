// Package accounts knows who is asking and what they may do: organizations,
// profiles, users, sign-in, sessions and access tokens.
//
// # Sessions
//
// A sign-in starts a session, which ends at a fixed time, by signing out, or when
// one of its refresh tokens is used a second time. Only hashes of refresh tokens
// are kept. A refresh hands out a new one and an access token: a JWT of a few
// minutes, signed with Ed25519, that any holder of the public key can read.
//
// # Rights
//
// The claims of an access token tell what the user could do when it was made.
// Recado itself never trusts them for that: Authenticate and Refreshed read the
// session, the user, the profile and its levels from the database and keep them
// for Options.SnapshotLifetime at most. A revoked session, a user who is switched
// off and a changed level therefore take effect within that time in every
// process, and at once in the process where the change was made.
//
// # Concurrency
//
// A Service is safe for concurrent use. All changes of a session happen under the
// lock of its row. Passwords are hashed by a few goroutines at a time, the others
// wait. Attempts to sign in are counted in the memory of each process.
//
// # Tenancy
//
// What takes a viewer sees the viewer's organization alone; ids of another
// organization are NOT_FOUND. What takes an organization id or nothing is for
// operators, and must not be reachable by clients.
package accounts
