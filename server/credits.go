package server

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"recado/models"
)

const (
	// maxPayment is well above what a payment provider posts.
	maxPayment = 512 << 10
	// stripeSignature is the header that carries the signature of Stripe's webhooks.
	stripeSignature = "Stripe-Signature"
)

// receivePayment takes a webhook of the payment provider: 200 once it is stored, 400 if
// its signature is missing or wrong, 404 if there is no provider, 503 if it should come
// again.
func (s *Server) receivePayment(c echo.Context) error {
	var body bytes.Buffer
	request := c.Request()
	if err := readBody(c.Response(), request, &body, maxPayment, s.timing.BodyRead); err != nil {
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			return c.NoContent(http.StatusRequestEntityTooLarge)
		}
		return c.NoContent(http.StatusBadRequest)
	}
	// Once it is here, it is stored, whether or not the provider still waits.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(request.Context()), s.timing.Accept)
	defer cancel()
	err := s.options.TakePayment(ctx, body.Bytes(), request.Header.Get(stripeSignature))
	switch code := models.CodeOf(err); {
	case err == nil:
		return c.NoContent(http.StatusOK)
	case code == models.CodeUnauthenticated:
		s.log.Warn("payment webhook refused: signature missing, wrong or too old", "bytes", body.Len())
		return c.NoContent(http.StatusBadRequest)
	case code == models.CodeNotFound:
		return c.NoContent(http.StatusNotFound)
	}
	s.log.Warn("payment webhook not stored, the provider will send it again", "error", err)
	return tryLater(c, 5*time.Second)
}

// serveCreditExport serves the CSV of a signed address: 403 if the signature is wrong
// or its time is over.
func (s *Server) serveCreditExport(c echo.Context) error {
	text, err := s.options.CreditExport(c.Request().Context(), c.QueryParams())
	if models.CodeOf(err) == models.CodeForbidden {
		return c.NoContent(http.StatusForbidden)
	}
	if err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderContentDisposition, `attachment; filename="credit-usage.csv"`)
	c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
	return c.Blob(http.StatusOK, "text/csv; charset=utf-8", text)
}
