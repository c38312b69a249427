package cli

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"recado/accounts"
	"recado/models"
	"recado/store"
)

type userCommand struct {
	Create     userCreateCommand     `cmd:"" help:"Make a user. Without a password one is made and printed once."`
	Activate   userActivateCommand   `cmd:"" help:"Let a user sign in again."`
	Deactivate userDeactivateCommand `cmd:"" help:"Switch a user off: open sessions end within seconds."`
}

type userCreateCommand struct {
	Organization       string `required:"" help:"Name or id of the organization." placeholder:"NAME"`
	CreateOrganization bool   `help:"Make the organization if there is none of that name."`
	Email              string `required:"" help:"Email to sign in with; unique over all organizations." placeholder:"EMAIL"`
	Name               string `required:"" help:"Name that colleagues see." placeholder:"NAME"`
	Profile            string `default:"Administrator" help:"Profile that gives the rights: Administrator, Standard, or one of the organization's own."`
	CreateProfile      bool   `help:"Make the profile if there is none of that name. It may do nothing until 'recado channel permit'."`
	Password           string `xor:"password" help:"Password. Others on this machine can see it: better --password-stdin." placeholder:"PASSWORD"`
	PasswordStdin      bool   `xor:"password" help:"Read the password from the first line of standard input."`
}

// Run makes the user.
func (u userCreateCommand) Run(ctx context.Context, p *program) error {
	password, generated := u.Password, false
	switch {
	case u.PasswordStdin:
		line, err := p.readLine("password: ")
		if err != nil {
			return err
		}
		password = line
	case password == "":
		password, generated = rand.Text()[:20], true
	}
	return p.withAccounts(ctx, func(_ *store.Store, service *accounts.Service) error {
		organization, err := findOrganization(ctx, service, u.Organization)
		if models.CodeOf(err) == models.CodeNotFound && u.CreateOrganization {
			organization, err = service.CreateOrganization(ctx, u.Organization)
		}
		if models.CodeOf(err) == models.CodeNotFound {
			return fmt.Errorf("there is no organization %q: add --create-organization to make it", u.Organization)
		}
		if err != nil {
			return err
		}
		profile, err := service.ProfileByName(ctx, organization.ID, u.Profile)
		if models.CodeOf(err) == models.CodeNotFound && u.CreateProfile {
			profile, err = service.CreateProfile(ctx, organization.ID, u.Profile)
		}
		if models.CodeOf(err) == models.CodeNotFound {
			return fmt.Errorf("organization %q has no profile %q: add --create-profile to make it", organization.Name, u.Profile)
		}
		if err != nil {
			return err
		}
		user, err := service.CreateUser(ctx, accounts.NewUser{
			OrganizationID: organization.ID, ProfileID: profile.ID, Email: u.Email, Name: u.Name, Password: password,
		})
		if err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "User %s (%s) of %s, profile %s.\n", user.Email, user.Name, organization.Name, profile.Name)
		if generated {
			fmt.Fprintf(p.stdout, "Password, shown only now: %s\n", password)
		}
		return nil
	})
}

// findOrganization finds an organization by id, or by a name that only one has.
func findOrganization(ctx context.Context, service *accounts.Service, wanted string) (models.Organization, error) {
	all, err := service.Organizations(ctx)
	if err != nil {
		return models.Organization{}, err
	}
	var found []models.Organization
	for _, organization := range all {
		if organization.ID.String() == wanted {
			return organization, nil
		}
		if organization.Name == strings.TrimSpace(wanted) {
			found = append(found, organization)
		}
	}
	switch len(found) {
	case 0:
		return models.Organization{}, models.NewError(models.CodeNotFound, "organization")
	case 1:
		return found[0], nil
	default:
		return models.Organization{}, fmt.Errorf("%d organizations are called %q: give the id of one, such as %s", len(found), wanted, found[0].ID)
	}
}

type (
	userActivateCommand   struct{ userByEmail }
	userDeactivateCommand struct{ userByEmail }
	userByEmail           struct {
		Email string `required:"" help:"Email of the user." placeholder:"EMAIL"`
	}
)

// Run switches the user on.
func (u userActivateCommand) Run(ctx context.Context, p *program) error {
	return u.set(ctx, p, true)
}

// Run switches the user off.
func (u userDeactivateCommand) Run(ctx context.Context, p *program) error {
	return u.set(ctx, p, false)
}

func (u userByEmail) set(ctx context.Context, p *program, active bool) error {
	return p.withAccounts(ctx, func(_ *store.Store, service *accounts.Service) error {
		user, err := service.UserByEmail(ctx, u.Email)
		if models.CodeOf(err) == models.CodeNotFound {
			return fmt.Errorf("there is no user %q", u.Email)
		}
		if err != nil {
			return err
		}
		if user, err = service.SwitchUser(ctx, user.ID, active); err != nil {
			return err
		}
		state := "may sign in"
		if !user.Active {
			state = "is switched off"
		}
		fmt.Fprintf(p.stdout, "User %s %s.\n", user.Email, state)
		return nil
	})
}

// operator may do everything in an organization: whoever runs commands on the
// database can do so anyway.
func operator(organization models.ID) models.Viewer {
	return models.Viewer{OrganizationID: organization, Administrator: true}
}

// readLine reads a secret from standard input; a person is asked for it.
func (p *program) readLine(prompt string) (string, error) {
	if file, ok := p.stdin.(*os.File); ok {
		if info, err := file.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			fmt.Fprint(p.stderr, prompt)
		}
	}
	line, err := bufio.NewReader(p.stdin).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read standard input: %w", err)
	}
	line = strings.TrimRight(line, "\r\n")
	if line == "" {
		return "", errors.New("nothing came from standard input")
	}
	return line, nil
}
