package media_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/media"
	"recado/models"
	"recado/store"
)

// announced begins an upload of Bruno's, who may reply.
func (s *shop) announced(upload models.Upload) (models.Viewer, models.Attachment, string) {
	s.t.Helper()
	viewer := s.Viewer(s.Replier)
	attachment, target, err := s.media.Announce(s.t.Context(), viewer, upload, nil)
	require.NoError(s.t, err)
	require.Equal(s.t, "PUT", target.Method)
	require.Equal(s.t, []media.Header{{Name: "Content-Type", Value: upload.ContentType}}, target.Headers)
	address, ok := strings.CutPrefix(target.URL, media.UploadsPath)
	require.True(s.t, ok)
	return viewer, attachment, address
}

func (s *shop) put(address, contentType string, content []byte) error {
	return s.media.Receive(s.t.Context(), address, media.Received{ContentType: contentType, ByteSize: int64(len(content))}, bytes.NewReader(content))
}

func promise(name, contentType string, content []byte) models.Upload {
	return models.Upload{FileName: name, ContentType: contentType, ByteSize: int64(len(content)), SHA256: sum(content)}
}

const docxType = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

func archive(names ...string) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range names {
		entry, err := w.Create(name)
		if err == nil {
			_, err = io.WriteString(entry, "<xml/>")
		}
		if err != nil {
			panic(err) // a buffer takes everything
		}
	}
	_ = w.Close()
	return b.Bytes()
}

// readerFunc is a Read.
type readerFunc func(to []byte) (int, error)

func (f readerFunc) Read(to []byte) (int, error) { return f(to) }

// bomb is a PNG of a few bytes that claims to be 50,000 pixels wide and high.
func bomb() []byte {
	content := bytes.Clone(picture(8, 8))
	binary.BigEndian.PutUint32(content[16:], 50_000)
	binary.BigEndian.PutUint32(content[20:], 50_000)
	binary.BigEndian.PutUint32(content[29:], crc32.ChecksumIEEE(content[12:29]))
	return content
}

// What the root of a compound file says that it is.
var (
	wordID  = []byte{0x06, 0x09, 0x02, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46}
	excelID = []byte{0x20, 0x08, 0x02, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46}
)

// compound is a compound file, such as Word wrote before 2007, of three sectors.
func compound(id []byte) []byte {
	file := make([]byte, 3*512)
	copy(file, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
	file[24], file[26], file[28], file[30] = 0x3e, 3, 0xfe, 9 // version 3, sectors of 512 bytes
	file[29] = 0xff
	copy(file[512+80:], id) // of the root, in the first sector
	return file
}

// sound is an MP3 of a few silent frames at 128 kbit/s and 44.1 kHz.
func sound() []byte {
	frame := append([]byte{0xff, 0xfb, 0x90, 0x00}, make([]byte, 413)...)
	return bytes.Repeat(frame, 4)
}

func TestUpload(t *testing.T) {
	onEachShop(t, func(t *testing.T, s *shop) {
		image := picture(640, 320)

		t.Run("becomes available when its bytes are as announced", func(t *testing.T) {
			viewer, attachment, address := s.announced(promise("cardápio.png", "image/png", image))
			_, err := s.media.Complete(t.Context(), viewer, attachment.ID)
			require.Equal(t, models.CodeAttachmentNotUploaded, models.CodeOf(err))
			require.NoError(t, s.put(address, "image/png", image))
			done, err := s.media.Complete(t.Context(), viewer, attachment.ID)
			require.NoError(t, err)
			require.Equal(t, models.AttachmentAvailable, done.Status)
			require.Equal(t, 640, *done.Width)
			require.NoError(t, done.Sendable())
			require.Len(t, s.files(), 2, "the file and its thumbnail, and no upload")
			again, err := s.media.Complete(t.Context(), viewer, attachment.ID)
			require.NoError(t, err)
			require.Equal(t, done.ID, again.ID)
			require.Equal(t, models.CodeConflict, models.CodeOf(s.put(address, "image/png", image)), "an address serves once")
		})

		kept := s.files()
		for name, test := range map[string]struct {
			upload  models.Upload
			content []byte
			code    models.Code
		}{
			"a page called a picture": {promise("menu.jpg", "image/jpeg", []byte("<html><script>x</script></html>")), []byte("<html><script>x</script></html>"), models.CodeAttachmentTypeNotAllowed},
			"a zip called a document": {promise("carta.docx", docxType, archive("a.txt")), archive("a.txt"), models.CodeAttachmentTypeNotAllowed},
			"a zip that begins like a document": {
				promise("carta.docx", docxType, archive("[Content_Types].xml", "word/evil.txt")), archive("[Content_Types].xml", "word/evil.txt"), models.CodeAttachmentTypeNotAllowed,
			},
			"a table called a letter":  {promise("carta.doc", "application/msword", compound(excelID)), compound(excelID), models.CodeAttachmentTypeNotAllowed},
			"a letter called a page":   {promise("carta.pdf", "application/pdf", compound(wordID)), compound(wordID), models.CodeAttachmentTypeNotAllowed},
			"a PNG called a JPEG":      {promise("menu.jpg", "image/jpeg", image), image, models.CodeAttachmentTypeNotAllowed},
			"a picture that is broken": {promise("menu.png", "image/png", image[:20]), image[:20], models.CodeAttachmentTypeNotAllowed},
			"an image bomb":            {promise("menu.png", "image/png", bomb()), bomb(), models.CodeAttachmentUnsafe},
		} {
			t.Run(name+" is refused and leaves nothing", func(t *testing.T) {
				viewer, attachment, address := s.announced(test.upload)
				require.NoError(t, s.put(address, test.upload.ContentType, test.content))
				_, err := s.media.Complete(t.Context(), viewer, attachment.ID)
				require.Equal(t, test.code, models.CodeOf(err), "%v", err)
				if test.code == models.CodeAttachmentTypeNotAllowed {
					require.Contains(t, err.Error(), "JPG, JPEG, PNG, PDF, MP3, MP4, DOC, DOCX")
				}
				require.Equal(t, kept, s.files())
				_, err = s.media.Complete(t.Context(), viewer, attachment.ID)
				require.Equal(t, models.CodeNotFound, models.CodeOf(err))
				require.Equal(t, models.CodeNotFound, models.CodeOf(s.put(address, test.upload.ContentType, test.content)))
			})
		}

		t.Run("a real document passes", func(t *testing.T) {
			for name, file := range map[string]struct {
				mime    string
				content []byte
			}{
				"carta.docx": {docxType, archive("[Content_Types].xml", "_rels/.rels", "word/document.xml")},
				"carta.doc":  {"application/msword", compound(wordID)},
				"a.pdf":      {"application/pdf", []byte("%PDF-1.7\n1 0 obj\n")},
				"a.mp3":      {"audio/mpeg", sound()},
				"a.mp4":      {"video/mp4", []byte("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom")},
			} {
				viewer, attachment, address := s.announced(promise(name, file.mime, file.content))
				require.NoError(t, s.put(address, file.mime, file.content), name)
				_, err := s.media.Complete(t.Context(), viewer, attachment.ID)
				require.NoError(t, err, name)
			}
		})

		t.Run("a large file that ends otherwise leaves no part of it", func(t *testing.T) {
			large := append([]byte("%PDF-1.7\n"), make([]byte, 20<<20)...)
			viewer, attachment, address := s.announced(promise("a.pdf", "application/pdf", large))
			wrong := bytes.Clone(large)
			wrong[len(wrong)-1]++
			kept := s.files()
			require.Equal(t, models.CodeAttachmentHashMismatch, models.CodeOf(s.put(address, "application/pdf", wrong)))
			require.Equal(t, kept, s.files())
			ctx, hangUp := context.WithCancel(t.Context())
			most := io.MultiReader(bytes.NewReader(large[:18<<20]), readerFunc(func([]byte) (int, error) {
				hangUp()
				return 0, io.ErrUnexpectedEOF
			}))
			said := media.Received{ContentType: "application/pdf", ByteSize: int64(len(large))}
			require.ErrorIs(t, s.media.Receive(ctx, address, said, most), io.ErrUnexpectedEOF)
			require.Equal(t, kept, s.files())
			require.NoError(t, s.put(address, "application/pdf", large))
			done, err := s.media.Complete(t.Context(), viewer, attachment.ID)
			require.NoError(t, err)
			require.Len(t, read(t, s.opened(s.media.FileAddress(done))), len(large))
		})

		kept = s.files()
		t.Run("bytes that are not as announced are refused on arrival", func(t *testing.T) {
			_, _, address := s.announced(promise("menu.png", "image/png", image))
			other := bytes.Clone(image)
			other[len(other)-1]++
			require.Equal(t, models.CodeAttachmentHashMismatch, models.CodeOf(s.put(address, "image/png", other)))
			require.Equal(t, models.CodeAttachmentSizeMismatch, models.CodeOf(s.put(address, "image/png", image[1:])))
			require.Equal(t, models.CodeAttachmentTypeNotAllowed, models.CodeOf(s.put(address, "text/html", image)))
			short := s.media.Receive(t.Context(), address, media.Received{ContentType: "image/png", ByteSize: int64(len(image))}, bytes.NewReader(image[1:]))
			require.Equal(t, models.CodeAttachmentSizeMismatch, models.CodeOf(short))
			long := s.media.Receive(t.Context(), address, media.Received{ContentType: "image/png", ByteSize: int64(len(image))}, bytes.NewReader(append(bytes.Clone(image), 0)))
			require.Equal(t, models.CodeAttachmentSizeMismatch, models.CodeOf(long))
			require.Equal(t, kept, s.files())
			require.NoError(t, s.put(address, "image/png", image), "what is right still can come")
		})

		t.Run("belongs to its uploader", func(t *testing.T) {
			_, attachment, address := s.announced(promise("menu.png", "image/png", image))
			require.NoError(t, s.put(address, "image/png", image))
			for _, user := range []models.User{s.Administrator, s.Looker} {
				_, err := s.media.Complete(t.Context(), s.Viewer(user), attachment.ID)
				require.Equal(t, models.CodeNotFound, models.CodeOf(err))
				found, err := s.media.Find(t.Context(), s.Viewer(user), []models.ID{attachment.ID})
				require.NoError(t, err)
				require.Empty(t, found)
			}
		})

		t.Run("announced again with the same key is the same one", func(t *testing.T) {
			viewer, upload, key := s.Viewer(s.Replier), promise("menu.png", "image/png", image), "once"
			first, target, err := s.media.Announce(t.Context(), viewer, upload, &key)
			require.NoError(t, err)
			again, same, err := s.media.Announce(t.Context(), viewer, upload, &key)
			require.NoError(t, err)
			require.Equal(t, first.ID, again.ID)
			require.Equal(t, target, same)
			_, _, err = s.media.Announce(t.Context(), viewer, promise("other.png", "image/png", image), &key)
			require.Equal(t, models.CodeIdempotencyKeyReused, models.CodeOf(err))
			_, _, err = s.media.Announce(t.Context(), viewer, upload, new(""))
			require.Equal(t, error(models.NewError(models.CodeRequired, "idempotencyKey")), err)

			require.NoError(t, s.put(target.URL[len(media.UploadsPath):], "image/png", image))
			_, err = s.media.Complete(t.Context(), viewer, first.ID)
			require.NoError(t, err)
			done, none, err := s.media.Announce(t.Context(), viewer, upload, &key)
			require.NoError(t, err)
			require.Equal(t, models.AttachmentAvailable, done.Status)
			require.Nil(t, none, "it is there already")

			other := "over"
			_, _, err = s.media.Announce(t.Context(), viewer, upload, &other)
			require.NoError(t, err)
			s.clock.Advance(media.UploadLife)
			_, _, err = s.media.Announce(t.Context(), viewer, upload, &other)
			require.Equal(t, models.CodeAttachmentUploadExpired, models.CodeOf(err))
		})

		t.Run("is one of so many under way", func(t *testing.T) {
			viewer := s.Viewer(s.Replier)
			announce := func(by models.Viewer) error {
				_, _, err := s.media.Announce(t.Context(), by, promise("menu.png", "image/png", image), nil)
				return err
			}
			for range models.MaxUploads {
				require.NoError(t, announce(viewer))
			}
			require.Equal(t, error(models.NewError(models.CodeLimitReached, "").With("max", "50")), announce(viewer))
			require.NoError(t, announce(s.Viewer(s.Administrator)), "others have room")
			pending := make([]models.Attachment, models.MaxUploadsOfAll-models.MaxUploads-1)
			for i := range pending {
				pending[i] = models.Attachment{
					OrganizationID: s.Organization.ID, ID: models.NewID(), Source: models.AttachmentFromUpload, UploaderID: &s.Looker.ID,
					Status: models.AttachmentPending, UploadExpires: new(s.clock.Now().Add(media.UploadLife)),
				}
			}
			s.Write(func(tx *store.Tx) error { return store.InsertAll(tx, pending) })
			require.Equal(t, error(models.NewError(models.CodeLimitReached, "").With("max", "500")), announce(s.Viewer(s.Administrator)))
			s.clock.Advance(media.UploadLife)
			require.NoError(t, announce(viewer), "what has expired counts no more")
			s.clock.Advance(2 * media.UploadLife)
			s.clock.Advance(time.Hour)
			require.NoError(t, s.media.Clean(t.Context()))
			kept = s.files()
		})

		t.Run("is for those who may reply somewhere", func(t *testing.T) {
			_, _, err := s.media.Announce(t.Context(), s.Viewer(s.Looker), promise("menu.png", "image/png", image), nil)
			require.Equal(t, models.CodeForbidden, models.CodeOf(err))
		})

		t.Run("address that is not ours opens nothing", func(t *testing.T) {
			_, _, address := s.announced(promise("menu.png", "image/png", image))
			for _, forged := range []string{"", "x", address[:len(address)-1], address + "A", flip(address)} {
				require.Equal(t, models.CodeNotFound, models.CodeOf(s.put(forged, "image/png", image)), forged)
				_, err := s.media.Open(t.Context(), forged)
				require.Equal(t, models.CodeNotFound, models.CodeOf(err), forged)
			}
			_, err := s.media.Open(t.Context(), address)
			require.Equal(t, models.CodeNotFound, models.CodeOf(err), "an upload's address does not read")
		})

		t.Run("is over after its time, and cleaned up", func(t *testing.T) {
			viewer, attachment, address := s.announced(promise("menu.png", "image/png", image))
			require.NoError(t, s.put(address, "image/png", image))
			_, begun, late := s.announced(promise("menu.png", "image/png", image))
			s.clock.Advance(media.UploadLife)
			require.ErrorIs(t, s.put(late, "image/png", image), media.ErrAddressExpired)
			_, err := s.media.Complete(t.Context(), viewer, attachment.ID)
			require.Equal(t, models.CodeAttachmentUploadExpired, models.CodeOf(err))
			s.clock.Advance(2 * time.Hour)
			require.NoError(t, s.media.Clean(t.Context()))
			require.Equal(t, kept, s.files())
			rows, err := s.media.Load(t.Context(), s.Organization.ID, []models.ID{attachment.ID, begun.ID})
			require.NoError(t, err)
			require.Empty(t, rows)
		})
	})
}

// flip changes one character of a token.
func flip(address string) string {
	if address[10] == 'A' {
		return address[:10] + "B" + address[11:]
	}
	return address[:10] + "A" + address[11:]
}
