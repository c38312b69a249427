package app_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"recado/accounts"
	"recado/app"
	"recado/config"
	"recado/models"
	"recado/whatsapp/simulator"
)

// TestConnectANumber goes the whole way over HTTP: from the front end to Meta's login
// page, back to the program, to a channel on which a customer writes, and to the
// business that takes the app off.
func TestConnectANumber(t *testing.T) {
	const waba, number = "214705829341166", "331908274466120"
	onEach(t, func(t *testing.T, c config.Config) {
		meta := simulator.New(simulator.Options{AppSecret: appSecret})
		graph := httptest.NewServer(meta)
		t.Cleanup(func() {
			graph.Close()
			require.NoError(t, meta.Close())
		})
		require.NoError(t, meta.AddBusiness(simulator.Business{ID: "880", Name: "Aurora Ltda", Accounts: []simulator.BusinessAccount{{ID: waba, Name: "Padaria Aurora"}}}))
		require.NoError(t, meta.AddNumber(simulator.Number{ID: number, DisplayNumber: "5511912345678", WABAID: waba, VerifiedName: "Padaria Aurora", Status: "PENDING"}))
		c.MetaGraphURL, c.MetaLoginURL, c.MetaAppID, c.MetaLoginConfig = graph.URL, graph.URL, simulator.DefaultAppID, "4711"
		c.PublicURL, c.AllowedOrigins = "https://recado.example.com", []string{"https://app.example.com"}
		a := open(t, c)
		signIn(t, a)
		require.NoError(t, a.Start(t.Context()))
		require.NoError(t, meta.SetCallback(t.Context(), "http://"+a.Address()+"/webhooks/whatsapp", string(c.MetaVerifyToken)))
		tokens, err := a.Accounts.SignIn(t.Context(), accounts.SignIn{Email: "ana@example.com", Password: "correct horse battery"})
		require.NoError(t, err)
		ask := func(query string, variables map[string]any) string {
			t.Helper()
			body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
			require.NoError(t, err)
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+a.Address()+"/graphql", strings.NewReader(string(body)))
			require.NoError(t, err)
			request.Header.Set("Content-Type", "application/json")
			request.Header.Set("Authorization", "Bearer "+tokens.AccessToken)
			response, err := http.DefaultClient.Do(request)
			require.NoError(t, err)
			defer response.Body.Close()
			return bodyOf(t, response)
		}
		browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

		begun := ask(`mutation {channelConnect(input: {method: LOGIN, returnUrl: "https://app.example.com/numbers?tab=2"}) {setup {id login {url}} userErrors {code}}}`, nil)
		var started struct {
			Data struct {
				ChannelConnect struct {
					Setup struct {
						ID    string
						Login struct{ URL string }
					}
				}
			}
		}
		require.NoError(t, json.Unmarshal([]byte(begun), &started), begun)
		setup := started.Data.ChannelConnect.Setup
		granted, err := browser.PostForm(setup.Login.URL, url.Values{"decision": {"grant"}, "waba": {waba}})
		require.NoError(t, err)
		defer granted.Body.Close()
		sentBack, found := strings.CutPrefix(granted.Header.Get("Location"), c.PublicURL)
		require.True(t, found, granted.Header.Get("Location"))
		comeBack := func() (status int, location, page string) {
			response, err := browser.Get("http://" + a.Address() + sentBack)
			require.NoError(t, err)
			defer response.Body.Close()
			return response.StatusCode, response.Header.Get("Location"), bodyOf(t, response)
		}
		_, location, _ := comeBack()
		home, err := url.Parse(location)
		require.NoError(t, err)
		require.Equal(t, "https://app.example.com/numbers", home.Scheme+"://"+home.Host+home.Path)
		require.Equal(t, url.Values{"tab": {"2"}, "setupId": {setup.ID}, "status": {"AUTHORIZED"}}, home.Query())
		status, _, page := comeBack()
		require.Equal(t, http.StatusBadRequest, status, "the state works once")
		require.Contains(t, page, `id="invalid"`)

		variables := map[string]any{"id": setup.ID, "waba": waba, "number": number}
		require.Contains(t, ask(`{channelSetups {accounts {name numbers {displayNumber}}}}`, nil), "+5511912345678")
		require.Contains(t, ask(`mutation($id: ID!, $waba: String!, $number: String!) {channelNumberChoose(input: {setupId: $id, wabaId: $waba, phoneNumberId: $number}) {setup {status} userErrors {code}}}`, variables), `"REGISTERED"`)
		finished := ask(`mutation($id: ID!) {channelSetupFinish(input: {setupId: $id, name: "Balcão"}) {setup {status} channel {id status displayNumber} userErrors {code}}}`, variables)
		require.Contains(t, finished, `"CONNECTED"`)

		require.True(t, meta.Subscribed(waba))
		meta.Customer(simulator.Customer{WAID: "5511987654321", Name: "Dona Lurdes"}).SendText(number, "Tem sonho hoje?")
		require.NoError(t, meta.Flush(t.Context()))
		const show = `{conversations(first: 1) {nodes {contact {name} channel {name status}}} channels {nodes {status health {isHealthy}}}}`
		require.Contains(t, ask(show, nil), "Dona Lurdes")

		meta.RemovePartner(waba)
		require.NoError(t, meta.Flush(t.Context()))
		gone := ask(show, nil)
		require.Contains(t, gone, `"status":"DISCONNECTED"`)
		require.Contains(t, gone, "Dona Lurdes", "conversations stay readable")
		var deliveries []models.WebhookDelivery
		deliveries, err = a.Inbox.Deliveries(t.Context(), models.DeliveryFailed, 10)
		require.NoError(t, err)
		require.Empty(t, deliveries)
	})
}

// signIn makes an organization with an administrator who can sign in.
func signIn(t *testing.T, a *app.App) {
	t.Helper()
	organization, err := a.Accounts.CreateOrganization(t.Context(), "Padaria Aurora")
	require.NoError(t, err)
	administrator, err := a.Accounts.ProfileByName(t.Context(), organization.ID, accounts.AdministratorProfile)
	require.NoError(t, err)
	_, err = a.Accounts.CreateUser(t.Context(), accounts.NewUser{
		OrganizationID: organization.ID, ProfileID: administrator.ID, Email: "ana@example.com", Name: "Ana", Password: "correct horse battery",
	})
	require.NoError(t, err)
}
