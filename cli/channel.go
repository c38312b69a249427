package cli

import (
	"context"
	"fmt"
	"os"
	"strings"

	"recado/app"
	"recado/channels"
	"recado/models"
)

type channelCommand struct {
	Connect channelConnectCommand `cmd:"" help:"Connect a number, or renew its access token. The token is read from standard input or a file."`
	Assign  channelAssignCommand  `cmd:"" help:"Say who new conversations are handed to, in turn."`
	Permit  channelPermitCommand  `cmd:"" help:"Say what a profile may do on a channel."`
}

type channelConnectCommand struct {
	Organization  string `required:"" help:"Name or id of the organization." placeholder:"NAME"`
	Name          string `required:"" help:"What the team calls the channel." placeholder:"NAME"`
	PhoneNumberID string `required:"" name:"phone-number-id" help:"Meta's id of the number." placeholder:"DIGITS"`
	WABAID        string `required:"" name:"waba-id" help:"Meta's id of the WhatsApp Business account." placeholder:"DIGITS"`
	Number        string `required:"" help:"The number itself, such as +55 11 91234-5678." placeholder:"NUMBER"`
	TokenFile     string `help:"File with the access token; - is standard input." default:"-" placeholder:"PATH"`
}

// Run connects the number.
func (c channelConnectCommand) Run(ctx context.Context, p *program) error {
	token, err := p.readToken(c.TokenFile)
	if err != nil {
		return err
	}
	return p.withApp(ctx, func(opened *app.App) error {
		organization, err := findOrganization(ctx, opened.Accounts, c.Organization)
		if models.CodeOf(err) == models.CodeNotFound {
			return fmt.Errorf("there is no organization %q: make it together with its first user (recado user create --create-organization)", c.Organization)
		}
		if err != nil {
			return err
		}
		channel, err := opened.Channels.Connect(ctx, channels.NewChannel{
			OrganizationID: organization.ID, Name: c.Name, PhoneNumberID: c.PhoneNumberID, WABAID: c.WABAID,
			DisplayNumber: c.Number, AccessToken: token,
		})
		if err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "Channel %s (%s) of %s is connected.\n", channel.Name, channel.DisplayNumber, organization.Name)
		base := opened.Config.PublicURL
		if base == "" {
			base = "https://YOUR-HOST"
		}
		fmt.Fprintf(p.stdout, "At Meta, set the callback URL to %s/webhooks/whatsapp and subscribe to the field messages.\n", base)
		return nil
	})
}

func (p *program) readToken(path string) (string, error) {
	if path == "-" {
		return p.readLine("access token: ")
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read access token: %w", err)
	}
	return strings.TrimSpace(string(content)), nil
}

type channelAssignCommand struct {
	PhoneNumberID string   `required:"" name:"phone-number-id" help:"Meta's id of the number." placeholder:"DIGITS"`
	Emails        []string `help:"Emails of the users, in the order of their turns; none: nobody." placeholder:"EMAIL,…"`
}

// Run sets the pool.
func (c channelAssignCommand) Run(ctx context.Context, p *program) error {
	return p.withApp(ctx, func(opened *app.App) error {
		channel, err := findChannel(ctx, opened, c.PhoneNumberID)
		if err != nil {
			return err
		}
		ids := make([]models.ID, len(c.Emails))
		for i, email := range c.Emails {
			user, err := opened.Accounts.UserByEmail(ctx, email)
			if err == nil && user.OrganizationID != channel.OrganizationID || models.CodeOf(err) == models.CodeNotFound {
				return fmt.Errorf("the channel's organization has no user %q", email)
			}
			if err != nil {
				return err
			}
			ids[i] = user.ID
		}
		if err := opened.Channels.SetAssignees(ctx, channel.ID, ids); err != nil {
			return err
		}
		if len(ids) == 0 {
			fmt.Fprintf(p.stdout, "New conversations on %s are handed to nobody.\n", channel.Name)
			return nil
		}
		fmt.Fprintf(p.stdout, "New conversations on %s are handed to %s in turn.\n", channel.Name, strings.Join(c.Emails, ", "))
		return nil
	})
}

type channelPermitCommand struct {
	PhoneNumberID string `required:"" name:"phone-number-id" help:"Meta's id of the number." placeholder:"DIGITS"`
	Profile       string `required:"" help:"Name of the profile." placeholder:"NAME"`
	Level         string `required:"" enum:"NONE,VIEW,REPLY" help:"What it may do: ${enum}." placeholder:"LEVEL"`
}

// Run sets the level.
func (c channelPermitCommand) Run(ctx context.Context, p *program) error {
	return p.withApp(ctx, func(opened *app.App) error {
		channel, err := findChannel(ctx, opened, c.PhoneNumberID)
		if err != nil {
			return err
		}
		profile, err := opened.Accounts.ProfileByName(ctx, channel.OrganizationID, c.Profile)
		if models.CodeOf(err) == models.CodeNotFound {
			return fmt.Errorf("the channel's organization has no profile %q", c.Profile)
		}
		if err != nil {
			return err
		}
		if profile.Administrator {
			return fmt.Errorf("profile %q has every right on every channel, which cannot be changed", profile.Name)
		}
		level := models.MessagingLevel(c.Level)
		if _, err := opened.Accounts.SetMessagingLevel(ctx, operator(channel.OrganizationID), profile.ID, channel.ID, level); err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "Profile %s has %s on %s.\n", profile.Name, level, channel.Name)
		return nil
	})
}

func findChannel(ctx context.Context, opened *app.App, phoneNumberID string) (models.Channel, error) {
	channel, err := opened.Channels.ByPhoneNumberID(ctx, phoneNumberID)
	if models.CodeOf(err) == models.CodeNotFound {
		return channel, fmt.Errorf("no channel has the phone number id %q", phoneNumberID)
	}
	return channel, err
}
