package inbox_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"image"
	"image/png"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/inbox"
	"recado/media"
	"recado/models"
	"recado/store"
	"recado/whatsapp/simulator"
)

// uploaded is a picture that a user uploaded.
func (o *office) uploaded(viewer models.Viewer) models.Attachment {
	o.t.Helper()
	var content bytes.Buffer
	require.NoError(o.t, png.Encode(&content, image.NewGray(image.Rect(0, 0, 8, 8))))
	hash := sha256.Sum256(content.Bytes())
	attachment, target, err := o.media.Announce(o.t.Context(), viewer, models.Upload{
		FileName: "menu.png", ContentType: "image/png", ByteSize: int64(content.Len()), SHA256: hash[:],
	}, nil)
	require.NoError(o.t, err)
	received := media.Received{ContentType: "image/png", ByteSize: int64(content.Len())}
	require.NoError(o.t, o.media.Receive(o.t.Context(), target.URL[len(media.UploadsPath):], received, &content))
	attachment, err = o.media.Complete(o.t.Context(), viewer, attachment.ID)
	require.NoError(o.t, err)
	return attachment
}

// replies queues a draft.
func (o *office) replies(conversation models.ID, draft models.Draft) models.Message {
	o.t.Helper()
	message, err := o.inbox.Reply(o.t.Context(), o.answers, inbox.Reply{
		ConversationID: conversation, IdempotencyKey: models.NewID().String(), Content: draft,
	})
	require.NoError(o.t, err)
	return message
}

func pictured(attachment models.Attachment, caption string) models.Draft {
	return models.Draft{Attachment: &models.AttachmentDraft{AttachmentID: attachment.ID, Caption: caption}}
}

// handles are the ids at Meta that are known of a file.
func (o *office) handles(attachment models.Attachment) (ids []string) {
	o.t.Helper()
	require.NoError(o.t, o.db.Read(o.t.Context()).Model(&models.MediaHandle{}).Where("attachment_id = ?", attachment.ID).Pluck("media_id", &ids).Error)
	return ids
}

func TestSend_files(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		o.keepsFiles()
		conversation, iris := o.greeted()
		menu := o.uploaded(o.answers)

		t.Run("reach the phone, and Meta gets a file once", func(t *testing.T) {
			for _, caption := range []string{"Menu", "Once more"} {
				message := o.replies(conversation.ID, pictured(menu, caption))
				require.Equal(t, models.KindImage, message.Kind)
				require.Zero(t, o.sendNow(message))
				require.Equal(t, models.StatusAccepted, o.message(message.ID).Status)
			}
			interactive := models.InteractiveDraft{
				Interactive:        models.Interactive{Body: "Which?", Buttons: []models.Choice{{ID: "a", Title: "Bread"}}},
				HeaderAttachmentID: &menu.ID,
			}
			require.Zero(t, o.sendNow(o.replies(conversation.ID, models.Draft{Interactive: &interactive})))
			o.pass(time.Second)
			require.Equal(t, []string{"Menu", "Once more", "Which?"}, o.bodies(iris))
			require.Len(t, o.handles(menu), 1)
			var sent struct {
				ID string `json:"id"`
			}
			require.NoError(t, json.Unmarshal(iris.Inbox(o.channel.PhoneNumberID)[0].Content, &sent))
			require.Equal(t, o.handles(menu)[0], sent.ID)
		})

		t.Run("go to Meta anew when it has forgotten them", func(t *testing.T) {
			require.NoError(t, o.db.Write(t.Context(), func(tx *store.Tx) error {
				return tx.Model(&models.MediaHandle{}).Where("attachment_id = ?", menu.ID).Update("media_id", "901").Error
			}))
			message := o.replies(conversation.ID, pictured(menu, "Anew"))
			require.Positive(t, o.sendNow(message))
			require.Equal(t, models.StatusQueued, o.message(message.ID).Status)
			require.Empty(t, o.handles(menu))
			require.Zero(t, o.sendNow(message))
			require.Equal(t, models.StatusAccepted, o.message(message.ID).Status)
		})

		t.Run("wait as long as Meta takes none", func(t *testing.T) {
			fresh := o.uploaded(o.answers)
			o.meta.Faults().Refuse(3, simulator.Refusal{Code: 131016, On: simulator.EndpointMedia})
			message := o.replies(conversation.ID, pictured(fresh, "Later"))
			require.Positive(t, o.sendNow(message))
			waiting := o.message(message.ID)
			require.Equal(t, models.StatusQueued, waiting.Status)
			require.Nil(t, waiting.AttemptedAt, "the message itself was not tried")
			require.Zero(t, o.sendNow(message))
			require.Equal(t, models.StatusAccepted, o.message(message.ID).Status)
		})

		t.Run("that Meta refuses fail in a typed way", func(t *testing.T) {
			fresh := o.uploaded(o.answers)
			o.meta.Faults().Refuse(1, simulator.Refusal{Code: 100, On: simulator.EndpointMedia})
			message := o.replies(conversation.ID, pictured(fresh, "Never"))
			require.Zero(t, o.sendNow(message))
			failed := o.message(message.ID)
			require.Equal(t, models.StatusFailed, failed.Status)
			require.Equal(t, "MEDIA_REJECTED", failed.Failure.Code)
			require.False(t, failed.Failure.Retryable)
		})

		t.Run("of which Meta refuses an id that it just gave fail", func(t *testing.T) {
			fresh := o.uploaded(o.answers)
			o.meta.Faults().Refuse(1, simulator.Refusal{Code: 131009})
			message := o.replies(conversation.ID, pictured(fresh, "Never"))
			require.Zero(t, o.sendNow(message))
			require.Equal(t, models.StatusFailed, o.message(message.ID).Status)
		})
	})
}

func TestReply_holds_an_attachment_against_its_rules(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		o.keepsFiles()
		conversation, _ := o.greeted()
		menu := o.uploaded(o.answers)
		const field = "content.attachment.attachmentId"
		altered := func(change func(*models.Attachment)) models.Attachment {
			other := menu
			other.ID = models.NewID()
			change(&other)
			require.NoError(t, o.db.Write(t.Context(), func(tx *store.Tx) error { return store.InsertAll(tx, []models.Attachment{other}) }))
			return other
		}
		elsewhere := o.connect("Elsewhere", "331908274466199", token)
		for _, test := range []struct {
			name       string
			attachment models.Attachment
			caption    string
			code       models.Code
			field      string
		}{
			{"nobody's", models.Attachment{ID: models.NewID()}, "", models.CodeNotFound, field},
			{"another user's, never sent", o.uploaded(o.admin), "", models.CodeNotFound, field},
			{"another organization's", altered(func(a *models.Attachment) { a.OrganizationID = o.stranger.OrganizationID }), "", models.CodeNotFound, field},
			{"a hidden channel's", altered(func(a *models.Attachment) {
				a.Source, a.UploaderID, a.ChannelID = models.AttachmentFromWhatsApp, nil, &elsewhere.ID
			}), "", models.CodeNotFound, field},
			{"not there yet", altered(func(a *models.Attachment) { a.Status = models.AttachmentPending }), "", models.CodeAttachmentUnavailable, field},
			{"of a type that is not sent", altered(func(a *models.Attachment) { a.MIMEType, a.Kind = "image/webp", models.MediaSticker }), "", models.CodeAttachmentTypeNotAllowed, field},
			{"too large", altered(func(a *models.Attachment) { a.ByteSize = models.MediaImage.MaxBytes() + 1 }), "", models.CodeAttachmentTooLarge, field},
			{"sound with a caption", altered(func(a *models.Attachment) { a.MIMEType, a.Kind = "audio/mpeg", models.MediaAudio }), "Listen", models.CodeInvalid, "content.attachment.caption"},
			{"the largest", altered(func(a *models.Attachment) { a.ByteSize = models.MediaImage.MaxBytes() }), "", "", ""},
			{"one that came in", altered(func(a *models.Attachment) {
				a.Source, a.UploaderID, a.ChannelID = models.AttachmentFromWhatsApp, nil, &o.channel.ID
			}), "", "", ""},
		} {
			t.Run(test.name, func(t *testing.T) {
				draft := pictured(test.attachment, test.caption)
				foreseen, err := o.inbox.CanSend(t.Context(), o.answers, conversation.ID, draft, nil)
				require.NoError(t, err)
				_, err = o.inbox.Reply(t.Context(), o.answers, inbox.Reply{ConversationID: conversation.ID, IdempotencyKey: models.NewID().String(), Content: draft})
				if test.code == "" {
					require.NoError(t, err)
					require.True(t, foreseen.Allowed())
					return
				}
				requireCode(t, test.code, err)
				refusal, _ := errors.AsType[*models.Error](err)
				require.Equal(t, test.field, refusal.Field)
				require.Equal(t, err, error(foreseen.Obstacles[0]))
			})
		}
	})
}
