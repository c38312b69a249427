package server

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
)

// verifyWebhook answers Meta's check of the callback URL: the challenge, alone, if
// the verify token is ours, otherwise 403 (reference/whatsapp-cloud-api.md §2.1).
func (s *Server) verifyWebhook(c echo.Context) error {
	query, err := url.ParseQuery(c.Request().URL.RawQuery)
	expected := s.options.Webhook.VerifyToken
	if err != nil || expected == "" || query.Get("hub.mode") != "subscribe" ||
		!sameSecret(query.Get("hub.verify_token"), expected) {
		s.log.Warn("webhook verification refused")
		return c.NoContent(http.StatusForbidden)
	}
	c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
	return c.String(http.StatusOK, query.Get("hub.challenge"))
}

// sameSecret compares in a time that tells nothing of either, not even lengths.
func sameSecret(given, expected string) bool {
	a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(expected))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// tryLater answers 503 with the time after which to come again.
func tryLater(c echo.Context, after time.Duration) error {
	c.Response().Header().Set("Retry-After", strconv.Itoa(int(after.Seconds())))
	return c.NoContent(http.StatusServiceUnavailable)
}
