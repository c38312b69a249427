// Package demo runs the whole product in one process, with Meta and Stripe
// simulated, and tells what it does as a story in the terminal: a customer of a small
// bakery writes, an agent sees it live, answers, and sees it delivered and read. Then
// credits are bought, a template is rejected, corrected and approved, and a chat is
// started with it, which costs a credit and has others bought.
//
// Everything the story does goes through the public API, GraphQL over HTTP and
// graphql-transport-ws; Recado reaches the simulated Meta and Stripe by URL alone and
// gets their signed webhooks over HTTP. Only the bakery itself, its people and its
// number, is made through the services, as an operator would by command, and what the
// reviewers of templates say is planned at the simulated Meta.
//
// # Promises
//
//   - A step is printed as done only after what it claims was seen: in an answer of
//     the API, in an event on the socket, or on the customer's simulated phone.
//   - A step that does not happen in time is printed as such, the story ends there,
//     and Run returns an error that names it.
//   - Figures are measured during the story, once. They are no benchmark.
//   - Run leaves no goroutine, no port and, unless a folder is given, no file behind.
//
// # Concurrency
//
// The story is told by one goroutine. Each socket has one that reads it, and each
// webhook of Stripe's one that delivers it; afterwards every simulated customer has
// one, and the printing of what goes on another. Screen is what they share; it prints
// whole lines.
package demo
