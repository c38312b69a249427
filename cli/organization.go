package cli

import (
	"context"
	"fmt"
	"text/tabwriter"

	"recado/accounts"
	"recado/models"
	"recado/store"
)

type organizationCommand struct {
	List    organizationListCommand    `cmd:"" help:"List organizations and what each has booked."`
	Edition organizationEditionCommand `cmd:"" help:"Say what an organization has booked. It counts at once; numbers that are connected stay so."`
}

type organizationListCommand struct{}

// Run lists all organizations.
func (organizationListCommand) Run(ctx context.Context, p *program) error {
	return p.withAccounts(ctx, func(_ *store.Store, service *accounts.Service) error {
		organizations, err := service.Organizations(ctx)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(p.stdout, 0, 8, 2, ' ', 0)
		fmt.Fprintln(table, "ID\tNAME\tEDITION")
		for _, organization := range organizations {
			fmt.Fprintf(table, "%s\t%s\t%s\n", organization.ID, oneLine(organization.Name), organization.Edition)
		}
		return table.Flush()
	})
}

type organizationEditionCommand struct {
	Organization string `required:"" help:"Name or id of the organization." placeholder:"NAME"`
	Edition      string `required:"" help:"FREE, EXPRESS, PREMIER, BIGIN_360, or another one of the table of editions." placeholder:"NAME"`
}

// Run books the edition.
func (c organizationEditionCommand) Run(ctx context.Context, p *program) error {
	return p.withAccounts(ctx, func(_ *store.Store, service *accounts.Service) error {
		organization, err := findOrganization(ctx, service, c.Organization)
		if models.CodeOf(err) == models.CodeNotFound {
			return fmt.Errorf("there is no organization %q", c.Organization)
		}
		if err != nil {
			return err
		}
		err = service.BookEdition(ctx, organization.ID, models.EditionName(c.Edition))
		if models.CodeOf(err) == models.CodeInvalid {
			return fmt.Errorf("there is no edition %q", c.Edition)
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "%s is on the edition %s.\n", organization.Name, c.Edition)
		return nil
	})
}
