package whatsapp

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// DefaultLoginURL is where people sign in at Meta.
const DefaultLoginURL = "https://www.facebook.com"

// The permissions that a token needs (reference/whatsapp-cloud-api.md §9.2).
const (
	ScopeMessaging  = "whatsapp_business_messaging"
	ScopeManagement = "whatsapp_business_management"
)

// ErrNoApp is the cause of calls that need the app's id and secret, which the
// client was not given.
var ErrNoApp = errors.New("the app's id or secret is not set")

// LoginDialog is a page of Meta's on which a person allows the app to use their
// WhatsApp Business accounts.
type LoginDialog struct {
	// RedirectURI is where the browser is sent back to; it must be registered at
	// Meta exactly so.
	RedirectURI string
	// State comes back unchanged.
	State string
	// ConfigID is that of a configuration of Facebook Login for Business.
	ConfigID string
}

// LoginURL is the address of the dialog (reference/whatsapp-cloud-api.md §9.6).
func (c *Client) LoginURL(d LoginDialog) string {
	query := url.Values{
		"client_id": {c.appID}, "redirect_uri": {d.RedirectURI}, "state": {d.State}, "config_id": {d.ConfigID},
		"response_type": {"code"}, "override_default_response_type": {"true"},
	}
	return c.loginURL + "/" + c.version + "/dialog/oauth?" + query.Encode()
}

// AppID is the id of the app; empty if it was not given.
func (c *Client) AppID() string { return c.appID }

// Version is the version of the Graph API in use.
func (c *Client) Version() string { return c.version }

// Grant is a token that Meta gave.
type Grant struct {
	AccessToken string `json:"-"`
	// ExpiresIn is 0 for a token that does not expire.
	ExpiresIn time.Duration
}

// ExchangeCode turns the code of a login into a token. The redirect URI is that of
// the dialog; empty for the code of a popup. A code works once and for 30 seconds, so
// the call is not repeated (reference/whatsapp-cloud-api.md §9.5).
func (c *Client) ExchangeCode(ctx context.Context, code, redirectURI string) (Grant, error) {
	form := url.Values{"client_id": {c.appID}, "client_secret": {c.appSecret}, "code": {code}}
	if redirectURI != "" {
		form.Set("redirect_uri", redirectURI)
	}
	var grant Grant
	err := c.doAsApp(ctx, code, call{
		name:   "exchange code",
		method: http.MethodPost,
		object: "oauth",
		edge:   "/access_token",
		stream: formBody(form),
		decode: func(answer []byte) error {
			var wire struct {
				AccessToken flexible `json:"access_token"`
				ExpiresIn   flexible `json:"expires_in"`
			}
			if err := decodeAnswer(answer, &wire); err != nil {
				return err
			}
			if wire.AccessToken == "" {
				return errors.New("no access token")
			}
			grant = Grant{AccessToken: string(wire.AccessToken), ExpiresIn: time.Duration(wire.ExpiresIn.int()) * time.Second}
			return nil
		},
	})
	if err != nil {
		return Grant{}, err
	}
	return grant, nil
}

// TokenInfo is what Meta says of a token (reference/whatsapp-cloud-api.md §9.3).
type TokenInfo struct {
	AppID  string
	UserID string
	Type   string // SYSTEM_USER, USER, …
	Valid  bool
	// Problem says why it is not valid, in Meta's words.
	Problem   MetaError
	ExpiresAt time.Time // zero: never
	Scopes    []string
	// Accounts are the ids of the WhatsApp Business accounts that the token may be
	// used for; empty if that is not limited to some.
	Accounts []string
}

// MissingScopes returns what the token lacks of the permissions that are needed.
func (t TokenInfo) MissingScopes() []string {
	var missing []string
	for _, needed := range []string{ScopeManagement, ScopeMessaging} {
		found := false
		for _, scope := range t.Scopes {
			found = found || scope == needed
		}
		if !found {
			missing = append(missing, needed)
		}
	}
	return missing
}

// DebugToken asks what a token is good for, in the app's own name.
func (c *Client) DebugToken(ctx context.Context, token string) (TokenInfo, error) {
	var info TokenInfo
	err := c.doAsApp(ctx, token, call{
		name:       "debug token",
		method:     http.MethodGet,
		object:     "debug_token",
		query:      "input_token=" + url.QueryEscape(token),
		repeatable: true,
		decode: func(answer []byte) (err error) {
			info, err = decodeTokenInfo(answer)
			return err
		},
	})
	if err != nil {
		return TokenInfo{}, err
	}
	return info, nil
}

func decodeTokenInfo(answer []byte) (TokenInfo, error) {
	var wire struct {
		Data *struct {
			AppID     flexible  `json:"app_id"`
			UserID    flexible  `json:"user_id"`
			Type      flexible  `json:"type"`
			Valid     flexible  `json:"is_valid"`
			ExpiresAt flexible  `json:"expires_at"`
			Scopes    []string  `json:"scopes"`
			Error     wireError `json:"error"`
			Granular  []struct {
				Scope   string     `json:"scope"`
				Targets []flexible `json:"target_ids"`
			} `json:"granular_scopes"`
		} `json:"data"`
	}
	if err := decodeAnswer(answer, &wire); err != nil {
		return TokenInfo{}, err
	}
	if wire.Data == nil {
		return TokenInfo{}, errors.New("no data about the token")
	}
	info := TokenInfo{
		AppID: string(wire.Data.AppID), UserID: string(wire.Data.UserID), Type: string(wire.Data.Type),
		Valid: wire.Data.Valid.bool(), Problem: wire.Data.Error.metaError(), Scopes: wire.Data.Scopes,
	}
	if at := wire.Data.ExpiresAt.int(); at > 0 {
		info.ExpiresAt = time.Unix(int64(at), 0).UTC()
	}
	seen := make(map[string]bool)
	for _, granted := range wire.Data.Granular {
		for _, target := range granted.Targets {
			if !seen[string(target)] && strings.HasPrefix(granted.Scope, "whatsapp_business_") {
				seen[string(target)] = true
				info.Accounts = append(info.Accounts, string(target))
			}
		}
	}
	return info, nil
}

// RevokePermissions takes back what a person or system user allowed the app: all
// of their tokens for it end (reference/whatsapp-cloud-api.md §9.9). Doing it twice
// fails with CodeTokenInvalid, if the token is one of them.
func (c *Client) RevokePermissions(ctx context.Context, token, userID string) error {
	return c.do(ctx, Credentials{AccessToken: token}, call{
		name:       "revoke permissions",
		method:     http.MethodDelete,
		object:     userID,
		edge:       "/permissions",
		repeatable: true,
		decode:     decodeSuccess,
	})
}

// doAsApp makes a call in the app's own name. What is secret in it is kept out of
// errors.
func (c *Client) doAsApp(ctx context.Context, secret string, call call) error {
	if c.appID == "" || c.appSecret == "" {
		e := entry{code: CodeInvalidRequest, class: ClassNever, next: NextActionFixRequest}.error()
		e.cause = ErrNoApp
		return e
	}
	call.asApp = true
	e := c.withRepeats(ctx, Credentials{AccessToken: c.appID + "|" + c.appSecret}, call)
	if e == nil {
		return nil
	}
	for _, hidden := range []string{secret, c.appSecret} {
		if hidden != "" {
			e = Credentials{AccessToken: hidden}.scrub(e)
		}
	}
	return e
}

func formBody(form url.Values) *stream {
	body := form.Encode()
	return &stream{
		contentType: "application/x-www-form-urlencoded", length: int64(len(body)),
		open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(body)), nil },
	}
}
