//go:build unix

// Package browser gives tests a real browser, without a window: Chromium, driven over its DevTools protocol by chromedp.
//
// The browser is looked for in RECADO_BROWSER, PATH and the usual places, and installed if there is none (see package
// programs); a test that needs it and cannot have it fails. It reaches nothing but 127.0.0.1.
//
// Production code must not import this package; a linter rule holds that.
package browser

import (
	"context"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// patience is how long anything in a browser may take before a test gives up. It is meant for machines that are busy with
// other tests.
const patience = 2 * time.Minute

// Start starts a browser with a profile of its own and returns the context of its first tab, for Do and Run; chromedp.NewContext
// makes further tabs of it. The browser ends with the test.
func Start(t testing.TB) context.Context {
	t.Helper()
	program, err := Find(t.Context())
	require.NoError(t, err)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program.Path),
		chromedp.Env(program.Environment...),
		// Neither root nor a container has what the sandbox needs. The browser sees pages of the tests alone.
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.Flag("no-proxy-server", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
	)...)
	t.Cleanup(stop)
	tab, closeBrowser := chromedp.NewContext(allocator, chromedp.WithErrorf(func(string, ...any) {})) // what fails is returned
	t.Cleanup(closeBrowser)
	require.NoError(t, chromedp.Do(tab), "start %s", program.Path)
	return tab
}

// Do takes steps in a tab, one after the other; each waits for what it needs. If one fails or waits in vain, so does the
// test, and shows the page as it is then.
func Do(t testing.TB, tab context.Context, steps ...chromedp.Action[chromedp.Void]) { //nolint:revive // The test comes first, as in testify.
	t.Helper()
	Run(t, tab, chromedp.Steps(steps...))
}

// Run is Do for one action that has a value, such as chromedp.Text.
func Run[T any](t testing.TB, tab context.Context, action chromedp.Action[T]) T { //nolint:revive // As in Do.
	t.Helper()
	ctx, cancel := context.WithTimeout(tab, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, action)
	if err == nil {
		return value
	}
	ctx, cancelLook := context.WithTimeout(tab, patience)
	defer cancelLook()
	address, _ := chromedp.Run(ctx, chromedp.Location())
	page, looked := chromedp.Run(ctx, chromedp.OuterHTML(chromedp.CSS("html")))
	require.NoError(t, err, "at %s (%v)\n%s", address, looked, page)
	return value
}
