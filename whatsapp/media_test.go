package whatsapp

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMedia(t *testing.T) {
	sum := sha256.Sum256([]byte("JPEG"))
	t.Run("tells_where_the_file_is", func(t *testing.T) {
		var asked string
		g := newGraph(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
			asked = r.Method + " " + r.URL.String()
			reply(200, `{"url":"https://lookaside.fbsbx.com/a?mid=1","mime_type":"image/jpeg","sha256":"`+hex.EncodeToString(sum[:])+`","file_size":"4","id":"9012"}`)(w, r)
		})
		media, err := g.Media(t.Context(), testCreds, "9012")
		require.NoError(t, err)
		require.Equal(t, MediaFile{URL: "https://lookaside.fbsbx.com/a?mid=1", MIMEType: "image/jpeg", SHA256: sum[:], ByteSize: 4}, media)
		require.Equal(t, "GET /v26.0/9012?phone_number_id=331908274466120", asked)
	})

	t.Run("unknown_or_expired_id_is_not_found", func(t *testing.T) {
		g := newGraph(t, Options{}, reply(400, `{"error":{"code":100,"error_subcode":33,"message":"Unsupported get request"}}`))
		_, err := g.Media(t.Context(), testCreds, "9012")
		require.Equal(t, CodeObjectNotFound, failure(t, err).Code)
	})

	t.Run("an_id_that_is_no_number_is_not_asked_for", func(t *testing.T) {
		g := newGraph(t, Options{}, reply(200, `{}`))
		for _, id := range []string{"", "../1", "12/messages", "12?x=1", "-1"} {
			_, err := g.Media(t.Context(), testCreds, id)
			require.Equal(t, CodeInvalidRequest, failure(t, err).Code)
			require.Equal(t, CodeInvalidRequest, failure(t, g.DeleteMedia(t.Context(), testCreds, id)).Code)
		}
		require.Zero(t, g.requests.Load())
	})
}

func TestDecodeSHA256(t *testing.T) {
	sum := sha256.Sum256([]byte("JPEG"))
	require.Equal(t, sum[:], DecodeSHA256(hex.EncodeToString(sum[:])))
	require.Equal(t, sum[:], DecodeSHA256(strings.ToUpper(hex.EncodeToString(sum[:]))))
	require.Equal(t, sum[:], DecodeSHA256(base64.StdEncoding.EncodeToString(sum[:])))
	for _, text := range []string{"", "abc", strings.Repeat("z", 64), strings.Repeat("*", 44), hex.EncodeToString(sum[:31])} {
		require.Nil(t, DecodeSHA256(text), text)
	}
}

func TestDownloadMedia(t *testing.T) {
	t.Run("brings_the_bytes_with_the_token", func(t *testing.T) {
		var authorization, agent string
		g := newGraph(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
			authorization, agent = r.Header.Get("Authorization"), r.UserAgent()
			reply(200, "JPEG")(w, r)
		})
		var got bytes.Buffer
		n, err := g.DownloadMedia(t.Context(), testCreds, strings.TrimSuffix(g.root, "/v26.0")+"/lookaside?mid=1", 4, &got)
		require.NoError(t, err)
		require.EqualValues(t, 4, n)
		require.Equal(t, "JPEG", got.String())
		require.Equal(t, "Bearer EAAdemo.token", authorization)
		require.True(t, strings.HasPrefix(agent, "recado/"))
	})

	t.Run("the_token_goes_nowhere_else", func(t *testing.T) {
		leaked := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("called") }))
		defer leaked.Close()
		g := newGraph(t, Options{}, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, leaked.URL, http.StatusFound) })
		own, err := url.Parse(g.root)
		require.NoError(t, err)
		for _, address := range []string{
			leaked.URL, "https://example.org/a", "http://lookaside.fbsbx.com/a", "https://lookaside.fbsbx.com.example.org/a",
			"https://evilfbsbx.com/a", "https://user@lookaside.fbsbx.com/a", "https://lookaside.fbsbx.com:8443/a", "file:///etc/passwd",
			"https://" + own.Host + "/a", "http://user@" + own.Host + "/a", "://", "",
		} {
			_, err := g.DownloadMedia(t.Context(), testCreds, address, 4, io.Discard)
			require.ErrorIs(t, err, ErrForeignHost, address)
		}
		require.Zero(t, g.requests.Load())
		for _, host := range []string{"lookaside.fbsbx.com", "fbsbx.com", "graph.facebook.com", "mmg.WhatsApp.net"} {
			require.True(t, g.mayKnowToken(&url.URL{Scheme: "https", Host: host}), host)
		}
		_, err = g.DownloadMedia(t.Context(), testCreds, "http://"+own.Host+"/a", 4, io.Discard)
		require.Equal(t, CodeMediaUnavailable, failure(t, err).Code, "a redirect is not followed")
	})

	for name, test := range map[string]struct {
		answer http.HandlerFunc
		cause  error
		code   Code
		again  bool
	}{
		"an_expired_address_is_said_to_be_one": {reply(404, ""), ErrMediaURLExpired, CodeUnavailable, true},
		"a_refused_token_is_said_to_be_one":    {reply(401, ""), nil, CodeTokenInvalid, false},
		"a_failing_host_may_recover":           {reply(503, "busy", "Retry-After", "7"), nil, CodeUnavailable, true},
		"too_many_bytes_are_cut_off":           {reply(200, "JPEGS"), ErrMediaTooLarge, CodeMediaRejected, false},
		"too_many_bytes_without_a_length": {func(w http.ResponseWriter, _ *http.Request) {
			for range 5 {
				_, _ = io.WriteString(w, "J")
				_ = http.NewResponseController(w).Flush()
			}
		}, ErrMediaTooLarge, CodeMediaRejected, false},
		"a_connection_that_breaks_may_recover": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "4")
			_, _ = io.WriteString(w, "JP")
		}, io.ErrUnexpectedEOF, CodeUnavailable, true},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGraph(t, Options{}, test.answer)
			_, err := g.DownloadMedia(t.Context(), testCreds, strings.TrimSuffix(g.root, "/v26.0")+"/a", 4, io.Discard)
			e := failure(t, err)
			require.Equal(t, test.code, e.Code)
			require.Equal(t, test.again, e.Retryable)
			if test.cause != nil {
				require.ErrorIs(t, err, test.cause)
			}
		})
	}
}

func TestUploadMedia(t *testing.T) {
	upload := MediaUpload{
		MIMEType: "application/pdf", FileName: "Orçamento \"12\"\r\n.pdf", ByteSize: 4,
		Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("%PDF")), nil },
	}

	t.Run("is_a_form_in_metas_shape", func(t *testing.T) {
		var path, product, kind, name, partType, content string
		var length int64
		g := newGraph(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
			path, length = r.URL.Path, r.ContentLength
			product, kind = r.FormValue("messaging_product"), r.FormValue("type")
			file, header, err := r.FormFile("file")
			if err == nil {
				bytes, _ := io.ReadAll(file)
				name, partType, content = header.Filename, header.Header.Get("Content-Type"), string(bytes)
			}
			reply(200, `{"id":901234500000011}`)(w, r)
		})
		id, err := g.UploadMedia(t.Context(), testCreds, upload)
		require.NoError(t, err)
		require.Equal(t, "901234500000011", id)
		require.Equal(t, "/v26.0/331908274466120/media", path)
		require.Equal(t, "whatsapp", product)
		require.Equal(t, "application/pdf", kind)
		require.Equal(t, "application/pdf", partType)
		require.Equal(t, "Or_amento__12___.pdf", name)
		require.Equal(t, "%PDF", content)
		require.Positive(t, length)
	})

	t.Run("is_read_anew_for_a_repeat", func(t *testing.T) {
		var bodies []string
		g := newGraph(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			if bodies = append(bodies, string(body)); len(bodies) == 1 {
				reply(500, `{"error":{"code":131016,"message":"Service unavailable"}}`)(w, r)
				return
			}
			reply(200, `{"id":"9"}`)(w, r)
		})
		id, err := g.UploadMedia(t.Context(), testCreds, upload)
		require.NoError(t, err)
		require.Equal(t, "9", id)
		require.Equal(t, bodies[0], bodies[1])
	})

	t.Run("refusal_is_told", func(t *testing.T) {
		g := newGraph(t, Options{}, reply(400, `{"error":{"code":131053,"message":"Media upload error"}}`))
		_, err := g.UploadMedia(t.Context(), testCreds, upload)
		require.Equal(t, CodeMediaRejected, failure(t, err).Code)
	})
}

func TestDeleteMedia(t *testing.T) {
	var asked string
	g := newGraph(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
		asked = r.Method + " " + r.URL.Path
		reply(200, `{"success":true}`)(w, r)
	})
	require.NoError(t, g.DeleteMedia(t.Context(), testCreds, "9012"))
	require.Equal(t, "DELETE /v26.0/9012", asked)
}
