package server

import (
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"recado/models"
)

const requestIDHeader = "X-Request-Id"

// observe gives each request an id, answers panics, measures, and logs. The log
// shows routes, never paths, queries, bodies or headers: those hold phone numbers,
// message texts and tokens.
func (s *Server) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		started := time.Now() //nolint:forbidigo // a duration, which needs the monotonic clock
		request, response := c.Request(), c.Response()
		id := request.Header.Get(requestIDHeader)
		if !plainID(id) {
			id = models.NewID().String()
			request.Header.Set(requestIDHeader, id)
		}
		response.Header().Set(requestIDHeader, id)
		response.Header().Set("X-Content-Type-Options", "nosniff")

		if err := s.guarded(next, c); err != nil {
			c.Error(err)
		}
		took := time.Since(started)
		if !isLive(request, response) {
			s.metrics.requests.WithLabelValues(c.Path(), request.Method, strconv.Itoa(response.Status)).Observe(took.Seconds())
		}
		if s.log.Enabled(request.Context(), slog.LevelDebug) {
			s.log.DebugContext(request.Context(), "request", "method", request.Method, "route", c.Path(),
				"status", response.Status, "bytes", response.Size, "took", took, "requestId", id)
		}
		return nil
	}
}

// guarded turns a panic of a handler into an error.
func (s *Server) guarded(next echo.HandlerFunc, c echo.Context) (err error) {
	defer func() {
		fault := recover()
		if fault == nil {
			return
		}
		if fault == http.ErrAbortHandler { //nolint:errorlint,err113 // net/http compares it so
			panic(fault)
		}
		s.log.Error("panic in a handler", "route", c.Path(), "panic", fault, "stack", string(debug.Stack()),
			"requestId", c.Request().Header.Get(requestIDHeader))
		err = echo.ErrInternalServerError
	}()
	return next(c)
}

// isLive tells connections that stay open, whose duration says nothing.
func isLive(r *http.Request, w *echo.Response) bool {
	return w.Status == http.StatusSwitchingProtocols || r.Header.Get("Upgrade") != "" ||
		w.Header().Get("Content-Type") == mediaStream
}

// answerError answers what no handler answered: unknown routes, wrong methods,
// panics.
func (s *Server) answerError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	status := http.StatusInternalServerError
	if known, ok := errors.AsType[*echo.HTTPError](err); ok {
		status = known.Code
	} else {
		s.log.Warn("request failed", "route", c.Path(), "error", err)
	}
	_ = c.String(status, http.StatusText(status)+"\n") // the client is gone if this fails
}

// plainID reports whether a client's request id may be repeated in headers and
// logs.
func plainID(id string) bool {
	if id == "" || len(id) > 64 {
		return false
	}
	for _, c := range []byte(id) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return true
}
