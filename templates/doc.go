// Package templates keeps message templates: what the team writes, what Meta decides,
// and what was made elsewhere.
//
// # Who may do what
//
// A template belongs to a WhatsApp Business Account. Whoever may VIEW one of the
// account's channels sees it, whoever may REPLY there sends it, and administrators make,
// change, submit, delete and synchronize it: one template that Meta takes for spam costs
// the whole account its standing.
//
// # The way to Meta
//
// Submit and Delete only note in a transaction what Meta is to be asked for
// (Template.Request) and enqueue a job. The job calls Meta and notes the answer. While it
// is under way the template cannot be changed (TEMPLATE_BUSY). Meta refuses a name that it
// has already, so a job that runs twice, or whose answer was lost, finds what the first
// try made. What Meta refuses is kept as the template's Refusal.
//
// Of the category AUTHENTICATION the texts are WhatsApp's. A draft asks for them by a job
// of its own (WordsArgs); whatever happens to that, they come with the template from Meta.
//
// A template that Meta has keeps its text in Content, which is what is sent; an edit lies
// in Draft until Meta has taken it.
//
// # What Meta tells
//
// Webhooks (Apply, in the inbox's transaction) and the list that is read once an hour
// (Sync) bring news. models.Template.Hear applies them by Meta's own times, so they may
// come twice, late and in any order. A webhook about a template that is not known, or
// whose text changed, has the list or the template read.
//
// # Locks
//
// A template is locked after everything else and before the feed head; several are
// locked in the order of what Meta calls them. Where the number of an account's templates decides,
// the account is locked by name before.
//
// # Invariants
//
//   - Of a name and language an account has one template that is not deleted.
//   - Content is what Meta has, or the template was never there. If Meta has parts that
//     Content cannot hold, Foreign is set, and the template is neither sent nor edited.
//   - Each change is an event, and Version grows by one; except when WhatsApp tells its
//     own words in a template of the category AUTHENTICATION, which is nobody's edit.
package templates
