package media_test

import (
	"bytes"
	"image/jpeg"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/media"
	"recado/models"
	"recado/whatsapp"
)

func TestFetch(t *testing.T) {
	onEachShop(t, func(t *testing.T, s *shop) {
		s.work()
		image := picture(640, 320)

		t.Run("an image arrives with its size and a thumbnail", func(t *testing.T) {
			pending := s.came("image", models.Media{MetaID: s.atMeta("image/jpeg", image), MIME: "image/jpeg", SHA256: hexOf(image)})
			require.Equal(t, models.AttachmentPending, pending.Status)
			got := s.changed()
			require.Equal(t, pending.ID, got.ID)
			require.Equal(t, models.AttachmentAvailable, got.Status)
			require.Equal(t, "image/png", got.MIMEType, "the true type, not the announced one")
			require.EqualValues(t, len(image), got.ByteSize)
			require.Equal(t, []int{640, 320}, []int{*got.Width, *got.Height})
			file := s.opened(s.media.FileAddress(got))
			require.Equal(t, image, read(t, file))
			require.Equal(t, "inline", file.Disposition())
			small, err := jpeg.DecodeConfig(s.opened(s.media.ThumbnailAddress(got)))
			require.NoError(t, err)
			require.Equal(t, []int{320, 160}, []int{small.Width, small.Height})
		})

		t.Run("a voice note tells how long it plays", func(t *testing.T) {
			note := voice(96_000+312, 312)
			s.came("audio", models.Media{MetaID: s.atMeta("audio/ogg", note), MIME: "audio/ogg; codecs=opus", Voice: true})
			got := s.changed()
			require.True(t, got.Voice)
			require.EqualValues(t, 2000, *got.DurationMS)
			require.Equal(t, "audio/ogg", got.MIMEType)
		})

		t.Run("a document keeps its name and goes out as a file", func(t *testing.T) {
			page := []byte("<html><script>alert(1)</script></html>")
			s.came("document", models.Media{MetaID: s.atMeta("application/pdf", page), MIME: "application/pdf", FileName: "../Orçamento \"1\".pdf"})
			got := s.changed()
			require.Equal(t, "text/html", got.MIMEType)
			require.Equal(t, `attachment; filename="Or_amento _1_.pdf"; filename*=UTF-8''Or%C3%A7amento%20%221%22.pdf`, s.opened(s.media.FileAddress(got)).Disposition())
			require.Nil(t, s.media.ThumbnailAddress(got))
		})

		t.Run("what Meta could not fetch has failed at once", func(t *testing.T) {
			failed := s.came("video", models.Media{MIME: "video/mp4", Error: &models.MetaProblem{Code: 131052, Title: "Media download error"}})
			require.Equal(t, models.AttachmentFailed, failed.Status)
			require.Equal(t, "MEDIA_UNAVAILABLE", failed.Failure.Code)
			require.Equal(t, 131052, failed.Failure.MetaCode)
			_, err := s.media.Refetch(t.Context(), s.Viewer(s.Looker), failed.ID)
			require.Equal(t, models.CodeAttachmentUnavailable, models.CodeOf(err))
		})

		t.Run("an id that Meta does not know has expired, and may be asked for again", func(t *testing.T) {
			gone := s.came("image", models.Media{MetaID: "999000111", MIME: "image/jpeg"})
			got := s.changed()
			require.Equal(t, models.AttachmentExpired, got.Status)
			require.Equal(t, "MEDIA_EXPIRED", got.Failure.Code)
			require.Nil(t, s.media.FileAddress(got))
			again, err := s.media.Refetch(t.Context(), s.Viewer(s.Looker), gone.ID)
			require.NoError(t, err)
			require.Equal(t, models.AttachmentPending, again.Status)
			require.Equal(t, models.AttachmentPending, s.heard().Status)
			require.Equal(t, models.AttachmentExpired, s.changed().Status)
			_, err = s.media.Refetch(t.Context(), s.Viewer(s.Outsider), gone.ID)
			require.Equal(t, models.CodeNotFound, models.CodeOf(err))
		})

		t.Run("other bytes than announced are not taken", func(t *testing.T) {
			wrong := s.came("image", models.Media{MetaID: s.atMeta("image/png", image), MIME: "image/png", SHA256: hexOf([]byte("other"))})
			got := s.changed()
			require.Equal(t, wrong.ID, got.ID)
			require.Equal(t, models.AttachmentFailed, got.Status)
			require.Equal(t, "MEDIA_CORRUPT", got.Failure.Code)
			require.Equal(t, 3, got.Attempts)
		})

		t.Run("is seen by those who may view its channel alone", func(t *testing.T) {
			file := s.came("image", models.Media{MetaID: s.atMeta("image/png", image), MIME: "image/png"})
			s.changed()
			for user, sees := range map[*models.User]bool{&s.Administrator: true, &s.Looker: true, &s.Outsider: false} {
				found, err := s.media.Find(t.Context(), s.Viewer(*user), []models.ID{file.ID})
				require.NoError(t, err)
				require.Equal(t, sees, len(found) == 1, user.Name)
			}
			stranger := models.Viewer{OrganizationID: models.NewID(), Administrator: true}
			found, err := s.media.Find(t.Context(), stranger, []models.ID{file.ID})
			require.NoError(t, err)
			require.Empty(t, found)
		})

		t.Run("an address ends", func(t *testing.T) {
			s.came("image", models.Media{MetaID: s.atMeta("image/png", image), MIME: "image/png"})
			address := s.media.FileAddress(s.changed())
			s.clock.Advance(media.URLLife)
			s.opened(address)
			s.clock.Advance(media.URLLife)
			_, err := s.media.Open(t.Context(), address.URL[len(media.FilesPath):])
			require.ErrorIs(t, err, media.ErrAddressExpired)
		})
	})
}

func TestHandleFor(t *testing.T) {
	onEachShop(t, func(t *testing.T, s *shop) {
		image := picture(8, 8)
		viewer, attachment, address := s.announced(promise("menu.png", "image/png", image))
		credentials := whatsapp.Credentials{PhoneNumberID: number, AccessToken: token}
		_, err := s.media.HandleFor(t.Context(), credentials, s.Organization.ID, s.channel.ID, attachment.ID)
		require.Equal(t, models.CodeAttachmentUnavailable, models.CodeOf(err))
		require.NoError(t, s.put(address, "image/png", image))
		_, err = s.media.Complete(t.Context(), viewer, attachment.ID)
		require.NoError(t, err)
		handle := func() string {
			handle, err := s.media.HandleFor(t.Context(), credentials, s.Organization.ID, s.channel.ID, attachment.ID)
			require.NoError(t, err)
			return handle.MediaID
		}
		first := handle()
		require.Equal(t, first, handle(), "a file is handed over once")
		known, err := s.client.Media(t.Context(), credentials, first)
		require.NoError(t, err)
		require.Equal(t, sum(image), known.SHA256)
		require.NoError(t, s.media.ForgetHandle(t.Context(), s.Organization.ID, s.channel.ID, attachment.ID, "another"))
		require.Equal(t, first, handle())
		require.NoError(t, s.media.ForgetHandle(t.Context(), s.Organization.ID, s.channel.ID, attachment.ID, first))
		second := handle()
		require.NotEqual(t, first, second)
		s.clock.Advance(whatsapp.UploadedMediaLife)
		require.NotEqual(t, second, handle(), "Meta forgets after 30 days")
		s.clock.Advance(2 * whatsapp.UploadedMediaLife)
		require.NoError(t, s.media.Clean(t.Context()))
		var left int64
		require.NoError(t, s.db.Read(t.Context()).Model(&models.MediaHandle{}).Count(&left).Error)
		require.Zero(t, left)
	})
}

func (s *shop) opened(address *media.Address) *media.File {
	s.t.Helper()
	require.NotNil(s.t, address)
	require.True(s.t, address.ExpiresAt.After(s.clock.Now()) && !address.ExpiresAt.After(s.clock.Now().Add(20*time.Minute)))
	file, err := s.media.Open(s.t.Context(), address.URL[len(media.FilesPath):])
	require.NoError(s.t, err)
	s.t.Cleanup(func() { require.NoError(s.t, file.Close()) })
	return file
}

func read(t *testing.T, file *media.File) []byte {
	t.Helper()
	var b bytes.Buffer
	_, err := io.Copy(&b, file)
	require.NoError(t, err)
	return b.Bytes()
}
