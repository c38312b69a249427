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

const (
	auroraWABA   = "214705829341166"
	auroraNumber = "331908274466120"
)

// connecting is the program in front of a simulated Meta where the Padaria Aurora has
// an account with a number, and Ana, an administrator, who is signed in.
type connecting struct {
	t       *testing.T
	meta    *simulator.Simulator
	metaURL string
	app     *app.App
	token   string
}

// startConnecting starts the program, whose settings need an app at Meta no more.
func startConnecting(t *testing.T, c config.Config) *connecting {
	t.Helper()
	x := &connecting{t: t, meta: simulator.New(simulator.Options{AppSecret: appSecret})}
	graph := httptest.NewServer(x.meta)
	t.Cleanup(func() {
		graph.Close()
		require.NoError(t, x.meta.Close())
	})
	x.metaURL = graph.URL
	require.NoError(t, x.meta.AddBusiness(simulator.Business{ID: "880", Name: "Aurora Ltda", Accounts: []simulator.BusinessAccount{{ID: auroraWABA, Name: "Padaria Aurora"}}}))
	require.NoError(t, x.meta.AddNumber(simulator.Number{
		ID: auroraNumber, DisplayNumber: "5511912345678", WABAID: auroraWABA, VerifiedName: "Padaria Aurora", Status: "PENDING",
	}))
	c.MetaGraphURL, c.MetaLoginURL, c.MetaAppID, c.MetaLoginConfig = graph.URL, graph.URL, simulator.DefaultAppID, "4711"
	x.app = open(t, c)
	signIn(t, x.app)
	require.NoError(t, x.app.Start(t.Context()))
	require.NoError(t, x.meta.SetCallback(t.Context(), "http://"+x.app.Address()+"/webhooks/whatsapp", string(c.MetaVerifyToken)))
	tokens, err := x.app.Accounts.SignIn(t.Context(), accounts.SignIn{Email: "ana@example.com", Password: "correct horse battery"})
	require.NoError(t, err)
	x.token = tokens.AccessToken
	return x
}

// ask has Ana ask the API, and returns its answer.
func (x *connecting) ask(query string, variables map[string]any) string {
	x.t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	require.NoError(x.t, err)
	request, err := http.NewRequestWithContext(x.t.Context(), http.MethodPost, "http://"+x.app.Address()+"/graphql", strings.NewReader(string(body)))
	require.NoError(x.t, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+x.token)
	response, err := http.DefaultClient.Do(request)
	require.NoError(x.t, err)
	defer response.Body.Close()
	return bodyOf(x.t, response)
}

// setup is a number on its way to being connected.
type setup struct {
	ID     string
	Status string
	Login  struct {
		URL                           string
		AppID, ConfigID, GraphVersion string
	}
}

// begin starts to connect a number; returnURL may be empty.
func (x *connecting) begin(method, returnURL string) setup {
	x.t.Helper()
	input := map[string]any{"method": method}
	if returnURL != "" {
		input["returnUrl"] = returnURL
	}
	answer := x.ask(`mutation($input: ChannelConnectInput!) {channelConnect(input: $input) {
		setup {id status login {url appId configId graphVersion}} userErrors {code}}}`, map[string]any{"input": input})
	var begun struct {
		Data struct{ ChannelConnect struct{ Setup setup } }
	}
	require.NoError(x.t, json.Unmarshal([]byte(answer), &begun), answer)
	require.Equal(x.t, "STARTED", begun.Data.ChannelConnect.Setup.Status, answer)
	return begun.Data.ChannelConnect.Setup
}

// finish picks an account and a number, and makes the channel.
func (x *connecting) finish(setup, waba, number, name string) {
	x.t.Helper()
	variables := map[string]any{"id": setup, "waba": waba, "number": number, "name": name}
	require.Contains(x.t, x.ask(`mutation($id: ID!, $waba: String!, $number: String!) {channelNumberChoose(input: {setupId: $id, wabaId: $waba, phoneNumberId: $number}) {
		setup {status} userErrors {code}}}`, variables), `"REGISTERED"`)
	require.Contains(x.t, x.ask(`mutation($id: ID!, $name: String!) {channelSetupFinish(input: {setupId: $id, name: $name}) {
		setup {status} channel {id status displayNumber} userErrors {code}}}`, variables), `"CONNECTED"`)
	require.True(x.t, x.meta.Subscribed(waba))
}

// hears has a customer write to a number, and makes sure that the program knows.
func (x *connecting) hears(number, waID, name string) {
	x.t.Helper()
	x.meta.Customer(simulator.Customer{WAID: waID, Name: name}).SendText(number, "Tem sonho hoje?")
	require.NoError(x.t, x.meta.Flush(x.t.Context()))
	require.Contains(x.t, x.ask(`{conversations(first: 1) {nodes {contact {name}}}}`, nil), name)
}

// TestConnectANumber goes the whole way over HTTP: from the front end to Meta's login
// page, back to the program, to a channel on which a customer writes, and to the
// business that takes the app off.
func TestConnectANumber(t *testing.T) {
	onEach(t, func(t *testing.T, c config.Config) {
		c.PublicURL, c.AllowedOrigins = "https://recado.example.com", []string{"https://app.example.com"}
		x := startConnecting(t, c)
		browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

		setup := x.begin("LOGIN", "https://app.example.com/numbers?tab=2")
		granted, err := browser.PostForm(setup.Login.URL, url.Values{"decision": {"grant"}, "waba": {auroraWABA}})
		require.NoError(t, err)
		defer granted.Body.Close()
		sentBack, found := strings.CutPrefix(granted.Header.Get("Location"), c.PublicURL)
		require.True(t, found, granted.Header.Get("Location"))
		comeBack := func() (status int, location, page string) {
			response, err := browser.Get("http://" + x.app.Address() + sentBack)
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

		require.Contains(t, x.ask(`{channelSetups {accounts {name numbers {displayNumber}}}}`, nil), "+5511912345678")
		x.finish(setup.ID, auroraWABA, auroraNumber, "Balcão")
		x.hears(auroraNumber, "5511987654321", "Dona Lurdes")

		x.meta.RemovePartner(auroraWABA)
		require.NoError(t, x.meta.Flush(t.Context()))
		gone := x.ask(`{conversations(first: 1) {nodes {contact {name}}} channels {nodes {status health {isHealthy}}}}`, nil)
		require.Contains(t, gone, `"status":"DISCONNECTED"`)
		require.Contains(t, gone, "Dona Lurdes", "conversations stay readable")
		var deliveries []models.WebhookDelivery
		deliveries, err = x.app.Inbox.Deliveries(t.Context(), models.DeliveryFailed, 10)
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
