//go:build unix

package browser_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"recado/testkit/browser"
)

func TestStart(t *testing.T) {
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`<!DOCTYPE html><p id="before">Olá</p><script>document.write("<p id=after>" + 6 * 7 + "</p>")</script>`))
	}))
	t.Cleanup(page.Close)
	tab := browser.Start(t)
	browser.Do(t, tab, chromedp.Navigate(page.URL), chromedp.WaitVisible(chromedp.CSS("#before")))
	require.Equal(t, "42", browser.Run(t, tab, chromedp.Text(chromedp.CSS("#after"))))
}

func TestFind_never_passes_over_a_named_program(t *testing.T) {
	t.Setenv(browser.EnvProgram, "/no/such/program")
	_, err := browser.Find(t.Context())
	require.ErrorContains(t, err, "RECADO_BROWSER=/no/such/program")
}
