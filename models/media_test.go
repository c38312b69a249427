package models_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"recado/models"
)

const allowed = "JPG, JPEG, PNG, PDF, MP3, MP4, DOC, DOCX"

func TestUpload_Check(t *testing.T) {
	const docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	hash := make([]byte, 32)
	for name, test := range map[string]struct {
		upload models.Upload
		kind   models.MediaKind
		fails  *models.Error
	}{
		"a JPEG":                      {upload: models.Upload{"menu.JPG", "image/jpeg", 5 << 20, hash}, kind: models.MediaImage},
		"a JPEG by its longer name":   {upload: models.Upload{"menu.jpeg", "image/jpeg", 1, hash}, kind: models.MediaImage},
		"a PNG":                       {upload: models.Upload{"menu.png", "image/png", 1, hash}, kind: models.MediaImage},
		"a PDF of 100 MB":             {upload: models.Upload{"orçamento 12.pdf", "application/pdf", 100 << 20, hash}, kind: models.MediaDocument},
		"an MP3":                      {upload: models.Upload{"jingle.mp3", "audio/mpeg", 16 << 20, hash}, kind: models.MediaAudio},
		"an MP4":                      {upload: models.Upload{"tour.mp4", "video/mp4", 16 << 20, hash}, kind: models.MediaVideo},
		"a DOC":                       {upload: models.Upload{"carta.doc", "application/msword", 1, hash}, kind: models.MediaDocument},
		"a DOCX":                      {upload: models.Upload{"carta.docx", docx, 1, hash}, kind: models.MediaDocument},
		"a GIF":                       {upload: models.Upload{"cat.gif", "image/gif", 1, hash}, fails: notAllowed("contentType", "image/gif")},
		"a page":                      {upload: models.Upload{"menu.jpg", "text/html", 1, hash}, fails: notAllowed("contentType", "text/html")},
		"a zip by its own type":       {upload: models.Upload{"carta.docx", "application/zip", 1, hash}, fails: notAllowed("contentType", "application/zip")},
		"a type with parameters":      {upload: models.Upload{"a.jpg", "image/jpeg; q=1", 1, hash}, fails: notAllowed("contentType", "image/jpeg; q=1")},
		"a program called a picture":  {upload: models.Upload{"menu.jpg.exe", "image/jpeg", 1, hash}, fails: notAllowed("fileName", "exe")},
		"no extension":                {upload: models.Upload{"menu", "image/jpeg", 1, hash}, fails: notAllowed("fileName", "")},
		"an extension of another":     {upload: models.Upload{"menu.pdf", "image/jpeg", 1, hash}, fails: notAllowed("fileName", "pdf")},
		"no name":                     {upload: models.Upload{"", "image/jpeg", 1, hash}, fails: models.NewError(models.CodeRequired, "fileName")},
		"a way up":                    {upload: models.Upload{"../../etc/menu.jpg", "image/jpeg", 1, hash}, fails: models.NewError(models.CodeInvalid, "fileName")},
		"a way of Windows":            {upload: models.Upload{`C:\menu.jpg`, "image/jpeg", 1, hash}, fails: models.NewError(models.CodeInvalid, "fileName")},
		"a line break":                {upload: models.Upload{"menu\r\nX: y.jpg", "image/jpeg", 1, hash}, fails: models.NewError(models.CodeInvalid, "fileName")},
		"a name written backwards":    {upload: models.Upload{"menu\u202egpj.jpg", "image/jpeg", 1, hash}, fails: models.NewError(models.CodeInvalid, "fileName")},
		"a name that is too long":     {upload: models.Upload{strings.Repeat("a", 252) + ".jpg", "image/jpeg", 1, hash}, fails: models.NewError(models.CodeInvalid, "fileName")},
		"nothing in it":               {upload: models.Upload{"menu.jpg", "image/jpeg", 0, hash}, fails: models.NewError(models.CodeInvalid, "byteSize")},
		"an image one byte too large": {upload: models.Upload{"menu.jpg", "image/jpeg", 5<<20 + 1, hash}, fails: tooLarge("5242880", "IMAGE")},
		"a video one byte too large":  {upload: models.Upload{"tour.mp4", "video/mp4", 16<<20 + 1, hash}, fails: tooLarge("16777216", "VIDEO")},
		"a document that is too large": {
			upload: models.Upload{"a.pdf", "application/pdf", 100<<20 + 1, hash}, fails: tooLarge("104857600", "DOCUMENT"),
		},
		"half a hash": {upload: models.Upload{"menu.jpg", "image/jpeg", 1, hash[:16]}, fails: models.NewError(models.CodeInvalid, "sha256")},
	} {
		t.Run(name, func(t *testing.T) {
			kind, err := test.upload.Check()
			if test.fails != nil {
				require.Equal(t, test.fails, err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.kind, kind)
		})
	}
}

func notAllowed(field, found string) *models.Error {
	return models.NewError(models.CodeAttachmentTypeNotAllowed, field).With("allowed", allowed).With("found", found)
}

func tooLarge(bytes, kind string) *models.Error {
	return models.NewError(models.CodeAttachmentTooLarge, "byteSize").With("maxBytes", bytes).With("kind", kind)
}

func TestContentIs(t *testing.T) {
	require.NoError(t, models.ContentIs("image/png", "image/png"))
	require.Equal(t, notAllowed("", "text/html"), models.ContentIs("image/png", "text/html"))
	require.Equal(t, notAllowed("", "image/jpeg"), models.ContentIs("image/png", "image/jpeg"))
}

func TestMediaKindOf(t *testing.T) {
	for _, kind := range []string{"image", "video", "audio", "document", "sticker"} {
		media, ok := models.MediaKindOf(kind)
		require.True(t, ok)
		require.Equal(t, kind, media.MessageKind())
	}
	for _, kind := range []string{"text", "IMAGE", "voice", "", "location"} {
		_, ok := models.MediaKindOf(kind)
		require.False(t, ok, kind)
	}
}

func TestSafeFileName(t *testing.T) {
	for given, kept := range map[string]string{
		"Offer 17.pdf":                    "Offer 17.pdf",
		"orçamento – ção.docx":            "orçamento – ção.docx",
		"見積書.pdf":                         "見積書.pdf",
		"../../etc/passwd":                "passwd",
		`..\..\boot.ini`:                  "boot.ini",
		"/":                               "",
		"..":                              "",
		"...":                             "",
		".env":                            ".env",
		"a\x00b\r\nc.pdf":                 "abc.pdf",
		"exe\u202efdp.exe":                "exefdp.exe",
		"bad\xffutf8.pdf":                 "badutf8.pdf",
		"  spaced.pdf  ":                  "spaced.pdf",
		strings.Repeat("x", 300):          strings.Repeat("x", 255),
		strings.Repeat("ç", 200):          strings.Repeat("ç", 127),
		"":                                "",
		strings.Repeat("y", 300) + ".pdf": strings.Repeat("y", 251) + ".pdf",
	} {
		require.Equal(t, kept, models.SafeFileName(given), "%q", given)
	}
}

func FuzzSafeFileName(f *testing.F) {
	f.Add("../../etc/passwd")
	f.Add(strings.Repeat("ç", 200) + "." + strings.Repeat("x", 80))
	f.Add("a\u2028b \u202e.pdf")
	f.Fuzz(func(t *testing.T, name string) {
		safe := models.SafeFileName(name)
		require.LessOrEqual(t, len(safe), 255)
		require.True(t, utf8.ValidString(safe))
		require.False(t, strings.ContainsAny(safe, "/\\\x00\r\n\u2028\u202e"))
		require.NotContains(t, []string{".", ".."}, safe)
		require.Equal(t, safe, models.SafeFileName(safe), "what is safe stays as it is")
	})
}
