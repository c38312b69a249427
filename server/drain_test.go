package server_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/whatsapp"
)

func TestOperations(t *testing.T) {
	w := start(t, nil)

	t.Run("alive and ready", func(t *testing.T) {
		require.Equal(t, http.StatusOK, w.do(http.MethodGet, w.ops("/healthz"), nil).status)
		answer := w.do(http.MethodGet, w.ops("/readyz"), nil)
		require.Equal(t, http.StatusOK, answer.status)
		require.JSONEq(t, `{"status":"ready","checks":{"database":"ok"}}`, answer.body)
	})

	t.Run("alive but not ready when a check fails, without saying why to strangers", func(t *testing.T) {
		w.mu.Lock()
		w.ready = errors.New("password wrong")
		w.mu.Unlock()
		require.Equal(t, http.StatusOK, w.do(http.MethodGet, w.ops("/healthz"), nil).status)
		answer := w.do(http.MethodGet, w.ops("/readyz"), nil)
		require.Equal(t, http.StatusServiceUnavailable, answer.status)
		require.JSONEq(t, `{"status":"unready","checks":{"database":"failed"}}`, answer.body)
	})

	t.Run("metrics by route", func(t *testing.T) {
		w.ask("{ who }")
		body := w.do(http.MethodGet, w.ops("/metrics"), nil).body
		require.Contains(t, body, `recado_http_request_duration_seconds_count{code="200",method="POST",route="/graphql"} 1`)
		require.Contains(t, body, "go_goroutines")
		require.Contains(t, body, "recado_sockets 0")
	})

	t.Run("nothing of it on the public side", func(t *testing.T) {
		for _, path := range []string{"/healthz", "/readyz", "/metrics", "/debug/pprof/"} {
			require.Equal(t, http.StatusNotFound, w.do(http.MethodGet, w.url(path), nil).status, path)
		}
	})
}

func TestDrain(t *testing.T) {
	t.Run("finishes deliveries under way, sends sockets away and fails readiness", func(t *testing.T) {
		w := start(t, nil)
		arrived, commit := make(chan struct{}), make(chan struct{})
		w.accept = func(context.Context) error {
			close(arrived)
			<-commit
			return nil
		}
		socket := w.signIn()
		events := w.listen("subscription { ticks }", authorization, "Bearer "+goodToken)
		body := `{"object":"whatsapp_business_account"}`
		delivered := make(chan answer, 1)
		go func() { delivered <- w.deliver(body, whatsapp.Sign(appSecret, []byte(body))) }()
		<-arrived

		drained := make(chan error, 1)
		go func() { drained <- w.server.Drain(t.Context()) }()
		socket.closedWith(1012)
		require.Equal(t, "EOF", event(t, events), "no complete, so that the client comes back")
		require.Contains(t, w.do(http.MethodGet, w.ops("/readyz"), nil).body, "draining")
		select {
		case err := <-drained:
			t.Fatal("drained before the delivery was stored", err)
		default:
		}
		close(commit)
		require.Equal(t, http.StatusOK, (<-delivered).status)
		require.NoError(t, <-drained)
		require.Equal(t, []string{body}, w.storedBodies())
		_, err := http.Get(w.url("/graphql")) //nolint:bodyclose // refused
		require.Error(t, err, "no more connections are taken")
	})

	t.Run("gives up at its deadline", func(t *testing.T) {
		w := start(t, nil)
		arrived, never := make(chan struct{}), make(chan struct{})
		defer close(never)
		w.accept = func(context.Context) error {
			close(arrived)
			<-never
			return nil
		}
		go func() {
			request, err := http.NewRequest(http.MethodPost, w.url("/webhooks/whatsapp"), http.NoBody)
			if err != nil {
				return
			}
			request.Header.Set(whatsapp.SignatureHeader, whatsapp.Sign(appSecret, nil))
			if response, err := http.DefaultClient.Do(request); err == nil {
				_ = response.Body.Close()
			}
		}()
		<-arrived
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, w.server.Drain(ctx), context.DeadlineExceeded)
	})
}
