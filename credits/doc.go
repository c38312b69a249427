// Package credits knows what messages cost and who has paid for them: the ledger, rate
// cards, holds, purchases, auto-recharge, free allowances, and the reports on them.
//
// # The ledger
//
// Every credit of an organization is in one account (models.LedgerAccount). An entry
// moves credits between accounts, its postings sum to zero, and it has a cause and a
// reference that no other entry has: nothing is booked twice. The balances are kept in
// rows of their own; Check, `recado credit check` and the tests hold them against the
// postings. Amounts are integers, in millionths of a credit.
//
// # Concurrency
//
// Whoever books locks all account rows of the organization (books.go), several
// organizations in the order of their ids, until the transaction ends. Under that lock
// the rules look at balances, holds, sessions and purchases, so that over all
// processes exactly one transaction sees a limit crossed, a session unpaid, or a
// payment not booked. In the order of locks (package store) the accounts come after
// conversations and contacts and before the feed head: a caller that holds them must
// not lock conversations any more.
//
// # The life of a hold
//
//	Hold ──▶ OPEN ── delivered, price known ──▶ SETTLED
//	           │                                   ▲
//	           └── failed, canceled, past its deadline ──▶ RELEASED ── delivered after all
//
// Hold keeps the dearest outcome, so a settlement never exceeds its hold. What a
// message costs follows from the set of statuses that are heard of it, not from their
// order: a delivery without a price waits for the status that has it, and a delivery
// after the release is charged late, from what is available or else as a debt (OWED)
// that the next credits pay. EndDue, a job, ends what has passed its deadline.
//
// On a card per conversation a session begins when its first template is queued. Every
// message in it holds the price until one of them was charged; the others are free.
//
// # What the inbox calls
//
// All within its own transactions, after it has locked its conversations:
//
//   - Hold, when a message that may cost something is queued: every template, and on a
//     card per message every answer too (CategoryService). INSUFFICIENT_CREDITS refuses
//     the message; the transaction must not commit then.
//   - Settle, for every sent, delivered, read and played that it applies, with the
//     status's pricing, all of a group of deliveries at once. Messages without a hold cost
//     one look-up and no lock.
//   - Release, when a message ends as FAILED or CANCELED.
//   - CustomersWrote, when a customer's message opens the service window; before Hold and
//     Settle, because it takes a lock that comes before the accounts.
//   - Offer, to show a price beforehand.
//
// whatsapp.Country tells the country of a recipient.
//
// # Money
//
// A purchase is booked once, whoever tells of its payment and how often. Payment
// providers implement Provider and, if they send webhooks, Webhook; they are called
// outside of transactions, with keys that make repeating a call harmless. Package
// credits/stripe is one, Manual the other: an administrator records the payment.
//
// Auto-recharge stores its purchase and the job that pays it in the transaction that
// takes the balance below the threshold. A unique index lets one be under way.
package credits
