// Package simulator is Meta's side of the WhatsApp Cloud API on this machine:
// an http.Handler that answers Graph calls as graph.facebook.com does, sends
// signed webhooks to the business's callback address, and holds simulated
// customers with phones on which messages arrive and are read.
//
// It serves tests, the demo, and everybody who builds against the Cloud API in
// any language. It shares no code with Recado's own client and receiver and
// imports nothing of Recado, so that a misreading of Meta's rules on one side
// cannot hide behind the same misreading on the other. The facts come from
// reference/whatsapp-cloud-api.md; section numbers in comments mean that file.
//
// # In a Go test
//
//	clock := simulator.NewManualClock(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))
//	meta := simulator.New(simulator.Options{AppSecret: "s3cret", Clock: clock, Seed: 1})
//	defer meta.Close()
//	graph := httptest.NewServer(meta) // the base address in place of https://graph.facebook.com
//	defer graph.Close()
//
//	meta.AddNumber(simulator.Number{ID: "331908274466120", DisplayNumber: "15550102030",
//		WABAID: "214705829341166", VerifiedName: "Quayside Tea", Token: "EAAdemo"})
//	meta.SetCallback(ctx, receiver.URL+"/webhooks/whatsapp", "verify-me")
//
//	iris := meta.Customer(simulator.Customer{WAID: "447700900456", Name: "Iris Calder"})
//	iris.SendText("331908274466120", "Is the shop open today?")
//	meta.Flush(ctx)              // the webhook has been answered
//	…                            // the business answers through the Graph API
//	clock.Advance(time.Second)   // sent and delivered are due
//	meta.Flush(ctx)
//	iris.Inbox("331908274466120") // what is on her phone
//
// # Graph paths
//
// Below /v21.0 to /v26.0:
//
//	POST   /{phone-number-id}/messages        messages, read marks, typing indicator (§5)
//	POST   /{phone-number-id}/media           upload (§6.1)
//	GET, POST, DELETE /{phone-number-id}/block_users  who cannot write to the number (§8.5)
//	GET    /{phone-number-id}?fields=…        number node (§8.2)
//	POST   /{phone-number-id}                 callback override of the number (§2.5)
//	GET    /{waba-id}?fields=pricing_analytics.…  counts of delivered messages (§12.2)
//	GET    /{waba-id}/phone_numbers           numbers of an account
//	GET, POST, DELETE /{waba-id}/subscribed_apps
//	GET, POST, DELETE /{waba-id}/message_templates  templates, which are reviewed (§7)
//	GET    /{waba-id}/message_template_previews  WhatsApp's words for one-time codes (§7.4)
//	GET, POST /{template-id}
//	POST   /{app-id}/uploads, /upload:…       samples for templates (§6.6)
//	GET, POST, DELETE /{app-id}/subscriptions callback of the app
//	POST   /{phone-number-id}/register        and deregister (§8.3)
//	GET    /{waba-id}?fields=…                account node (§8.1)
//	GET    /{business-id}/owned_whatsapp_business_accounts, /me/businesses
//	GET    /dialog/oauth                      login dialog, a page (§9.6)
//	GET, POST /oauth/access_token             exchange of a code (§9.5)
//	GET    /debug_token                       what a token is good for (§9.3)
//	DELETE /{user-id}/permissions             takes back what a user granted (§9.9)
//	GET, DELETE /{media-id}                   address of a file, removal (§6.2, §6.4)
//
// An unversioned path and a version Meta never had are refused with code 2500,
// because a client must always write the version; an expired version is served
// by the oldest living one (§1.2). Token, permission and access to the object
// are checked in this order.
//
// # Magic recipients
//
// The last four digits of a wa_id choose what becomes of messages to it; see
// MagicRecipients for the list. Any other number is a WhatsApp user who gets
// and reads what is sent.
//
// # Control paths
//
// Below /_simulator there is a JSON API for people and programs of any
// language: customers write and read, numbers and callbacks are set, faults are
// armed, the whole state can be looked at. README.md lists it. It has no
// authentication and is meant for the loopback interface only; whoever binds
// the handler to an address decides that, the simulator does not listen itself.
//
// # Concurrency and life cycle
//
// All methods may be called from any goroutine. One mutex guards the simulated
// world; it is never held while a webhook is being posted or a Clock is waited
// for. Webhooks leave concurrently, at most Options.MaxInFlightWebhooks at a
// time and therefore in no promised order, as with Meta; a limit of 1 keeps
// them in order. Close cancels timers and requests and returns when no
// goroutine of the simulator is left.
//
// The simulator remembers every message until it is closed; it is a development
// tool, not a service that runs for months.
//
// # Invariants
//
//   - Every webhook body but SendRaw's is ASCII, with "/" as "\/"; all are signed as sent
//     (§2.3).
//   - An accepted message yields exactly one id. Statuses of one message never
//     contradict each other: either failed, or a part of sent, delivered, read.
//   - With the same Options.Seed and the same order of calls, ids and shuffles
//     are the same.
//   - Refused and cut requests (see Faults) leave no trace in the simulated
//     world, except where the fault says otherwise.
package simulator
