package simulator_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/whatsapp/simulator"
)

// upload posts a file and returns the answer.
func (w *world) upload(fields map[string]string, content string) answer {
	w.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, v := range fields {
		require.NoError(w.t, form.WriteField(name, v))
	}
	part, err := form.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="file"; filename="menu.jpg"`}, "Content-Type": {"image/jpeg"},
	})
	require.NoError(w.t, err)
	_, err = io.WriteString(part, content)
	require.NoError(w.t, err)
	require.NoError(w.t, form.Close())
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.graph.URL+"/v26.0/"+numberID+"/media", &body)
	require.NoError(w.t, err)
	req.Header.Set("Authorization", "Bearer "+bearer)
	req.Header.Set("Content-Type", form.FormDataContentType())
	res, err := w.graph.Client().Do(req)
	require.NoError(w.t, err)
	defer res.Body.Close()
	return read(w.t, res)
}

func TestMedia(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.meta.AddNumber(simulator.Number{ID: "222", WABAID: "333", DisplayNumber: "15550109999", Token: "other-token"}))
	a := w.upload(map[string]string{"messaging_product": "whatsapp", "type": "image/jpeg"}, "JPEG")
	require.Equal(t, 200, a.status, a.raw)
	id := a.text("id")
	require.Equal(t, 100, w.upload(map[string]string{"type": "image/jpeg"}, "JPEG").code())
	require.Equal(t, 100, w.upload(map[string]string{"messaging_product": "whatsapp"}, "").code())

	node := w.call(bearer, http.MethodGet, "/v26.0/"+id, nil)
	require.Equal(t, "image/jpeg", node.body["mime_type"])
	require.Equal(t, "4", node.body["file_size"])
	require.Equal(t, "f4dc1c96a30fbdeb2a15cb6d4229469fff36c0266dc0c346599093c24d4c0a01", node.body["sha256"])
	address := strings.TrimPrefix(node.text("url"), w.graph.URL)

	got := w.call(bearer, http.MethodGet, address, nil)
	require.Equal(t, "JPEG", got.raw)
	require.Equal(t, "image/jpeg", got.header.Get("Content-Type"))
	require.Equal(t, 401, w.call("", http.MethodGet, address, nil).status)
	require.Equal(t, 401, w.call("", http.MethodGet, address+"&access_token="+bearer, nil).status)
	require.Equal(t, 404, w.call("other-token", http.MethodGet, address, nil).status)
	require.Equal(t, 404, w.call(bearer, http.MethodGet, address+"0", nil).status)
	require.EqualValues(t, 33, w.call("other-token", http.MethodGet, "/v26.0/"+id, nil).errorField("error_subcode"))
	require.EqualValues(t, 33, w.call(bearer, http.MethodGet, "/v26.0/"+id+"?phone_number_id=222", nil).errorField("error_subcode"))

	image := with(with(text(irisWAID, ""), "type", "image"), "image", map[string]any{"id": id})
	require.Equal(t, 200, w.send(image).status)

	w.clock.Advance(5*time.Minute - time.Second)
	require.Equal(t, 200, w.call(bearer, http.MethodGet, address, nil).status)
	w.clock.Advance(time.Second)
	require.Equal(t, 404, w.call(bearer, http.MethodGet, address, nil).status, "the address has expired")

	w.clock.Advance(30 * 24 * time.Hour)
	require.EqualValues(t, 33, w.call(bearer, http.MethodGet, "/v26.0/"+id, nil).errorField("error_subcode"))
	require.Equal(t, 131009, w.send(image).code())

	id = w.upload(map[string]string{"messaging_product": "whatsapp", "type": "image/jpeg"}, "JPEG").text("id")
	require.JSONEq(t, `{"success":true}`, w.call(bearer, http.MethodDelete, "/v26.0/"+id, nil).raw)
	require.Equal(t, 100, w.call(bearer, http.MethodGet, "/v26.0/"+id, nil).code())
}
