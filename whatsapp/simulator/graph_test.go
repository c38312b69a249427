package simulator_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/whatsapp/simulator"
)

func TestVersions(t *testing.T) {
	for _, c := range []struct {
		path   string
		status int
		serves string
	}{
		{"/v26.0/" + numberID, 200, "v26.0"},
		{"/v24.0/" + numberID, 200, "v24.0"},
		{"/v20.0/" + numberID, 200, "v21.0"}, // expired: oldest living
		{"/v13.0/" + numberID, 200, "v21.0"},
		{"/" + numberID, 400, "v26.0"},
		{"/v27.0/" + numberID, 400, "v26.0"},
		{"/v26.1/" + numberID, 400, "v26.0"},
		{"/v26/" + numberID, 400, "v26.0"},
		{"/v0.0/" + numberID, 400, "v26.0"},
		{"/v26.0", 400, "v26.0"},
		{"/", 400, "v26.0"},
		{"/v26.0/" + numberID + "/foo", 400, "v26.0"},
	} {
		t.Run(c.path, func(t *testing.T) {
			a := newWorld(t).call(bearer, http.MethodGet, c.path, nil)
			require.Equal(t, c.status, a.status, a.raw)
			require.Equal(t, c.serves, a.header.Get("facebook-api-version"))
			require.NotEmpty(t, a.header.Get("x-fb-trace-id"))
			if c.status == 400 {
				require.Equal(t, 2500, a.code())
				require.Contains(t, a.errorField("message"), "Unknown path components: /")
				require.Equal(t, a.header.Get("x-fb-trace-id"), a.errorField("fbtrace_id"))
			}
		})
	}
	t.Run("expire_with_the_clock", func(t *testing.T) {
		w := newWorld(t)
		w.clock.Advance(60 * 24 * time.Hour) // 22 Jan 2027
		require.Equal(t, "v22.0", w.call(bearer, http.MethodGet, "/v21.0/"+numberID, nil).header.Get("facebook-api-version"))
	})
}

func TestAuthorization(t *testing.T) {
	other := simulator.Number{ID: "222", WABAID: "333", DisplayNumber: "15550109999", Token: "other-token"}
	setup := func(t *testing.T) *world {
		w := newWorld(t)
		require.NoError(t, w.meta.AddNumber(other))
		w.meta.GrantToken(simulator.Token{Value: "no-scope", Scopes: []string{}, WABAIDs: []string{waba}})
		w.meta.GrantToken(simulator.Token{Value: "reader", Scopes: []string{simulator.ScopeManagement}, WABAIDs: []string{waba}})
		w.meta.GrantToken(simulator.Token{Value: "short", WABAIDs: []string{waba}, Expires: start.Add(time.Hour)})
		return w
	}
	hi := text(irisWAID, "hi")
	for _, c := range []struct {
		name, token, path   string
		status, code, sub   int
		message, kind, auth string
	}{
		{"no_token", "", messagesPath, 401, 104, 0, "An access token is required to request this resource.", "OAuthException", "invalid_request"},
		{"garbage_token", "nonsense", messagesPath, 401, 190, 0, "Invalid OAuth access token - Cannot parse access token", "OAuthException", "invalid_token"},
		{"token_is_checked_before_the_object", "nonsense", "/v26.0/999/messages", 401, 190, 0, "Invalid OAuth", "OAuthException", "invalid_token"},
		{"scope_missing", "reader", messagesPath, 403, 10, 0, "(#10) Application does not have permission for this action", "OAuthException", ""},
		{"scope_is_checked_before_access", "no-scope", "/v26.0/222/messages", 403, 10, 0, "(#10)", "OAuthException", ""},
		{"another_account", bearer, "/v26.0/222/messages", 400, 100, 33, "Unsupported post request. Object with ID '222' does not exist", "GraphMethodException", ""},
		{"unknown_object", bearer, "/v26.0/999/messages", 400, 100, 33, "Unsupported post request. Object with ID '999' does not exist", "GraphMethodException", ""},
		{"app_token_cannot_send", simulator.DefaultAppID + "|" + secret, messagesPath, 403, 10, 0, "(#10)", "OAuthException", ""},
		{"wrong_proof", bearer, messagesPath + "?appsecret_proof=00", 400, 100, 0, "Invalid appsecret_proof provided in the API argument", "GraphMethodException", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := setup(t)
			a := w.call(c.token, http.MethodPost, c.path, hi)
			require.Equal(t, c.status, a.status, a.raw)
			require.Equal(t, c.code, a.code())
			if c.sub != 0 {
				require.EqualValues(t, c.sub, a.errorField("error_subcode"))
			} else {
				require.NotContains(t, a.raw, "error_subcode")
			}
			require.Contains(t, a.errorField("message"), c.message)
			require.Equal(t, c.kind, a.errorField("type"))
			require.Equal(t, c.auth != "", strings.Contains(a.header.Get("WWW-Authenticate"), `OAuth "Facebook Platform" "`+c.auth) && c.auth != "")
			require.Empty(t, w.meta.Sent())
		})
	}
	t.Run("expired", func(t *testing.T) {
		w := setup(t)
		require.Equal(t, 200, w.call("short", http.MethodPost, messagesPath, hi).status)
		w.clock.Advance(time.Hour)
		a := w.call("short", http.MethodPost, messagesPath, hi)
		require.Equal(t, 401, a.status)
		require.Equal(t, 190, a.code())
		require.EqualValues(t, 463, a.errorField("error_subcode"))
		require.Equal(t, "Error validating access token: Session has expired on Monday, 23-Nov-26 02:00:00 PST. "+
			"The current time is Monday, 23-Nov-26 02:00:00 PST.", a.errorField("message"))
	})
	t.Run("revoked_and_granted_again", func(t *testing.T) {
		w := setup(t)
		w.meta.RevokeToken(bearer)
		a := w.call(bearer, http.MethodPost, messagesPath, hi)
		require.Equal(t, 190, a.code())
		require.EqualValues(t, 458, a.errorField("error_subcode"))
		require.NoError(t, w.meta.AddNumber(simulator.Number{ID: numberID, DisplayNumber: display, WABAID: waba, Token: bearer}))
		require.Equal(t, 200, w.call(bearer, http.MethodPost, messagesPath, hi).status)
	})
	t.Run("proof_and_query_token_are_accepted", func(t *testing.T) {
		w := newWorld(t, func(o *simulator.Options) { o.AppSecret = simulator.DefaultAppSecret })
		// The vector of §1.3.
		path := messagesPath + "?access_token=EAAdemo.token&appsecret_proof=f29be16b32271da45d217d114024b525e05326a11f7a2c895013252a5a806494"
		require.Equal(t, 200, w.call("", http.MethodPost, path, hi).status)
	})
}

func TestNumberNode(t *testing.T) {
	t.Run("default_fields", func(t *testing.T) {
		w := newWorld(t)
		a := w.call(bearer, http.MethodGet, "/v26.0/"+numberID, nil)
		require.Equal(t, numberID, a.body["id"])
		require.Equal(t, "+1 555-010-2030", a.body["display_phone_number"])
		require.Equal(t, "Quayside Tea", a.body["verified_name"])
		require.Equal(t, "GREEN", a.body["quality_rating"])
		require.Equal(t, map[string]any{"application": w.hook.URL}, a.body["webhook_configuration"])
		require.NotContains(t, a.body, "name_status")
		require.Contains(t, a.raw, `http:\/\/`)
	})
	t.Run("asked_fields_and_id", func(t *testing.T) {
		a := newWorld(t).call(bearer, http.MethodGet, "/v26.0/"+numberID+"?fields=status,throughput{level},name_status", nil)
		require.Equal(t, map[string]any{
			"id": numberID, "status": "CONNECTED", "throughput": map[string]any{"level": "STANDARD"}, "name_status": "APPROVED",
		}, a.body)
	})
	t.Run("unknown_field", func(t *testing.T) {
		a := newWorld(t).call(bearer, http.MethodGet, "/v26.0/"+numberID+"?fields=status,colour", nil)
		require.Equal(t, 100, a.code())
		require.Contains(t, a.errorField("message"), "nonexisting field (colour)")
	})
	t.Run("list_of_the_account", func(t *testing.T) {
		w := newWorld(t)
		a := w.call(bearer, http.MethodGet, "/v26.0/"+waba+"/phone_numbers?fields=status", nil)
		require.Equal(t, []any{map[string]any{"id": numberID, "status": "CONNECTED"}}, a.body["data"])
		require.Equal(t, 100, w.call(bearer, http.MethodGet, "/v26.0/333/phone_numbers", nil).code())
	})
	t.Run("management_calls_are_limited", func(t *testing.T) {
		w := newWorld(t, func(o *simulator.Options) { o.ManagementCallsPerHour = 2 })
		for range 2 {
			require.Equal(t, 200, w.call(bearer, http.MethodGet, "/v26.0/"+numberID, nil).status)
		}
		a := w.call(bearer, http.MethodGet, "/v26.0/"+numberID, nil)
		require.Equal(t, 80007, a.code())
		require.Contains(t, a.header.Get("X-Business-Use-Case-Usage"), waba)
		w.clock.Advance(time.Hour)
		require.Equal(t, 200, w.call(bearer, http.MethodGet, "/v26.0/"+numberID, nil).status)
	})
}
