package simulator

import (
	"encoding/base64"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// handlePrefix is how handles of samples begin (§6.6).
const handlePrefix = "4:"

// sampleUpload is a resumable upload of the app (§6.6).
type sampleUpload struct {
	name, mime string
	length     int64
	bytes      []byte
}

var sampleTypes = []string{"application/pdf", "image/jpeg", "image/jpg", "image/png", "video/mp4"}

// serveUploads begins an upload of the app.
func (s *Simulator) serveUploads(c *call) {
	query := c.r.URL.Query()
	length, err := strconv.ParseInt(query.Get("file_length"), 10, 64)
	switch {
	case c.r.Method != http.MethodPost:
		c.fail(unsupported(c.r.Method, c.id))
		return
	case err != nil || length <= 0 || length > maxUpload:
		c.fail(invalidParameter("Param file_length must be a number."))
		return
	case !slices.Contains(sampleTypes, query.Get("file_type")):
		c.fail(invalidParameter("Param file_type is not supported."))
		return
	}
	s.mu.Lock()
	id := "upload:" + base64.StdEncoding.EncodeToString([]byte("attachment:"+s.randomHex(16)))
	s.uploads[id] = &sampleUpload{name: query.Get("file_name"), mime: query.Get("file_type"), length: length}
	s.mu.Unlock()
	c.answer(map[string]string{"id": id + "?sig=ARZqkGCA"})
}

// serveSample takes the bytes of an upload, or tells how many there are. The token comes
// under its older name.
func (s *Simulator) serveSample(c *call) {
	s.mu.Lock()
	upload := s.uploads[c.id]
	s.mu.Unlock()
	if upload == nil {
		c.fail(unsupported(c.r.Method, c.id))
		return
	}
	if c.r.Method == http.MethodGet {
		s.mu.Lock()
		have := len(upload.bytes)
		s.mu.Unlock()
		c.answer(map[string]any{"id": c.id, "file_offset": have})
		return
	}
	var offset string
	for name, values := range c.r.Header {
		if strings.EqualFold(name, "file_offset") {
			offset = values[0]
		}
	}
	content, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, maxUpload))
	s.mu.Lock()
	at, offsetErr := strconv.Atoi(offset)
	ok := err == nil && offsetErr == nil && at == len(upload.bytes) && int64(at+len(content)) == upload.length
	if ok {
		upload.bytes = append(upload.bytes, content...)
	}
	s.mu.Unlock()
	if !ok {
		c.fail(invalidParameter("The upload is incomplete or at another offset."))
		return
	}
	encode := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	c.answer(map[string]string{"h": handlePrefix + encode(upload.name) + ":" + encode(upload.mime) + ":ARb\n" + handlePrefix + "part"})
}
