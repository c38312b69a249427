package simulator_test

import (
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/whatsapp/simulator"
)

const redirect = "https://desk.example.org/oauth/meta"

// browser is a client that does not follow redirects.
var browser = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func (w *world) dialog(more url.Values) string {
	query := url.Values{"client_id": {simulator.DefaultAppID}, "redirect_uri": {redirect}, "state": {"s-1"}, "response_type": {"code"}}
	maps.Copy(query, more)
	return w.graph.URL + "/v26.0/dialog/oauth?" + query.Encode()
}

// decide presses a button of the dialog. It returns where the browser is sent, and the
// page it is shown.
func (w *world) decide(address, decision string, accounts ...string) (back *url.URL, page string) {
	w.t.Helper()
	res, err := browser.PostForm(address, url.Values{"decision": {decision}, "waba": accounts})
	require.NoError(w.t, err)
	defer res.Body.Close()
	back, err = url.Parse(res.Header.Get("Location"))
	require.NoError(w.t, err)
	return back, readAll(w.t, res)
}

// exchange asks for the token of a code.
func (w *world) exchange(code, redirectURI string) answer {
	w.t.Helper()
	query := url.Values{"client_id": {simulator.DefaultAppID}, "client_secret": {secret}, "code": {code}}
	if redirectURI != "" {
		query.Set("redirect_uri", redirectURI)
	}
	got, err := w.try("", http.MethodGet, "/v26.0/oauth/access_token?"+query.Encode(), nil)
	require.NoError(w.t, err)
	return got
}

func readAll(t *testing.T, res *http.Response) string {
	t.Helper()
	raw, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return string(raw)
}

func TestLoginDialog(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.meta.AddBusiness(simulator.Business{ID: "880", Name: "Quayside Ltd", Accounts: []simulator.BusinessAccount{{ID: "2147", Name: "Quayside <Tea>"}}}))

	t.Run("is a page with the accounts and two buttons", func(t *testing.T) {
		res, err := http.Get(w.dialog(nil))
		require.NoError(t, err)
		defer res.Body.Close()
		page := readAll(t, res)
		for _, part := range []string{`id="grant"`, `id="deny"`, "Quayside &lt;Tea&gt;", `value="2147"`, `name="state" value="s-1"`} {
			require.Contains(t, page, part)
		}
	})
	t.Run("grants by a code that is good once", func(t *testing.T) {
		back, _ := w.decide(w.dialog(nil), "grant", "2147")
		require.True(t, strings.HasPrefix(back.String(), redirect))
		require.Equal(t, "s-1", back.Query().Get("state"))
		code := back.Query().Get("code")
		require.EqualValues(t, 36008, w.exchange(code, "").errorField("error_subcode"))
		granted := w.exchange(code, redirect)
		require.Equal(t, 200, granted.status, granted.raw)
		require.EqualValues(t, 36009, w.exchange(code, redirect).errorField("error_subcode"))

		debug, err := w.try(simulator.DefaultAppID+"|"+secret, http.MethodGet, "/v26.0/debug_token?input_token="+granted.text("access_token"), nil)
		require.NoError(t, err)
		data, ok := debug.body["data"].(map[string]any)
		require.True(t, ok, debug.raw)
		require.Equal(t, true, data["is_valid"])
		require.Contains(t, debug.raw, `"target_ids":["2147"]`)
		require.EqualValues(t, start.Add(60*24*time.Hour).Unix(), data["expires_at"])

		user, _ := data["user_id"].(string)
		revoked, err := w.try(granted.text("access_token"), http.MethodDelete, "/v26.0/"+user+"/permissions", nil)
		require.NoError(t, err)
		require.Equal(t, 200, revoked.status, revoked.raw)
		require.True(t, w.meta.Revoked(granted.text("access_token")))
	})
	t.Run("refuses", func(t *testing.T) {
		back, _ := w.decide(w.dialog(nil), "deny", "2147")
		require.Equal(t, "access_denied", back.Query().Get("error"))
		require.Equal(t, "s-1", back.Query().Get("state"))
		require.Empty(t, back.Query().Get("code"))
	})
	t.Run("has codes that live half a minute", func(t *testing.T) {
		code := w.meta.Authorize(redirect, "2147")
		w.clock.Advance(30 * time.Second)
		require.EqualValues(t, 36007, w.exchange(code, redirect).errorField("error_subcode"))
	})
	t.Run("as a popup posts to its opener", func(t *testing.T) {
		_, page := w.decide(w.dialog(url.Values{"display": {"popup"}, "redirect_uri": {""}}), "grant", "2147")
		require.Contains(t, page, "WA_EMBEDDED_SIGNUP")
		require.Contains(t, page, `"waba_id":"2147"`)
		_, rest, found := strings.Cut(page, `code = "`)
		require.True(t, found, page)
		code, _, _ := strings.Cut(rest, `"`)
		require.Equal(t, 200, w.exchange(code, "").status)
	})
	t.Run("tells the app of its customer", func(t *testing.T) {
		w.flush()
		w.hook.take()
		w.meta.Authorize(redirect, "2147")
		w.flush()
		told := string(w.hook.take()[0].raw)
		require.Contains(t, told, `"id":"`+simulator.PartnerBusinessID+`"`)
		require.Contains(t, told, `"event":"PARTNER_ADDED"`)
		require.Contains(t, told, `"owner_business_id":"880"`)
	})
	t.Run("knows its own app alone", func(t *testing.T) {
		res, err := http.Get(w.dialog(url.Values{"client_id": {"1"}}))
		require.NoError(t, err)
		defer res.Body.Close()
		require.Equal(t, http.StatusBadRequest, res.StatusCode)
	})
}

func TestRegister(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.meta.AddNumber(simulator.Number{ID: "77", DisplayNumber: "15550102099", WABAID: waba, Status: "PENDING", Token: bearer}))
	register := func(pin string) answer {
		got, err := w.try(bearer, http.MethodPost, "/v26.0/77/register", map[string]string{"messaging_product": "whatsapp", "pin": pin})
		require.NoError(t, err)
		return got
	}
	require.Equal(t, 100, register("12").code())
	require.Equal(t, 200, register("123456").status)
	require.Equal(t, 133005, register("654321").code())
	require.Equal(t, 200, register("123456").status)
	off, err := w.try(bearer, http.MethodPost, "/v26.0/77/deregister", map[string]string{})
	require.NoError(t, err)
	require.Equal(t, 200, off.status, off.raw)
	for range 7 {
		register("123456")
	}
	require.Equal(t, 133016, register("123456").code())
	w.clock.Advance(72 * time.Hour)
	require.Equal(t, 200, register("123456").status)
}

func TestManagement(t *testing.T) {
	w := newWorld(t)
	number := w.meta.Numbers()[0]

	t.Run("sends every row of the fields", func(t *testing.T) {
		samples := simulator.ManagementSamples(number, start)
		fields := map[string]bool{}
		for _, sample := range samples {
			fields[sample.Field] = true
			require.NoError(t, w.meta.SendManagement(sample))
		}
		w.flush()
		require.Len(t, w.hook.take(), len(samples))
		require.Len(t, fields, 12)
	})
	t.Run("when the business removes the app its tokens end", func(t *testing.T) {
		w.meta.RemovePartner(waba)
		w.flush()
		told := w.hook.take()
		require.Len(t, told, 2)
		require.Contains(t, string(told[0].raw)+string(told[1].raw), "PARTNER_REMOVED")
		require.True(t, w.meta.Revoked(bearer))
		require.False(t, w.meta.Subscribed(waba))
		got, err := w.try(bearer, http.MethodGet, "/v26.0/"+numberID, nil)
		require.NoError(t, err)
		require.Equal(t, 190, got.code())
		require.Error(t, w.meta.SendManagement(simulator.Management{Field: "account_review_update", WABAID: waba, Value: map[string]any{"decision": "APPROVED"}}))
	})
}
