package simulator_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/whatsapp/simulator"
)

func TestInboundWebhook(t *testing.T) {
	t.Run("one_change_with_one_message", func(t *testing.T) {
		w := newWorld(t)
		c := w.meta.Customer(simulator.Customer{WAID: irisWAID, Name: "Íris 👋"})
		id := c.SendText(numberID, "olá a/b")
		w.flush()
		hooks := w.hook.take()
		require.Len(t, hooks, 1)
		require.Equal(t, fmt.Sprintf(`{"object":"whatsapp_business_account","entry":[{"id":"214705829341166","changes":[{"value":{`+
			`"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550102030","phone_number_id":"331908274466120"},`+
			`"contacts":[{"profile":{"name":"\u00cdris \ud83d\udc4b"},"wa_id":"447700900456","user_id":"%s"}],`+
			`"messages":[{"from":"447700900456","from_user_id":"%s","id":"%s","timestamp":"%d","text":{"body":"ol\u00e1 a\/b"},"type":"text"}]`+
			`},"field":"messages"}]}]}`, c.UserID(), c.UserID(), strings.ReplaceAll(id, "/", `\/`), start.Unix()), string(hooks[0].raw))
		h := hooks[0].header
		require.Equal(t, "application/json", h.Get("Content-Type"))
		require.Equal(t, "facebookexternalua", h.Get("User-Agent"))
		require.Regexp(t, `^sha1=[0-9a-f]{40}$`, h.Get("X-Hub-Signature"))
	})
	t.Run("reply_names_the_author_it_quotes", func(t *testing.T) {
		w := newWorld(t)
		c := w.iris(irisWAID)
		ours := w.send(text(irisWAID, "question?")).id(t)
		own := c.SendText(numberID, "answer", simulator.ReplyTo(ours))
		c.SendText(numberID, "to myself", simulator.ReplyTo(own))
		w.flush()
		messages := rawMessages(w.hook.take())
		require.Equal(t, map[string]any{"from": display, "id": ours}, messages[0]["context"])
		require.Equal(t, map[string]any{"from": irisWAID, "id": own}, messages[1]["context"])
	})
	t.Run("phone_that_was_offline", func(t *testing.T) {
		w := newWorld(t)
		c := w.meta.Customer(simulator.Customer{WAID: irisWAID})
		c.SendText(numberID, "late", simulator.At(start.Add(-48*time.Hour)))
		w.flush()
		require.Equal(t, unix(start.Add(-48*time.Hour)), rawMessages(w.hook.take())[0]["timestamp"])
		require.True(t, c.WindowOpen(numberID))
	})
	t.Run("unknown_number_yields_no_message", func(t *testing.T) {
		w := newWorld(t)
		require.Empty(t, w.meta.Customer(simulator.Customer{WAID: irisWAID}).SendText("999", "hi"))
		w.flush()
		require.Empty(t, w.hook.take())
	})
}

func TestDashboardTest(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.meta.SendDashboardTest())
	w.flush()
	h := w.hook.take()[0]
	require.Equal(t, "0", h.Entry[0].ID)
	v := h.Entry[0].Changes[0].Value
	require.Equal(t, "123456123", v.Metadata.ID)
	require.Equal(t, "16505551111", v.Metadata.Display)
	require.Equal(t, "16315551181", v.Messages[0]["from"])
	require.Equal(t, "ABGGFlA5Fpa", v.Messages[0]["id"])
	require.Equal(t, "1504902988", v.Messages[0]["timestamp"])

	require.Error(t, simulatorWithoutCallback(t).SendDashboardTest())
}

func simulatorWithoutCallback(t *testing.T) *simulator.Simulator {
	t.Helper()
	s := simulator.New(simulator.Options{})
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func TestRetries(t *testing.T) {
	pauses := []time.Duration{time.Second, 10 * time.Second}
	setup := func(t *testing.T) *world {
		return newWorld(t, func(o *simulator.Options) { o.RetryPauses = pauses })
	}
	t.Run("same_bytes_again_with_growing_pauses_until_200", func(t *testing.T) {
		for _, status := range []int{201, 204, 301, 400, 500} {
			w := setup(t)
			w.hook.answers = func(n int) int {
				if n < 3 {
					return status
				}
				return 200
			}
			w.meta.Customer(simulator.Customer{WAID: irisWAID}).SendText(numberID, "hi")
			w.flush()
			require.Equal(t, 1, w.hook.attempts())
			w.pass(time.Second)
			require.Equal(t, 2, w.hook.attempts())
			w.pass(9 * time.Second)
			require.Equal(t, 2, w.hook.attempts())
			w.pass(time.Second)
			require.Equal(t, 3, w.hook.attempts())
			require.Len(t, w.hook.take(), 1)
			w.pass(24 * time.Hour)
			require.Equal(t, 3, w.hook.attempts())
			d := w.meta.Deliveries()
			require.Equal(t, []int{status, status, 200}, []int{d[0].Status, d[1].Status, d[2].Status})
			require.Equal(t, d[0].Body, d[2].Body)
		}
	})
	t.Run("lost_after_the_last_attempt", func(t *testing.T) {
		w := setup(t)
		w.hook.answers = func(int) int { return 503 }
		w.meta.Customer(simulator.Customer{WAID: irisWAID}).SendText(numberID, "hi")
		w.flush()
		w.pass(time.Second)
		w.pass(10 * time.Second)
		w.pass(24 * time.Hour)
		require.Equal(t, 3, w.hook.attempts())
		lost, dropped := w.meta.Undelivered()
		require.Equal(t, 1, lost)
		require.Zero(t, dropped)
		require.True(t, w.meta.Deliveries()[2].Lost)
	})
	t.Run("nobody_there", func(t *testing.T) {
		w := setup(t)
		w.hook.Close()
		w.meta.Customer(simulator.Customer{WAID: irisWAID}).SendText(numberID, "hi")
		w.flush()
		d := w.meta.Deliveries()[0]
		require.Zero(t, d.Status)
		require.Contains(t, d.Error, "posting the webhook")
		require.Equal(t, 1, w.clock.Pending())
	})
	t.Run("no_answer_in_time", func(t *testing.T) {
		w := newWorld(t, func(o *simulator.Options) { o.WebhookTimeout = 50 * time.Millisecond })
		release := make(chan struct{})
		w.hook.answers = func(int) int { <-release; return 200 }
		w.meta.Customer(simulator.Customer{WAID: irisWAID}).SendText(numberID, "hi")
		w.flush()
		close(release)
		require.Zero(t, w.meta.Deliveries()[0].Status)
		require.Equal(t, 1, w.clock.Pending())
	})
}

func TestConcurrentWebhooksAreBounded(t *testing.T) {
	w := newWorld(t, func(o *simulator.Options) { o.MaxInFlightWebhooks = 3 })
	arrivals, release := make(chan struct{}, 100), make(chan struct{})
	slow := newReceiver(t)
	handler := slow.Config.Handler
	slow.Config.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			arrivals <- struct{}{}
			<-release
		}
		handler.ServeHTTP(rw, r)
	})
	require.NoError(t, w.meta.SetCallback(t.Context(), slow.URL, verify))
	c := w.meta.Customer(simulator.Customer{WAID: irisWAID})
	for i := range 10 {
		c.SendText(numberID, strconv.Itoa(i))
	}
	for range 3 {
		<-arrivals
	}
	select {
	case <-arrivals:
		t.Error("a fourth webhook is in flight")
	case <-time.After(50 * time.Millisecond):
	}
	close(release)
	w.flush()
	require.Len(t, slow.take(), 10)
}

func TestCallback(t *testing.T) {
	t.Run("verification_needs_exactly_the_challenge", func(t *testing.T) {
		for name, echo := range map[string]func(string) string{
			"quoted":  func(c string) string { return `"` + c + `"` },
			"newline": func(c string) string { return c + "\n" },
			"empty":   func(string) string { return "" },
		} {
			t.Run(name, func(t *testing.T) {
				w := newWorld(t)
				other := newReceiver(t)
				other.echo = echo
				require.ErrorContains(t, w.meta.SetCallback(t.Context(), other.URL, verify), "not exactly the challenge")
				w.meta.Customer(simulator.Customer{WAID: irisWAID}).SendText(numberID, "hi")
				w.flush()
				require.Len(t, w.hook.take(), 1, "the old address stays in force")
			})
		}
	})
	t.Run("wrong_token", func(t *testing.T) {
		w := newWorld(t)
		require.ErrorContains(t, w.meta.SetCallback(t.Context(), w.hook.URL, "wrong"), "HTTP status code 403")
		require.ErrorContains(t, w.meta.SetCallback(t.Context(), "ftp://x", verify), "not an http(s) address")
	})
	t.Run("keeps_the_query_of_the_address", func(t *testing.T) {
		w := newWorld(t)
		require.NoError(t, w.meta.SetCallback(t.Context(), w.hook.URL+"/in?tenant=7", verify))
		w.meta.Customer(simulator.Customer{WAID: irisWAID}).SendText(numberID, "hi")
		w.flush()
		require.Equal(t, w.hook.URL+"/in?tenant=7", w.meta.Deliveries()[0].URL)
	})
	t.Run("overrides_number_before_account_before_app", func(t *testing.T) {
		w := newWorld(t)
		c := w.meta.Customer(simulator.Customer{WAID: irisWAID})
		account, number := newReceiver(t), newReceiver(t)
		counts := func() [3]int {
			c.SendText(numberID, "hi")
			w.flush()
			return [3]int{len(w.hook.take()), len(account.take()), len(number.take())}
		}
		apps, node := "/v26.0/"+waba+"/subscribed_apps", "/v26.0/"+numberID
		override := func(url string) map[string]any {
			return map[string]any{"override_callback_uri": url, "verify_token": verify}
		}
		require.Equal(t, [3]int{1, 0, 0}, counts())
		require.JSONEq(t, `{"success":true}`, w.call(bearer, http.MethodPost, apps, override(account.URL)).raw)
		require.Len(t, account.verifies, 1)
		require.Equal(t, [3]int{0, 1, 0}, counts())
		require.Equal(t, 200, w.call(bearer, http.MethodPost, node, map[string]any{"webhook_configuration": override(number.URL)}).status)
		require.Len(t, number.verifies, 1)
		require.Equal(t, [3]int{0, 0, 1}, counts())
		require.Equal(t, map[string]any{"id": numberID, "webhook_configuration": map[string]any{
			"phone_number": number.URL, "whatsapp_business_account": account.URL, "application": w.hook.URL,
		}}, w.call(bearer, http.MethodGet, node+"?fields=webhook_configuration", nil).body)

		a := w.call(bearer, http.MethodPost, node, map[string]any{"webhook_configuration": map[string]any{
			"override_callback_uri": number.URL, "verify_token": "wrong",
		}})
		require.Equal(t, 2200, a.code())
		require.Contains(t, a.errorField("message"), "Callback verification failed with the following errors")

		require.Equal(t, 200, w.call(bearer, http.MethodPost, node, map[string]any{"webhook_configuration": override("")}).status)
		require.Equal(t, [3]int{0, 1, 0}, counts())
		require.Equal(t, 200, w.call(bearer, http.MethodPost, apps, nil).status)
		require.Equal(t, [3]int{1, 0, 0}, counts())
		require.Equal(t, 200, w.call(bearer, http.MethodDelete, apps, nil).status)
		require.Equal(t, [3]int{0, 0, 0}, counts())
		require.JSONEq(t, `{"data":[]}`, w.call(bearer, http.MethodGet, apps, nil).raw)
		_, dropped := w.meta.Undelivered()
		require.Equal(t, 1, dropped)
	})
	t.Run("app_subscription_over_the_graph", func(t *testing.T) {
		w := newWorld(t)
		other := newReceiver(t)
		path := "/v26.0/" + w.meta.AppID() + "/subscriptions"
		in := map[string]any{"object": "whatsapp_business_account", "callback_url": other.URL, "verify_token": verify, "fields": "messages"}
		require.Equal(t, 15, w.call(bearer, http.MethodPost, path, in).code())
		require.Equal(t, 200, w.call(w.meta.AppToken(), http.MethodPost, path, in).status)
		require.Contains(t, w.call(w.meta.AppToken(), http.MethodGet, path, nil).raw, strings.ReplaceAll(other.URL, "/", `\/`))
		require.Equal(t, 2200, w.call(w.meta.AppToken(), http.MethodPost, path, with(in, "verify_token", "wrong")).code())
	})
}

func TestClose(t *testing.T) {
	w := newWorld(t)
	w.hook.answers = func(int) int { return 500 }
	w.send(text(irisWAID, "hi"))
	w.meta.Customer(simulator.Customer{WAID: irisWAID}).SendText(numberID, "hi")
	require.NoError(t, w.meta.Close())
	require.NoError(t, w.meta.Close())
	require.Zero(t, w.clock.Pending(), "timers are stopped")
	require.Equal(t, 503, w.call(bearer, http.MethodGet, "/v26.0/"+numberID, nil).status)
	w.meta.Customer(simulator.Customer{WAID: irisWAID}).SendText(numberID, "nobody hears this")
	require.Zero(t, w.clock.Pending())
}
