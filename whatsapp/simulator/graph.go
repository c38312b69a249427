package simulator

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

type graphVersion struct {
	name string
	ends time.Time // when it stops working; zero: not announced
}

// versions are the Graph versions, oldest first (§1.2); older ones have expired.
var versions = []graphVersion{
	{"v20.0", time.Date(2026, 9, 24, 0, 0, 0, 0, time.UTC)},
	{"v21.0", time.Date(2027, 1, 21, 0, 0, 0, 0, time.UTC)},
	{"v22.0", time.Date(2027, 5, 20, 0, 0, 0, 0, time.UTC)},
	{"v23.0", time.Date(2027, 10, 8, 0, 0, 0, 0, time.UTC)},
	{"v24.0", time.Date(2028, 2, 18, 0, 0, 0, 0, time.UTC)},
	{"v25.0", time.Date(2028, 7, 29, 0, 0, 0, 0, time.UTC)},
	{latestVersion, time.Time{}},
}

const latestVersion = "v26.0"

var versionPattern = regexp.MustCompile(`^v[0-9]{1,3}\.[0-9]{1,2}$`)

// effectiveVersion is the version that serves a request: the asked one while it
// lives, the oldest living one if the asked one has expired, none if there
// never was such a version.
func effectiveVersion(asked string, now time.Time) (string, bool) {
	if !versionPattern.MatchString(asked) {
		return "", false
	}
	at := slices.IndexFunc(versions, func(v graphVersion) bool { return v.name == asked })
	if at < 0 {
		major, _ := strconv.Atoi(asked[1:strings.Index(asked, ".")])
		if major < 1 || major >= 20 {
			return "", false
		}
		at = 0
	}
	for _, v := range versions[at:] {
		if v.ends.IsZero() || now.Before(v.ends) {
			return v.name, true
		}
	}
	return "", false
}

// call is one Graph request.
type call struct {
	s       *Simulator
	w       http.ResponseWriter
	r       *http.Request
	version string
	id      string // of the object
	edge    string // below it; empty for the node itself
	bearer  string
	token   *token // nil until authenticated, and for the app's own token
}

const maxGraphBody = 1 << 20

func (s *Simulator) serveGraph(w http.ResponseWriter, r *http.Request) {
	c := &call{s: s, w: w, r: r, version: latestVersion, bearer: bearerOf(r)}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	version, ok := effectiveVersion(parts[0], s.clock.Now())
	if !ok || len(parts) < 2 {
		c.fail(unknownPath(r.URL.Path))
		return
	}
	c.version, c.id = version, parts[1]
	if len(parts) > 2 {
		c.edge = strings.Join(parts[2:], "/")
	}
	switch c.id + "/" + c.edge {
	case "dialog/oauth":
		s.serveDialog(w, r)
		return
	case "oauth/access_token":
		s.serveExchange(c)
		return
	}
	if err := c.authenticate(); err != nil {
		c.fail(err)
		return
	}
	if c.id == s.opts.AppID && c.edge == "subscriptions" {
		s.serveAppSubscriptions(c)
		return
	}
	if c.id == s.opts.AppID && c.edge == "uploads" {
		s.serveUploads(c)
		return
	}
	if strings.HasPrefix(c.id, "upload:") {
		s.serveSample(c)
		return
	}
	switch c.id + "/" + c.edge {
	case "debug_token/":
		s.serveDebugToken(c)
		return
	case "me/businesses":
		s.serveBusinesses(c)
		return
	}
	switch c.edge {
	case "permissions":
		s.servePermissions(c)
	case "owned_whatsapp_business_accounts", "client_whatsapp_business_accounts":
		s.serveAccountsOf(c)
	case "register":
		c.withNumber(EndpointManagement, s.serveRegister)
	case "deregister":
		c.withNumber(EndpointManagement, s.serveDeregister)
	case "messages":
		c.withNumber(EndpointSend, s.serveMessages)
	case "media":
		c.withNumber(EndpointMedia, s.serveUpload)
	case "block_users":
		c.withNumber(EndpointBlock, s.serveBlockList)
	case "phone_numbers":
		c.withAccount(s.serveNumbers)
	case "subscribed_apps":
		c.withAccount(s.serveSubscribedApps)
	case "message_templates":
		c.withAccount(s.serveTemplates)
	case "message_template_previews":
		c.withAccount(s.servePreviews)
	case "":
		s.serveNode(c)
	default:
		c.fail(unknownPath("/" + c.edge))
	}
}

// withNumber serves a POST edge of a phone number, or the list of those it blocks, after
// the permission and access checks. Faults of the messages edge wait until it is known whether a
// message or a read mark is meant.
func (c *call) withNumber(on Endpoint, serve func(*call, *number)) {
	if err := c.requireScope(ScopeMessaging); err != nil {
		c.fail(err)
		return
	}
	n := c.visibleNumber()
	if n == nil || c.r.Method != http.MethodPost && on != EndpointBlock {
		c.fail(unsupported(c.r.Method, c.id))
		return
	}
	if on != EndpointSend && c.interfere(on) {
		return
	}
	serve(c, n)
}

// withAccount serves an edge of an account after the permission, access and
// rate checks.
func (c *call) withAccount(serve func(*call, *account)) {
	if err := c.requireScope(ScopeManagement); err != nil {
		c.fail(err)
		return
	}
	c.s.mu.Lock()
	a, ok := c.s.accounts[c.id]
	ok = ok && c.seesAccount(c.id)
	c.s.mu.Unlock()
	if !ok {
		c.fail(unsupported(c.r.Method, c.id))
		return
	}
	if c.interfere(EndpointManagement) || c.limited(c.id) {
		return
	}
	serve(c, a)
}

// serveNode answers for the object itself: a phone number, an account or a file.
func (s *Simulator) serveNode(c *call) {
	if err := c.requireScope(ScopeManagement, ScopeMessaging); err != nil {
		c.fail(err)
		return
	}
	if n := c.visibleNumber(); n != nil {
		s.mu.Lock()
		wabaID := n.WABAID
		s.mu.Unlock()
		if c.interfere(EndpointManagement) || c.limited(wabaID) {
			return
		}
		s.serveNumber(c, n)
		return
	}
	if a := c.visibleAccount(); a != nil {
		if !c.interfere(EndpointManagement) && !c.limited(a.id) {
			s.serveAccount(c, a)
		}
		return
	}
	if t := c.visibleTemplate(); t != nil {
		if !c.interfere(EndpointManagement) && !c.limited(t.wabaID) {
			s.serveTemplate(c, t)
		}
		return
	}
	if f := c.visibleFile(); f != nil {
		if !c.interfere(EndpointMedia) {
			s.serveFile(c, f)
		}
		return
	}
	c.fail(unsupported(c.r.Method, c.id))
}

// visibleNumber is the number the path names, if there is one and the token may
// see it.
func (c *call) visibleNumber() *number {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	n, ok := c.s.numbers[c.id]
	if !ok || !c.seesAccount(n.WABAID) {
		return nil
	}
	return n
}

// visibleAccount is the account the path names, if there is one and the token may see
// it.
func (c *call) visibleAccount() *account {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if a, ok := c.s.accounts[c.id]; ok && c.seesAccount(c.id) {
		return a
	}
	return nil
}

// limited counts a management call and answers it if the account has used up
// its hour (§10.4, §10.5).
func (c *call) limited(wabaID string) bool {
	s := c.s
	s.mu.Lock()
	ok, regain := s.account(wabaID).calls.take(s.clock.Now(), s.opts.ManagementCallsPerHour)
	s.mu.Unlock()
	if ok {
		return false
	}
	e := errorOf(80007, "")
	usage, err := json.Marshal(map[string]any{wabaID: []any{map[string]any{
		"type": "whatsapp_business_management", "call_count": 100, "total_cputime": 20, "total_time": 20,
		"estimated_time_to_regain_access": int(regain/time.Minute) + 1,
	}}})
	if err == nil {
		e.Header = map[string]string{"X-Business-Use-Case-Usage": string(usage)}
	}
	c.fail(e)
	return true
}

// params are the parameters of a POST or DELETE from JSON body, form and query;
// values that are no strings are left out.
func (c *call) params() map[string]string {
	out := map[string]string{}
	if fields, err := c.jsonBody(); err == nil {
		for key, raw := range fields {
			var text string
			if json.Unmarshal(raw, &text) == nil {
				out[key] = text
			}
		}
	} else if c.r.ParseForm() == nil {
		for key := range c.r.PostForm {
			out[key] = c.r.PostForm.Get(key)
		}
	}
	for key, values := range c.r.URL.Query() {
		out[key] = values[0]
	}
	return out
}

// jsonBody is the JSON object in the body; another content type is an error,
// as Graph reads such a body as a form.
func (c *call) jsonBody() (map[string]json.RawMessage, error) {
	kind, _, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if kind != "application/json" {
		return nil, fmt.Errorf("content type %q is not application/json", kind)
	}
	raw, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, maxGraphBody))
	if err != nil {
		return nil, fmt.Errorf("reading the body: %w", err)
	}
	var fields map[string]json.RawMessage
	if len(raw) == 0 {
		return fields, nil
	}
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, fmt.Errorf("reading the body as JSON: %w", err)
	}
	return fields, nil
}

// answer sends v with status 200.
func (c *call) answer(v any) { c.write(http.StatusOK, v, "") }

// succeed is the answer of action calls (§1.4).
func (c *call) succeed() { c.answer(map[string]bool{"success": true}) }

func (c *call) fail(e *graphError) {
	for name, value := range e.Header {
		c.w.Header().Set(name, value)
	}
	c.s.mu.Lock()
	trace := c.s.newTrace()
	c.s.mu.Unlock()
	c.s.log.Debug("call refused", "method", c.r.Method, "path", c.r.URL.Path, "status", e.Status, "code", e.Code, "message", e.Message)
	c.write(e.Status, e.body(trace), trace)
}

func (c *call) write(status int, v any, trace string) {
	body, err := encode(v)
	if err != nil {
		http.Error(c.w, err.Error(), http.StatusInternalServerError)
		return
	}
	if trace == "" {
		c.s.mu.Lock()
		trace = c.s.newTrace()
		c.s.mu.Unlock()
	}
	h := c.w.Header()
	h.Set("Content-Type", "application/json; charset=UTF-8")
	h.Set("Facebook-Api-Version", c.version)
	h.Set("X-Fb-Trace-Id", trace)
	h.Set("Cache-Control", "private, no-cache, no-store, must-revalidate")
	c.w.WriteHeader(status)
	_, _ = c.w.Write(body) // the client may be gone
}
