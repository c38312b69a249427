package inbox_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/inbox"
	"recado/models"
	"recado/store"
	"recado/whatsapp/simulator"
)

func TestOneTimeCode(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		service := o.keepsTemplates()
		o.work()
		template := o.approvedContent(service, models.TemplateAuthentication, "codigo", models.TemplateContent{
			OneTimeCode: &models.OneTimeCode{SecurityRecommendation: true, ExpirationMinutes: 10},
			Buttons:     []models.TemplateButton{{Kind: models.TemplateOTP, Text: "Copiar código"}},
		})
		require.Eventually(t, func() bool {
			var row models.Template
			require.NoError(t, o.db.Read(t.Context()).Take(&row, "id = ?", template.ID).Error)
			return row.Content.Worded()
		}, patience, 5*time.Millisecond)
		o.has(models.Credit)
		start := o.starts(template, "(11) 98765-4321")
		start.Template.Values.Fields = map[string]string{"code": "482913"}
		caio := o.meta.Customer(simulator.Customer{WAID: "5511987654321", Name: "Caio Prado", ReadsManually: true})
		message, err := o.inbox.Start(t.Context(), o.answers, start)
		require.NoError(t, err)

		t.Run("reaches the phone with the code in its text and its button", func(t *testing.T) {
			o.becomes(message, models.StatusAccepted) // without the code in the button Meta refuses it
			o.pass(time.Second)
			o.becomes(message, models.StatusDelivered)
			require.Contains(t, o.bodies(caio)[0], "*482913*")
			sent := o.message(message.ID)
			require.Equal(t, o.bodies(caio)[0], sent.Content.Template.Body, "what is kept is what was read")
			o.hasLeft(0, 0) // one credit by the product's card
		})
		t.Run("costs what the rate card says of its category", func(t *testing.T) {
			draft := models.Draft{Template: &start.Template}
			require.NoError(t, o.credits.SetCard(t.Context(), o.organization, models.ID{0x01, 0x99, 0xa0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 2}, o.clock.Now().Add(time.Minute)))
			o.pass(time.Minute)
			answer, err := o.inbox.CanSend(t.Context(), o.answers, message.ConversationID, draft, nil)
			require.NoError(t, err)
			require.Equal(t, models.Credits(3400), answer.Offer.Price, "Brazil")
			require.Equal(t, models.Credits(15200), answer.Offer.Dearest, "Meta may find it international")
		})
		t.Run("is refused where only a business-scoped id is known", func(t *testing.T) {
			require.NoError(t, o.db.Write(t.Context(), func(tx *store.Tx) error {
				return tx.Model(&models.Conversation{}).Where("id = ?", message.ConversationID).
					Updates(map[string]any{"customer_wa_id": "", "customer_user_id": "BR.77190"}).Error
			}))
			_, err := o.inbox.Reply(t.Context(), o.answers, inbox.Reply{
				ConversationID: message.ConversationID, IdempotencyKey: "scoped", Content: models.Draft{Template: &start.Template},
			})
			require.Equal(t, error(models.NewError(models.CodePhoneNumberRequired, "conversationId")), err)
		})
	})
}
