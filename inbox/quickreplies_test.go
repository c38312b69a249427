package inbox_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"recado/crm"
	"recado/inbox"
	"recado/models"
	"recado/store"
)

func (o *office) quickReply(by models.Viewer, shortcut, body string, shared bool) models.QuickReply {
	o.t.Helper()
	reply, err := o.inbox.CreateQuickReply(o.t.Context(), by, inbox.QuickReplyWish{Shortcut: shortcut, Body: body}, shared)
	require.NoError(o.t, err)
	return reply
}

// suggested are the quick replies that a viewer finds, as shortcut and text.
func (o *office) suggested(viewer models.Viewer, prefix string) (found []string) {
	o.t.Helper()
	replies, err := o.inbox.QuickReplies(o.t.Context(), viewer, prefix)
	require.NoError(o.t, err)
	for _, reply := range replies {
		found = append(found, reply.Shortcut+" "+reply.Body)
	}
	return found
}

// upload is a file that a viewer uploaded.
func (o *office) upload(by models.Viewer, kind models.MediaKind, mime string, status models.AttachmentStatus) models.ID {
	o.t.Helper()
	file := models.Attachment{
		OrganizationID: by.OrganizationID, ID: models.NewID(), Source: models.AttachmentFromUpload, UploaderID: new(by.UserID),
		Status: status, Kind: kind, MIMEType: mime, FileName: "cardapio", ByteSize: 1000, BlobKey: "k", CreatedAt: noon, UpdatedAt: noon,
	}
	require.NoError(o.t, o.db.Write(o.t.Context(), func(tx *store.Tx) error { return tx.Create(&file).Error }))
	return file.ID
}

func TestQuickReplies(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		hours := o.quickReply(o.admin, "/Horário", "Abrimos às 6h.", true)
		require.Equal(t, "horario", hours.Shortcut)
		own := o.quickReply(o.answers, "horario", "Abro às 8h.", false)
		o.quickReply(o.admin, "ho_a", "Outro", true)

		t.Run("shared ones are made by administrators, own ones by those who reply", func(t *testing.T) {
			wish := inbox.QuickReplyWish{Shortcut: "oi", Body: "Oi!"}
			_, err := o.inbox.CreateQuickReply(t.Context(), o.answers, wish, true)
			requireCode(t, models.CodeForbidden, err)
			_, err = o.inbox.CreateQuickReply(t.Context(), o.watches, wish, false)
			requireCode(t, models.CodeForbidden, err)
		})
		t.Run("a shortcut is used once among the shared, and once by each user", func(t *testing.T) {
			for _, c := range []struct {
				by     models.Viewer
				shared bool
			}{{o.admin, true}, {o.answers, false}} {
				_, err := o.inbox.CreateQuickReply(t.Context(), c.by, inbox.QuickReplyWish{Shortcut: "HORARIO", Body: "x"}, c.shared)
				require.Equal(t, error(models.NewError(models.CodeAlreadyExists, "shortcut")), err)
			}
			o.quickReply(o.admin, "horario", "Abro às 7h.", false)
			o.quickReply(o.stranger, "horario", "Deles", true)
		})
		t.Run("are found by the beginning of their shortcut, one's own first", func(t *testing.T) {
			require.Equal(t, []string{"ho_a Outro", "horario Abro às 8h.", "horario Abrimos às 6h."}, o.suggested(o.answers, ""))
			require.Equal(t, []string{"horario Abro às 8h.", "horario Abrimos às 6h."}, o.suggested(o.answers, "/HORÁ"))
			require.Equal(t, []string{"horario Abrimos às 6h."}, o.suggested(o.watches, "hor"))
			require.Equal(t, []string{"horario Deles"}, o.suggested(o.stranger, "h"))
		})
		t.Run("wildcards are text", func(t *testing.T) {
			require.Equal(t, []string{"ho_a Outro"}, o.suggested(o.watches, "ho_"))
			for _, prefix := range []string{"%", "h%", "ho\\", "h o", "\x00", "\x7f"} {
				require.Empty(t, o.suggested(o.watches, prefix), prefix)
			}
		})
		t.Run("a text with an unknown variable is refused, with those that there are", func(t *testing.T) {
			_, err := o.inbox.CreateQuickReply(t.Context(), o.admin, inbox.QuickReplyWish{Shortcut: "x", Body: "#{order.total}"}, true)
			require.Equal(t, error(models.NewError(models.CodeUnknownVariable, "body").
				With("variable", "order.total").With("known", strings.Join(models.ConversationVariables, ", "))), err)
		})
		t.Run("somebody else's own do not exist", func(t *testing.T) {
			wish := inbox.QuickReplyWish{Shortcut: "x", Body: "x"}
			for _, by := range []models.Viewer{o.admin, o.stranger} {
				_, err := o.inbox.UpdateQuickReply(t.Context(), by, own.ID, wish, nil)
				requireCode(t, models.CodeNotFound, err)
				requireCode(t, models.CodeNotFound, o.inbox.DeleteQuickReply(t.Context(), by, own.ID))
				found, err := o.inbox.QuickRepliesByID(t.Context(), by, []models.ID{own.ID})
				require.NoError(t, err)
				require.Empty(t, found)
			}
			_, err := o.inbox.UpdateQuickReply(t.Context(), o.stranger, hours.ID, wish, nil)
			requireCode(t, models.CodeNotFound, err)
			requireCode(t, models.CodeNotFound, o.inbox.DeleteQuickReply(t.Context(), o.stranger, hours.ID))
		})
		t.Run("are changed by their owners, who see what others changed", func(t *testing.T) {
			wish := inbox.QuickReplyWish{Shortcut: "aberto", Body: "Abrimos às 7h."}
			_, err := o.inbox.UpdateQuickReply(t.Context(), o.answers, hours.ID, wish, nil)
			requireCode(t, models.CodeForbidden, err)
			requireCode(t, models.CodeForbidden, o.inbox.DeleteQuickReply(t.Context(), o.answers, hours.ID))
			changed, err := o.inbox.UpdateQuickReply(t.Context(), o.admin, hours.ID, wish, &hours.Version)
			require.NoError(t, err)
			require.Equal(t, hours.Version+1, changed.Version)
			present, err := o.inbox.UpdateQuickReply(t.Context(), o.admin, hours.ID, inbox.QuickReplyWish{Shortcut: "x", Body: "x"}, &hours.Version)
			requireCode(t, models.CodeConflict, err)
			require.Equal(t, "aberto", present.Shortcut)
			_, err = o.inbox.UpdateQuickReply(t.Context(), o.admin, hours.ID, inbox.QuickReplyWish{Shortcut: "ho_a", Body: "x"}, nil)
			requireCode(t, models.CodeAlreadyExists, err)
			require.NoError(t, o.inbox.DeleteQuickReply(t.Context(), o.answers, own.ID))
			requireCode(t, models.CodeNotFound, o.inbox.DeleteQuickReply(t.Context(), o.answers, own.ID))
		})
		t.Run("a file is an upload that can be sent", func(t *testing.T) {
			pdf := o.upload(o.admin, models.MediaDocument, "application/pdf", models.AttachmentAvailable)
			song := o.upload(o.admin, models.MediaAudio, "audio/mpeg", models.AttachmentAvailable)
			pending := o.upload(o.admin, models.MediaImage, "image/png", models.AttachmentPending)
			theirs := o.upload(o.stranger, models.MediaImage, "image/png", models.AttachmentAvailable)
			save := func(shortcut, body string, file models.ID) error {
				_, err := o.inbox.CreateQuickReply(t.Context(), o.admin, inbox.QuickReplyWish{Shortcut: shortcut, Body: body, AttachmentID: &file}, true)
				return err
			}
			require.NoError(t, save("cardapio", "O de hoje", pdf))
			require.NoError(t, save("musica", "", song))
			require.Equal(t, error(models.NewError(models.CodeInvalid, "body")), save("musica2", "Ouça", song))
			requireCode(t, models.CodeAttachmentUnavailable, save("foto", "", pending))
			require.Equal(t, error(models.NewError(models.CodeNotFound, "attachmentId")), save("deles", "", theirs))
		})
	})
}

func TestReply_with_a_quick_reply(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		o.accept(text(o.channel, "5511987654321", "Íris da Silva", "wamid.hello", "Oi", noon))
		conversation := o.conversation(o.byWAMID("wamid.hello").ConversationID)
		content := func(reply models.QuickReply) models.Draft {
			return models.Draft{QuickReply: &models.QuickReplyDraft{QuickReplyID: reply.ID}}
		}
		send := func(by models.Viewer, reply models.QuickReply) (models.Message, error) {
			return o.inbox.Reply(t.Context(), by, inbox.Reply{ConversationID: conversation.ID, IdempotencyKey: reply.ID.String(), Content: content(reply)})
		}
		ask := func(by models.Viewer, reply models.QuickReply) inbox.Sendability {
			answer, err := o.inbox.CanSend(t.Context(), by, conversation.ID, content(reply), nil)
			require.NoError(t, err)
			return answer
		}
		agent := o.answers
		greeting := o.quickReply(o.admin, "oi", "Olá, #{contact.firstName|cliente}! #{organization.name}, #{conversation.channel}. #{contact.phone}", true)

		t.Run("sends its text, filled in", func(t *testing.T) {
			require.True(t, ask(agent, greeting).Allowed())
			sent, err := send(agent, greeting)
			require.NoError(t, err)
			require.Equal(t, models.KindText, sent.Kind)
			require.Equal(t, "Olá, Íris! Padaria Aurora, Balcão. +5511987654321", sent.Body)
			again, err := send(agent, greeting)
			require.NoError(t, err)
			require.Equal(t, sent.ID, again.ID)
		})
		t.Run("is shown beforehand to whoever may look", func(t *testing.T) {
			rendered, err := o.inbox.RenderQuickReply(t.Context(), o.watches, greeting.ID, conversation.ID)
			require.NoError(t, err)
			require.Equal(t, "Olá, Íris! Padaria Aurora, Balcão. +5511987654321", rendered.Text)
			for _, by := range []models.Viewer{o.stranger, o.member(models.LevelNone)} {
				_, err := o.inbox.RenderQuickReply(t.Context(), by, greeting.ID, conversation.ID)
				requireCode(t, models.CodeNotFound, err)
			}
		})
		t.Run("not without REPLY, nor with somebody else's own", func(t *testing.T) {
			_, err := send(o.watches, greeting)
			requireCode(t, models.CodeForbidden, err)
			own := o.quickReply(o.admin, "meu", "Meu", false)
			want := models.NewError(models.CodeNotFound, "content.quickReply.quickReplyId")
			_, err = send(agent, own)
			require.Equal(t, error(want), err)
			require.Equal(t, []*models.Error{want}, ask(agent, own).Obstacles)
			_, err = o.inbox.RenderQuickReply(t.Context(), agent, own.ID, conversation.ID)
			requireCode(t, models.CodeNotFound, err)
			foreign := o.quickReply(o.stranger, "deles", "Deles", true)
			_, err = send(agent, foreign)
			require.Equal(t, error(want), err)
		})
		t.Run("names the company of the contact", func(t *testing.T) {
			firm := o.quickReply(o.admin, "firma", "#{company.name|sua empresa}", true)
			render := func() string {
				rendered, err := o.inbox.RenderQuickReply(t.Context(), agent, firm.ID, conversation.ID)
				require.NoError(t, err)
				return rendered.Text
			}
			require.Equal(t, "sua empresa", render())
			records := crm.New(o.db)
			company, err := records.CreateCompany(t.Context(), agent, crm.CompanyChange{Name: new("Livraria Sol")}, nil)
			require.NoError(t, err)
			_, _, err = records.UpdateContact(t.Context(), agent, conversation.ContactID, crm.ContactChange{CompanyID: crm.To(company.ID)}, nil)
			require.NoError(t, err)
			require.Equal(t, "Livraria Sol", render())
		})
		t.Run("not with values that are missing", func(t *testing.T) {
			o.accept(text(o.channel, "5511912345678", "", "wamid.nameless", "Oi", noon))
			conversation = o.conversation(o.byWAMID("wamid.nameless").ConversationID)
			named := o.quickReply(o.admin, "nome", "#{contact.name}, #{contact.firstName}: #{contact.phone}", true)
			want := models.NewError(models.CodeValuesMissing, "content.quickReply.quickReplyId").With("variables", "contact.name, contact.firstName")
			_, err := send(agent, named)
			require.Equal(t, error(want), err)
			require.Equal(t, []*models.Error{want}, ask(agent, named).Obstacles)
			rendered, err := o.inbox.RenderQuickReply(t.Context(), agent, named.ID, conversation.ID)
			require.NoError(t, err)
			require.Equal(t, []string{"contact.name", "contact.firstName"}, rendered.Missing)
			require.Equal(t, "#{contact.name}, #{contact.firstName}: +5511912345678", rendered.Text)
		})
		t.Run("not when its values leave nothing, or too much", func(t *testing.T) {
			empty := o.quickReply(o.admin, "nada", "#{contact.name|}", true)
			_, err := send(agent, empty)
			require.Equal(t, error(models.NewError(models.CodeRequired, "content.quickReply.quickReplyId")), err)
			long := o.quickReply(o.admin, "longo", "#{organization.name}"+strings.Repeat("x", models.MaxText-len("#{organization.name}")), true)
			_, err = send(agent, long)
			require.NoError(t, err, "the name is no longer than its variable")
		})
		t.Run("sends its file, with the text below", func(t *testing.T) {
			file := o.upload(o.admin, models.MediaDocument, "application/pdf", models.AttachmentAvailable)
			menu, err := o.inbox.CreateQuickReply(t.Context(), o.admin, inbox.QuickReplyWish{Shortcut: "cardapio", Body: "Para #{contact.name|você}", AttachmentID: &file}, true)
			require.NoError(t, err)
			require.True(t, ask(agent, menu).Allowed())
			sent, err := send(agent, menu)
			require.NoError(t, err)
			require.Equal(t, models.KindDocument, sent.Kind)
			require.Equal(t, file, *sent.AttachmentID)
			require.Equal(t, "Para você", sent.Content.Media.Caption)
		})
	})
}
