// Package graph is the GraphQL edge: it turns documents on schema.graphqls into
// calls of the domain rooms, and their answers into objects.
//
// A resolver parses ids, calls one room and translates; it holds no rule and no
// SQL. Rights are checked by the rooms, object by object, for whatever path leads
// there. Files are named by topic, with resolvers in the order of the schema.
//
// # Who is asking
//
// The server puts an accounts.Identity, the reader's language and the request's
// id into the context (context.go). Rights are asked for again at the start of
// each response, so that on a long-lived socket they are never older than
// accounts.Options.SnapshotLifetime.
//
// # Loaders
//
// Each response has loaders of its own (loaders.go): one for a query, one for each
// root field of a mutation, one for each event of a subscription. They gather the
// ids that resolvers running at the same time ask for into one statement, and
// remember the answers until the response is written. They belong to one viewer.
//
// # Pages
//
// Pages of conversations and of messages are written directly (direct.go) when all
// that is selected on them is loaded already, and by gqlgen's code otherwise. Both
// give the same bytes; directfields.go names the fields.
//
// # Errors
//
// What a user can mend goes into a payload's userErrors, in their language. All
// else is an error with a code of a closed list (errors.go); what is not meant for
// clients becomes INTERNAL there and is explained in the log.
package graph
