package whatsapp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

func TestRedaction(t *testing.T) {
	t.Run("credentials_hide_the_token_however_printed", func(t *testing.T) {
		var out bytes.Buffer
		nested := struct{ C Credentials }{testCreds}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			fmt.Fprintf(&out, verb+verb+verb, testCreds, &testCreds, nested)
		}
		for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
			slog.New(handler).Info("x", "creds", testCreds, "pointer", &testCreds, "nested", nested)
		}
		require.NoError(t, json.NewEncoder(&out).Encode(nested))
		require.NotContains(t, out.String(), testCreds.AccessToken)
		require.Contains(t, out.String(), testCreds.PhoneNumberID)
	})

	t.Run("errors_and_logs_hold_no_token_even_if_meta_repeats_it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var log bytes.Buffer
			echo := `{"error":{"message":"bad token EAAdemo.token","code":1,"error_data":{"details":"EAAdemo.token"},"fbtrace_id":"T"}}`
			c := offline(Options{
				AppSecret: testSecret,
				Logger:    slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
			}, func(*http.Request) (*http.Response, error) { return answer(500, echo) })
			e := failure(t, send(t.Context(), c))
			require.Equal(t, "bad token [redacted]", e.Meta.Message)
			require.Contains(t, log.String(), "repeating a call to Meta")
			text := fmt.Sprintf("%v %+v %s", e, *e, log.String())
			require.NotContains(t, text, testCreds.AccessToken)
			require.NotContains(t, text, testSecret)
		})
	})

	t.Run("network_errors_hold_no_url", func(t *testing.T) {
		c := offline(Options{AppSecret: testSecret}, func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF })
		e := failure(t, send(t.Context(), c))
		require.ErrorIs(t, e, io.ErrUnexpectedEOF)
		require.NotContains(t, e.Error(), "appsecret_proof")
		require.NotContains(t, e.Error(), "graph.facebook.com")
	})
}
