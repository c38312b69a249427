package media_test

import (
	"encoding/xml"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/stretchr/testify/require"

	"recado/media"
	"recado/models"
)

// blobStore is an empty place for files.
type blobStore struct {
	address string                      // for media.OpenBucket
	files   func(t *testing.T) []string // the keys of all that is in it, also of what is half written
}

// blobStores are the kinds of places.
var blobStores = map[string]func(t *testing.T) blobStore{"folder": aFolder, "s3": aBucket}

func aFolder(t *testing.T) blobStore {
	t.Helper()
	folder := t.TempDir()
	return blobStore{address: "file:" + folder, files: func(t *testing.T) (keys []string) {
		t.Helper()
		require.NoError(t, filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
			if err == nil && !entry.IsDir() {
				keys = append(keys, strings.TrimPrefix(path, folder+"/"))
			}
			return err
		}))
		slices.Sort(keys)
		return keys
	}}
}

// aBucket is a bucket of a server in this process that speaks S3's protocol.
func aBucket(t *testing.T) blobStore {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	objects := s3mem.New()
	require.NoError(t, objects.CreateBucket("recado"))
	server := httptest.NewServer(gofakes3.New(objects).Server())
	t.Cleanup(server.Close)
	options := url.Values{"endpoint": {server.URL}, "use_path_style": {"true"}, "region": {"sa-east-1"}}
	return blobStore{address: "s3://recado?" + options.Encode(), files: func(t *testing.T) (keys []string) {
		t.Helper()
		list, err := objects.ListBucket("recado", nil, gofakes3.ListBucketPage{})
		require.NoError(t, err)
		for _, object := range list.Contents {
			keys = append(keys, object.Key)
		}
		return append(keys, halfWritten(t, server.URL)...)
	}}
}

// halfWritten are the keys of the bucket that are being written in parts.
func halfWritten(t *testing.T, server string) (keys []string) {
	t.Helper()
	response, err := http.Get(server + "/recado?uploads")
	require.NoError(t, err)
	defer response.Body.Close()
	var list struct {
		Uploads []struct{ Key string } `xml:"Upload"`
	}
	require.NoError(t, xml.NewDecoder(response.Body).Decode(&list))
	for _, upload := range list.Uploads {
		keys = append(keys, upload.Key+" (in parts)")
	}
	return keys
}

func TestOpenBucket(t *testing.T) {
	t.Run("tells at once of a bucket that is not there", func(t *testing.T) {
		store := aBucket(t)
		_, err := media.OpenBucket(t.Context(), strings.Replace(store.address, "recado", "other", 1))
		require.ErrorContains(t, err, "there is no such bucket")
	})

	t.Run("shares a bucket below a prefix", func(t *testing.T) {
		store := aBucket(t)
		bucket, err := media.OpenBucket(t.Context(), store.address+"&prefix=a/")
		require.NoError(t, err)
		require.NoError(t, bucket.WriteAll(t.Context(), "uploads/x", []byte("x"), nil))
		require.NoError(t, bucket.Close())
		require.Equal(t, []string{"a/uploads/x"}, store.files(t))
	})

	t.Run("knows folders and S3 alone", func(t *testing.T) {
		_, err := media.OpenBucket(t.Context(), "mem://")
		require.ErrorContains(t, err, "begins with `file:` or `s3://`")
	})
}

func TestSweep(t *testing.T) {
	onEachShop(t, func(t *testing.T, s *shop) {
		bucket, err := media.OpenBucket(t.Context(), s.blobs.address)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, bucket.Close()) })
		require.NoError(t, bucket.WriteAll(t.Context(), "files/a/b", []byte("whole"), nil))
		if folder, ok := strings.CutPrefix(s.blobs.address, "file:"); ok {
			for name, age := range map[string]time.Duration{"files/a/c.18b.tmp": 25 * time.Hour, "thumbnails/c.18c.tmp": 25 * time.Hour, "files/a/d.18d.tmp": time.Hour} {
				path := filepath.Join(folder, filepath.FromSlash(name))
				require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
				require.NoError(t, os.WriteFile(path, []byte("half"), 0o600))
				written := s.clock.Now().Add(-age)
				require.NoError(t, os.Chtimes(path, written, written))
			}
			require.NoError(t, os.Chtimes(filepath.Join(folder, "files/a/b"), time.Time{}, s.clock.Now().Add(-100*time.Hour)))
			require.NoError(t, s.media.Sweep(t.Context()))
			require.Equal(t, []string{"files/a/b", "files/a/d.18d.tmp"}, s.files(), "what is being written stays, and so does what is whole")
			return
		}
		require.NoError(t, s.media.Sweep(t.Context()))
		require.Equal(t, []string{"files/a/b"}, s.files())
	})
}

func TestOpen(t *testing.T) {
	onEachShop(t, func(t *testing.T, s *shop) {
		text := []byte("%PDF-1.7\n0123456789")
		viewer, attachment, address := s.announced(promise("orçamento.pdf", "application/pdf", text))
		require.NoError(t, s.put(address, "application/pdf", text))
		attachment, err := s.media.Complete(t.Context(), viewer, attachment.ID)
		require.NoError(t, err)

		for asked, want := range map[string]struct {
			status int
			body   string
		}{
			"":             {http.StatusOK, string(text)},
			"bytes=9-12":   {http.StatusPartialContent, "0123"},
			"bytes=-3":     {http.StatusPartialContent, "789"},
			"bytes=17-":    {http.StatusPartialContent, "89"},
			"bytes=17-400": {http.StatusPartialContent, "89"},
			"bytes=19-":    {http.StatusRequestedRangeNotSatisfiable, ""},
		} {
			t.Run("gives the range "+asked, func(t *testing.T) {
				file := s.opened(s.media.FileAddress(attachment))
				request := httptest.NewRequest(http.MethodGet, "/", nil)
				request.Header.Set("Range", asked)
				answer := httptest.NewRecorder()
				http.ServeContent(answer, request, "", file.ModifiedAt, file)
				require.Equal(t, want.status, answer.Code)
				if want.body != "" {
					require.Equal(t, want.body, answer.Body.String())
				}
			})
		}

		t.Run("does not find a file whose bytes are gone", func(t *testing.T) {
			bucket, err := media.OpenBucket(t.Context(), s.blobs.address)
			require.NoError(t, err)
			require.NoError(t, bucket.Delete(t.Context(), attachment.BlobKey))
			require.NoError(t, bucket.Close())
			_, err = s.media.Open(t.Context(), s.media.FileAddress(attachment).URL[len(media.FilesPath):])
			require.Equal(t, models.CodeNotFound, models.CodeOf(err))
		})
	})
}
