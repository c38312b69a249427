package app_test

import (
	"context"
	"embed"
	"html/template"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"recado/channels"
	"recado/config"
	"recado/testkit/browser"
	"recado/whatsapp/simulator"
)

// The front end of a customer of the API, as far as connecting a number needs it.
//
//go:embed testdata/*.html
var frontEndPages embed.FS

var frontEnd = template.Must(template.ParseFS(frontEndPages, "testdata/*.html"))

// What people press and see on the pages.
const (
	grant = chromedp.CSS("#grant")
	deny  = chromedp.CSS("#deny")
	done  = chromedp.CSS("#done")
)

// popup is what the page signup.html needs to know.
type popup struct{ API, Token, Setup, Dialog string }

// TestConnectANumber_in_a_browser goes through the pages as people do, with all that a
// browser adds: forms, redirects, windows, and what a page may ask of another origin.
func TestConnectANumber_in_a_browser(t *testing.T) {
	const secondWABA, secondNumber = "214705829341177", "331908274466177"
	tab := browser.Start(t)
	onEach(t, func(t *testing.T, c config.Config) {
		// The program's public address and the front end are two origins that it must know
		// before it starts.
		var started atomic.Pointer[connecting]
		public := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: started.Load().app.Address()}).ServeHTTP(w, r)
		}))
		t.Cleanup(public.Close)
		pages := http.NewServeMux()
		var opener atomic.Pointer[popup]
		pages.HandleFunc("/numbers", func(w http.ResponseWriter, _ *http.Request) {
			_ = frontEnd.ExecuteTemplate(w, "numbers.html", nil)
		})
		pages.HandleFunc("/signup", func(w http.ResponseWriter, _ *http.Request) {
			_ = frontEnd.ExecuteTemplate(w, "signup.html", opener.Load())
		})
		front := httptest.NewServer(pages)
		t.Cleanup(front.Close)
		c.PublicURL, c.AllowedOrigins = public.URL, []string{front.URL}
		x := startConnecting(t, c)
		started.Store(x)
		require.NoError(t, x.meta.AddBusiness(simulator.Business{ID: "881", Name: "Cais Ltda", Accounts: []simulator.BusinessAccount{{ID: secondWABA, Name: "Cais <Chás>"}}}))
		require.NoError(t, x.meta.AddNumber(simulator.Number{ID: secondNumber, DisplayNumber: "5511912345699", WABAID: secondWABA, VerifiedName: "Cais", Status: "PENDING"}))

		t.Run("agreeing at Meta leads to the program's page, and a number that customers write to", func(t *testing.T) {
			setup := x.begin("LOGIN", "")
			browser.Do(t, tab, chromedp.Navigate(setup.Login.URL), chromedp.WaitVisible(grant))
			asked := browser.Run(t, tab, chromedp.Text(chromedp.CSS("form")))
			for _, part := range []string{"Aurora Ltda", "Padaria Aurora · +55 11 91234-5678", "Cais <Chás>"} {
				require.Contains(t, asked, part)
			}
			browser.Do(t, tab, chromedp.Click(grant), chromedp.WaitVisible(done))
			require.Contains(t, browser.Run(t, tab, chromedp.Text(done)), "You can close this window")
			address := browser.Run(t, tab, chromedp.Location())
			require.True(t, strings.HasPrefix(address, public.URL+channels.CallbackPath+"?"), address)
			browser.Do(t, tab, chromedp.Reload(), chromedp.WaitVisible(chromedp.CSS("#invalid"))) // the address works once

			x.finish(setup.ID, auroraWABA, auroraNumber, "Balcão")
			x.hears(auroraNumber, "5511987654321", "Dona Lurdes")
		})

		t.Run("not agreeing leads back to the front end, where it can be tried again", func(t *testing.T) {
			setup := x.begin("LOGIN", front.URL+"/numbers?tab=2")
			decide := func(address string, button chromedp.CSS) url.Values {
				browser.Do(t, tab, chromedp.Navigate(address), chromedp.Click(button), chromedp.WaitVisible(chromedp.CSS("#numbers")))
				arrived, err := url.Parse(browser.Run(t, tab, chromedp.Location()))
				require.NoError(t, err)
				require.Equal(t, front.URL+"/numbers", arrived.Scheme+"://"+arrived.Host+arrived.Path)
				return arrived.Query()
			}
			require.Equal(t, url.Values{"tab": {"2"}, "setupId": {setup.ID}, "status": {"FAILED"}}, decide(setup.Login.URL, deny))
			again := x.ask(`mutation($id: ID!) {channelSetupRetry(input: {setupId: $id}) {setup {status login {url}} userErrors {code}}}`, map[string]any{"id": setup.ID})
			require.Contains(t, again, `"STARTED"`)
			require.Equal(t, url.Values{"tab": {"2"}, "setupId": {setup.ID}, "status": {"AUTHORIZED"}}, decide(valueIn(t, again, "url"), grant))
		})

		t.Run("the popup tells the page that opened it what was chosen", func(t *testing.T) {
			setup := x.begin("POPUP", "")
			dialog := url.Values{
				"client_id": {setup.Login.AppID}, "config_id": {setup.Login.ConfigID}, "response_type": {"code"}, "display": {"popup"},
			}
			opener.Store(&popup{
				API: public.URL + "/graphql", Token: x.token, Setup: setup.ID,
				Dialog: x.metaURL + "/" + setup.Login.GraphVersion + "/dialog/oauth?" + dialog.Encode(),
			})
			outcome := func(steps ...chromedp.Action[chromedp.Void]) string {
				browser.Do(t, tab, chromedp.Navigate(front.URL+"/signup"))
				window := openedBy(t, tab, x.metaURL, chromedp.Click(chromedp.CSS("#connect")))
				browser.Do(t, window, append(steps, chromedp.WaitVisible(done))...)
				told := chromedp.CSS("#outcome")
				browser.Do(t, tab, chromedp.WaitVisible(told))
				return browser.Run(t, tab, chromedp.Text(told))
			}
			require.Equal(t, "CANCEL at PERMISSIONS", outcome(chromedp.Click(deny)))
			takeOff := chromedp.Click(chromedp.CSS(`input[value="` + auroraWABA + `"]`))
			require.Equal(t, "AUTHORIZED for "+secondNumber, outcome(takeOff, chromedp.Click(grant)))
			offered := x.ask(`query($id: ID!) {node(id: $id) {... on ChannelSetup {accounts {wabaId}}}}`, map[string]any{"id": setup.ID})
			require.JSONEq(t, `{"data": {"node": {"accounts": [{"wabaId": "`+secondWABA+`"}]}}}`, offered, "the other one was taken off")
			x.finish(setup.ID, secondWABA, secondNumber, "Cais")
			x.hears(secondNumber, "5511987654322", "Seu Jorge")
		})
	})
}

// openedBy does what opens a window with a page of an origin, and returns the window.
func openedBy(t *testing.T, tab context.Context, origin string, steps ...chromedp.Action[chromedp.Void]) context.Context {
	t.Helper()
	opened := chromedp.WaitNewTarget(tab, func(info *target.Info) bool { return strings.HasPrefix(info.URL, origin) })
	browser.Do(t, tab, steps...)
	select {
	case id := <-opened:
		window, closeWindow := chromedp.NewContext(tab, chromedp.WithTargetID(id))
		t.Cleanup(closeWindow)
		return window
	case <-time.After(time.Minute):
		require.FailNow(t, "no window was opened")
		return nil
	}
}
