package simulator

import (
	"cmp"
	"embed"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"
)

const (
	// PartnerBusinessID is the portfolio of the app's owner (§0).
	PartnerBusinessID = "780012345670001"
	// codeLifetime is how long the code of a login lives (§9.5).
	codeLifetime = 30 * time.Second
	// grantLifetime is how long a token of a login lives (§9.1).
	grantLifetime = 60 * 24 * time.Hour
)

// loginCode is what a login gives, to be exchanged for a token once.
type loginCode struct {
	redirectURI string // empty: of a popup
	wabaIDs     []string
	scopes      []string
	made        time.Time
	used        bool
}

//go:embed pages/*.html
var pageFiles embed.FS

var pages = template.Must(template.ParseFS(pageFiles, "pages/*.html"))

// Authorize does what a person does in the login dialog when they grant access to
// the accounts: it returns the code that Meta sends back. An empty redirect address
// stands for the popup.
func (s *Simulator) Authorize(redirectURI string, wabaIDs ...string) string {
	return s.AuthorizeScopes(redirectURI, []string{ScopeManagement, ScopeMessaging}, wabaIDs...)
}

// AuthorizeScopes is Authorize with other permissions than the usual ones.
func (s *Simulator) AuthorizeScopes(redirectURI string, scopes []string, wabaIDs ...string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.authorize(redirectURI, wabaIDs, scopes)
}

// authorize makes a code and tells the app of its new customer. s.mu must be held.
func (s *Simulator) authorize(redirectURI string, wabaIDs, scopes []string) string {
	code := "AQB" + s.randomHex(48)
	s.codes[code] = &loginCode{redirectURI: redirectURI, wabaIDs: slices.Clone(wabaIDs), scopes: scopes, made: s.clock.Now()}
	for _, id := range wabaIDs {
		s.sendPartner("PARTNER_ADDED", id)
	}
	return code
}

// page is what the templates in pages/ are given.
type page struct {
	Error      string
	Businesses []pageBusiness
	Hidden     map[string]string // parameters that the form carries on
	Code       string
	Session    map[string]string // of the event that the popup posts
}

type pageBusiness struct {
	Name     string
	Accounts []pageAccount
}

type pageAccount struct {
	ID, Name string
	Numbers  []string
}

// serveDialog shows the login dialog and takes the person's decision (§9.6). With
// display=popup it plays the window of the embedded sign-up (§9.4).
func (s *Simulator) serveDialog(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	redirect, err := url.Parse(r.Form.Get("redirect_uri"))
	popup := r.Form.Get("display") == "popup"
	switch {
	case r.Form.Get("client_id") != s.opts.AppID:
		show(w, http.StatusBadRequest, "error.html", page{Error: "Invalid App ID"})
		return
	case !popup && (err != nil || redirect.Host == "" || redirect.Scheme != "https" && redirect.Scheme != "http"):
		show(w, http.StatusBadRequest, "error.html", page{Error: "URL blocked: redirect_uri is not an address"})
		return
	case r.Form.Get("response_type") != "code":
		show(w, http.StatusBadRequest, "error.html", page{Error: "response_type must be code"})
		return
	case r.Method != http.MethodPost:
		show(w, http.StatusOK, "login.html", s.loginPage(r.Form))
		return
	}
	answer := url.Values{}
	if state := r.Form.Get("state"); state != "" {
		answer.Set("state", state)
	}
	chosen := r.PostForm["waba"]
	if r.PostForm.Get("decision") != "grant" || len(chosen) == 0 {
		if popup {
			show(w, http.StatusOK, "popup.html", page{Session: map[string]string{"event": "CANCEL", "current_step": "PERMISSIONS"}})
			return
		}
		answer.Set("error", "access_denied")
		answer.Set("error_code", "200")
		answer.Set("error_description", "Permissions error")
		answer.Set("error_reason", "user_denied")
		http.Redirect(w, r, withQuery(*redirect, answer), http.StatusFound) //nolint:gosec // the app under test chooses, as at Meta
		return
	}
	s.mu.Lock()
	code := s.authorize(r.Form.Get("redirect_uri"), chosen, []string{ScopeManagement, ScopeMessaging})
	session := s.finishedSession(chosen[0])
	s.mu.Unlock()
	if popup {
		show(w, http.StatusOK, "popup.html", page{Code: code, Session: session})
		return
	}
	answer.Set("code", code)
	http.Redirect(w, r, withQuery(*redirect, answer)+"#_=_", http.StatusFound) //nolint:gosec // as above
}

// loginPage lists what a person may grant. s.mu must not be held.
func (s *Simulator) loginPage(form url.Values) page {
	p := page{Hidden: map[string]string{}}
	for name := range form {
		p.Hidden[name] = form.Get(name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	byBusiness := map[string][]pageAccount{}
	for _, id := range slices.Sorted(maps.Keys(s.accounts)) {
		a := s.accounts[id]
		shown := pageAccount{ID: id, Name: cmp.Or(a.name, id)}
		for _, numberID := range slices.Sorted(maps.Keys(s.numbers)) {
			if n := s.numbers[numberID]; n.WABAID == id {
				shown.Numbers = append(shown.Numbers, humanNumber(n.DisplayNumber))
			}
		}
		name := cmp.Or(a.businessName, "Simulated business")
		byBusiness[name] = append(byBusiness[name], shown)
	}
	for _, name := range slices.Sorted(maps.Keys(byBusiness)) {
		p.Businesses = append(p.Businesses, pageBusiness{Name: name, Accounts: byBusiness[name]})
	}
	return p
}

// finishedSession is the data of the event WA_EMBEDDED_SIGNUP (§9.4). s.mu must be held.
func (s *Simulator) finishedSession(wabaID string) map[string]string {
	session := map[string]string{"event": "FINISH_ONLY_WABA", "waba_id": wabaID}
	if a, ok := s.accounts[wabaID]; ok {
		session["business_id"] = cmp.Or(a.businessID, PartnerBusinessID)
	}
	for _, id := range slices.Sorted(maps.Keys(s.numbers)) {
		if s.numbers[id].WABAID == wabaID {
			session["event"], session["phone_number_id"] = "FINISH", id
			break
		}
	}
	return session
}

func show(w http.ResponseWriter, status int, name string, p page) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_ = pages.ExecuteTemplate(w, name, p) // the client may be gone
}

func withQuery(address url.URL, more url.Values) string {
	query := address.Query()
	maps.Copy(query, more)
	address.RawQuery = query.Encode()
	return address.String()
}

// serveExchange turns a code into a token (§9.5).
func (s *Simulator) serveExchange(c *call) {
	if c.interfere(EndpointLogin) {
		return
	}
	params := c.params()
	if params["client_id"] != s.opts.AppID {
		c.fail(&graphError{Status: http.StatusBadRequest, Code: 101, Message: "Error validating application. Cannot get application info due to a system error."})
		return
	}
	if params["client_secret"] != s.opts.AppSecret {
		c.fail(&graphError{Status: http.StatusBadRequest, Code: 1, Message: "Error validating client secret."})
		return
	}
	granted, refusal := s.redeem(params["code"], params["redirect_uri"])
	if refusal != nil {
		c.fail(refusal)
		return
	}
	c.answer(map[string]any{"access_token": granted.Value, "token_type": "bearer", "expires_in": int(grantLifetime / time.Second)})
}

// redeem makes the token of a code, which is used up by that.
func (s *Simulator) redeem(text, redirectURI string) (Token, *graphError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	refused := func(subcode int, text string) (Token, *graphError) {
		return Token{}, &graphError{Status: http.StatusBadRequest, Code: 100, Subcode: subcode, Message: text}
	}
	code, known := s.codes[text]
	switch {
	case !known:
		return refused(0, "Invalid verification code format.")
	case code.used:
		return refused(36009, "This authorization code has been used.")
	case s.clock.Now().Sub(code.made) >= codeLifetime:
		return refused(36007, "This authorization code has expired.")
	case code.redirectURI != redirectURI:
		return refused(36008, "Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request")
	}
	code.used = true
	granted := Token{
		Value: "EAA" + s.randomHex(60), Scopes: code.scopes, WABAIDs: code.wabaIDs, UserID: s.newObjectID(),
		Expires: s.clock.Now().Add(grantLifetime),
	}
	s.tokens[granted.Value] = &token{Token: granted}
	s.notify()
	return granted, nil
}

// serveDebugToken tells what a token is good for (§9.3).
func (s *Simulator) serveDebugToken(c *call) {
	if c.bearer != s.AppToken() {
		c.fail(&graphError{Status: http.StatusBadRequest, Code: 100, Message: "(#100) You must provide an app access token, or a user access token that is an owner or developer of the app"})
		return
	}
	if c.interfere(EndpointManagement) {
		return
	}
	s.mu.Lock()
	t, known := s.tokens[c.r.URL.Query().Get("input_token")]
	var data map[string]any
	if !known {
		data = map[string]any{"is_valid": false, "scopes": []string{}, "error": map[string]any{"code": 190, "message": "Invalid OAuth access token - Cannot parse access token"}}
	} else {
		data = s.tokenData(t)
	}
	s.mu.Unlock()
	c.answer(map[string]any{"data": data})
}

// tokenData is what debug_token says. s.mu must be held.
func (s *Simulator) tokenData(t *token) map[string]any {
	expires := int64(0)
	if !t.Expires.IsZero() {
		expires = t.Expires.Unix()
	}
	granular := []any{}
	for _, scope := range t.Scopes {
		if t.NotGranular {
			granular = append(granular, map[string]any{"scope": scope})
		} else {
			granular = append(granular, map[string]any{"scope": scope, "target_ids": t.WABAIDs})
		}
	}
	data := map[string]any{
		"app_id": cmp.Or(t.AppID, s.opts.AppID), "type": "SYSTEM_USER", "application": "Simulated app", "data_access_expires_at": 0,
		"expires_at": expires, "is_valid": true, "scopes": t.Scopes, "granular_scopes": granular, "user_id": cmp.Or(t.UserID, "122100000000001"),
	}
	switch {
	case t.revoked:
		data["is_valid"] = false
		data["error"] = map[string]any{"code": 190, "subcode": 458, "message": fmt.Sprintf("Error validating access token: The user has not authorized application %s.", s.opts.AppID)}
	case expires != 0 && !s.clock.Now().Before(t.Expires):
		data["is_valid"] = false
		data["error"] = map[string]any{"code": 190, "subcode": 463, "message": "Error validating access token: Session has expired on " + pacific(t.Expires) + "."}
	}
	return data
}

// servePermissions takes back all that a user granted the app (§9.9).
func (s *Simulator) servePermissions(c *call) {
	if c.r.Method != http.MethodDelete {
		c.fail(unsupported(c.r.Method, c.id))
		return
	}
	if c.interfere(EndpointManagement) {
		return
	}
	s.mu.Lock()
	user := ""
	if c.token != nil {
		user = cmp.Or(c.token.UserID, "122100000000001")
	}
	allowed := c.bearer == s.AppToken() || user == c.id
	if allowed {
		for _, t := range s.tokens {
			if cmp.Or(t.UserID, "122100000000001") == c.id {
				t.revoked = true
			}
		}
	}
	s.mu.Unlock()
	if !allowed {
		c.fail(errorOf(200, ""))
		return
	}
	c.succeed()
}

// Revoked reports whether a token was taken back.
func (s *Simulator) Revoked(value string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.tokens[value]
	return ok && t.revoked
}
