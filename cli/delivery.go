package cli

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"

	"recado/app"
	"recado/models"
)

type deliveryCommand struct {
	List   deliveryListCommand   `cmd:"" help:"List deliveries, newest first."`
	Show   deliveryShowCommand   `cmd:"" help:"Show a delivery with its body, which holds customers' messages."`
	Replay deliveryReplayCommand `cmd:"" help:"Apply deliveries again. What they brought before is not brought twice."`
}

type deliveryListCommand struct {
	Outcome string `enum:"any,processed,ignored,failed" default:"any" help:"Only those with this outcome: ${enum}."`
	Limit   int    `default:"50" help:"How many at most."`
}

// Run lists deliveries.
func (d deliveryListCommand) Run(ctx context.Context, p *program) error {
	if d.Limit < 1 {
		return usageError("--limit must be at least 1")
	}
	var outcome models.DeliveryOutcome
	if d.Outcome != "any" {
		outcome = models.DeliveryOutcome(strings.ToUpper(d.Outcome))
	}
	return p.withApp(ctx, func(opened *app.App) error {
		deliveries, err := opened.Inbox.Deliveries(ctx, outcome, d.Limit)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(p.stdout, 0, 8, 2, ' ', 0)
		fmt.Fprintln(table, "ID\tRECEIVED\tOUTCOME\tATTEMPTS\tBYTES\tREASON")
		for _, row := range deliveries {
			fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%d\t%s\n",
				row.ID, row.ReceivedAt.UTC().Format(time.RFC3339), row.Outcome, row.Attempts, len(row.Body), oneLine(row.Reason))
		}
		return table.Flush()
	})
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

type deliveryShowCommand struct {
	ID string `arg:"" help:"Id of the delivery."`
}

// Run shows a delivery.
func (d deliveryShowCommand) Run(ctx context.Context, p *program) error {
	id, err := deliveryID(d.ID)
	if err != nil {
		return err
	}
	return p.withApp(ctx, func(opened *app.App) error {
		row, err := opened.Inbox.Delivery(ctx, id)
		if models.CodeOf(err) == models.CodeNotFound {
			return fmt.Errorf("there is no delivery %s, or not any more", id)
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(p.stderr, "%s  received %s  attempts %d  %s\n", row.Outcome, row.ReceivedAt.UTC().Format(time.RFC3339), row.Attempts, oneLine(row.Reason))
		fmt.Fprintln(p.stdout, string(row.Body))
		return nil
	})
}

type deliveryReplayCommand struct {
	Failed bool     `help:"Replay all that failed, oldest first."`
	IDs    []string `arg:"" optional:"" name:"id" help:"Ids of deliveries."`
}

// Run replays deliveries. It fails if any of them failed again.
func (d deliveryReplayCommand) Run(ctx context.Context, p *program) error {
	if d.Failed == (len(d.IDs) > 0) {
		return usageError("give either --failed or ids of deliveries")
	}
	ids := make([]models.ID, len(d.IDs))
	for i, text := range d.IDs {
		id, err := deliveryID(text)
		if err != nil {
			return err
		}
		ids[i] = id
	}
	return p.withApp(ctx, func(opened *app.App) error {
		processed, failed, err := 0, 0, error(nil)
		if d.Failed {
			processed, failed, err = opened.Inbox.ReplayFailed(ctx)
		}
		if err != nil {
			return err
		}
		for _, id := range ids {
			row, err := opened.Inbox.Replay(ctx, id)
			if err != nil {
				return fmt.Errorf("replay delivery %s: %w", id, err)
			}
			fmt.Fprintf(p.stdout, "%s %s %s\n", row.ID, row.Outcome, oneLine(row.Reason))
			if row.Outcome == models.DeliveryFailed {
				failed++
			} else {
				processed++
			}
		}
		fmt.Fprintf(p.stdout, "Replayed %d, of which %d failed again.\n", processed+failed, failed)
		if failed > 0 {
			return fmt.Errorf("%d deliveries failed again", failed)
		}
		return nil
	})
}

func deliveryID(text string) (models.ID, error) {
	id, err := uuid.Parse(text)
	if err != nil {
		return models.NoID, usageError(fmt.Sprintf("%q is not the id of a delivery: see recado delivery list", text))
	}
	return id, nil
}
