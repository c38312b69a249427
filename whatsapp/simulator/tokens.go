package simulator

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Permissions a token may carry (§9.2).
const (
	ScopeMessaging  = "whatsapp_business_messaging"
	ScopeManagement = "whatsapp_business_management"
)

// Token is a bearer token and what it may be used for.
type Token struct {
	Value   string
	Scopes  []string  // nil: ScopeMessaging and ScopeManagement
	WABAIDs []string  // accounts it may see
	Expires time.Time // zero: never
	UserID  string    // of whom it stands for; empty: a system user of the app's owner
	AppID   string    // that it was made for; empty: the simulated one
	// NotGranular has debug_token name no accounts (§9.3).
	NotGranular bool
}

type token struct {
	Token
	revoked bool
}

// GrantToken makes a token valid, or replaces it if it exists.
func (s *Simulator) GrantToken(t Token) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.Scopes == nil {
		t.Scopes = []string{ScopeMessaging, ScopeManagement}
	}
	t.Scopes, t.WABAIDs = slices.Clone(t.Scopes), slices.Clone(t.WABAIDs)
	s.tokens[t.Value] = &token{Token: t}
}

// RevokeToken takes a token back: calls with it are refused with code 190,
// subcode 458. Unknown tokens are refused anyway.
func (s *Simulator) RevokeToken(value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t, ok := s.tokens[value]; ok {
		t.revoked = true
	}
}

// ExpireToken lets a token end now: calls with it are refused with code 190,
// subcode 463.
func (s *Simulator) ExpireToken(value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t, ok := s.tokens[value]; ok {
		t.Expires = s.clock.Now()
	}
}

// authenticate finds the token of a request: the first of the three checks
// (§14 row 2).
func (c *call) authenticate() *graphError {
	s := c.s
	switch {
	case c.bearer == "":
		return &graphError{
			Status: http.StatusUnauthorized, Code: 104, Message: "An access token is required to request this resource.",
			Header: wwwAuthenticate("invalid_request", "An access token is required to request this resource."),
		}
	case c.bearer == s.AppToken():
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.tokens[c.bearer]
	now := s.clock.Now()
	switch {
	case !ok:
		return invalidToken(0, "Invalid OAuth access token - Cannot parse access token")
	case t.revoked:
		return invalidToken(458, fmt.Sprintf("Error validating access token: The user has not authorized application %s.", s.opts.AppID))
	case !t.Expires.IsZero() && !now.Before(t.Expires):
		return invalidToken(463, fmt.Sprintf("Error validating access token: Session has expired on %s. The current time is %s.",
			pacific(t.Expires), pacific(now)))
	}
	if proof := c.r.URL.Query().Get("appsecret_proof"); proof != "" && !validProof(s.opts.AppSecret, c.bearer, proof) {
		return &graphError{Status: http.StatusBadRequest, Code: 100, Message: "Invalid appsecret_proof provided in the API argument", Type: "GraphMethodException"}
	}
	c.token = t
	return nil
}

// requireScope is the second check: one of the permissions is enough.
func (c *call) requireScope(enough ...string) *graphError {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if c.token != nil && slices.ContainsFunc(enough, func(scope string) bool { return slices.Contains(c.token.Scopes, scope) }) {
		return nil
	}
	return errorOf(10, "")
}

// seesAccount is the third check. s.mu must be held.
func (c *call) seesAccount(wabaID string) bool {
	return c.token != nil && slices.Contains(c.token.WABAIDs, wabaID)
}

func invalidToken(subcode int, text string) *graphError {
	return &graphError{
		Status: http.StatusUnauthorized, Code: 190, Subcode: subcode, Message: text,
		Header: wwwAuthenticate("invalid_token", text),
	}
}

func wwwAuthenticate(kind, text string) map[string]string {
	return map[string]string{"WWW-Authenticate": fmt.Sprintf(`OAuth "Facebook Platform" %q %q`, kind, text)}
}

func pacific(t time.Time) string {
	return t.In(time.FixedZone("PST", -8*60*60)).Format("Monday, 02-Jan-06 15:04:05 MST")
}

// bearerOf is the token of a request, from the header or, as Graph also takes
// it, from the query (§1.3).
func bearerOf(r *http.Request) string {
	if scheme, value, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && (strings.EqualFold(scheme, "Bearer") || strings.EqualFold(scheme, "OAuth") && strings.Contains(r.URL.Path, "/upload:")) { // §6.6
		return strings.TrimSpace(value)
	}
	return r.URL.Query().Get("access_token")
}
