package inbox_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/channels"
	"recado/inbox"
	"recado/jobs"
	"recado/models"
	"recado/store"
	"recado/templates"
	"recado/whatsapp/simulator"
)

// keepsTemplates has the office hear of templates from now on.
func (o *office) keepsTemplates() *templates.Service {
	o.t.Helper()
	o.queue = jobs.New(o.db, jobs.Options{})
	service := templates.New(templates.Rooms{DB: o.db, Channels: o.channels, Queue: o.queue, Client: o.client, Media: o.media}, templates.Options{Clock: o.clock.Now})
	o.templates = service
	o.inbox = o.open(inbox.Options{})
	return service
}

// approvedTemplate is a template that Meta has approved. The jobs must be running.
func (o *office) approvedTemplate(service *templates.Service, category models.TemplateCategory, name, body string) models.Template {
	o.t.Helper()
	return o.approvedContent(service, category, name, models.TemplateContent{
		Body: body, Samples: map[string]string{"order": "8841"}, Buttons: []models.TemplateButton{{Kind: models.TemplateQuickReply, Text: "Já vou"}},
	})
}

func (o *office) approvedContent(service *templates.Service, category models.TemplateCategory, name string, content models.TemplateContent) models.Template {
	o.t.Helper()
	made, err := service.Create(o.t.Context(), o.admin, templates.NewTemplate{
		ChannelID: o.channel.ID, Name: name, Language: "pt_BR", Category: category, Content: content,
	})
	require.NoError(o.t, err)
	_, err = service.Submit(o.t.Context(), o.admin, made.ID, nil)
	require.NoError(o.t, err)
	template := func() (row models.Template) {
		require.NoError(o.t, o.db.Read(o.t.Context()).Take(&row, "id = ?", made.ID).Error)
		return row
	}
	require.Eventually(o.t, func() bool { return template().MetaID != nil }, patience, 5*time.Millisecond)
	o.pass(3 * time.Second)
	require.Equal(o.t, models.TemplateApproved, template().Status, "the webhook was answered when it was applied")
	return template()
}

func TestTemplateNews(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		outcome := func() models.WebhookDelivery {
			var last models.WebhookDelivery
			require.NoError(t, o.db.Read(t.Context()).Order("received_at DESC, id DESC").Take(&last).Error)
			return last
		}
		about := func(event string) simulator.Management {
			return simulator.Management{Field: "message_template_status_update", WABAID: wabaID, Value: map[string]any{
				"event": event, "message_template_id": 77, "message_template_name": "t", "message_template_language": "pt_BR",
			}}
		}
		require.NoError(t, o.meta.SendManagement(about("APPROVED")))
		o.flush()
		require.Equal(t, models.DeliveryIgnored, outcome().Outcome, "nobody listens yet")

		service := o.keepsTemplates()
		require.NoError(t, o.meta.SendManagement(about("APPROVED")))
		o.flush()
		require.Equal(t, models.DeliveryProcessed, outcome().Outcome, "it is read from Meta")
		o.work()
		made := o.approvedTemplate(service, models.TemplateUtility, "pedido_pronto", "Olá, #{contact.firstName|cliente}! Seu pedido #{order} já está pronto para a retirada.")

		t.Run("tells those who may see a channel of the account", func(t *testing.T) {
			for _, viewer := range []models.Viewer{o.admin, o.answers, o.watches} {
				stream, err := o.inbox.Subscribe(t.Context(), viewer, inbox.Subscription{After: new(int64(0))})
				require.NoError(t, err)
				change, err := stream.Next(t.Context())
				require.NoError(t, err)
				require.Equal(t, models.EventTemplateChanged, change.Kind)
				require.Equal(t, made.ID, change.Payload.Template.ID)
			}
			// Somebody who may see another account's channel hears of what is said there, and
			// of no template before.
			require.NoError(t, o.meta.AddNumber(simulator.Number{ID: "99", DisplayNumber: "551140049999", WABAID: "98", VerifiedName: "Outra", Token: "EAAother"}))
			elsewhere, err := o.channels.Connect(t.Context(), channels.NewChannel{
				OrganizationID: o.organization, Name: "Outra", PhoneNumberID: "99", WABAID: "98", DisplayNumber: "+551140049999", AccessToken: "EAAother",
			})
			require.NoError(t, err)
			outsider := o.member(models.LevelNone)
			_, err = o.accounts.SetMessagingLevel(t.Context(), o.admin, outsider.ProfileID, elsewhere.ID, models.LevelView)
			require.NoError(t, err)
			o.customer().SendText("99", "Oi")
			o.flush()
			stream, err := o.inbox.Subscribe(t.Context(), outsider, inbox.Subscription{After: new(int64(0))})
			require.NoError(t, err)
			change, err := stream.Next(t.Context())
			require.NoError(t, err)
			require.Equal(t, models.EventMessageAdded, change.Kind)
		})

		t.Run("reaches the customer as it was filled in", func(t *testing.T) {
			conversation, iris := o.greeted()
			filled, err := service.Fill(o.db.Read(t.Context()), o.answers, made, templates.Subject{ContactID: &conversation.ContactID}, models.TemplateValues{
				Fields: map[string]string{"order": "8841"}, Payloads: map[int]string{0: "coming:8841"},
			})
			require.NoError(t, err)
			require.Nil(t, filled.Obstacle())
			content := filled.Message()
			message := models.Message{
				OrganizationID: o.organization, ID: models.NewID(), ChannelID: o.channel.ID, ConversationID: conversation.ID, Direction: models.Outbound,
				Kind: models.KindTemplate, Body: content.Text(), Content: &content, Source: models.SourceAgent, Status: models.StatusQueued,
				SentAt: o.clock.Now(), SenderID: &o.answers.UserID,
			}
			require.NoError(t, o.db.Write(t.Context(), func(tx *store.Tx) error { return tx.Create(&message).Error }))
			o.sendNow(message)
			require.Equal(t, models.StatusAccepted, o.message(message.ID).Status)
			o.pass(time.Second)
			got := iris.Inbox(o.channel.PhoneNumberID)
			require.Len(t, got, 1)
			require.Equal(t, "Olá, Iris! Seu pedido 8841 já está pronto para a retirada.", got[0].Body)
			require.Equal(t, "coming:8841", got[0].Choices[0].ID)
			require.Equal(t, content, *o.message(message.ID).Content)
			iris.TapButton(o.channel.PhoneNumberID, got[0].ID, got[0].Choices[0].ID, got[0].Choices[0].Title)
			o.flush()
			var tapped models.Message
			require.NoError(t, o.db.Read(t.Context()).Take(&tapped, "kind = ?", models.KindButton).Error)
			require.Equal(t, "coming:8841", tapped.Content.Button.Payload)
		})
	})
}
