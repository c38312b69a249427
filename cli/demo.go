package cli

import (
	"context"
	"log/slog"

	"recado/demo"
)

type demoCommand struct {
	Once    bool   `help:"End after the story: with exit code 0, or 1 if a step did not happen."`
	Addr    string `help:"Address of GraphQL and the explorer page; port 0 picks a free one." placeholder:"HOST:PORT"`
	OpsAddr string `help:"Address of health, readiness and metrics; port 0 picks a free one." placeholder:"HOST:PORT"`
	Verbose bool   `help:"Show Recado's own log, too."`
}

// Run runs the demo. It uses no setting, so that it does the same everywhere.
func (d demoCommand) Run(ctx context.Context, p *program) error {
	options := demo.Options{
		Once: d.Once, Out: p.stdout, HTTPAddr: d.Addr, OpsAddr: d.OpsAddr, Color: demo.Colorful(p.stdout, p.environ),
	}
	if d.Verbose {
		options.Logger = slog.New(slog.NewTextHandler(p.stderr, nil))
	}
	return demo.Run(ctx, options)
}
