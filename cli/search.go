package cli

import (
	"context"
	"fmt"

	"recado/app"
)

type searchCommand struct {
	Rebuild searchRebuildCommand `cmd:"" help:"Have messages and contacts be found that are older than the index. Broken off, run it again."`
}

type searchRebuildCommand struct {
	All bool `help:"Write everything anew, as when a new version splits words in another way."`
}

// Run rebuilds the index, beside a program that serves.
func (r searchRebuildCommand) Run(ctx context.Context, p *program) error {
	return p.withApp(ctx, func(opened *app.App) error {
		const each = 50_000 // lines of progress
		said := 0
		written, err := opened.Inbox.RebuildSearch(ctx, r.All, func(written int) {
			if written-said >= each {
				said = written
				fmt.Fprintf(p.stderr, "%d written\n", written)
			}
		})
		if err != nil {
			return fmt.Errorf("after %d messages and contacts: %w", written, err)
		}
		fmt.Fprintf(p.stdout, "Wrote %d messages and contacts.\n", written)
		return nil
	})
}
