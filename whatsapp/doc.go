// Package whatsapp is Meta's wire: the webhook signature and payloads that
// Meta sends us, and a typed client for the Graph API calls that we send Meta.
// It is the only place that knows Meta's JSON, and it knows nothing of our
// tables, queues or users: it imports no other package of Recado.
//
// # Receiving
//
// [VerifySignature] authenticates the raw bytes of a delivery and
// [DecodeWebhook] turns them into values. Decoding is tolerant by contract: an
// unknown property is ignored, an unknown type is kept with its raw JSON, and a
// piece that cannot be understood is reported in [Webhook.Malformed] without
// harming its neighbours, because Meta takes one answer for a whole payload
// (reference/whatsapp-cloud-api.md §2.4). Both are pure functions.
//
// # Sending
//
// A [Client] holds no account: every call carries its [Credentials]. One
// client serves all phone numbers of the process and is safe for concurrent
// use. Each call passes, in this order,
//
//  1. the pacing of its phone number (only calls that count as messages),
//  2. the circuit breaker of the host, which counts faults of the service and
//     never Meta's refusals of one request,
//  3. one HTTP exchange, never redirected and limited in time and size,
//  4. classification of the answer by the catalogue of Meta's codes,
//  5. a quick repeat, where that is safe.
//
// # Invariants
//
//   - Every failure is an [*Error].
//   - Meta has no idempotency key. A send of which the outcome is unknown is
//     returned with [Error.Uncertain] and is never repeated here: whoever calls
//     must learn the outcome from a status, found by the callback data, before
//     trying again. Only definite refusals, connections that were never made,
//     and calls that change nothing when repeated are tried again.
//   - A token appears in the Authorization header and nowhere else: not in
//     URLs, errors or logs.
package whatsapp
