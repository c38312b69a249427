package server_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"recado/server"
	"recado/whatsapp"
)

func (w *world) deliver(body, signature string) answer {
	w.t.Helper()
	headers := []string{"Content-Type", "application/json"}
	if signature != "" {
		headers = append(headers, whatsapp.SignatureHeader, signature)
	}
	return w.do(http.MethodPost, w.url("/webhooks/whatsapp"), strings.NewReader(body), headers...)
}

func TestWebhook(t *testing.T) {
	const (
		empty            = `{"object":"whatsapp_business_account","entry":[]}`
		emptySignature   = "sha256=8d178cb07bb0104e2691447f48842a9b02b65591e41e00d8a2d38dbfe3eda84f"
		escaped          = `{"object":"whatsapp_business_account","entry":[{"id":"200000000000001","changes":[{"field":"messages","value":{"messages":[{"text":{"body":"ol\u00e1 \ud83d\udc4b a\/b"}}]}}]}]}`
		escapedSignature = "sha256=da56cac20e73e7fc15ecad88c456fecd5d629444710c5fd83a3c3ba3d3f61427"
	)

	t.Run("signed deliveries are stored as they came and answered with 200 and nothing else", func(t *testing.T) {
		w := start(t, nil)
		for body, signature := range map[string]string{empty: emptySignature, escaped: escapedSignature} {
			answer := w.deliver(body, signature)
			require.Equal(t, http.StatusOK, answer.status)
			require.Empty(t, answer.body)
		}
		require.ElementsMatch(t, []string{empty, escaped}, w.storedBodies())
		require.Equal(t, w.clock.Now(), w.stored[0].ReceivedAt)
		require.NotContains(t, w.log.String(), "200000000000001", "bodies are not logged")
	})

	t.Run("what is not signed with one of our secrets is refused and not stored", func(t *testing.T) {
		w := start(t, nil)
		for name, signature := range map[string]string{
			"none": "", "of another body": escapedSignature, "without prefix": strings.TrimPrefix(emptySignature, "sha256="),
			"sha1": "sha1=53f338062e4bbf43764e6f165442337a1d882c42", "of a stranger": whatsapp.Sign("another", []byte(empty)),
		} {
			require.Equal(t, http.StatusUnauthorized, w.deliver(empty, signature).status, name)
		}
		require.Empty(t, w.storedBodies())
	})

	t.Run("a secret that is being rotated out still counts", func(t *testing.T) {
		w := start(t, nil)
		require.Equal(t, http.StatusOK, w.deliver(empty, whatsapp.Sign("an-older-secret", []byte(empty))).status)
	})

	t.Run("3 MiB are taken and one byte more is not, announced or not", func(t *testing.T) {
		w := start(t, nil)
		largest := strings.Repeat(" ", 3<<20)
		require.Equal(t, http.StatusOK, w.deliver(largest, whatsapp.Sign(appSecret, []byte(largest))).status)
		tooLarge := largest + " "
		signature := whatsapp.Sign(appSecret, []byte(tooLarge))
		require.Equal(t, http.StatusRequestEntityTooLarge, w.deliver(tooLarge, signature).status)
		chunked := io.MultiReader(strings.NewReader(tooLarge)) // of a length that the client does not know
		answer := w.do(http.MethodPost, w.url("/webhooks/whatsapp"), chunked, whatsapp.SignatureHeader, signature)
		require.Equal(t, http.StatusRequestEntityTooLarge, answer.status)
		require.Len(t, w.storedBodies(), 1)
	})

	t.Run("bodies do not share memory", func(t *testing.T) {
		w := start(t, nil)
		for _, body := range []string{`{"a":1}`, `{"b":2}`, `{"c":3}`} {
			require.Equal(t, http.StatusOK, w.deliver(body, whatsapp.Sign(appSecret, []byte(body))).status)
		}
		require.Equal(t, []string{`{"a":1}`, `{"b":2}`, `{"c":3}`}, w.storedBodies())
	})

	t.Run("what cannot be stored is asked for again", func(t *testing.T) {
		w := start(t, nil)
		w.accept = func(context.Context) error { return errors.New("disk full") }
		answer := w.deliver(empty, emptySignature)
		require.Equal(t, http.StatusServiceUnavailable, answer.status)
		require.NotEmpty(t, answer.header.Get("Retry-After"))
		require.Contains(t, w.do(http.MethodGet, w.ops("/metrics"), nil).body, `recado_webhook_deliveries_total{result="unavailable"} 1`)
	})

	t.Run("without an app secret nothing is accepted", func(t *testing.T) {
		w := start(t, func(o *server.Options) { o.Webhook.AppSecrets = nil })
		answer := w.deliver(empty, emptySignature)
		require.Equal(t, http.StatusServiceUnavailable, answer.status)
		require.Contains(t, w.log.String(), "RECADO_META_APP_SECRET")
		require.Empty(t, w.storedBodies())
	})

	t.Run("a body that breaks off is not stored", func(t *testing.T) {
		w := start(t, nil)
		broken := io.MultiReader(strings.NewReader(empty[:10]), iotest.ErrReader(errors.New("cable pulled")))
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url("/webhooks/whatsapp"), broken)
		require.NoError(t, err)
		_, err = http.DefaultClient.Do(request) //nolint:bodyclose // there is no response
		require.Error(t, err)
		require.Empty(t, w.storedBodies())
	})
}

func TestVerification(t *testing.T) {
	w := start(t, nil)
	verify := func(query string) answer {
		return w.do(http.MethodGet, w.url("/webhooks/whatsapp?"+query), nil)
	}

	t.Run("the challenge comes back alone, as plain text", func(t *testing.T) {
		answer := verify("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=" + verifyToken)
		require.Equal(t, http.StatusOK, answer.status)
		require.Equal(t, "1158201444", answer.body)
		require.Contains(t, answer.header.Get("Content-Type"), "text/plain")
		require.Equal(t, "nosniff", answer.header.Get("X-Content-Type-Options"))
		require.Equal(t, "<b>a b</b>", verify("hub.mode=subscribe&hub.verify_token="+verifyToken+"&hub.challenge=%3Cb%3Ea+b%3C%2Fb%3E").body)
	})

	t.Run("anything else is refused", func(t *testing.T) {
		for _, query := range []string{
			"", "hub.mode=subscribe&hub.challenge=1", "hub.mode=subscribe&hub.challenge=1&hub.verify_token=wrong",
			"hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=" + verifyToken,
			"hub_mode=subscribe&hub_challenge=1&hub_verify_token=" + verifyToken,
		} {
			answer := verify(query)
			require.Equal(t, http.StatusForbidden, answer.status, query)
			require.Empty(t, answer.body)
		}
	})

	t.Run("without a verify token nothing is verified", func(t *testing.T) {
		w := start(t, func(o *server.Options) { o.Webhook.VerifyToken = "" })
		answer := w.do(http.MethodGet, w.url("/webhooks/whatsapp?hub.mode=subscribe&hub.challenge=1&hub.verify_token="), nil)
		require.Equal(t, http.StatusForbidden, answer.status)
	})

	require.NotContains(t, w.log.String(), verifyToken, "queries are not logged")
}
