package server_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/media"
	"recado/models"
	"recado/server"
)

// files are one file behind the token "good"; any other token is refused with the
// error of its name.
type files struct{ received string }

type content struct{ *strings.Reader }

func (content) Close() error { return nil }

var refusals = map[string]error{
	"expired": media.ErrAddressExpired, "used": models.NewError(models.CodeConflict, ""), "fault": errors.New("the disk is full"),
	"wrong": models.NewError(models.CodeAttachmentHashMismatch, ""), "page": models.ContentIs("image/png", "text/html"),
}

func refusal(token string) error {
	if err, ok := refusals[token]; ok {
		return err
	}
	return models.ErrNotFound
}

func (*files) Open(_ context.Context, token string) (*media.File, error) {
	if token != "good" {
		return nil, refusal(token)
	}
	return &media.File{
		ReadSeekCloser: content{strings.NewReader("0123456789")}, ETag: `"abc"`, ModifiedAt: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC),
		Description: media.Description{Name: "Orçamento\r\n.pdf", MIMEType: "application/pdf"},
	}, nil
}

func (f *files) Receive(_ context.Context, token string, said media.Received, body io.Reader) error {
	if token != "good" {
		return refusal(token)
	}
	text, err := io.ReadAll(body)
	f.received = said.ContentType + " " + string(text)
	return err
}

func TestFiles(t *testing.T) {
	kept := &files{}
	w := start(t, func(o *server.Options) { o.Files = kept })
	at := "http://" + w.server.Address()

	t.Run("are given out so that nothing in them runs", func(t *testing.T) {
		got := w.do(http.MethodGet, at+"/files/good", nil)
		require.Equal(t, 200, got.status)
		require.Equal(t, "0123456789", got.body)
		require.Equal(t, "application/pdf", got.header.Get("Content-Type"))
		require.Equal(t, `attachment; filename="Or_amento.pdf"; filename*=UTF-8''Or%C3%A7amento.pdf`, got.header.Get("Content-Disposition"))
		require.Equal(t, "nosniff", got.header.Get("X-Content-Type-Options"))
		require.Equal(t, "sandbox; default-src 'none'", got.header.Get("Content-Security-Policy"))
	})

	t.Run("are given out in parts", func(t *testing.T) {
		part := w.do(http.MethodGet, at+"/files/good", nil, "Range", "bytes=2-4")
		require.Equal(t, 206, part.status)
		require.Equal(t, "234", part.body)
		require.Equal(t, "bytes 2-4/10", part.header.Get("Content-Range"))
		require.Equal(t, "789", w.do(http.MethodGet, at+"/files/good", nil, "Range", "bytes=-3").body)
		require.Equal(t, 416, w.do(http.MethodGet, at+"/files/good", nil, "Range", "bytes=20-").status)
		require.Equal(t, 304, w.do(http.MethodGet, at+"/files/good", nil, "If-None-Match", `"abc"`).status)
		head := w.do(http.MethodHead, at+"/files/good", nil)
		require.Equal(t, "10", head.header.Get("Content-Length"))
		require.Empty(t, head.body)
	})

	t.Run("are taken in", func(t *testing.T) {
		require.Equal(t, 204, w.do(http.MethodPut, at+"/uploads/good", strings.NewReader("PNG"), "Content-Type", "image/png").status)
		require.Equal(t, "image/png PNG", kept.received)
		require.Equal(t, 405, w.do(http.MethodPost, at+"/uploads/good", strings.NewReader("PNG")).status)
	})

	t.Run("are refused with a reason", func(t *testing.T) {
		for token, status := range map[string]int{"expired": 410, "used": 409, "wrong": 422, "page": 415, "unknown": 404, "fault": 503} {
			got := w.do(http.MethodPut, at+"/uploads/"+token, strings.NewReader("PNG"))
			require.Equal(t, status, got.status, token)
			require.NotContains(t, got.body, "disk")
		}
		require.Equal(t, 404, w.do(http.MethodGet, at+"/files/unknown", nil).status)
		require.Equal(t, 410, w.do(http.MethodGet, at+"/files/expired", nil).status)
		require.Contains(t, w.do(http.MethodPut, at+"/uploads/page", nil).body, "JPG, JPEG, PNG, PDF, MP3, MP4, DOC, DOCX")
	})

	t.Run("may be uploaded by pages of our origins", func(t *testing.T) {
		ours := w.do(http.MethodOptions, at+"/uploads/good", nil, "Origin", "https://app.example.org")
		require.Equal(t, "PUT", ours.header.Get("Access-Control-Allow-Methods"))
		require.Equal(t, "https://app.example.org", ours.header.Get("Access-Control-Allow-Origin"))
		foreign := w.do(http.MethodOptions, at+"/uploads/good", nil, "Origin", "https://evil.example")
		require.Empty(t, foreign.header.Get("Access-Control-Allow-Methods"))
	})
}
