package demo

import (
	"context"
	"fmt"

	"recado/accounts"
	"recado/app"
	"recado/channels"
	"recado/models"
	"recado/whatsapp/simulator"
)

// person is somebody of the bakery who signs in.
type person struct {
	name, email, password, may string
}

// password is everybody's: the demo listens on the loopback interface only.
const password = "pao-de-queijo"

// The bakery's people.
var (
	clara = person{"Clara", "clara@padaria-aurora.example", password, "administrator"}
	ana   = person{"Ana", "ana@padaria-aurora.example", password, "may reply"}
	bruno = person{"Bruno", "bruno@padaria-aurora.example", password, "may only view"}
)

// The bakery.
const (
	bakeryName    = "Padaria Aurora"
	bakeryCity    = "São Paulo"
	displayNumber = "+55 11 5555-0142"
)

// number is the bakery's number at the simulated Meta.
var number = simulator.Number{
	ID: "331908274466120", DisplayNumber: "551155550142", WABAID: "214705829341166",
	VerifiedName: bakeryName, Token: "EAAdemo-padaria-aurora",
}

// found makes the bakery through the services, as the commands for operators do:
// three people, two profiles beside the administrators', one number, and Ana in
// the pool that new conversations are handed out to.
func found(ctx context.Context, recado *app.App) error {
	organization, err := recado.Accounts.CreateOrganization(ctx, bakeryName)
	if err != nil {
		return err
	}
	administrators, err := recado.Accounts.ProfileByName(ctx, organization.ID, accounts.AdministratorProfile)
	if err != nil {
		return err
	}
	channel, err := recado.Channels.Connect(ctx, channels.NewChannel{
		OrganizationID: organization.ID, Name: "Balcão", PhoneNumberID: number.ID, WABAID: number.WABAID,
		DisplayNumber: displayNumber, AccessToken: number.Token,
	})
	if err != nil {
		return fmt.Errorf("connect the number: %w", err)
	}
	hire := func(p person, profile models.ID) (models.User, error) {
		return recado.Accounts.CreateUser(ctx, accounts.NewUser{
			OrganizationID: organization.ID, ProfileID: profile, Email: p.email, Name: p.name, Password: p.password,
		})
	}
	owner, err := hire(clara, administrators.ID)
	if err != nil {
		return err
	}
	administrator := models.Viewer{
		OrganizationID: organization.ID, UserID: owner.ID, ProfileID: administrators.ID, Administrator: true,
	}
	for _, agent := range []struct {
		person  person
		profile string
		level   models.MessagingLevel
		assign  bool
	}{
		{ana, "Atendimento", models.LevelReply, true},
		{bruno, "Acompanhamento", models.LevelView, false},
	} {
		profile, err := recado.Accounts.CreateProfile(ctx, organization.ID, agent.profile)
		if err != nil {
			return err
		}
		user, err := hire(agent.person, profile.ID)
		if err != nil {
			return err
		}
		if _, err := recado.Accounts.SetMessagingLevel(ctx, administrator, profile.ID, channel.ID, agent.level); err != nil {
			return err
		}
		if !agent.assign {
			continue
		}
		if err := recado.Channels.SetAssignees(ctx, channel.ID, []models.ID{user.ID}); err != nil {
			return err
		}
	}
	return nil
}
