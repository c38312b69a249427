package simulator

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// maxOverrideURL is the longest override address Meta takes (§2.5).
const maxOverrideURL = 200

// subscription is a callback address with its verify token.
type subscription struct {
	URL         string
	VerifyToken string
}

// account is a WhatsApp Business Account.
type account struct {
	id         string
	subscribed bool // the app gets its webhooks
	override   subscription
	calls      hourly

	name, currency, review   string
	businessID, businessName string // of the portfolio that owns it
}

// account is the one with this id, made and subscribed if need be. s.mu must be
// held.
func (s *Simulator) account(id string) *account {
	a, ok := s.accounts[id]
	if !ok {
		a = &account{id: id, subscribed: true}
		s.accounts[id] = a
	}
	return a
}

// callbackOf resolves the address for message events: number, account, app
// (§2.5). Empty means that nobody listens.
func (s *Simulator) callbackOf(n *number) string {
	a := s.account(n.WABAID)
	switch {
	case !a.subscribed:
		return ""
	case n.override.URL != "":
		return n.override.URL
	case a.override.URL != "":
		return a.override.URL
	default:
		return s.app.URL
	}
}

// verify makes the verification GET and wants the challenge back as the whole
// body with status 200 (§2.1).
func (s *Simulator) verify(ctx context.Context, address, verifyToken string) error {
	target, err := url.Parse(address)
	if err != nil || target.Host == "" || (target.Scheme != "http" && target.Scheme != "https") {
		return fmt.Errorf("callback address %q is not an http(s) address", address)
	}
	s.mu.Lock()
	challenge := fmt.Sprintf("%010d", 1_000_000_000+s.random.Uint64N(1_000_000_000))
	s.mu.Unlock()
	query := target.Query()
	query.Set("hub.mode", "subscribe")
	query.Set("hub.challenge", challenge)
	query.Set("hub.verify_token", verifyToken)
	target.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return fmt.Errorf("making the verification request: %w", err)
	}
	req.Header.Set("User-Agent", "facebookplatform/1.0 (+http://developers.facebook.com)")
	res, err := s.client.Do(req)
	if err != nil {
		return fmt.Errorf("callback verification: %w", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 4<<10))
	if err != nil {
		return fmt.Errorf("callback verification: reading the answer: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("callback verification: HTTP status code %d, expected 200", res.StatusCode)
	}
	if string(body) != challenge {
		return fmt.Errorf("callback verification: the body is not exactly the challenge %q", challenge)
	}
	return nil
}

// SetCallback sets the app's callback address after having verified it with a
// GET (§2.1). On an error the address in force stays. Webhooks made before
// the first success are dropped, as Meta does not send them later.
func (s *Simulator) SetCallback(ctx context.Context, address, verifyToken string) error {
	if err := s.verify(ctx, address, verifyToken); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.app = subscription{URL: address, VerifyToken: verifyToken}
	s.log.Info("callback set", "url", address)
	s.notify()
	return nil
}

func (s *Simulator) serveAppSubscriptions(c *call) {
	if c.token != nil || c.bearer != s.AppToken() {
		c.fail(&graphError{Status: http.StatusBadRequest, Code: 15, Message: "(#15) This method must be called with an app access_token."})
		return
	}
	switch c.r.Method {
	case http.MethodGet:
		s.mu.Lock()
		app := s.app
		s.mu.Unlock()
		data := []any{}
		if app.URL != "" {
			data = append(data, map[string]any{
				"object": "whatsapp_business_account", "callback_url": app.URL, "active": true,
				"fields": []any{map[string]string{"name": "messages", "version": latestVersion}},
			})
		}
		c.answer(map[string]any{"data": data})
	case http.MethodPost:
		params := c.params()
		if params["object"] != "whatsapp_business_account" {
			c.fail(invalidParameter("Param object must be whatsapp_business_account."))
			return
		}
		if err := s.SetCallback(c.r.Context(), params["callback_url"], params["verify_token"]); err != nil {
			c.fail(callbackRefused(err))
			return
		}
		c.succeed()
	case http.MethodDelete:
		s.mu.Lock()
		s.app = subscription{}
		s.mu.Unlock()
		c.succeed()
	default:
		c.fail(unsupported(c.r.Method, c.id))
	}
}

func (s *Simulator) serveSubscribedApps(c *call, a *account) {
	switch c.r.Method {
	case http.MethodGet:
		s.mu.Lock()
		subscribed, override := a.subscribed, a.override.URL
		s.mu.Unlock()
		data := []any{}
		if subscribed {
			app := map[string]any{"whatsapp_business_api_data": map[string]string{"id": s.opts.AppID, "name": "Simulated app", "link": "https://example.org/"}}
			if override != "" {
				app["override_callback_uri"] = override
			}
			data = append(data, app)
		}
		c.answer(map[string]any{"data": data})
	case http.MethodPost:
		params := c.params()
		override, ok := s.verifiedOverride(c, params["override_callback_uri"], params["verify_token"])
		if !ok {
			return
		}
		s.mu.Lock()
		a.subscribed, a.override = true, override
		s.mu.Unlock()
		c.succeed()
	case http.MethodDelete:
		s.mu.Lock()
		a.subscribed, a.override = false, subscription{}
		s.mu.Unlock()
		c.succeed()
	default:
		c.fail(unsupported(c.r.Method, c.id))
	}
}

// verifiedOverride checks an override address; an empty one removes the
// override. When it returns false the call has been answered.
func (s *Simulator) verifiedOverride(c *call, address, verifyToken string) (subscription, bool) {
	if address == "" {
		return subscription{}, true
	}
	if len(address) > maxOverrideURL {
		c.fail(invalidParameter("Param override_callback_uri must be at most 200 characters long."))
		return subscription{}, false
	}
	if err := s.verify(c.r.Context(), address, verifyToken); err != nil {
		c.fail(callbackRefused(err))
		return subscription{}, false
	}
	return subscription{URL: address, VerifyToken: verifyToken}, true
}

func callbackRefused(err error) *graphError {
	return &graphError{
		Status: http.StatusBadRequest, Code: 2200,
		Message: "(#2200) Callback verification failed with the following errors: " + err.Error(),
	}
}
