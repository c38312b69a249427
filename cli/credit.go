package cli

import (
	"context"
	"fmt"
	"time"

	"recado/app"
	"recado/models"
)

type creditCommand struct {
	Check creditCheckCommand `cmd:"" help:"Hold the ledgers against themselves: kept balances against movements, and every movement against zero."`
	Grant creditGrantCommand `cmd:"" help:"Give an organization credits."`
	Card  creditCardCommand  `cmd:"" help:"Put an organization on a rate card from a date in the future on."`
	Rates creditRatesCommand `cmd:"" help:"Show the prices of a rate card, and plan new ones."`
}

type creditCheckCommand struct {
	Organization string `help:"Name or id of an organization; all of them if not given." placeholder:"NAME"`
}

// Run checks the ledgers. It fails if any of them is wrong.
func (c creditCheckCommand) Run(ctx context.Context, p *program) error {
	return p.withApp(ctx, func(opened *app.App) error {
		organizations, err := opened.Accounts.Organizations(ctx)
		if err != nil {
			return err
		}
		if c.Organization != "" {
			one, err := findOrganization(ctx, opened.Accounts, c.Organization)
			if err != nil {
				return err
			}
			organizations = []models.Organization{one}
		}
		wrong := 0
		for _, organization := range organizations {
			differences, unbalanced, err := opened.Credits.Check(ctx, organization.ID)
			if err != nil {
				return fmt.Errorf("check the ledger of %s: %w", organization.Name, err)
			}
			for account, difference := range differences {
				fmt.Fprintf(p.stdout, "%s: %s is kept %s too high\n", organization.Name, account, difference)
			}
			for entry, sum := range unbalanced {
				fmt.Fprintf(p.stdout, "%s: movement %s sums to %s\n", organization.Name, models.PublicID(models.PrefixCreditEntry, entry), sum)
			}
			wrong += len(differences) + len(unbalanced)
		}
		fmt.Fprintf(p.stdout, "Checked %d ledgers, found %d mistakes.\n", len(organizations), wrong)
		if wrong > 0 {
			return fmt.Errorf("%d mistakes in the ledgers", wrong)
		}
		return nil
	})
}

type creditGrantCommand struct {
	Organization string `required:"" help:"Name or id of the organization." placeholder:"NAME"`
	Credits      string `required:"" help:"How many, such as 12.5." placeholder:"NUMBER"`
	Reference    string `required:"" help:"Why, in your own words. The same words give once, so the command can be repeated." placeholder:"TEXT"`
}

// Run gives credits.
func (c creditGrantCommand) Run(ctx context.Context, p *program) error {
	amount, ok := models.ParseCredits(c.Credits)
	if !ok {
		return usageError(fmt.Sprintf("--credits must be a number with at most six decimals, such as 12.5, not %q", c.Credits))
	}
	return p.withApp(ctx, func(opened *app.App) error {
		organization, err := findOrganization(ctx, opened.Accounts, c.Organization)
		if err != nil {
			return err
		}
		if err := opened.Credits.Grant(ctx, organization.ID, amount, c.Reference); err != nil {
			return err
		}
		balances, err := opened.Credits.Balances(ctx, models.Viewer{OrganizationID: organization.ID})
		if err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "%s has %s credits available.\n", organization.Name, balances[models.AccountAvailable])
		return nil
	})
}

type creditCardCommand struct {
	Organization string    `required:"" help:"Name or id of the organization." placeholder:"NAME"`
	Name         string    `required:"" help:"Name of the rate card." placeholder:"NAME"`
	From         time.Time `required:"" help:"When it begins, such as 2027-01-01T00:00:00Z." placeholder:"TIME"`
}

// Run plans the change.
func (c creditCardCommand) Run(ctx context.Context, p *program) error {
	return p.withApp(ctx, func(opened *app.App) error {
		organization, err := findOrganization(ctx, opened.Accounts, c.Organization)
		if err != nil {
			return err
		}
		card, err := findRateCard(ctx, opened, c.Name)
		if err != nil {
			return err
		}
		if err := opened.Credits.SetCard(ctx, organization.ID, card.ID, c.From); err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "%s is on the card %s from %s on.\n", organization.Name, card.Name, c.From.UTC().Format(time.RFC3339))
		return nil
	})
}
