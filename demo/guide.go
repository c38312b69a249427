package demo

import "strings"

// Commands to copy and paste, for a POSIX shell with curl. {names} are filled in.
const (
	signInCommand = `API=http://{api}/graphql
TOKEN=$(curl -s $API -H 'Content-Type: application/json' -d '{"query":
  "mutation { sessionCreate(input: {email: \"{email}\", password: \"{password}\"}) { session { accessToken } } }"
}' | sed 's/.*"accessToken":"\([^"]*\)".*/\1/')
curl -sw '\n' $API -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{"query":
  "{ conversations(first: 5) { nodes { id unreadCount contact { name } assignee { name } } } }"
}'`

	customerCommand = `curl -sw '\n' http://{meta}/_simulator/customers/{customer}/messages -H 'Content-Type: application/json' \
  -d '{"numberId": "{number}", "text": "Bom dia! Tem sonho de creme?"}'`

	answerCommand = `curl -sw '\n' $API -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{"query":
  "mutation($input: MessageSendInput!) { messageSend(input: $input) { message { id status } userErrors { code message } } }",
  "variables": {"input": {"conversationId": "{conversation}",
    "content": {"text": {"body": "Temos! Custa R$ 9,50."}}, "idempotencyKey": "try-'$(date +%s)'"}}
}'`

	searchCommand = `curl -sw '\n' $API -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{"query":
  "{ messageSearch(query: \"PAO de quei\") { nodes { snippet { text isMatch } message { sentAt } } } }"
}'`
)

// startCommand writes to a number that nobody knows yet.
const startCommand = `curl -sw '\n' $API -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{"query":
  "mutation($input: ConversationStartInput!) { conversationStart(input: $input) { conversation { session } userErrors { code message } } }",
  "variables": {"input": {"channelId": "{channel}", "phone": "(11) 95555-0144", "contactName": "Teresa", "templateId": "{template}",
    "values": {"fields": [{"name": "{field}", "value": "8842"}]}, "idempotencyKey": "start-'$(date +%s)'"}}
}'`

// fill puts what is real into a command.
func (s *story) fill(command string) string {
	return strings.NewReplacer(
		"{api}", s.stage.recado.Address(), "{meta}", s.stage.metaAddress, "{email}", ana.email, "{password}", ana.password,
		"{customer}", marina.WAID, "{number}", number.ID, "{conversation}", s.conversation.ID,
		"{channel}", s.channelID, "{template}", s.template.ID, "{field}", orderField,
	).Replace(command)
}

// explain tells what is running and what can be tried.
func (s *story) explain() {
	stage, screen := s.stage, s.screen
	lines := []string{
		"  " + screen.in(bold, "Recado goes on running, and customers go on writing now and then."),
		"",
		"    explorer    " + screen.in(bold, "http://"+stage.recado.Address()+"/graphiql"),
		"    GraphQL     http://" + stage.recado.Address() + "/graphql   (POST, WebSocket, server-sent events)",
		"    operations  http://" + stage.recado.OpsAddress() + "   /readyz, /metrics",
		"    WhatsApp    http://" + stage.metaAddress + "/_simulator/state   (simulated)",
		"    Stripe      " + stage.stripe.url() + "   (simulated; `creditPurchase` tells Clara where to pay)",
		"",
	}
	for _, p := range []person{clara, ana, bruno} {
		lines = append(lines, "    "+pad(p.name, 12)+pad(p.email, 32)+pad(p.password, 18)+screen.in(faint, p.may))
	}
	for _, try := range []struct{ title, command string }{
		{"1  Sign in as Ana and read the inbox", signInCommand},
		{"2  Write to the bakery as Marina", customerCommand},
		{"3  Answer her as Ana (in the shell of 1)", answerCommand},
		{"4  Find what was said (likewise)", searchCommand},
		{"5  Write to somebody new with the template (likewise); it costs a credit", startCommand},
	} {
		lines = append(lines, "", "  "+screen.in(bold, try.title), "", s.fill(try.command))
	}
	screen.print(append(lines, "", "  Ana's inbox, live. Ctrl-C ends the demo and leaves nothing behind.", "")...)
}
