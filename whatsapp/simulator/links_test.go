package simulator_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/whatsapp/simulator"
)

// page is a web server with files that messages link to.
type page struct {
	*httptest.Server
	asked atomic.Int32
}

func aPage(t *testing.T) *page {
	t.Helper()
	p := &page{}
	file := func(kind, content string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			p.asked.Add(1)
			w.Header().Set("Content-Type", kind)
			_, _ = w.Write([]byte(content)) // whoever asked may be gone
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/a.png", file("image/png", "PNG"))
	mux.HandleFunc("/a.webp", file("image/webp", "WEBP"))
	mux.HandleFunc("/large.png", file("image/png", strings.Repeat("x", 5<<20+1)))
	mux.HandleFunc("/a.pdf", file("application/pdf", "%PDF"))
	mux.HandleFunc("/untyped", file(";", "x"))
	mux.Handle("/moved", http.RedirectHandler("/a.png", http.StatusFound))
	mux.Handle("/away", http.RedirectHandler("http://elsewhere.example/a.png", http.StatusFound))
	mux.Handle("/round", http.RedirectHandler("/round", http.StatusFound))
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

// allowed lets a simulator fetch from the page.
func (p *page) allowed(o *simulator.Options) {
	o.LinkHosts = append(o.LinkHosts, p.Listener.Addr().String())
}

func (*page) sum(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

func TestFilesByLink(t *testing.T) {
	page := aPage(t)
	for _, c := range []struct {
		name, kind, link string
		details          string // of the failure; empty: it arrives
	}{
		{"arrive", "image", "/a.png", ""},
		{"arrive_from_where_they_moved", "image", "/moved", ""},
		{"arrive_as_a_document_whatever_they_are", "document", "/a.webp", ""},
		{"are_missing", "image", "/none.png", "http code 404, status message Not Found"},
		{"have_a_type_that_is_not_shown", "image", "/a.webp", "Unsupported Image mime type image/webp. Please use one of image/jpeg, image/png."},
		{"have_no_type", "document", "/untyped", "no valid Content-Type"},
		{"are_too_large", "image", "/large.png", "Media file size too big"},
		{"are_on_a_host_that_is_not_listed", "image", "http://elsewhere.example/a.png", `the host "elsewhere.example" is not on the list`},
		{"have_moved_to_such_a_host", "image", "/away", `the host "elsewhere.example" is not on the list`},
		{"move_for_ever", "image", "/round", "too many redirects"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, page.allowed)
			iris := w.iris(irisWAID)
			link := c.link
			if strings.HasPrefix(link, "/") {
				link = page.URL + link
			}
			require.Equal(t, 200, w.send(of(c.kind, object{"link": link})).status, "it is accepted at once")
			w.flush()
			w.pass(time.Minute)
			hooks := w.hook.take()
			if c.details == "" {
				require.Len(t, iris.Inbox(numberID), 1)
				require.NotNil(t, iris.Inbox(numberID)[0].File)
				require.Equal(t, "sent", statusesOf(hooks)[0])
				return
			}
			require.Empty(t, iris.Inbox(numberID))
			require.Equal(t, []string{"failed"}, statusesOf(hooks))
			require.Contains(t, string(hooks[0].raw), `"code":131053`)
			require.Contains(t, strings.NewReplacer(`\/`, `/`, `\"`, `"`).Replace(string(hooks[0].raw)), c.details)
		})
	}

	t.Run("are_used_again_for_ten_minutes", func(t *testing.T) {
		w := newWorld(t, page.allowed)
		w.iris(irisWAID)
		before := page.asked.Load()
		show := func() int32 {
			w.send(of("document", object{"link": page.URL + "/a.pdf"}))
			w.flush()
			return page.asked.Load() - before
		}
		require.EqualValues(t, 1, show())
		w.clock.Advance(10*time.Minute - time.Second)
		require.EqualValues(t, 1, show())
		w.clock.Advance(time.Second)
		require.EqualValues(t, 2, show())
	})

	t.Run("serve_above_buttons", func(t *testing.T) {
		w := newWorld(t, page.allowed)
		iris := w.iris(irisWAID)
		above := object{"type": "image", "image": object{"link": page.URL + "/a.png"}}
		w.send(of("interactive", with(buttons("10:00"), "header", above)))
		w.send(of("interactive", with(buttons("10:00"), "header", object{"type": "image", "image": object{"link": page.URL + "/none"}})))
		w.flush()
		w.pass(time.Minute)
		require.Len(t, iris.Inbox(numberID), 1)
		require.Equal(t, page.sum("PNG"), iris.Inbox(numberID)[0].File.SHA256)
	})

	t.Run("are_not_fetched_for_a_message_that_fails_anyway", func(t *testing.T) {
		w := newWorld(t, page.allowed)
		before := page.asked.Load()
		w.send(of("image", object{"link": page.URL + "/a.png"}))
		w.flush()
		w.pass(time.Minute)
		require.Equal(t, []string{"failed"}, statusesOf(w.hook.take()))
		require.Equal(t, before, page.asked.Load())
	})

	t.Run("are_fetched_from_nowhere_unless_told", func(t *testing.T) {
		w := newWorld(t)
		w.iris(irisWAID)
		before := page.asked.Load()
		w.send(of("image", object{"link": page.URL + "/a.png"}))
		w.flush()
		w.pass(time.Minute)
		require.Equal(t, []string{"failed"}, statusesOf(w.hook.take()))
		require.Equal(t, before, page.asked.Load())
	})
}
