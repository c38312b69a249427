package graph_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/crm"
	"recado/models"
)

const startConversation = `mutation($input: ConversationStartInput!) { conversationStart(input: $input) {
	conversation { id origin status session assignee { name } contact { name } lastMessage { id } marketing { isStopped } }
	message { id text status content { __typename ... on TemplateContent { name body } } }
	userErrors { code message field } } }`

func TestConversationStart(t *testing.T) {
	onEach(t, func(t *testing.T, a *api) {
		template := models.Template{
			OrganizationID: a.Organization.ID, ID: models.NewID(), WABAID: a.Open.WABAID, MetaID: new("77"), Name: "pedido_pronto", Language: "pt_BR",
			Category: models.TemplateUtility, Format: models.ParametersNamed, Status: models.TemplateApproved, StatusAt: a.DB.Now(),
			Content: models.TemplateContent{Body: "Olá, #{contact.firstName|cliente}! Seu pedido #{order} já está pronto para a retirada."},
			Version: 1, CreatedAt: a.DB.Now(), UpdatedAt: a.DB.Now(),
		}
		a.Save(&template)
		input := func(change map[string]any) map[string]any {
			given := map[string]any{
				"channelId": public(models.PrefixChannel, a.Open.ID), "phone": "+55 11 98765-4321", "contactName": "Caio Prado",
				"templateId": public(models.PrefixTemplate, template.ID), "idempotencyKey": models.NewID().String(),
				"values": map[string]any{"fields": []any{map[string]any{"name": "order", "value": "8841"}}},
			}
			for field, value := range change {
				given[field] = value
				if value == nil {
					delete(given, field)
				}
			}
			return map[string]any{"input": given}
		}
		agent := a.as(a.Replier)

		poor := agent.get(startConversation, input(nil))
		require.Equal(t, "INSUFFICIENT_CREDITS", poor.at("conversationStart.userErrors.0.code"))
		require.NoError(t, a.Credits.Grant(t.Context(), a.Organization.ID, 3*models.Credit, "welcome"))

		started := agent.get(startConversation, input(nil))
		require.Empty(t, started.at("conversationStart.userErrors"))
		require.Equal(t, "AWAITING_REPLY", started.at("conversationStart.conversation.session"))
		require.Equal(t, "BUSINESS", started.at("conversationStart.conversation.origin"))
		require.Equal(t, a.Replier.Name, started.at("conversationStart.conversation.assignee.name"))
		require.Equal(t, "Caio Prado", started.at("conversationStart.conversation.contact.name"))
		require.Equal(t, "Olá, Caio! Seu pedido 8841 já está pronto para a retirada.", started.at("conversationStart.message.content.body"))
		require.Equal(t, started.at("conversationStart.message.id"), started.at("conversationStart.conversation.lastMessage.id"))
		require.Nil(t, started.at("conversationStart.conversation.marketing"))
		require.Equal(t, "2", a.as(a.Looker).get(`{ creditAccount { available } }`, nil).at("creditAccount.available"))

		require.Equal(t, "FORBIDDEN", a.as(a.Looker).ask(startConversation, input(nil)).code())

		t.Run("names what is wrong", func(t *testing.T) {
			for _, test := range []struct {
				name   string
				user   models.User
				change map[string]any
				code   string
				field  []any
			}{
				{"NONE on the channel", a.Outsider, nil, "NOT_FOUND", []any{"input", "channelId"}},
				{"a channel that the viewer does not know", a.Replier, map[string]any{"channelId": public(models.PrefixChannel, a.Closed.ID)}, "NOT_FOUND", []any{"input", "channelId"}},
				{"nobody", a.Replier, map[string]any{"phone": nil}, "REQUIRED", []any{"input", "contactId"}},
				{"no number", a.Replier, map[string]any{"phone": "12"}, "INVALID", []any{"input", "phone"}},
				{"no template", a.Replier, map[string]any{"templateId": public(models.PrefixTemplate, models.NewID())}, "NOT_FOUND", []any{"input", "templateId"}},
				{"a missing value", a.Replier, map[string]any{"values": nil}, "VALUES_MISSING", []any{"input", "values"}},
				{"no deal", a.Replier, map[string]any{"dealId": public(models.PrefixDeal, models.NewID())}, "NOT_FOUND", []any{"input", "dealId"}},
				{"no key", a.Replier, map[string]any{"idempotencyKey": ""}, "REQUIRED", []any{"input", "idempotencyKey"}},
			} {
				t.Run(test.name, func(t *testing.T) {
					refused := a.as(test.user).get(startConversation, input(test.change))
					require.Equal(t, test.code, refused.at("conversationStart.userErrors.0.code"))
					require.Equal(t, test.field, refused.at("conversationStart.userErrors.0.field"))
					require.Nil(t, refused.at("conversationStart.conversation"))
				})
			}
		})

		t.Run("by messageSend in a conversation, and priced by canSend", func(t *testing.T) {
			old := a.Conversation(a.Open, "Iris", time.Now().Add(-48*time.Hour))
			content := map[string]any{"template": map[string]any{"templateId": public(models.PrefixTemplate, template.ID), "values": input(nil)["input"].(map[string]any)["values"]}} //nolint:errcheck // made above
			asked := map[string]any{"id": public(models.PrefixConversation, old.ID), "draft": content}
			priced := agent.get(`query($id: ID!, $draft: MessageSendContentInput!) { canSend(conversationId: $id, draft: $draft) { isAllowed price { expected atMost basis available } } }`, asked)
			require.Equal(t, map[string]any{"isAllowed": true, "price": map[string]any{"expected": "1", "atMost": "1", "basis": "RATE", "available": "2"}}, priced.at("canSend"))
			sent := agent.get(`mutation($id: ID!, $draft: MessageSendContentInput!) { messageSend(input: {conversationId: $id, idempotencyKey: "t", content: $draft}) { message { text conversation { session } } userErrors { code } } }`, asked)
			require.Empty(t, sent.at("messageSend.userErrors"))
			require.Equal(t, "AWAITING_REPLY", sent.at("messageSend.message.conversation.session"))
		})

		t.Run("shows what each message cost", func(t *testing.T) {
			const charged = `query($id: ID!) { node(id: $id) { ... on Conversation { messages { nodes { text charge {
				status category basis expected held charged isBillable whatsAppCategory whatsAppType } } } } } }`
			conversation := map[string]any{"id": started.at("conversationStart.conversation.id")}
			seen := func() any {
				return a.as(a.Looker).get(charged, conversation).at("node.messages.nodes.0.charge")
			}
			want := map[string]any{
				"status": "OPEN", "category": "UTILITY", "basis": "RATE", "expected": "1", "held": "1", "charged": nil,
				"isBillable": nil, "whatsAppCategory": nil, "whatsAppType": nil,
			}
			require.Equal(t, want, seen())
			id, ok := models.ParsePublicID(models.PrefixMessage, started.at("conversationStart.message.id").(string)) //nolint:errcheck // an id
			require.True(t, ok)
			a.Arrive(id, models.MessagePricing{Billable: new(true), Type: "regular", Category: "utility"})
			want["status"], want["held"], want["charged"] = "SETTLED", "0", "1"
			want["isBillable"], want["whatsAppCategory"], want["whatsAppType"] = true, "utility", "regular"
			require.Equal(t, want, seen())
			free := a.Conversation(a.Open, "Rui", time.Now())
			conversation["id"] = public(models.PrefixConversation, free.ID)
			require.Nil(t, seen(), "a customer's message costs nothing")
		})

		t.Run("counts who is written to first against WhatsApp's limit", func(t *testing.T) {
			old := a.Conversation(a.Open, "Ana", time.Now().Add(-48*time.Hour))
			asked := map[string]any{
				"id": public(models.PrefixConversation, old.ID), "channel": public(models.PrefixChannel, a.Open.ID),
				"draft": map[string]any{"template": map[string]any{"templateId": public(models.PrefixTemplate, template.ID), "values": input(nil)["input"].(map[string]any)["values"]}}, //nolint:errcheck // made above
			}
			const ask = `query($id: ID!, $draft: MessageSendContentInput!, $channel: ID!) {
				canSend(conversationId: $id, draft: $draft) { isAllowed blockers { code message field } messagingLimit { used limit freeAt } }
				node(id: $channel) { ... on Channel { messagingLimitUsed } } }`
			before := agent.get(ask, asked)
			require.Equal(t, map[string]any{"used": 2.0, "limit": nil, "freeAt": nil}, before.at("canSend.messagingLimit"))
			require.Equal(t, true, before.at("canSend.isAllowed"))
			require.EqualValues(t, 2, before.at("node.messagingLimitUsed"))

			channel := a.Open
			channel.Facts = &models.ChannelFacts{}
			channel.Facts.MessagingLimit.Learn(2, a.DB.Now())
			a.Save(&channel)
			full := agent.get(ask, asked)
			require.Equal(t, false, full.at("canSend.isAllowed"))
			require.EqualValues(t, 2, full.at("canSend.messagingLimit.limit"))
			require.NotNil(t, full.at("canSend.messagingLimit.freeAt"))
			require.Equal(t, "MESSAGING_LIMIT_REACHED", full.at("canSend.blockers.0.code"))
			require.Contains(t, full.at("canSend.blockers.0.message"), "as WhatsApp lets you: 2. There is room again from")
			refused := agent.get(startConversation, input(map[string]any{"phone": "+55 11 98765-0000"}))
			require.Equal(t, "MESSAGING_LIMIT_REACHED", refused.at("conversationStart.userErrors.0.code"))
			require.Nil(t, refused.at("conversationStart.userErrors.0.field"))
		})

		t.Run("says what is known of a deal, as the preview shows it", func(t *testing.T) {
			require.NoError(t, a.Credits.Grant(t.Context(), a.Organization.ID, models.Credit, "deal"))
			deal, err := crm.New(a.DB).CreateDeal(t.Context(), a.Viewer(a.Replier), crm.DealChange{Name: new("Bolo"), Price: crm.To(models.NewMoney(8990, "BRL"))}, nil)
			require.NoError(t, err)
			offer := template
			offer.ID, offer.MetaID, offer.Name = models.NewID(), new("78"), "proposta"
			offer.Content = models.TemplateContent{Body: "Olá! A proposta para #{deal.name} é de #{deal.amount} e vale até hoje."}
			a.Save(&offer)
			about := map[string]any{"id": public(models.PrefixTemplate, offer.ID), "deal": public(models.PrefixDeal, deal.ID)}
			shown := agent.get(`query($id: ID!, $deal: ID) { templatePreview(templateId: $id, dealId: $deal) { text missingValues template { mergeFields { name isAutomatic } } } }`, about)
			require.Equal(t, "Olá! A proposta para Bolo é de R$ 89,90 e vale até hoje.", shown.at("templatePreview.text"))
			require.Equal(t, map[string]any{"name": "deal.name", "isAutomatic": true}, shown.at("templatePreview.template.mergeFields.0"))
			sent := agent.get(startConversation, input(map[string]any{"templateId": about["id"], "dealId": about["deal"], "values": nil}))
			require.Empty(t, sent.at("conversationStart.userErrors"))
			require.Equal(t, shown.at("templatePreview.text"), sent.at("conversationStart.message.text"))
			about["deal"] = nil
			require.Equal(t, []any{"deal.name", "deal.amount"}, agent.get(`query($id: ID!, $deal: ID) { templatePreview(templateId: $id, dealId: $deal) { missingValues } }`, about).at("templatePreview.missingValues"))
		})
	})
}

func TestMarketingWordsSet(t *testing.T) {
	onEach(t, func(t *testing.T, a *api) {
		const set = `mutation($stop: [String!]!, $resume: [String!]!) { marketingWordsSet(input: {stop: $stop, resume: $resume}) {
			organization { marketingWords { stop resume } } userErrors { code field } } }`
		admin := a.as(a.Administrator)
		words := map[string]any{"stop": []any{"Chega"}, "resume": []any{"Mais"}}
		require.Equal(t, "FORBIDDEN", a.as(a.Replier).get(set, words).at("marketingWordsSet.userErrors.0.code"))
		require.Contains(t, admin.get(`{ viewer { organization { marketingWords { stop } } } }`, nil).at("viewer.organization.marketingWords.stop"), "PARAR")
		done := admin.get(set, words)
		require.Equal(t, words, done.at("marketingWordsSet.organization.marketingWords"))
		wrong := admin.get(set, map[string]any{"stop": []any{"Chega"}, "resume": []any{"chega!"}})
		require.Equal(t, "INVALID", wrong.at("marketingWordsSet.userErrors.0.code"))
		require.Equal(t, []any{"input", "resume", "0"}, wrong.at("marketingWordsSet.userErrors.0.field"))
		require.Equal(t, words, admin.get(`{ viewer { organization { marketingWords { stop resume } } } }`, nil).at("viewer.organization.marketingWords"))
	})
}
