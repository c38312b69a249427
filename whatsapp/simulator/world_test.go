package simulator_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"recado/whatsapp/simulator"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	waba     = "214705829341166"
	numberID = "331908274466120"
	display  = "15550102030"
	bearer   = "EAAdemo.token"
	secret   = "s3cret-of-the-app"
	verify   = "my-chosen-token"
	irisWAID = "447700900456"
)

var start = time.Date(2026, time.November, 23, 9, 0, 0, 0, time.UTC)

// world is a simulator with one number, its callback and a manual clock.
type world struct {
	t     *testing.T
	clock *simulator.ManualClock
	meta  *simulator.Simulator
	graph *httptest.Server
	hook  *receiver
}

func newWorld(t *testing.T, changes ...func(*simulator.Options)) *world {
	t.Helper()
	clock := simulator.NewManualClock(start)
	opts := simulator.Options{AppSecret: secret, Clock: clock, Seed: 7, MaxInFlightWebhooks: 1}
	for _, change := range changes {
		change(&opts)
	}
	w := &world{t: t, clock: clock, meta: simulator.New(opts), hook: newReceiver(t)}
	w.graph = httptest.NewServer(w.meta)
	t.Cleanup(w.graph.Close)
	t.Cleanup(func() { require.NoError(t, w.meta.Close()) })
	require.NoError(t, w.meta.AddNumber(simulator.Number{
		ID: numberID, DisplayNumber: display, WABAID: waba, VerifiedName: "Quayside Tea", Token: bearer,
	}))
	require.NoError(t, w.meta.SetCallback(t.Context(), w.hook.URL, verify))
	return w
}

// iris is a customer who has just written, so that the window is open; the
// webhook of her message has been taken out of the receiver.
func (w *world) iris(waID string) *simulator.CustomerHandle {
	w.t.Helper()
	c := w.meta.Customer(simulator.Customer{WAID: waID, Name: "Iris Calder"})
	c.SendText(numberID, "hello")
	w.flush()
	w.hook.take()
	return c
}

func (w *world) flush() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 10*time.Second)
	defer cancel()
	require.NoError(w.t, w.meta.Flush(ctx))
}

// pass lets time pass and waits for the webhooks that fall due.
func (w *world) pass(d time.Duration) {
	w.t.Helper()
	w.clock.Advance(d)
	w.flush()
}

type answer struct {
	status int
	header http.Header
	raw    string
	body   map[string]any
}

func (a answer) errorField(name string) any {
	fields, _ := a.body["error"].(map[string]any)
	return fields[name]
}

func (a answer) code() int {
	code, _ := a.errorField("code").(float64)
	return int(code)
}

func (a answer) details() string {
	data, _ := a.errorField("error_data").(map[string]any)
	text, _ := data["details"].(string)
	return text
}

// text is a property of the body; empty if it is missing or no string.
func (a answer) text(name string) string {
	return textOf(a.body[name])
}

func (a answer) id(t *testing.T) string {
	t.Helper()
	require.Equal(t, 200, a.status, a.raw)
	var parsed struct {
		Messages []struct {
			ID string `json:"id"`
		} `json:"messages"`
	}
	require.NoError(t, json.Unmarshal([]byte(a.raw), &parsed))
	require.Len(t, parsed.Messages, 1)
	return parsed.Messages[0].ID
}

// try makes a call with the token (none if empty) and a JSON body (none if nil).
func (w *world) try(token, method, path string, body any) (answer, error) {
	var reader io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		require.NoError(w.t, err)
		reader = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.graph.URL+path, reader)
	require.NoError(w.t, err)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := w.graph.Client().Do(req)
	if err != nil {
		return answer{}, fmt.Errorf("calling: %w", err)
	}
	defer res.Body.Close()
	return read(w.t, res), nil
}

func read(t *testing.T, res *http.Response) answer {
	t.Helper()
	raw, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	a := answer{status: res.StatusCode, header: res.Header, raw: string(raw)}
	_ = json.Unmarshal(raw, &a.body) // bodies that are no JSON are looked at raw
	return a
}

func (w *world) call(token, method, path string, body any) answer {
	w.t.Helper()
	a, err := w.try(token, method, path, body)
	require.NoError(w.t, err)
	return a
}

func text(to, body string) map[string]any {
	return map[string]any{"messaging_product": "whatsapp", "to": to, "type": "text", "text": map[string]any{"body": body}}
}

const messagesPath = "/v26.0/" + numberID + "/messages"

func (w *world) send(body map[string]any) answer {
	w.t.Helper()
	return w.call(bearer, http.MethodPost, messagesPath, body)
}

// receiver is a business's callback. It checks the signature of each webhook
// over the raw bytes, with its own arithmetic.
type receiver struct {
	*httptest.Server
	t *testing.T

	mu       sync.Mutex
	got      []hook
	all      int
	answers  func(attempt int) int // status to answer with
	verifies []http.Header
	echo     func(challenge string) string
}

type hook struct {
	raw    []byte
	header http.Header
	payload
}

type payload struct {
	Object string `json:"object"`
	Entry  []struct {
		ID      string          `json:"id"`
		Time    json.RawMessage `json:"time"`
		Changes []struct {
			Field string    `json:"field"`
			Value hookValue `json:"value"`
		} `json:"changes"`
	} `json:"entry"`
}

type hookValue struct {
	Product  string `json:"messaging_product"`
	Metadata struct {
		Display string `json:"display_phone_number"`
		ID      string `json:"phone_number_id"`
	} `json:"metadata"`
	Contacts []map[string]any `json:"contacts"`
	Messages []map[string]any `json:"messages"`
	Statuses []map[string]any `json:"statuses"`
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{t: t}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if req.Method == http.MethodGet {
		r.verifies = append(r.verifies, req.Header)
		q := req.URL.Query()
		if q.Get("hub.mode") != "subscribe" || q.Get("hub.verify_token") != verify {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		challenge := q.Get("hub.challenge")
		if r.echo != nil {
			challenge = r.echo(challenge)
		}
		_, _ = io.WriteString(w, challenge)
		return
	}
	raw, err := io.ReadAll(req.Body)
	if err != nil {
		r.t.Errorf("reading a webhook: %v", err)
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(raw)
	if want := "sha256=" + hex.EncodeToString(mac.Sum(nil)); req.Header.Get("X-Hub-Signature-256") != want {
		r.t.Errorf("signature %q, want %q", req.Header.Get("X-Hub-Signature-256"), want)
	}
	r.all++
	status := http.StatusOK
	if r.answers != nil {
		status = r.answers(r.all)
	}
	if status == http.StatusOK {
		h := hook{raw: raw, header: req.Header}
		if err := json.Unmarshal(raw, &h.payload); err != nil {
			r.t.Errorf("webhook is not JSON: %v", err)
		}
		r.got = append(r.got, h)
	}
	w.WriteHeader(status)
}

// take returns and forgets the webhooks answered with 200.
func (r *receiver) take() []hook {
	r.mu.Lock()
	defer r.mu.Unlock()
	got := r.got
	r.got = nil
	return got
}

func (r *receiver) attempts() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.all
}

// objectOf is v as a JSON object; nil if it is none.
func objectOf(v any) map[string]any {
	object, _ := v.(map[string]any)
	return object
}

// firstOf is the first object of the JSON array v; nil if there is none.
func firstOf(v any) map[string]any {
	if list, _ := v.([]any); len(list) > 0 {
		return objectOf(list[0])
	}
	return nil
}

// textOf is v as a text; empty if it is none.
func textOf(v any) string {
	text, _ := v.(string)
	return text
}

func unix(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }

// statusesOf are all statuses in webhooks, as "status" in order of arrival.
func statusesOf(hooks []hook) []string {
	out := []string{}
	for _, s := range rawStatuses(hooks) {
		out = append(out, textOf(s["status"]))
	}
	return out
}

func rawStatuses(hooks []hook) []map[string]any {
	var out []map[string]any
	for _, h := range hooks {
		for _, e := range h.Entry {
			for _, c := range e.Changes {
				out = append(out, c.Value.Statuses...)
			}
		}
	}
	return out
}

func rawMessages(hooks []hook) []map[string]any {
	var out []map[string]any
	for _, h := range hooks {
		for _, e := range h.Entry {
			for _, c := range e.Changes {
				out = append(out, c.Value.Messages...)
			}
		}
	}
	return out
}

func bodiesOf(hooks []hook) string {
	var out []string
	for _, m := range rawMessages(hooks) {
		out = append(out, textOf(objectOf(m["text"])["body"]))
	}
	return strings.Join(out, " ")
}
