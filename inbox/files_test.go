package inbox_test

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"recado/inbox"
	"recado/media"
	"recado/models"
	"recado/whatsapp/simulator"
)

// changedFile waits for the event that tells that a message's file has arrived or failed.
func (s *subscription) changedFile(wamid string) inbox.Change {
	s.t.Helper()
	for {
		change := s.next()
		if change.Kind == models.EventMessageChanged && *change.Payload.Message.WAMID == wamid {
			return change
		}
	}
}

// file is the attachment of the message with an id of Meta's.
func (o *office) file(wamid string) models.Attachment {
	o.t.Helper()
	message := o.byWAMID(wamid)
	require.NotNil(o.t, message.AttachmentID)
	found, err := o.media.Find(o.t.Context(), o.watches, []models.ID{*message.AttachmentID})
	require.NoError(o.t, err)
	require.Contains(o.t, found, *message.AttachmentID)
	return found[*message.AttachmentID]
}

func TestReceive_files(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		o.keepsFiles()
		live := o.subscribe(o.watches, inbox.Subscription{})
		_, iris := o.greeted()
		note := []byte("OggS is how a note begins, and this one ends soon")

		t.Run("are there as PENDING with their message", func(t *testing.T) {
			wamid := o.sent(iris.SendMedia(o.channel.PhoneNumberID, simulator.File{Kind: "audio", MIMEType: "audio/ogg; codecs=opus", Bytes: note, Voice: true}))
			pending := o.file(wamid)
			require.Equal(t, models.AttachmentPending, pending.Status)
			require.Equal(t, models.MediaAudio, pending.Kind)
			require.True(t, pending.Voice)
			o.work()
			change := live.changedFile(wamid)
			require.Equal(t, o.byWAMID(wamid).ID, change.Payload.Message.ID)
			arrived := o.file(wamid)
			require.Equal(t, models.AttachmentAvailable, arrived.Status)
			file, err := o.media.Open(t.Context(), o.media.FileAddress(arrived).URL[len(media.FilesPath):])
			require.NoError(t, err)
			defer file.Close()
			content, err := io.ReadAll(file)
			require.NoError(t, err)
			require.Equal(t, note, content)
		})

		t.Run("that Meta could not fetch have failed at once", func(t *testing.T) {
			failed := o.file(o.sent(iris.SendBrokenMedia(o.channel.PhoneNumberID, "video")))
			require.Equal(t, models.AttachmentFailed, failed.Status)
			require.Equal(t, 131052, failed.Failure.MetaCode)
		})

		t.Run("come once, however often the message does", func(t *testing.T) {
			wamid := o.sent(iris.SendMedia(o.channel.PhoneNumberID, simulator.File{Kind: "image", MIMEType: "image/png", Bytes: []byte("no image")}))
			live.changedFile(wamid)
			first := o.file(wamid)
			o.accept(item{
				channel: o.channel, contact: map[string]any{"wa_id": iris.WAID()},
				message: map[string]any{
					"from": iris.WAID(), "id": wamid, "timestamp": "1795000000", "type": "image",
					"image": map[string]any{"id": "901", "mime_type": "image/png"},
				},
			})
			require.Equal(t, first.ID, o.file(wamid).ID)
			var all int64
			require.NoError(t, o.db.Read(t.Context()).Model(&models.Attachment{}).Where("kind = ?", models.MediaImage).Count(&all).Error)
			require.EqualValues(t, 1, all)
		})

		t.Run("do not exist for who may not see their channel", func(t *testing.T) {
			wamid := o.sent(iris.SendMedia(o.channel.PhoneNumberID, simulator.File{Kind: "document", MIMEType: "application/pdf", Bytes: []byte("%PDF-1.7"), FileName: "a.pdf"}))
			live.changedFile(wamid)
			file := o.file(wamid)
			for _, viewer := range []models.Viewer{o.stranger, o.member(models.LevelNone)} {
				found, err := o.media.Find(t.Context(), viewer, []models.ID{file.ID})
				require.NoError(t, err)
				require.Empty(t, found)
				_, err = o.media.Refetch(t.Context(), viewer, file.ID)
				require.Equal(t, models.CodeNotFound, models.CodeOf(err))
			}
		})
	})
}
