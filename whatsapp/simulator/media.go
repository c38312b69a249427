package simulator

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	mediaPath      = "/lookaside/whatsapp_business/attachments/"
	mediaURLLife   = 5 * time.Minute
	uploadLife     = 30 * 24 * time.Hour
	maxUpload      = 100 << 20
	multipartSlack = 1 << 20
)

// file is an uploaded file.
type file struct {
	id      string
	number  *number
	mime    string
	bytes   []byte
	expires time.Time
}

// usableFile is the file with this id if the number may use it now. s.mu must be
// held.
func (s *Simulator) usableFile(n *number, id string) *file {
	f, ok := s.files[id]
	if !ok || f.number.WABAID != n.WABAID || !s.clock.Now().Before(f.expires) {
		return nil
	}
	return f
}

// visibleFile is the file the path names, if it lives and the token may see it.
func (c *call) visibleFile() *file {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	f, ok := c.s.files[c.id]
	if !ok || !c.seesAccount(f.number.WABAID) || !c.s.clock.Now().Before(f.expires) {
		return nil
	}
	if want := c.r.URL.Query().Get("phone_number_id"); want != "" && want != f.number.ID {
		return nil
	}
	return f
}

// serveUpload takes a file in (§6.1).
func (s *Simulator) serveUpload(c *call, n *number) {
	c.r.Body = http.MaxBytesReader(c.w, c.r.Body, maxUpload+multipartSlack)
	if err := c.r.ParseMultipartForm(multipartSlack); err != nil {
		c.fail(invalidParameter("The body is not multipart/form-data or larger than 100 MB."))
		return
	}
	defer func() { _ = c.r.MultipartForm.RemoveAll() }()
	if c.r.FormValue("messaging_product") != "whatsapp" {
		c.fail(invalidParameter("The parameter messaging_product is required."))
		return
	}
	part, header, err := c.r.FormFile("file")
	if err != nil {
		c.fail(invalidParameter("The parameter file is required."))
		return
	}
	defer part.Close()
	kind := c.r.FormValue("type")
	if kind == "" {
		kind = header.Header.Get("Content-Type")
	}
	content, err := io.ReadAll(part)
	if err != nil || len(content) == 0 || kind == "" {
		c.fail(invalidParameter("Param file must be a file that is not empty and has a type."))
		return
	}
	s.mu.Lock()
	f := &file{id: s.newObjectID(), number: n, mime: kind, bytes: content, expires: s.clock.Now().Add(uploadLife)}
	s.files[f.id] = f
	s.mu.Unlock()
	c.answer(map[string]string{"id": f.id})
}

// serveFile answers with a file's address or removes it (§6.2, §6.4).
func (s *Simulator) serveFile(c *call, f *file) {
	switch c.r.Method {
	case http.MethodGet:
		sum := sha256.Sum256(f.bytes)
		c.answer(map[string]string{
			"messaging_product": "whatsapp", "url": s.mediaURL(c.r, f), "mime_type": f.mime,
			"sha256": hex.EncodeToString(sum[:]), "file_size": strconv.Itoa(len(f.bytes)), "id": f.id,
		})
	case http.MethodDelete:
		s.mu.Lock()
		delete(s.files, f.id)
		s.mu.Unlock()
		c.succeed()
	default:
		c.fail(unsupported(c.r.Method, c.id))
	}
}

func (s *Simulator) mediaURL(r *http.Request, f *file) string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	ext := strconv.FormatInt(s.clock.Now().Add(mediaURLLife).Unix(), 10)
	query := url.Values{"mid": {f.id}, "ext": {ext}, "hash": {s.mediaHash(f.id, ext)}}
	return fmt.Sprintf("%s://%s%s?%s", scheme, r.Host, mediaPath, query.Encode())
}

func (s *Simulator) mediaHash(id, ext string) string {
	mac := hmac.New(sha256.New, []byte(s.opts.AppSecret))
	mac.Write([]byte(id + "/" + ext))
	return hex.EncodeToString(mac.Sum(nil))[:32]
}

// serveDownload answers the address of a file with its bytes: 401 without a
// valid token, 404 once the address has expired (§6.3).
func (s *Simulator) serveDownload(w http.ResponseWriter, r *http.Request) {
	c := &call{s: s, w: w, r: r, version: latestVersion}
	if scheme, value, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		c.bearer = value
	}
	if err := c.authenticate(); err != nil || c.token == nil {
		http.Error(w, "", http.StatusUnauthorized)
		return
	}
	if r.Method != http.MethodGet {
		http.Error(w, "", http.StatusMethodNotAllowed)
		return
	}
	query := r.URL.Query()
	c.id = query.Get("mid")
	ext := query.Get("ext")
	until, err := strconv.ParseInt(ext, 10, 64)
	f := c.visibleFile()
	genuine := hmac.Equal([]byte(query.Get("hash")), []byte(s.mediaHash(c.id, ext)))
	if f == nil || err != nil || !genuine || s.clock.Now().Unix() >= until {
		http.Error(w, "", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", f.mime)
	w.Header().Set("Content-Length", strconv.Itoa(len(f.bytes)))
	_, _ = w.Write(f.bytes) // the client may be gone
}
