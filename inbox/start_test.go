package inbox_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/crm"
	"recado/inbox"
	"recado/models"
	"recado/store"
	"recado/whatsapp/simulator"
)

const (
	orderReady = "Olá, #{contact.firstName|cliente}! Seu pedido #{order} já está pronto para a retirada na padaria."
	newBread   = "Olá, #{contact.firstName|cliente}! Temos uma promoção de pães novos nesta semana, de #{order} reais para a metade."
)

// starts is a conversation that the office begins with a template.
func (o *office) starts(template models.Template, phone string) inbox.Start {
	return inbox.Start{
		ChannelID: o.channel.ID, Phone: phone, IdempotencyKey: models.NewID().String(),
		Template: models.TemplateMessageDraft{
			TemplateID: template.ID, Values: models.TemplateValues{Fields: map[string]string{"order": "8841"}},
		},
	}
}

func TestStart(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		service := o.keepsTemplates()
		o.work()
		template := o.approvedTemplate(service, models.TemplateUtility, "pedido_pronto", orderReady)
		caio := o.meta.Customer(simulator.Customer{WAID: "5511987654321", Name: "Caio Prado", ReadsManually: true})
		start := o.starts(template, "(11) 98765-4321") // as it is written in the channel's country

		t.Run("is refused without enough credits, and leaves nothing behind", func(t *testing.T) {
			_, err := o.inbox.Start(t.Context(), o.answers, start)
			requireCode(t, models.CodeInsufficientCredits, err)
			for _, row := range []any{&models.Contact{}, &models.Conversation{}, &models.Message{}} {
				var count int64
				require.NoError(t, o.db.Read(t.Context()).Model(row).Where("organization_id = ?", o.organization).Count(&count).Error)
				require.Zero(t, count, "%T", row)
			}
		})
		o.has(2 * models.Credit)

		t.Run("is refused", func(t *testing.T) {
			for name, test := range map[string]struct {
				viewer models.Viewer
				change func(*inbox.Start)
				code   models.Code
				field  string
			}{
				"to who may only look":             {o.watches, func(*inbox.Start) {}, models.CodeForbidden, "channelId"},
				"to another organization":          {o.stranger, func(*inbox.Start) {}, models.CodeNotFound, "channelId"},
				"without anybody":                  {o.answers, func(s *inbox.Start) { s.Phone = "" }, models.CodeRequired, "contactId"},
				"with two of them":                 {o.answers, func(s *inbox.Start) { s.ContactID = new(models.NewID()) }, models.CodeInvalid, "phone"},
				"at what is no number":             {o.answers, func(s *inbox.Start) { s.Phone = "call me" }, models.CodeInvalid, "phone"},
				"to a contact that nobody knows":   {o.answers, func(s *inbox.Start) { s.Phone, s.ContactID = "", new(models.NewID()) }, models.CodeNotFound, "contactId"},
				"with a template that nobody made": {o.answers, func(s *inbox.Start) { s.Template.TemplateID = models.NewID() }, models.CodeNotFound, "templateId"},
				"with a value missing":             {o.answers, func(s *inbox.Start) { s.Template.Values.Fields = nil }, models.CodeValuesMissing, "values"},
			} {
				t.Run(name, func(t *testing.T) {
					attempt := start
					test.change(&attempt)
					_, err := o.inbox.Start(t.Context(), test.viewer, attempt)
					requireCode(t, test.code, err)
					require.ErrorContains(t, err, test.field)
				})
			}
		})

		message, err := o.inbox.Start(t.Context(), o.answers, start)
		require.NoError(t, err)
		again, err := o.inbox.Start(t.Context(), o.answers, start)
		require.NoError(t, err)
		require.Equal(t, message.ID, again.ID, "the same key starts it once")
		conversation := o.conversation(message.ConversationID)
		require.Equal(t, models.OriginBusiness, conversation.Origin)
		require.Equal(t, models.ConversationOpen, conversation.Status)
		require.Equal(t, o.answers.UserID, *conversation.AssigneeID)
		require.Equal(t, models.SessionAwaitingReply, conversation.Session(o.clock.Now()))

		o.becomes(message, models.StatusAccepted)
		o.pass(time.Second)
		o.becomes(message, models.StatusDelivered)
		require.Equal(t, []string{"Olá, cliente! Seu pedido 8841 já está pronto para a retirada na padaria."}, o.bodies(caio))
		o.hasLeft(models.Credit, 0)

		t.Run("lets nothing but templates be sent until the customer answers", func(t *testing.T) {
			_, err := o.inbox.Reply(t.Context(), o.answers, inbox.Reply{ConversationID: conversation.ID, IdempotencyKey: "free", Content: says("Are you there?")})
			requireCode(t, models.CodeServiceWindowClosed, err)
			answered := o.written(caio, "Já vou!")
			require.Equal(t, conversation.ID, answered.ID)
			require.Equal(t, models.SessionOpen, answered.Session(o.clock.Now()))
			o.becomes(o.reply(conversation.ID, "Até já."), models.StatusAccepted)
		})

		t.Run("again with somebody who is known goes into the same conversation, free within the day", func(t *testing.T) {
			o.pass(23 * time.Hour)
			known := o.starts(template, "")
			known.ContactID = &conversation.ContactID
			second, err := o.inbox.Start(t.Context(), o.answers, known)
			require.NoError(t, err)
			require.Equal(t, conversation.ID, second.ConversationID)
			require.Contains(t, second.Body, "Caio", "filled in with what is known by now")
			o.becomes(second, models.StatusAccepted)
			o.pass(time.Second)
			o.becomes(second, models.StatusDelivered)
			o.hasLeft(models.Credit, 0)
		})

		t.Run("says what is known of the deal that it is about, in messageSend as well", func(t *testing.T) {
			deal, err := crm.New(o.db).CreateDeal(t.Context(), o.answers, crm.DealChange{Name: new("o bolo"), Price: crm.To(models.NewMoney(8990, "BRL"))}, nil)
			require.NoError(t, err)
			about := o.approvedContent(service, models.TemplateUtility, "proposta", models.TemplateContent{
				Body: "Olá! A proposta para #{deal.name} é de #{deal.amount|combinar} e vale até hoje.", Samples: map[string]string{"deal.name": "a festa"},
			})
			start := o.starts(about, "(11) 98765-4321")
			start.Template.DealID = &deal.ID
			message, err := o.inbox.Start(t.Context(), o.answers, start)
			require.NoError(t, err)
			require.Equal(t, "Olá! A proposta para o bolo é de R$ 89,90 e vale até hoje.", message.Content.Template.Body)
			start.Template.DealID, start.IdempotencyKey = new(models.NewID()), "unknown deal"
			_, err = o.inbox.Start(t.Context(), o.answers, start)
			require.Equal(t, error(models.NewError(models.CodeNotFound, "dealId")), err)
			draft := models.Draft{Template: &models.TemplateMessageDraft{TemplateID: about.ID, DealID: &deal.ID}}
			sent, err := o.inbox.Reply(t.Context(), o.answers, inbox.Reply{ConversationID: message.ConversationID, IdempotencyKey: "about", Content: draft})
			require.NoError(t, err)
			require.Equal(t, message.Content.Template.Body, sent.Content.Template.Body)
			draft.Template.DealID = nil
			_, err = o.inbox.Reply(t.Context(), o.answers, inbox.Reply{ConversationID: message.ConversationID, IdempotencyKey: "about nothing", Content: draft})
			requireCode(t, models.CodeValuesMissing, err)
			require.ErrorContains(t, err, "deal.name")
			o.becomes(sent, models.StatusAccepted)
			o.pass(time.Second)
			o.becomes(sent, models.StatusDelivered)
			o.hasLeft(models.Credit, 0) // the session of the day was paid
		})

		t.Run("a template restarts the session of a conversation by messageSend too", func(t *testing.T) {
			o.pass(48 * time.Hour)
			require.Equal(t, models.SessionAwaitingReply, o.conversation(conversation.ID).Session(o.clock.Now()))
			draft := models.Draft{Template: &start.Template}
			answer, err := o.inbox.CanSend(t.Context(), o.answers, conversation.ID, draft, nil)
			require.NoError(t, err)
			require.Empty(t, answer.Obstacles)
			require.Equal(t, models.Credit, answer.Offer.Price)
			third, err := o.inbox.Reply(t.Context(), o.answers, inbox.Reply{ConversationID: conversation.ID, IdempotencyKey: "restart", Content: draft})
			require.NoError(t, err)
			o.becomes(third, models.StatusAccepted)
			o.pass(time.Second)
			o.becomes(third, models.StatusDelivered)
			o.hasLeft(0, 0)
		})
	})
}

func TestMarketingOptOut(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		service := o.keepsTemplates()
		o.work()
		o.has(20 * models.Credit)
		offers := o.approvedTemplate(service, models.TemplateMarketing, "paes_novos", newBread)
		ready := o.approvedTemplate(service, models.TemplateUtility, "pedido_pronto", orderReady)
		conversation, iris := o.greeted()
		sends := func(template models.Template) error {
			_, err := o.inbox.Reply(t.Context(), o.answers, inbox.Reply{
				ConversationID: conversation.ID, IdempotencyKey: models.NewID().String(), Content: models.Draft{Template: &models.TemplateMessageDraft{
					TemplateID: template.ID, Values: models.TemplateValues{Fields: map[string]string{"order": "8841"}},
				}},
			})
			return err
		}
		said := func(value string, at time.Time) {
			require.NoError(t, o.meta.SendManagement(simulator.Management{Field: "user_preferences", WABAID: wabaID, Value: map[string]any{
				"messaging_product": "whatsapp", "metadata": map[string]any{"phone_number_id": o.channel.PhoneNumberID},
				"user_preferences": []any{map[string]any{
					"wa_id": conversation.CustomerWAID, "category": "marketing_messages", "value": value, "timestamp": at.Unix(),
				}},
			}}))
			o.flush()
		}
		require.NoError(t, sends(offers))

		t.Run("by a word stops marketing, and nothing else", func(t *testing.T) {
			o.pass(time.Minute)
			o.written(iris, "Parar, por favor") // says more than the word
			require.NoError(t, sends(offers))
			o.pass(time.Minute)
			o.written(iris, "descadastrar!")
			requireCode(t, models.CodeMarketingOptedOut, sends(offers))
			require.NoError(t, sends(ready))
			o.reply(conversation.ID, "Feito.")
			answer, err := o.inbox.CanSend(t.Context(), o.answers, conversation.ID, models.Draft{Template: &models.TemplateMessageDraft{TemplateID: offers.ID}}, nil)
			require.NoError(t, err)
			var codes []models.Code
			for _, obstacle := range answer.Obstacles {
				codes = append(codes, obstacle.Code)
			}
			require.Contains(t, codes, models.CodeMarketingOptedOut)
		})
		t.Run("is undone by another word", func(t *testing.T) {
			o.pass(time.Minute)
			o.written(iris, "Voltar")
			require.NoError(t, sends(offers))
		})
		t.Run("by WhatsApp's own button counts too, the latest word last, in whatever order they come", func(t *testing.T) {
			o.pass(time.Minute)
			said("stop", o.clock.Now())
			requireCode(t, models.CodeMarketingOptedOut, sends(offers))
			said("resume", o.clock.Now().Add(-30*time.Second)) // said before, heard later
			requireCode(t, models.CodeMarketingOptedOut, sends(offers))
			said("resume", o.clock.Now())
			requireCode(t, models.CodeMarketingOptedOut, sends(offers)) // in the same moment stopping counts
			o.pass(time.Minute)
			said("resume", o.clock.Now())
			require.NoError(t, sends(offers))
		})
		t.Run("is learnt from Meta's refusal", func(t *testing.T) {
			start := o.starts(offers, "+5511900000050") // who has stopped marketing at WhatsApp
			message, err := o.inbox.Start(t.Context(), o.answers, start)
			require.NoError(t, err)
			o.becomes(message, models.StatusAccepted)
			o.pass(time.Minute)
			o.becomes(message, models.StatusFailed)
			require.Equal(t, "MARKETING_OPTED_OUT", o.message(message.ID).Failure.Code)
			start.IdempotencyKey = "once more"
			_, err = o.inbox.Start(t.Context(), o.answers, start)
			requireCode(t, models.CodeMarketingOptedOut, err)
		})
	})
}

// TestStart_manyAtOnce has 200 conversations begun at once, with credits for 50: on
// PostgreSQL from two processes.
func TestStart_manyAtOnce(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		const wanted, paid = 200, 50
		service := o.keepsTemplates()
		o.work()
		template := o.approvedTemplate(service, models.TemplateMarketing, "paes_novos", newBread)
		o.has(paid * models.Credit)
		processes := []*inbox.Service{o.inbox}
		if o.db.Dialect() == store.Postgres {
			working := o.queue
			processes = append(processes, o.process(inbox.Options{}))
			o.queue = working
		}
		var begun, refused atomic.Int64
		var all sync.WaitGroup
		for i := range wanted {
			all.Go(func() {
				start := o.starts(template, fmt.Sprintf("+551191234%04d", 1000+i))
				switch _, err := processes[i%len(processes)].Start(t.Context(), o.answers, start); {
				case err == nil:
					begun.Add(1)
				case models.CodeOf(err) == models.CodeInsufficientCredits:
					refused.Add(1)
				default:
					t.Errorf("start %d: %v", i, err)
				}
			})
		}
		all.Wait()
		require.EqualValues(t, paid, begun.Load())
		require.EqualValues(t, wanted-paid, refused.Load())

		var sent []models.Message
		require.Eventually(t, func() bool {
			require.NoError(t, o.db.Read(t.Context()).Where("organization_id = ? AND kind = ?", o.organization, models.KindTemplate).Find(&sent).Error)
			for _, message := range sent {
				if message.Status.Pending() {
					return false
				}
			}
			return true
		}, 2*patience, 20*time.Millisecond)
		require.Len(t, sent, paid)
		for range 4 { // statuses come in some order
			o.pass(time.Second)
		}
		o.hasLeft(0, 0)
		balances, err := o.credits.Balances(t.Context(), o.admin)
		require.NoError(t, err)
		require.Equal(t, paid*models.Credit, balances[models.AccountSpent])
	})
}
