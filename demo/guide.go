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

// fill puts what is real into a command.
func (s *stage) fill(command, conversationID string) string {
	return strings.NewReplacer(
		"{api}", s.recado.Address(), "{meta}", s.metaAddress, "{email}", ana.email, "{password}", ana.password,
		"{customer}", marina.WAID, "{number}", number.ID, "{conversation}", conversationID,
	).Replace(command)
}

// explain tells what is running and what can be tried.
func (s *stage) explain(screen *screen, conversationID string) {
	lines := []string{
		"  " + screen.in(bold, "Recado goes on running, and customers go on writing now and then."),
		"",
		"    explorer    " + screen.in(bold, "http://"+s.recado.Address()+"/graphiql"),
		"    GraphQL     http://" + s.recado.Address() + "/graphql   (POST, WebSocket, server-sent events)",
		"    operations  http://" + s.recado.OpsAddress() + "   /readyz, /metrics",
		"    WhatsApp    http://" + s.metaAddress + "/_simulator/state   (simulated)",
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
	} {
		lines = append(lines, "", "  "+screen.in(bold, try.title), "", s.fill(try.command, conversationID))
	}
	screen.print(append(lines, "", "  Ana's inbox, live. Ctrl-C ends the demo and leaves nothing behind.", "")...)
}
