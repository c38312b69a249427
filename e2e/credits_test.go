package e2e_test

import (
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"recado/models"
)

// approvedTemplate has a marketing template written, and approved by the simulated
// Meta; p.a hears of it.
func (p *pair) approvedTemplate(administrator *client) string {
	p.t.Helper()
	require.NoError(p.t, p.meta.SetCallback(p.t.Context(), "http://"+p.a.address+"/webhooks/whatsapp", verifyToken))
	type payload struct {
		Template   *struct{ ID string }
		UserErrors []struct{ Code, Message string }
	}
	var written struct{ Change payload }
	administrator.ask(`mutation ($input: TemplateCreateInput!) { change: templateCreate(input: $input) { template { id } userErrors { code message } } }`,
		map[string]any{"input": map[string]any{
			"channelId": models.PublicID(models.PrefixChannel, p.counter.ID), "name": "paes_novos", "language": "pt_BR", "category": "MARKETING",
			"idempotencyKey": "paes novos", "content": map[string]any{"body": "Olá! Temos uma promoção de pães novos nesta semana, pela metade do preço."},
		}}, &written)
	require.Empty(p.t, written.Change.UserErrors)
	id := written.Change.Template.ID
	var submitted struct{ Change payload }
	administrator.ask(`mutation ($id: ID!) { change: templateSubmit(input: {templateId: $id}) { template { id } userErrors { code message } } }`,
		map[string]any{"id": id}, &submitted)
	require.Empty(p.t, submitted.Change.UserErrors)
	eventually(p.t, "shows that the template is approved", func() bool {
		var shown struct{ Node struct{ Status string } }
		administrator.ask(`query ($id: ID!) { node(id: $id) { ... on Template { status } } }`, map[string]any{"id": id}, &shown)
		return shown.Node.Status == "APPROVED"
	})
	return id
}

// begins200With50 begins 200 conversations at once, half of them at each process,
// with credits for 50.
func (p *pair) begins200With50(t *testing.T) {
	const wanted, paid = 200, 50
	fifty := strconv.Itoa(paid)
	ana := signIn(t, p.b, p.ana)
	template := p.approvedTemplate(ana)
	granted := run(t, p.folder, p.settings, "credit", "grant", "--organization=Padaria Aurora", "--credits="+fifty, "--reference=test")
	require.Zero(t, granted.code, granted.stderr)

	outcomes := make(chan string, wanted)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range wanted {
		all.Go(func() {
			<-start
			var answer struct {
				ConversationStart struct {
					Message    *struct{ ID string }
					UserErrors []struct{ Code string }
				}
			}
			err := ana.at([]*process{p.a, p.b}[i%2]).tryAsk(
				`mutation ($input: ConversationStartInput!) { conversationStart(input: $input) { message { id } userErrors { code } } }`,
				map[string]any{"input": map[string]any{
					"channelId": models.PublicID(models.PrefixChannel, p.counter.ID), "phone": fmt.Sprintf("+551191234%04d", 1000+i),
					"templateId": template, "idempotencyKey": fmt.Sprint("start ", i),
				}}, &answer)
			switch begun := answer.ConversationStart; {
			case !assert.NoError(t, err):
			case len(begun.UserErrors) == 1:
				outcomes <- begun.UserErrors[0].Code
			case begun.Message != nil:
				outcomes <- "BEGUN"
			}
		})
	}
	close(start)
	all.Wait()
	close(outcomes)
	counts := make(map[string]int)
	for outcome := range outcomes {
		counts[outcome]++
	}
	require.Equal(t, map[string]int{"BEGUN": paid, "INSUFFICIENT_CREDITS": wanted - paid}, counts)

	type account struct{ Available, Held, Spent, Granted string }
	var books account
	eventually(t, "has charged all that was delivered", func() bool {
		var shown struct{ CreditAccount account }
		ana.ask(`{ creditAccount { available held spent granted } }`, nil, &shown)
		books = shown.CreditAccount
		return books.Spent == fifty
	})
	require.Equal(t, account{Available: "0", Held: "0", Spent: fifty, Granted: fifty}, books)
	customers := make(map[string]bool)
	sent := 0
	for _, message := range p.meta.Sent() {
		if message.Type == "template" {
			sent++
			customers[message.To] = true
		}
	}
	require.Equal(t, paid, sent)
	require.Len(t, customers, paid)
	checked := run(t, p.folder, p.settings, "credit", "check")
	require.Equal(t, outcome{stdout: "Checked 1 ledgers, found 0 mistakes.\n"}, checked)
}
