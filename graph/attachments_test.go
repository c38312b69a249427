package graph_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/media"
	"recado/models"
)

const createUpload = `mutation($input: AttachmentUploadCreateInput!) { attachmentUploadCreate(input: $input) {
	attachment { id status kind fileName byteSize url }
	upload { url method headers { name value } expiresAt }
	userErrors { code message field } } }`

const completeUpload = `mutation($id: ID!) { attachmentUploadComplete(input: {attachmentId: $id}) {
	attachment { id status mimeType url thumbnailUrl urlExpiresAt } userErrors { code message field } } }`

func TestAttachments(t *testing.T) {
	onEach(t, func(t *testing.T, a *api) {
		pdf := "%PDF-1.7\n1 0 obj\n"
		input := map[string]any{"input": map[string]any{
			"fileName": "orçamento.pdf", "contentType": "application/pdf", "byteSize": len(pdf), "sha256": fmt.Sprintf("%x", sha256.Sum256([]byte(pdf))),
		}}
		bruno := a.as(a.Replier)

		t.Run("are uploaded in three steps", func(t *testing.T) {
			begun := bruno.get(createUpload, input)
			require.Equal(t, "PENDING", begun.at("attachmentUploadCreate.attachment.status"))
			require.Equal(t, "DOCUMENT", begun.at("attachmentUploadCreate.attachment.kind"))
			require.Nil(t, begun.at("attachmentUploadCreate.attachment.url"))
			require.Equal(t, "PUT", begun.at("attachmentUploadCreate.upload.method"))
			require.Equal(t, "application/pdf", begun.at("attachmentUploadCreate.upload.headers.0.value"))
			id := map[string]any{"id": begun.at("attachmentUploadCreate.attachment.id")}

			early := bruno.get(completeUpload, id)
			require.Equal(t, "ATTACHMENT_NOT_UPLOADED", early.at("attachmentUploadComplete.userErrors.0.code"))
			require.Equal(t, []any{"input", "attachmentId"}, early.at("attachmentUploadComplete.userErrors.0.field"))

			address, _ := begun.at("attachmentUploadCreate.upload.url").(string)
			require.NoError(t, a.Media.Receive(t.Context(), strings.TrimPrefix(address, media.UploadsPath),
				media.Received{ContentType: "application/pdf", ByteSize: int64(len(pdf))}, strings.NewReader(pdf)))
			done := bruno.get(completeUpload, id)
			require.Equal(t, "AVAILABLE", done.at("attachmentUploadComplete.attachment.status"))
			require.Contains(t, done.at("attachmentUploadComplete.attachment.url"), media.FilesPath)
			require.Nil(t, done.at("attachmentUploadComplete.attachment.thumbnailUrl"))

			const node = `query($id: ID!) { node(id: $id) { id ... on Attachment { url } } }`
			require.NotNil(t, bruno.get(node, id).at("node"))
			for _, other := range []models.User{a.Looker, a.Administrator, a.Outsider} {
				require.Nil(t, a.as(other).get(node, id).at("node"), "nobody else has seen it yet")
			}
		})

		t.Run("that cannot be sent are refused with what can, in the reader's language", func(t *testing.T) {
			page := map[string]any{"fileName": "a.html", "contentType": "text/html", "byteSize": 1, "sha256": strings.Repeat("0", 64)}
			refused := bruno.get(createUpload, map[string]any{"input": page})
			require.Nil(t, refused.at("attachmentUploadCreate.attachment"))
			require.Nil(t, refused.at("attachmentUploadCreate.upload"))
			require.Equal(t, "ATTACHMENT_TYPE_NOT_ALLOWED", refused.at("attachmentUploadCreate.userErrors.0.code"))
			require.Equal(t, []any{"input", "contentType"}, refused.at("attachmentUploadCreate.userErrors.0.field"))
			require.Contains(t, refused.at("attachmentUploadCreate.userErrors.0.message"), "JPG, JPEG, PNG, PDF, MP3, MP4, DOC, DOCX")
			page["fileName"], page["contentType"], page["sha256"] = "a.pdf", "application/pdf", "no sum"
			bruno.language = "pt-BR"
			require.Equal(t, "sha256", bruno.get(createUpload, map[string]any{"input": page}).at("attachmentUploadCreate.userErrors.0.field.1"))
		})

		t.Run("are uploaded by those who may reply", func(t *testing.T) {
			require.Equal(t, "FORBIDDEN", a.as(a.Looker).ask(createUpload, input).code())
			require.Equal(t, "UNAUTHENTICATED", a.anonymous().ask(createUpload, input).code())
		})

		t.Run("show on their message, to those who see it", func(t *testing.T) {
			conversation := a.Conversation(a.Open, "Iris", time.Now())
			file := models.Attachment{
				OrganizationID: a.Organization.ID, ID: models.NewID(), Source: models.AttachmentFromWhatsApp, ChannelID: &a.Open.ID,
				Status: models.AttachmentExpired, Kind: models.MediaImage, MIMEType: "image/jpeg", MediaID: "901",
				Failure: &models.Failure{Code: "MEDIA_EXPIRED", MetaCode: 100, MetaTitle: "Unsupported get request"},
			}
			message := a.Message(&conversation, "", time.Now())
			message.Kind, message.AttachmentID = models.KindImage, &file.ID
			a.Save(&file, &message)
			const document = `query($id: ID!) { node(id: $id) { ... on Message { attachment { id status kind fileName byteSize url failure { code message isRetryable metaCode } } } } }`
			shown := a.as(a.Looker).get(document, map[string]any{"id": public(models.PrefixMessage, message.ID)})
			require.Equal(t, public(models.PrefixAttachment, file.ID), shown.at("node.attachment.id"))
			require.Equal(t, "EXPIRED", shown.at("node.attachment.status"))
			require.Equal(t, "MEDIA_EXPIRED", shown.at("node.attachment.failure.code"))
			require.Nil(t, shown.at("node.attachment.fileName"))
			require.Nil(t, a.as(a.Outsider).get(document, map[string]any{"id": public(models.PrefixMessage, message.ID)}).at("node"))

			const refetch = `mutation($id: ID!) { attachmentRefetch(input: {attachmentId: $id}) { attachment { status failure { code } } userErrors { code } } }`
			id := map[string]any{"id": public(models.PrefixAttachment, file.ID)}
			require.Equal(t, "NOT_FOUND", a.as(a.Outsider).get(refetch, id).at("attachmentRefetch.userErrors.0.code"))
			again := a.as(a.Looker).get(refetch, id)
			require.Equal(t, "PENDING", again.at("attachmentRefetch.attachment.status"))
			require.Nil(t, again.at("attachmentRefetch.attachment.failure"))
		})
	})
}
