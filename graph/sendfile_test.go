package graph_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"recado/models"
)

func TestMessageSendOfAnAttachment(t *testing.T) {
	onEach(t, func(t *testing.T, a *api) {
		conversation := a.Conversation(a.Open, "Maria", a.DB.Now())
		menu := models.Attachment{
			OrganizationID: a.Organization.ID, ID: models.NewID(), Source: models.AttachmentFromUpload, UploaderID: &a.Replier.ID,
			Status: models.AttachmentAvailable, Kind: models.MediaDocument, MIMEType: "application/pdf", FileName: "menu.pdf", ByteSize: 9,
		}
		a.Save(&menu)
		const query = `content {... on DocumentContent {caption fileName mimeType} ... on InteractiveContent {body}}`
		send := func(content string) *answer {
			return a.as(a.Replier).ask(fmt.Sprintf(`mutation {messageSend(input: {conversationId: %q, content: %s, idempotencyKey: %q}) {
				message {%s} userErrors {code field message}}}`,
				public(models.PrefixConversation, conversation.ID), content, models.NewID(), query), nil)
		}
		id := public(models.PrefixAttachment, menu.ID)

		sent := send(fmt.Sprintf(`{attachment: {attachmentId: %q, caption: "Today"}}`, id))
		require.Empty(t, sent.Errors)
		require.Empty(t, sent.at("messageSend.userErrors"))
		require.Equal(t, map[string]any{"caption": "Today", "fileName": "menu.pdf", "mimeType": "application/pdf"}, sent.at("messageSend.message.content"))

		sent = send(fmt.Sprintf(`{interactive: {body: "Which?", header: {attachmentId: %q}, buttons: [{id: "a", title: "A"}]}}`, id))
		require.Empty(t, sent.Errors)
		require.Empty(t, sent.at("messageSend.userErrors"))
		require.Equal(t, map[string]any{"body": "Which?"}, sent.at("messageSend.message.content"))

		for content, path := range map[string][]any{
			`{attachment: {attachmentId: %q}}`: {"attachment", "attachmentId"},
			`{interactive: {body: "Which?", header: {attachmentId: %q}, link: {text: "A", url: "https://a.example"}}}`: {"interactive", "header", "attachmentId"},
		} {
			unknown := send(fmt.Sprintf(content, public(models.PrefixAttachment, models.NewID())))
			require.Empty(t, unknown.Errors)
			require.Equal(t, "NOT_FOUND", unknown.at("messageSend.userErrors.0.code"))
			require.Equal(t, append([]any{"input", "content"}, path...), unknown.at("messageSend.userErrors.0.field"))
		}
	})
}
