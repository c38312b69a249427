package server_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"recado/models"
	"recado/server"
)

func TestPaymentWebhook(t *testing.T) {
	var answer error
	var body, signature string
	w := start(t, func(o *server.Options) {
		o.TakePayment = func(_ context.Context, raw []byte, header string) error {
			body, signature = string(raw), header
			return answer
		}
	})
	post := func(text string) int {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+w.server.Address()+"/webhooks/stripe", strings.NewReader(text))
		require.NoError(t, err)
		request.Header.Set("Stripe-Signature", "t=1,v1=abc")
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		return response.StatusCode
	}
	for want, err := range map[int]error{
		http.StatusOK:                 nil,
		http.StatusBadRequest:         models.NewError(models.CodeUnauthenticated, ""),
		http.StatusNotFound:           models.ErrNotFound,
		http.StatusServiceUnavailable: errors.New("the disk is full"),
	} {
		answer = err
		require.Equal(t, want, post(`{"id":"evt_1"}`))
		require.Equal(t, `{"id":"evt_1"}`, body, "the bytes that were signed")
		require.Equal(t, "t=1,v1=abc", signature)
	}
	require.Equal(t, http.StatusRequestEntityTooLarge, post(strings.Repeat("x", 600<<10)))
}

func TestCreditExport(t *testing.T) {
	w := start(t, func(o *server.Options) {
		o.CreditExport = func(_ context.Context, query url.Values) ([]byte, error) {
			if query.Get("signature") != "right" {
				return nil, models.NewError(models.CodeForbidden, "")
			}
			return []byte("day,channel\n"), nil
		}
	})
	get := func(signature string) (status int, header http.Header, text string) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet,
			"http://"+w.server.Address()+"/exports/credit-usage.csv?signature="+signature, nil)
		require.NoError(t, err)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		return response.StatusCode, response.Header, string(body)
	}
	status, header, text := get("right")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "day,channel\n", text)
	require.Equal(t, "text/csv; charset=utf-8", header.Get("Content-Type"))
	require.Contains(t, header.Get("Content-Disposition"), "attachment")
	status, _, _ = get("wrong")
	require.Equal(t, http.StatusForbidden, status)
}
