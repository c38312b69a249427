package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"recado/channels"
	"recado/media"
	"recado/models"
)

// Server serves both addresses. It is safe for concurrent use.
type Server struct {
	options  Options
	timing   Timing
	clock    models.Clock
	log      *slog.Logger
	origins  map[string]bool
	metrics  *metrics
	live     live
	draining atomic.Bool

	public, ops       *http.Server
	listener, opsPort net.Listener
	failed            chan error
}

// New returns a Server that does not listen yet.
func New(options Options) (*Server, error) {
	if options.Clock == nil {
		options.Clock = models.SystemClock
	}
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	if options.Metrics == nil {
		options.Metrics = prometheus.NewRegistry()
	}
	s := &Server{
		options: options,
		timing:  options.Timing.withDefaults(),
		clock:   options.Clock,
		log:     options.Logger,
		origins: make(map[string]bool, len(options.AllowedOrigins)),
		live:    live{connections: make(map[*connection]struct{})},
		failed:  make(chan error, 2),
	}
	for _, origin := range options.AllowedOrigins {
		s.origins[origin] = true
	}
	var err error
	if s.metrics, err = newMetrics(options.Metrics, &s.live); err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}
	s.prepare(options.GraphQL)
	s.public = s.httpServer(s.routes())
	s.ops = s.httpServer(s.opsRoutes())
	return s, nil
}

// httpServer has no WriteTimeout, which would cut streams and sockets, and no
// ReadTimeout: handlers that read a body set its deadline.
func (s *Server) httpServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       120 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
}

// Handler is the public side without its listener.
func (s *Server) Handler() http.Handler { return s.public.Handler }

// Start listens on both addresses and serves them until Drain or Close.
func (s *Server) Start(ctx context.Context) error {
	var err error
	var listen net.ListenConfig
	if s.listener, err = listen.Listen(ctx, "tcp", s.options.Address); err != nil {
		return fmt.Errorf("listen for HTTP: %w", err)
	}
	if s.options.OpsAddress != "" {
		if s.opsPort, err = listen.Listen(ctx, "tcp", s.options.OpsAddress); err != nil {
			return errors.Join(fmt.Errorf("listen for operations: %w", err), s.listener.Close())
		}
		go s.serve(s.ops, s.opsPort)
	}
	go s.serve(s.public, s.listener)
	return nil
}

func (s *Server) serve(server *http.Server, listener net.Listener) {
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		s.failed <- fmt.Errorf("serve %s: %w", listener.Addr(), err)
	}
}

// Failed delivers an error if an address can no longer be served.
func (s *Server) Failed() <-chan error { return s.failed }

// Address is the host:port that the public side is bound to, empty before Start.
func (s *Server) Address() string { return addressOf(s.listener) }

// OpsAddress is the host:port of health and metrics, empty if not served.
func (s *Server) OpsAddress() string { return addressOf(s.opsPort) }

func addressOf(listener net.Listener) string {
	if listener == nil {
		return ""
	}
	return listener.Addr().String()
}

// Drain ends service gracefully: readiness fails from now on, no connection is
// taken, requests under way are finished, live connections are told to go
// elsewhere. It returns when all have ended, or an error when ctx is over first.
// Operations stay served until Close.
func (s *Server) Drain(ctx context.Context) error {
	s.draining.Store(true)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.live.end(ctx, s.timing.DrainSpread)
	}()
	err := s.public.Shutdown(ctx)
	select {
	case <-ended:
	case <-ctx.Done():
		err = errors.Join(err, ctx.Err())
	}
	if err != nil {
		return fmt.Errorf("drain connections: %w", err)
	}
	return nil
}

// Close ends everything at once.
func (s *Server) Close() error {
	s.draining.Store(true)
	s.live.cut()
	return errors.Join(s.public.Close(), s.ops.Close())
}

func (s *Server) routes() http.Handler {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.Logger.SetOutput(discard{})
	e.HTTPErrorHandler = s.answerError
	e.IPExtractor = echo.ExtractIPFromXFFHeader() // believed only of proxies in private networks
	e.Use(s.observe)

	e.GET("/webhooks/whatsapp", s.verifyWebhook)
	e.POST("/webhooks/whatsapp", s.receiveWebhook)
	if s.options.TakePayment != nil {
		e.POST("/webhooks/stripe", s.receivePayment)
	}
	if s.options.CreditExport != nil {
		e.GET("/exports/credit-usage.csv", s.serveCreditExport)
	}
	e.Any("/graphql", s.serveGraphQL)
	if s.options.Files != nil {
		e.GET(media.FilesPath+":token", s.giveFile)
		e.HEAD(media.FilesPath+":token", s.giveFile)
		e.PUT(media.UploadsPath+":token", s.takeFile)
		e.OPTIONS(media.UploadsPath+":token", s.preflightUpload)
	}
	if s.options.Logins != nil {
		e.GET(channels.CallbackPath, s.takeLogin)
	}
	if s.options.GraphiQL {
		s.explorerRoutes(e)
	}
	return e
}

// discard keeps echo's own logger quiet; what matters is logged by observe.
type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// deadline is a moment in the system's time, which is what connections go by.
func deadline(in time.Duration) time.Time {
	return time.Now().Add(in) //nolint:forbidigo // the kernel does not know of injected clocks
}
