// Package jobs runs work that must happen after a commit, exactly when the
// change that asked for it exists: calls to Meta, retries, clean-up. It is River
// on the same database.
//
// A room registers its workers and periodic work with a Queue while the program
// is put together, and enqueues jobs in its own transactions. Every process
// works jobs; periodic work is scheduled by whichever process leads.
//
// A job may run twice (its process may die after the work and before the note of
// it), so workers are idempotent.
package jobs
