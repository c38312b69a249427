package simulator

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	// linkLife is how long a file that was fetched serves for the same link (§5.3).
	linkLife = 10 * time.Minute
	// linkHops is how many redirects are followed.
	linkHops = 3
)

// linked is a file that was fetched from a link.
type linked struct {
	file  *file
	until time.Time
}

// maxSizes are the largest files of each type in bytes (§6.5).
var maxSizes = map[string]int{"audio": 16 << 20, "document": maxUpload, "image": 5 << 20, "sticker": 500 << 10, "video": 16 << 20}

// complaint is what keeps a file from being shown as the type, in the words of the
// failed status; empty if nothing does (§6.5, §11.6).
func (r mediaRef) complaint(f *file) string {
	allowed, limited := mimeTypes[r.kind]
	kind, _, err := mime.ParseMediaType(f.mime)
	switch {
	case err != nil && !limited:
		return "The file has no valid Content-Type."
	case limited && !slices.Contains(allowed, kind):
		return fmt.Sprintf("Unsupported %s%s mime type %s. Please use one of %s.",
			strings.ToUpper(r.kind[:1]), r.kind[1:], f.mime, strings.Join(allowed, ", "))
	case len(f.bytes) > maxSizes[r.kind]:
		return fmt.Sprintf("Media file size too big. Max file size we currently support: %d bytes.", maxSizes[r.kind])
	}
	return ""
}

// fetchLinks gets the files that a message names by link and then plans what becomes
// of the message: one whose file cannot be had or shown fails with 131053 (§5.3).
// s.mu must be held.
func (s *Simulator) fetchLinks(m *message, refs []mediaRef) {
	if s.closed {
		return
	}
	s.fetching++
	s.running.Go(func() {
		var files []*file
		var failed error
		for _, ref := range refs {
			f, err := s.linkedFile(ref)
			files, failed = append(files, f), errors.Join(failed, err)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.fetching--
		if failed != nil {
			s.log.Info("link not fetched", "message", m.id, "error", failed)
			m.failure, m.failureDetails = 131053, failed.Error()
		} else {
			m.files = files
		}
		s.play(m)
		s.notify()
	})
}

// linkedFile is the file at a link, if it can be shown as its type. It runs without
// s.mu.
func (s *Simulator) linkedFile(ref mediaRef) (*file, error) {
	s.mu.Lock()
	kept, ok := s.links[ref.link]
	now := s.clock.Now()
	s.mu.Unlock()
	if !ok || !now.Before(kept.until) {
		f, err := s.fetch(ref)
		if err != nil {
			return nil, err
		}
		kept = linked{f, now.Add(linkLife)}
		s.mu.Lock()
		s.links[ref.link] = kept
		s.mu.Unlock()
	}
	if problem := ref.complaint(kept.file); problem != "" {
		return nil, errors.New(problem)
	}
	return kept.file, nil
}

// fetch gets a file, from the hosts of Options.LinkHosts alone, redirects included.
func (s *Simulator) fetch(ref mediaRef) (*file, error) {
	ctx, cancel := context.WithTimeout(s.life, s.opts.WebhookTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, ref.link, nil)
	if err == nil {
		err = s.mayFetch(request.URL)
	}
	if err != nil {
		return nil, fmt.Errorf("downloading media from weblink failed: %w", err)
	}
	request.Header.Set("User-Agent", "facebookexternalua")
	client := http.Client{Transport: s.transport, CheckRedirect: func(next *http.Request, earlier []*http.Request) error {
		if len(earlier) > linkHops {
			return errors.New("there are too many redirects")
		}
		return s.mayFetch(next.URL)
	}}
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("downloading media from weblink failed: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("downloading media from weblink failed with http code %d, status message %s",
			response.StatusCode, http.StatusText(response.StatusCode))
	}
	content, err := io.ReadAll(io.LimitReader(response.Body, maxUpload+1))
	if err != nil {
		return nil, fmt.Errorf("downloading media from weblink failed: %w", err)
	}
	return &file{mime: response.Header.Get("Content-Type"), bytes: content}, nil
}

func (s *Simulator) mayFetch(at *url.URL) error {
	if slices.Contains(s.opts.LinkHosts, at.Host) {
		return nil
	}
	return fmt.Errorf("the host %q is not on the list of those that may be asked", at.Host)
}

// ReceivedFile is the file of a message on the customer's phone.
type ReceivedFile struct {
	MIMEType string `json:"mimeType"`
	ByteSize int    `json:"byteSize"`
	SHA256   string `json:"sha256"` // in hex
}

// shown is the file that the message has on the phone; nil if it has none.
func (m *message) shown() *ReceivedFile {
	if len(m.files) == 0 {
		return nil
	}
	f := m.files[0]
	sum := sha256.Sum256(f.bytes)
	return &ReceivedFile{MIMEType: f.mime, ByteSize: len(f.bytes), SHA256: hex.EncodeToString(sum[:])}
}
