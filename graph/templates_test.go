package graph_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/graph"
	"recado/models"
	"recado/testkit"
)

const templateFields = `{
	id name language category status isSendable isSupported parameterFormat version submittedAt waitingSeconds request quality
	content {header {kind text} body footer buttons {kind text url code}} draft {body}
	mergeFields {name fallback sample isAutomatic} warnings {code message field}
	rejection {reason message advice appeal whatsAppText} refusal {code message whatsAppText} categoryChange {previous next isMade at}
	channels {id} whatsAppAccountId createdBy {name}
}`

func TestTemplates(t *testing.T) {
	onEach(t, func(t *testing.T, a *api) {
		administrator, replier, looker, outsider := a.as(a.Administrator), a.as(a.Replier), a.as(a.Looker), a.as(a.Outsider)
		other := testkit.NewWorld(t, a.DB)
		stranger := a.as(other.Administrator)
		channel := public(models.PrefixChannel, a.Open.ID)
		const create = `mutation($channel: ID!, $name: String!, $body: String!, $category: TemplateCategory!, $key: String) {templateCreate(input: {
			channelId: $channel, name: $name, language: "pt_BR", category: $category, idempotencyKey: $key, content: {
				body: $body, footer: "Padaria", header: {kind: TEXT, text: "Pedido #{order}"}, samples: [{name: "order", value: "8841"}],
				buttons: [{kind: QUICK_REPLY, text: "Já vou"}, {kind: URL, text: "Seguir", url: "https://example.com/#{order}"}]}
		}) {template ` + templateFields + ` userErrors {code field message}}}`
		wish := func(name, body string) map[string]any {
			return map[string]any{"channel": channel, "name": name, "body": body, "category": "UTILITY"}
		}
		const text = "Olá, #{contact.firstName|cliente}! Seu pedido #{order} já está pronto para a retirada."
		made := administrator.get(create, wish("pedido_pronto", text))
		require.Empty(t, made.at("templateCreate.userErrors"))
		id, _ := made.at("templateCreate.template.id").(string)
		require.Regexp(t, "^tmpl_", id)
		row, ok := models.ParsePublicID(models.PrefixTemplate, id)
		require.True(t, ok)
		set := func(change func(*models.Template)) {
			var template models.Template
			require.NoError(t, a.DB.Read(t.Context()).Take(&template, "id = ?", row).Error)
			change(&template)
			a.Save(&template)
		}
		node := func(c *caller) *answer {
			return c.get(`query($id: ID!) {node(id: $id) {... on Template `+templateFields+`}}`, map[string]any{"id": id})
		}

		t.Run("are shown whole", func(t *testing.T) {
			template := made.at("templateCreate.template")
			require.Equal(t, "DRAFT", made.at("templateCreate.template.status"))
			require.Equal(t, map[string]any{
				"header": map[string]any{"kind": "TEXT", "text": "Pedido #{order}"}, "body": text, "footer": "Padaria",
				"buttons": []any{
					map[string]any{"kind": "QUICK_REPLY", "text": "Já vou", "url": nil, "code": nil},
					map[string]any{"kind": "URL", "text": "Seguir", "url": "https://example.com/#{order}", "code": nil},
				},
			}, made.at("templateCreate.template.content"))
			require.Equal(t, []any{
				map[string]any{"name": "order", "fallback": nil, "sample": "8841", "isAutomatic": false},
				map[string]any{"name": "contact.firstName", "fallback": "cliente", "sample": "cliente", "isAutomatic": true},
			}, made.at("templateCreate.template.mergeFields"))
			require.Equal(t, "Ana", made.at("templateCreate.template.createdBy.name"))
			require.Len(t, made.at("templateCreate.template.channels"), 2)
			require.Equal(t, template, node(administrator).at("node"))
		})
		t.Run("exist for those who may see a channel of the account", func(t *testing.T) {
			require.Equal(t, []any{map[string]any{"id": channel}}, node(looker).at("node.channels"))
			for _, c := range []*caller{outsider, stranger} {
				require.Nil(t, node(c).at("node"))
				require.Empty(t, c.get(`{templates {nodes {id}}}`, nil).at("templates.nodes"))
				require.Nil(t, c.get(`query($id: ID!) {templatePreview(templateId: $id) {text}}`, map[string]any{"id": id}).at("templatePreview"))
			}
			const list = `query($filter: TemplateFilterInput) {templates(filter: $filter, first: 1) {nodes {id} edges {cursor node {id}} pageInfo {hasNextPage}}}`
			require.Equal(t, []any{map[string]any{"id": id}}, replier.get(list, map[string]any{"filter": map[string]any{"channelId": channel, "statuses": []string{"DRAFT"}, "name": "pedido"}}).at("templates.nodes"))
			require.Empty(t, replier.get(list, map[string]any{"filter": map[string]any{"isSendable": true}}).at("templates.nodes"))
			require.Equal(t, "NOT_FOUND", outsider.ask(list, map[string]any{"filter": map[string]any{"channelId": channel}}).code())
		})
		t.Run("are written by administrators", func(t *testing.T) {
			require.Equal(t, "FORBIDDEN", replier.ask(create, wish("x", text)).code())
			require.Equal(t, "NOT_FOUND", stranger.get(create, wish("x", text)).at("templateCreate.userErrors.0.code"))
			for name, c := range map[string]struct {
				mutation string
				input    map[string]any
			}{
				"templateUpdate": {`mutation($id: ID!) {templateUpdate(input: {templateId: $id, content: {body: "x"}}) {template {id} userErrors {code}}}`, nil},
				"templateSubmit": {`mutation($id: ID!) {templateSubmit(input: {templateId: $id}) {template {id} userErrors {code}}}`, nil},
				"templateDelete": {`mutation($id: ID!) {templateDelete(input: {templateId: $id}) {template {id} userErrors {code}}}`, nil},
			} {
				require.Equal(t, "FORBIDDEN", replier.ask(c.mutation, map[string]any{"id": id}).code(), name)
				require.Equal(t, "NOT_FOUND", stranger.get(c.mutation, map[string]any{"id": id}).at(name+".userErrors.0.code"))
				require.Equal(t, "NOT_FOUND", outsider.get(c.mutation, map[string]any{"id": id}).at(name+".userErrors.0.code"))
				require.Equal(t, "NOT_FOUND", administrator.get(c.mutation, map[string]any{"id": channel}).at(name+".userErrors.0.code"))
			}
			const sync = `mutation($id: ID!) {templateSync(input: {channelId: $id}) {channel {id} userErrors {code}}}`
			require.Equal(t, "FORBIDDEN", replier.ask(sync, map[string]any{"id": channel}).code())
			require.Equal(t, channel, administrator.get(sync, map[string]any{"id": channel}).at("templateSync.channel.id"))
		})
		t.Run("are refused with the field to blame", func(t *testing.T) {
			for field, c := range map[string]struct {
				input map[string]any
				code  string
			}{
				"name":         {wish("Pedido Pronto", text), "INVALID"},
				"content.body": {wish("x", "Olá, #{contact.shoeSize}!"), "UNKNOWN_VARIABLE"},
			} {
				refused := administrator.get(create, c.input)
				require.Equal(t, c.code, refused.at("templateCreate.userErrors.0.code"))
				path := []any{"input"}
				for step := range strings.SplitSeq(field, ".") {
					path = append(path, step)
				}
				require.Equal(t, path, refused.at("templateCreate.userErrors.0.field"))
			}
			require.Equal(t, "ALREADY_EXISTS", administrator.get(create, wish("pedido_pronto", text)).at("templateCreate.userErrors.0.code"))
			stale := administrator.get(`mutation($id: ID!) {templateUpdate(input: {templateId: $id, expectedVersion: 9, content: {body: "x"}}) {template {version} userErrors {code}}}`, map[string]any{"id": id})
			require.Equal(t, "CONFLICT", stale.at("templateUpdate.userErrors.0.code"))
			require.EqualValues(t, 1, stale.at("templateUpdate.template.version"))
		})
		t.Run("warn in the reader's language", func(t *testing.T) {
			in := wish("promo", "Aproveite: o pedido #{order} está com 20% de desconto para você.")
			require.Equal(t, "LOOKS_LIKE_MARKETING", administrator.get(create, in).at("templateCreate.template.warnings.0.code"))
			in["name"] = "promo_2"
			reader := *administrator
			reader.language = "pt-BR"
			require.Contains(t, reader.get(create, in).at("templateCreate.template.warnings.0.message"), "Estas palavras são de Marketing")
		})
		t.Run("are submitted, and say how long they wait", func(t *testing.T) {
			submitted := administrator.get(`mutation($id: ID!) {templateSubmit(input: {templateId: $id}) {template {status request waitingSeconds submittedAt} userErrors {code}}}`, map[string]any{"id": id})
			require.Empty(t, submitted.at("templateSubmit.userErrors"))
			require.Equal(t, "PENDING", submitted.at("templateSubmit.template.status"))
			require.Equal(t, "SUBMIT", submitted.at("templateSubmit.template.request"))
			set(func(template *models.Template) {
				template.Request, template.MetaID, template.SubmittedAt = "", new("1240098877665544"), new(a.DB.Now().Add(-2*time.Hour))
			})
			require.InDelta(t, 7200, node(looker).at("node.waitingSeconds"), 60)
		})
		t.Run("tell live what WhatsApp decides, and say what to do", func(t *testing.T) {
			position, err := a.DB.FeedPosition(t.Context(), a.Organization.ID)
			require.NoError(t, err)
			after := graph.FeedCursor(models.Event{OrganizationID: a.Organization.ID, Position: position})
			const events = `subscription($after: String) {inboxEvents(after: $after) {__typename ... on TemplateChangedEvent {id cursor occurredAt template {id status rejection {reason message advice appeal whatsAppText} isSendable}}}}`
			reader := *looker
			reader.language = "pt-BR"
			live := reader.subscribe(events, map[string]any{"after": after})
			a.RejectTemplate("1240098877665544", "TAG_CONTENT_MISMATCH", "Language.")
			told := live.next()
			require.Empty(t, told.Errors)
			require.Equal(t, "TemplateChangedEvent", told.at("inboxEvents.__typename"))
			require.Equal(t, id, told.at("inboxEvents.template.id"))
			require.Equal(t, map[string]any{
				"reason": "TAG_CONTENT_MISMATCH", "whatsAppText": "Language.", "message": "O texto não está no idioma ou na categoria que foi escolhida.",
				"advice": "Escreva todo o texto no idioma do modelo ou crie o modelo no idioma do texto.",
				"appeal": "Se o WhatsApp estiver errado, um administrador da empresa pode contestar no Gerenciador do WhatsApp, no Meta Business Suite, em Modelos de mensagem.",
			}, told.at("inboxEvents.template.rejection"))
			history := looker.get(`query($id: ID!) {node(id: $id) {... on Template {history(first: 2) {nodes {kind value detail user {name} occurredAt} pageInfo {hasNextPage}}}}}`, map[string]any{"id": id})
			require.Equal(t, "REJECTED", history.at("node.history.nodes.0.value"))
			require.Equal(t, "TAG_CONTENT_MISMATCH", history.at("node.history.nodes.0.detail"))
			require.Nil(t, history.at("node.history.nodes.0.user"))
		})
		t.Run("say what WhatsApp makes of their category", func(t *testing.T) {
			set(func(template *models.Template) { template.ComingCategory = models.TemplateMarketing })
			require.Equal(t, map[string]any{"previous": "UTILITY", "next": "MARKETING", "isMade": false, "at": nil}, node(looker).at("node.categoryChange"))
		})
		t.Run("are shown as they would be sent", func(t *testing.T) {
			conversation := a.Conversation(a.Open, "Maria Souza", a.DB.Now())
			hidden := a.Conversation(a.Closed, "João", a.DB.Now())
			const preview = `query($id: ID!, $contact: ID, $values: TemplateValuesInput) {templatePreview(templateId: $id, contactId: $contact, values: $values) {
				text missingValues blockers {code message} attachment {id} template {id} content {name language header body footer buttons {kind text url payload} template {id}}}}`
			asked := map[string]any{"id": id, "contact": public(models.PrefixContact, conversation.ContactID)}
			shown := replier.get(preview, asked)
			require.Equal(t, []any{"order"}, shown.at("templatePreview.missingValues"))
			require.Equal(t, "TEMPLATE_NOT_APPROVED", shown.at("templatePreview.blockers.0.code"))
			require.Equal(t, "VALUES_MISSING", shown.at("templatePreview.blockers.1.code"))
			set(func(template *models.Template) { template.Status = models.TemplateApproved })
			asked["values"] = map[string]any{"fields": []any{map[string]any{"name": "order", "value": "8841"}}, "payloads": []any{map[string]any{"button": 0, "payload": "coming"}}}
			shown = replier.get(preview, asked)
			require.Empty(t, shown.at("templatePreview.blockers"))
			require.Equal(t, "Pedido 8841\nOlá, Maria! Seu pedido 8841 já está pronto para a retirada.\nPadaria\nJá vou\nSeguir", shown.at("templatePreview.text"))
			require.Equal(t, "coming", shown.at("templatePreview.content.buttons.0.payload"))
			require.Equal(t, "https://example.com/8841", shown.at("templatePreview.content.buttons.1.url"))
			require.Equal(t, id, shown.at("templatePreview.content.template.id"))
			asked["contact"] = public(models.PrefixContact, hidden.ContactID)
			require.Equal(t, "NOT_FOUND", replier.ask(preview, asked).code())

			// The same is what a message with it says.
			var template models.Template
			require.NoError(t, a.DB.Read(t.Context()).Take(&template, "id = ?", row).Error)
			sent, _ := template.Render(models.TemplateValues{Fields: map[string]string{"order": "8841", "contact.firstName": "Maria"}, Payloads: map[int]string{0: "coming"}})
			content := models.Content{Template: &sent}
			a.Save(&models.Message{
				OrganizationID: a.Organization.ID, ID: models.NewID(), ChannelID: a.Open.ID, ConversationID: conversation.ID, Direction: models.Outbound,
				Kind: models.KindTemplate, Body: content.Text(), Content: &content, Source: models.SourceAgent, Status: models.StatusQueued, SentAt: a.DB.Now().Add(time.Second), CreatedAt: a.DB.Now(),
			})
			message := replier.get(`query($id: ID!) {conversation(id: $id) {messages(last: 1) {nodes {text content {__typename ... on TemplateContent {name language header body footer buttons {kind text url payload} template {id}}}}}}}`,
				map[string]any{"id": public(models.PrefixConversation, conversation.ID)})
			want, _ := shown.at("templatePreview.content").(map[string]any)
			want["__typename"] = "TemplateContent"
			require.Equal(t, want, message.at("conversation.messages.nodes.0.content"))
			require.Equal(t, shown.at("templatePreview.text"), message.at("conversation.messages.nodes.0.text"))
		})
		t.Run("are listed with few statements", func(t *testing.T) {
			const list = `{templates {nodes ` + templateFields + `}}`
			statements := testkit.CountStatements(t, a.DB)
			count := func() int64 {
				statements.Store(0)
				replier.get(list, nil)
				return statements.Load()
			}
			few := count()
			for i := range 5 {
				administrator.get(create, wish(fmt.Sprint("mais_", i), text))
			}
			require.Equal(t, few, count())
		})
	})
}
