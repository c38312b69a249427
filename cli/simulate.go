package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"

	"recado/whatsapp/simulator"
)

type simulateCommand struct {
	Addr          string   `default:"127.0.0.1:8088" help:"Address to listen on; port 0 picks a free one." placeholder:"HOST:PORT"`
	AppID         string   `name:"app-id" default:"${app_id}" help:"Id of the app."`
	AppSecret     string   `default:"${app_secret}" help:"Secret that signs the webhooks. A made-up one: it is no secret here."`
	PhoneNumberID string   `name:"phone-number-id" default:"331908274466120" help:"Id of the number."`
	Number        string   `default:"+551140028922" help:"The number itself."`
	WABAID        string   `name:"waba-id" default:"102290129340398" help:"Id of the WhatsApp Business account."`
	VerifiedName  string   `default:"Padaria Aurora" help:"Name that customers see."`
	Token         string   `default:"simulated-token-0001" help:"Access token that may use the number. A made-up one."`
	Callback      string   `help:"Address that webhooks are sent to, such as http://127.0.0.1:8080/webhooks/whatsapp. It is verified as soon as it answers." placeholder:"URL"`
	VerifyToken   string   `help:"Verify token of the callback." placeholder:"TOKEN"`
	LinkHosts     []string `name:"link-host" help:"Host, with its port if it has one, that files of messages by link may be fetched from. Can be given again." placeholder:"HOST"`
	Verbose       bool     `help:"Log every webhook and call."`
}

// Run simulates Meta until the program is told to end.
func (s simulateCommand) Run(ctx context.Context, p *program) error {
	level := slog.LevelInfo
	if s.Verbose {
		level = slog.LevelDebug
	}
	logger := slog.New(slog.NewTextHandler(p.stderr, &slog.HandlerOptions{Level: level}))
	meta := simulator.New(simulator.Options{AppID: s.AppID, AppSecret: s.AppSecret, LinkHosts: s.LinkHosts, Logger: logger})
	defer meta.Close()
	if err := meta.AddNumber(simulator.Number{
		ID: s.PhoneNumberID, DisplayNumber: s.Number, WABAID: s.WABAID, VerifiedName: s.VerifiedName, Token: s.Token,
	}); err != nil {
		return usageError(err.Error())
	}
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", s.Addr)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	address := "http://" + listener.Addr().String()
	fmt.Fprintf(p.stdout, "Meta is simulated at %s (RECADO_META_GRAPH_URL).\n", address)
	fmt.Fprintf(p.stdout, "App %s, number %s (%s), WhatsApp Business account %s.\n", s.AppID, s.Number, s.PhoneNumberID, s.WABAID)
	fmt.Fprintf(p.stdout, "A customer writes:\n  curl -H 'Content-Type: application/json' -d '{\"numberId\":%q,\"text\":\"Oi!\"}' %s/_simulator/customers/5511987654321/messages\n",
		s.PhoneNumberID, address)

	handler := &http.Server{Handler: meta, ReadHeaderTimeout: 5 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- handler.Serve(listener) }()
	if s.Callback != "" {
		go s.callBack(ctx, meta, logger)
	}
	select {
	case err := <-ended:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return handler.Shutdown(last)
}

// callBack sets the callback as soon as it can be verified.
func (s simulateCommand) callBack(ctx context.Context, meta *simulator.Simulator, logger *slog.Logger) {
	for pause := 250 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		err := meta.SetCallback(ctx, s.Callback, s.VerifyToken)
		if err == nil || errors.Is(err, context.Canceled) {
			return
		}
		if failed, ok := errors.AsType[*url.Error](err); ok { // its address shows the verify token
			err = failed.Err
		}
		logger.Warn("callback not verified yet", "error", err)
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}
