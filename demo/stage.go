package demo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"recado/app"
	"recado/config"
	"recado/secrets"
	"recado/whatsapp/simulator"
)

const (
	// metaAddress is where the simulated Meta listens if it can.
	metaAddress = "127.0.0.1:8088"
	metaAppID   = "990011223344556"

	// takeDownWithin is how long the end may take.
	takeDownWithin = 10 * time.Second
)

// timing of the simulated WhatsApp: quick, but so that each step can be seen.
var timing = simulator.Timing{
	Sent: 300 * time.Millisecond, Delivered: 800 * time.Millisecond, Read: 900 * time.Millisecond, Review: 1200 * time.Millisecond,
}

// stage is everything that runs: Recado and, beside it, Meta and Stripe.
type stage struct {
	folder    string
	temporary bool

	meta        *simulator.Simulator
	metaServer  *http.Server
	metaAddress string
	stripe      *stripe

	recado    *app.App
	startedIn time.Duration
	client    *http.Client
}

// setStage starts Meta, Stripe and Recado, and founds the bakery.
func setStage(ctx context.Context, o Options) (s *stage, err error) {
	s = &stage{folder: o.Dir, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4}}}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.takeDown())
		}
	}()
	if err := s.prepareFolder(); err != nil {
		return s, err
	}
	appSecret := secrets.GenerateToken()
	if err := s.startMeta(ctx, appSecret, o); err != nil {
		return s, err
	}
	if s.stripe, err = startStripe(ctx, "sk_test_"+secrets.GenerateToken(), "whsec_"+secrets.GenerateToken(), o.declines); err != nil {
		return s, err
	}
	began := time.Now()
	if err := s.startRecado(ctx, appSecret, o); err != nil {
		return s, err
	}
	s.startedIn = time.Since(began)
	s.stripe.sendTo("http://" + s.recado.Address() + "/webhooks/stripe")
	if err := found(ctx, s.recado); err != nil {
		return s, fmt.Errorf("found the bakery: %w", err)
	}
	if o.arrange != nil {
		o.arrange(s.meta)
	}
	return s, nil
}

func (s *stage) prepareFolder() (err error) {
	if s.folder == "" {
		s.temporary = true
		s.folder, err = os.MkdirTemp("", "recado-demo-")
		return err
	}
	if _, err := os.Stat(s.database()); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is there already: the demo begins with an empty folder", s.database())
	}
	return nil
}

func (s *stage) database() string { return filepath.Join(s.folder, "recado.db") }

// startMeta serves the simulated Meta with the bakery's number.
func (s *stage) startMeta(ctx context.Context, appSecret string, o Options) error {
	s.meta = simulator.New(simulator.Options{AppID: metaAppID, AppSecret: appSecret, Timing: timing})
	if err := s.meta.AddNumber(number); err != nil {
		return fmt.Errorf("add the number at the simulated Meta: %w", err)
	}
	var listen net.ListenConfig
	var listener net.Listener
	err := errors.New("not tried")
	if !o.Once {
		listener, err = listen.Listen(ctx, "tcp", metaAddress)
	}
	if err != nil {
		listener, err = listen.Listen(ctx, "tcp", "127.0.0.1:0")
	}
	if err != nil {
		return fmt.Errorf("listen for the simulated Meta: %w", err)
	}
	s.metaAddress = listener.Addr().String()
	s.metaServer = &http.Server{Handler: s.meta, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = s.metaServer.Serve(listener) }() // ends with takeDown; what is missing until then, the story misses
	return nil
}

// startRecado starts the product with nothing but settings, as serve does.
func (s *stage) startRecado(ctx context.Context, appSecret string, o Options) error {
	defaults, err := config.LoadWithoutSecrets(nil)
	if err != nil {
		return fmt.Errorf("read the default settings: %w", err)
	}
	settings, err := config.Load(map[string]string{
		"RECADO_HTTP_ADDR":      addressOr(ctx, o.HTTPAddr, defaults.HTTPAddr),
		"RECADO_OPS_ADDR":       addressOr(ctx, o.OpsAddr, defaults.OpsAddr),
		"RECADO_DATABASE_URL":   "sqlite:" + s.database(),
		"RECADO_META_GRAPH_URL": "http://" + s.metaAddress,
		"RECADO_META_APP_ID":    metaAppID, "RECADO_META_APP_SECRET": appSecret,
		"RECADO_STRIPE_URL":            s.stripe.url(),
		"RECADO_STRIPE_SECRET_KEY":     s.stripe.key,
		"RECADO_STRIPE_WEBHOOK_SECRET": s.stripe.signing,
		"RECADO_STRIPE_RETURN_URL":     s.stripe.returnURL(),
		// So that what is copied from the terminal works all day.
		"RECADO_ACCESS_TOKEN_LIFETIME": "24h",
		"RECADO_GRAPHIQL":              strconv.FormatBool(!o.Once),
	})
	if err != nil {
		return err
	}
	if s.recado, err = app.Open(ctx, settings, app.Options{Logger: o.Logger}); err != nil {
		return err
	}
	return s.recado.Start(context.WithoutCancel(ctx)) // it ends by takeDown
}

// addressOr returns the wanted address or, if none is, the usual one if it is free,
// or else one that will be.
func addressOr(ctx context.Context, wanted, usual string) string {
	if wanted != "" {
		return wanted
	}
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", usual)
	if err != nil {
		return "127.0.0.1:0"
	}
	_ = listener.Close() // only to see that it is free
	return usual
}

// api is Recado's public side, with nobody signed in.
func (s *stage) api() api { return api{address: s.recado.Address(), client: s.client} }

// takeDown ends everything in order and removes what was temporary. It may be
// called on a stage that is half set.
func (s *stage) takeDown() error {
	ctx, cancel := context.WithTimeout(context.Background(), takeDownWithin)
	defer cancel()
	var errs []error
	if s.recado != nil {
		errs = append(errs, s.recado.Drain(ctx), s.recado.Close())
	}
	if s.meta != nil {
		errs = append(errs, s.meta.Close())
	}
	if s.metaServer != nil {
		errs = append(errs, s.metaServer.Close())
	}
	if s.stripe != nil {
		errs = append(errs, s.stripe.close())
	}
	s.client.CloseIdleConnections()
	if s.temporary && s.folder != "" {
		errs = append(errs, os.RemoveAll(s.folder))
	}
	return errors.Join(errs...)
}
