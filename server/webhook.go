package server

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"recado/inbox"
	"recado/whatsapp"
)

const (
	// maxDelivery is a little above the largest body of Meta's, 3 MB
	// (reference/whatsapp-cloud-api.md §2.2).
	maxDelivery = 3 << 20
	// usualDelivery is the size of the buffers that are kept for reuse.
	usualDelivery = 64 << 10
)

var deliveryBuffers = sync.Pool{New: func() any { return bytes.NewBuffer(make([]byte, 0, 4<<10)) }}

// receiveWebhook takes a delivery from Meta: 200 once it is durable, 401 if the
// signature is missing or wrong, 413 if it is too large, 503 if it should come
// again (reference/whatsapp-cloud-api.md §2.2 to §2.4).
func (s *Server) receiveWebhook(c echo.Context) error {
	if len(s.options.Webhook.AppSecrets) == 0 {
		s.log.Error("webhook refused: no app secret is set, so that no signature can be checked (RECADO_META_APP_SECRET)")
		s.metrics.deliveries.WithLabelValues(deliveryUnconfigured).Inc()
		return tryLater(c, time.Minute)
	}
	request := c.Request()
	if request.ContentLength > maxDelivery {
		s.metrics.deliveries.WithLabelValues(deliveryTooLarge).Inc()
		return c.NoContent(http.StatusRequestEntityTooLarge)
	}

	// The buffer is shared until the signature is known to be right, so that a
	// stranger's bytes cost no memory that lasts.
	buffer, _ := deliveryBuffers.Get().(*bytes.Buffer)
	defer func() {
		if buffer.Cap() <= usualDelivery {
			buffer.Reset()
			deliveryBuffers.Put(buffer)
		}
	}()
	if err := readBody(c.Response(), request, buffer, maxDelivery, s.timing.BodyRead); err != nil {
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			s.metrics.deliveries.WithLabelValues(deliveryTooLarge).Inc()
			return c.NoContent(http.StatusRequestEntityTooLarge)
		}
		s.metrics.deliveries.WithLabelValues(deliveryUnreadable).Inc()
		return c.NoContent(http.StatusBadRequest)
	}
	if !whatsapp.VerifySignature(s.options.Webhook.AppSecrets, request.Header.Get(whatsapp.SignatureHeader), buffer.Bytes()) {
		s.metrics.deliveries.WithLabelValues(deliveryUnsigned).Inc()
		s.log.Warn("webhook refused: signature missing or wrong", "bytes", buffer.Len())
		return c.NoContent(http.StatusUnauthorized)
	}

	// Once it is here, it is stored, whether or not Meta still waits.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(request.Context()), s.timing.Accept)
	defer cancel()
	delivery := inbox.RawDelivery{Body: bytes.Clone(buffer.Bytes()), ReceivedAt: s.clock()}
	if err := s.options.Webhook.Accept(ctx, delivery); err != nil {
		s.metrics.deliveries.WithLabelValues(deliveryUnavailable).Inc()
		s.log.Warn("webhook not stored, Meta will send it again", "error", err)
		return tryLater(c, 5*time.Second)
	}
	s.metrics.deliveries.WithLabelValues(deliveryAccepted).Inc()
	return c.NoContent(http.StatusOK)
}

// readBody reads a request's body within a time. A body over the limit is a
// *http.MaxBytesError.
func readBody(w http.ResponseWriter, r *http.Request, into *bytes.Buffer, limit int64, within time.Duration) error {
	control := http.NewResponseController(w)
	if err := control.SetReadDeadline(deadline(within)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := io.Copy(into, http.MaxBytesReader(w, r.Body, limit)); err != nil {
		return err
	}
	// Else the deadline would later look like a client that left.
	if err := control.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}
