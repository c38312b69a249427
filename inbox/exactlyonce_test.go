package inbox_test

import (
	"bytes"
	"crypto/sha256"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/inbox"
	"recado/media"
	"recado/models"
	"recado/whatsapp/simulator"
)

// uploadedFile is a file that a user uploaded.
func (o *office) uploadedFile(viewer models.Viewer, name, kind string, content []byte) models.Attachment {
	o.t.Helper()
	hash := sha256.Sum256(content)
	upload := models.Upload{FileName: name, ContentType: kind, ByteSize: int64(len(content)), SHA256: hash[:]}
	attachment, target, err := o.media.Announce(o.t.Context(), viewer, upload, nil)
	require.NoError(o.t, err)
	received := media.Received{ContentType: kind, ByteSize: upload.ByteSize}
	require.NoError(o.t, o.media.Receive(o.t.Context(), target.URL[len(media.UploadsPath):], received, bytes.NewReader(content)))
	attachment, err = o.media.Complete(o.t.Context(), viewer, attachment.ID)
	require.NoError(o.t, err)
	return attachment
}

// outboundKinds are a draft of every kind. On is a message of the customer's.
func (o *office) outboundKinds() map[string]func(on models.Message) models.Draft {
	o.t.Helper()
	picture := o.uploaded(o.answers)
	offer := o.uploadedFile(o.answers, "oferta.pdf", "application/pdf", []byte("%PDF-1.7\n1 0 obj\n"))
	frame := append([]byte{0xff, 0xfb, 0x90, 0x00}, make([]byte, 413)...)
	song := o.uploadedFile(o.answers, "jingle.mp3", "audio/mpeg", bytes.Repeat(frame, 4))
	film := o.uploadedFile(o.answers, "pao.mp4", "video/mp4", []byte("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"))
	greeting := o.quickReply(o.admin, "oi", "Bom dia!", true)
	menu, err := o.inbox.CreateQuickReply(o.t.Context(), o.admin,
		inbox.QuickReplyWish{Shortcut: "menu", Body: "O de hoje", AttachmentID: new(o.uploaded(o.admin).ID)}, true)
	require.NoError(o.t, err)

	plain := func(draft models.Draft) func(models.Message) models.Draft {
		return func(models.Message) models.Draft { return draft }
	}
	file := func(attachment models.Attachment, caption string) func(models.Message) models.Draft {
		return plain(pictured(attachment, caption))
	}
	asks := func(change func(*models.InteractiveDraft)) func(models.Message) models.Draft {
		draft := models.InteractiveDraft{Interactive: models.Interactive{Body: "Quando?", Footer: "Padaria"}}
		change(&draft)
		return plain(models.Draft{Interactive: &draft})
	}
	buttons := []models.Choice{{ID: "a", Title: "Hoje"}, {ID: "b", Title: "Amanhã"}}
	return map[string]func(models.Message) models.Draft{
		"text":         plain(says("Até as seis.")),
		"link preview": plain(models.Draft{Text: &models.TextDraft{Body: "https://padaria.example", PreviewURL: true}}),
		"image":        file(picture, "Cardápio"),
		"document":     file(offer, "Oferta"),
		"audio":        file(song, ""),
		"video":        file(film, "Pão"),
		"location":     plain(models.Draft{Location: &models.Location{Latitude: -23.55, Longitude: -46.63, Name: "Padaria", Address: "Rua 1"}}),
		"contacts": plain(models.Draft{Contacts: &models.ContactsDraft{Cards: []models.ContactCard{{
			Name: models.CardName{Formatted: "Ana", First: "Ana"}, Phones: []models.CardPhone{{Phone: "+5511987654321"}},
		}}}}),
		"reaction": func(on models.Message) models.Draft {
			return models.Draft{Reaction: &models.ReactionDraft{MessageID: on.ID, Emoji: "👍"}}
		},
		"reaction taken back": func(on models.Message) models.Draft {
			return models.Draft{Reaction: &models.ReactionDraft{MessageID: on.ID}}
		},
		"buttons":               asks(func(d *models.InteractiveDraft) { d.Buttons = buttons }),
		"buttons below a photo": asks(func(d *models.InteractiveDraft) { d.Buttons, d.HeaderAttachmentID = buttons, &picture.ID }),
		"link": asks(func(d *models.InteractiveDraft) {
			d.Link = &models.InteractiveLink{Text: "Pagar", URL: "https://p.example"}
		}),
		"list": asks(func(d *models.InteractiveDraft) {
			d.List = &models.InteractiveList{Button: "Ver", Sections: []models.ListSection{{Rows: []models.Choice{{ID: "r", Title: "9:00"}}}}}
		}),
		"quick reply":           plain(models.Draft{QuickReply: &models.QuickReplyDraft{QuickReplyID: greeting.ID}}),
		"quick reply with file": plain(models.Draft{QuickReply: &models.QuickReplyDraft{QuickReplyID: menu.ID}}),
	}
}

// What can go wrong around the call to Meta; each ends with the job that has nothing
// left to do.
var sendFaults = map[string]func(t *testing.T, o *office, message models.Message){
	"nothing goes wrong": func(t *testing.T, o *office, message models.Message) {
		require.Zero(t, o.sendNow(message))
	},
	"the answer is lost": func(t *testing.T, o *office, message models.Message) {
		o.meta.Faults().DropAnswers(1)
		require.Equal(t, quiet, o.sendNow(message))
		o.pass(time.Second)
	},
	"the request is lost": func(t *testing.T, o *office, message models.Message) {
		o.meta.Faults().DropRequests(1)
		require.Equal(t, quiet, o.sendNow(message))
		o.pass(quiet)
		require.Zero(t, o.sendNow(message))
	},
	"the process dies before the call": func(t *testing.T, o *office, message models.Message) {
		o.dies(message, nil)
		require.Equal(t, quiet, o.sendNow(message))
		o.pass(quiet)
		require.Zero(t, o.sendNow(message))
	},
	"the process dies before the answer": func(t *testing.T, o *office, message models.Message) {
		o.dies(message, func(attempt inbox.Attempt) {
			_, err := o.client.Send(t.Context(), attempt.Credentials(), attempt.Message())
			require.NoError(t, err)
		})
		require.Equal(t, quiet, o.sendNow(message))
		o.pass(time.Second)
	},
	"two processes have the job": func(t *testing.T, o *office, message models.Message) {
		again := make([]time.Duration, 2)
		var both sync.WaitGroup
		for i := range again {
			both.Go(func() { again[i] = o.sendNow(message) })
		}
		both.Wait()
		require.Contains(t, again, time.Duration(0), "one of them sent it")
		o.pass(time.Second)
	},
}

// dies begins the call of a message, with its file if it has one, and never notes
// what became of it.
func (o *office) dies(message models.Message, call func(inbox.Attempt)) {
	o.t.Helper()
	attempt, err := o.inbox.BeginWhole(o.t.Context(), message)
	require.NoError(o.t, err)
	require.Equal(o.t, models.StatusSending, o.message(message.ID).Status)
	if call != nil {
		call(attempt)
	}
}

// The customer sees it once, whatever it is and whatever goes wrong.
func TestSend_each_kind_exactly_once(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		o.keepsFiles()
		for kind, draft := range o.outboundKinds() {
			for fault, happens := range sendFaults {
				t.Run(kind+", "+fault, func(t *testing.T) {
					conversation, iris := o.greeted()
					on := o.message(*conversation.LastMessageID)
					before := len(o.meta.Sent())
					message := o.replies(conversation.ID, draft(on))

					happens(t, o, message)

					o.meta.Faults().Clear()
					o.pass(time.Minute)
					require.NotNil(t, o.message(message.ID).WAMID)
					o.pass(quiet)
					require.Zero(t, o.sendNow(message), "nothing is left to do")
					o.pass(time.Minute)
					o.seenOnce(t, iris, message, before)
				})
			}
		}
	})
}

// seenOnce holds the customer's phone against a message.
func (o *office) seenOnce(t *testing.T, iris *simulator.CustomerHandle, message models.Message, before int) {
	t.Helper()
	sent := o.meta.Sent()[before:]
	require.Len(t, sent, 1, "Meta took it once")
	require.Equal(t, message.ID.String(), sent[0].CallbackData)
	require.Zero(t, sent[0].FailureCode)
	now := o.message(message.ID)
	require.Equal(t, sent[0].ID, *now.WAMID)
	received := iris.Inbox(o.channel.PhoneNumberID)
	if message.Kind == models.KindReaction {
		require.Equal(t, models.StatusSent, now.Status)
		require.Empty(t, received)
		require.Equal(t, message.Content.Reaction.Emoji, iris.Written(o.channel.PhoneNumberID)[0].Reaction)
		return
	}
	require.Equal(t, models.StatusDelivered, now.Status)
	require.Len(t, received, 1)
	require.Equal(t, message.Kind, received[0].Type)
	switch {
	case message.Kind == models.KindText:
		require.Equal(t, message.Body, received[0].Body)
	case message.Content.Media != nil:
		require.Equal(t, message.Content.Media.Caption, received[0].Body)
	}
	require.Equal(t, message.AttachmentID != nil, received[0].File != nil)
	if message.AttachmentID != nil {
		files, err := o.media.Load(t.Context(), o.organization, []models.ID{*message.AttachmentID})
		require.NoError(t, err)
		require.EqualValues(t, files[*message.AttachmentID].ByteSize, received[0].File.ByteSize)
	}
}
