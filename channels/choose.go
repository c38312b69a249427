package channels

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"strings"

	"recado/models"
	"recado/store"
	"recado/whatsapp"
)

// NumberChoice is the number that is to be connected.
type NumberChoice struct {
	WABAID        string
	PhoneNumberID string
	PIN           string // the number's two-step PIN, six digits, if it has one; empty: none, or not known
}

// ChooseNumber chooses a number of those that the connection offers, has Meta send
// its webhooks to us, and registers it if need be. What fails on the way is told by
// the connection, which is REGISTERED otherwise. Choosing the same number again goes
// on where it stopped; another one can be chosen until Meta was asked for webhooks.
//
// Errors: FORBIDDEN, NOT_FOUND (also wabaId, phoneNumberId: not offered), REQUIRED and
// INVALID with the field; SETUP_ENDED; SETUP_STEP; ALREADY_EXISTS
// (phoneNumberId) if the number is connected already, here or elsewhere.
func (s *Service) ChooseNumber(ctx context.Context, viewer models.Viewer, id models.ID, choice NumberChoice) (models.ChannelConnection, error) {
	for _, field := range []struct{ name, value string }{{"wabaId", choice.WABAID}, {"phoneNumberId", choice.PhoneNumberID}} {
		switch {
		case field.value == "":
			return models.ChannelConnection{}, models.NewError(models.CodeRequired, field.name)
		case !isMetaID(field.value):
			return models.ChannelConnection{}, models.NewError(models.CodeInvalid, field.name)
		}
	}
	if choice.PIN != "" && !isPIN(choice.PIN) {
		return models.ChannelConnection{}, models.NewError(models.CodeInvalid, "pin")
	}
	connection, err := s.change(ctx, viewer, id, func(tx *store.Tx, connection *models.ChannelConnection) error {
		if err := usable(*connection, tx.Now()); err != nil {
			return err
		}
		if choice.PIN != "" {
			connection.PIN = s.box.Seal([]byte(choice.PIN), boundConnectionPIN(*connection))
		}
		again := connection.WABAID == choice.WABAID && connection.PhoneNumberID == choice.PhoneNumberID
		switch connection.Reached {
		case models.ConnectionAuthorized, models.ConnectionNumberChosen:
			if connection.Subscribed && !again {
				return wrongStep(*connection)
			}
		case models.ConnectionSubscribed, models.ConnectionRegistered:
			if !again {
				return wrongStep(*connection)
			}
			return nil
		default:
			return wrongStep(*connection)
		}
		if _, _, offered := connection.Offered(choice.WABAID, choice.PhoneNumberID); !offered {
			return models.NewError(models.CodeNotFound, "phoneNumberId")
		}
		if err := checkFree(tx, connection.OrganizationID, choice.PhoneNumberID); err != nil {
			return err
		}
		connection.WABAID, connection.PhoneNumberID = choice.WABAID, choice.PhoneNumberID
		reach(connection, models.ConnectionNumberChosen, tx.Now())
		return nil
	})
	if err != nil {
		return connection, err
	}
	return s.run(ctx, connection)
}

// checkFree refuses a number that is connected, or that is another organization's:
// a number never changes hands.
func checkFree(tx *store.Tx, organization models.ID, phoneNumberID string) error {
	known, err := FindByPhoneNumberID(tx, []string{phoneNumberID})
	if err != nil {
		return err
	}
	if len(known) > 0 && (known[0].OrganizationID != organization || known[0].Status == models.ChannelConnected) {
		return models.NewError(models.CodeAlreadyExists, "phoneNumberId")
	}
	return nil
}

// run does what has to be done at Meta from where the connection is, up to
// REGISTERED. Each call may be made twice without harm, so two who run it at the same
// time, or one after a crash, end in the same state.
func (s *Service) run(ctx context.Context, connection models.ChannelConnection) (models.ChannelConnection, error) {
	for {
		var err error
		switch connection.Reached {
		case models.ConnectionNumberChosen:
			connection, err = s.subscribe(ctx, connection)
		case models.ConnectionSubscribed:
			connection, err = s.register(ctx, connection)
		default:
			return connection, nil
		}
		if err != nil || connection.Status == models.ConnectionFailed || connection.Status.Ended() {
			return connection, err
		}
	}
}

// subscribe has Meta send webhooks, before the number is registered, so that no
// message is lost (reference/whatsapp-cloud-api.md §9.8).
func (s *Service) subscribe(ctx context.Context, connection models.ChannelConnection) (models.ChannelConnection, error) {
	token, err := s.connectionToken(connection)
	if err != nil {
		return connection, err
	}
	subscribed, err := s.client.Subscribed(ctx, token, connection.WABAID)
	if err == nil && !subscribed {
		// Noted before the call, so that a clean-up knows even if this process dies.
		connection, err = s.advance(ctx, connection, func(_ *store.Tx, c *models.ChannelConnection) { c.Subscribed = true })
		if err != nil || connection.Status.Ended() {
			return connection, err
		}
		err = s.client.Subscribe(ctx, token, connection.WABAID)
	}
	if err != nil {
		return s.failed(ctx, connection, models.StepSubscribe, err)
	}
	return s.advance(ctx, connection, func(tx *store.Tx, c *models.ChannelConnection) { reach(c, models.ConnectionSubscribed, tx.Now()) })
}

// register makes the number usable, unless it is already.
func (s *Service) register(ctx context.Context, connection models.ChannelConnection) (models.ChannelConnection, error) {
	token, err := s.connectionToken(connection)
	if err != nil {
		return connection, err
	}
	credentials := whatsapp.Credentials{PhoneNumberID: connection.PhoneNumberID, AccessToken: token}
	number, err := s.client.PhoneNumber(ctx, credentials)
	if err != nil {
		return s.failed(ctx, connection, models.StepRegister, err)
	}
	if number.Status != numberConnected && !number.OnBusinessApp {
		if number.PINEnabled && connection.PIN == nil {
			return s.fail(ctx, connection, models.ConnectionFailure{Step: models.StepRegister, Code: models.FailurePINRefused})
		}
		var pin string
		if connection, pin, err = s.pinOf(ctx, connection); err != nil || connection.Status.Ended() {
			return connection, err
		}
		if err := s.client.Register(ctx, credentials, pin); err != nil {
			return s.failed(ctx, connection, models.StepRegister, err)
		}
	}
	return s.advance(ctx, connection, func(tx *store.Tx, c *models.ChannelConnection) { reach(c, models.ConnectionRegistered, tx.Now()) })
}

// numberConnected is Meta's status of a number that can send and receive.
const numberConnected = "CONNECTED"

// pinOf returns the PIN to register with: the one that is known, or a new one, which
// is kept before Meta hears of it.
func (s *Service) pinOf(ctx context.Context, connection models.ChannelConnection) (models.ChannelConnection, string, error) {
	connection, err := s.advance(ctx, connection, func(_ *store.Tx, c *models.ChannelConnection) {
		if c.PIN == nil {
			c.PIN = s.box.Seal([]byte(newPIN()), boundConnectionPIN(*c))
		}
	})
	if err != nil || connection.PIN == nil {
		return connection, "", err
	}
	pin, err := s.box.Open(connection.PIN, boundConnectionPIN(connection))
	if err != nil {
		return connection, "", fmt.Errorf("open PIN of connection %s: %w", connection.ID, err)
	}
	return connection, string(pin), nil
}

// advance changes a connection that is still where it was; one that somebody else has
// moved meanwhile is returned as it is now.
func (s *Service) advance(ctx context.Context, from models.ChannelConnection, change func(*store.Tx, *models.ChannelConnection)) (models.ChannelConnection, error) {
	return s.changeIn(context.WithoutCancel(ctx), from.OrganizationID, from.ID, func(tx *store.Tx, current *models.ChannelConnection) error {
		if !current.Status.Ended() && current.Reached == from.Reached && current.PhoneNumberID == from.PhoneNumberID {
			change(tx, current)
		}
		return nil
	})
}

const pinDigits = 6

func isPIN(text string) bool {
	return len(text) == pinDigits && strings.Trim(text, "0123456789") == ""
}

// newPIN makes a PIN that nobody can guess.
func newPIN() string {
	var chance [8]byte
	_, _ = rand.Read(chance[:]) // never fails
	return fmt.Sprintf("%0*d", pinDigits, binary.BigEndian.Uint64(chance[:])%1_000_000)
}
