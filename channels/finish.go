package channels

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"gorm.io/gorm"

	"recado/models"
	"recado/store"
)

// ChannelDetails are what the team says of a number. With a number that was
// connected before, what is nil stays as it was.
type ChannelDetails struct {
	Name         string // as the team calls it; 1 to 100 characters
	AssigneeIDs  []models.ID
	Permissions  []ProfileLevel
	ReopenPolicy *models.ReopenPolicy

	RecordCreation *models.RecordCreation // as of SetRecordCreation
}

// ProfileLevel is what the users of a profile may do on a channel.
type ProfileLevel struct {
	ProfileID models.ID
	Level     models.MessagingLevel
}

// FinishConnection makes the channel of a connection that is REGISTERED, with all
// that the team says of it, in one go. A number that the organization had before goes
// on as the same channel, with its history. Called again it returns the channel.
//
// Errors: FORBIDDEN, NOT_FOUND; SETUP_ENDED; SETUP_STEP; REQUIRED and INVALID
// (name, reopenPolicy, assigneeIds, permissions); NOT_FOUND (assigneeIds, profileId); those of
// SetRecordCreation for the rule;
// ALREADY_EXISTS (phoneNumberId) if the number was connected meanwhile;
// EDITION_NOT_ALLOWED, LIMIT_REACHED.
func (s *Service) FinishConnection(ctx context.Context, viewer models.Viewer, id models.ID, details ChannelDetails) (models.ChannelConnection, models.Channel, error) {
	begun, err := s.Connection(ctx, viewer, id)
	if err != nil {
		return begun, models.Channel{}, err
	}
	if err := details.check(); err != nil {
		return begun, models.Channel{}, err
	}
	var connection models.ChannelConnection
	var channel models.Channel
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		known, err := LockByPhoneNumberID(tx, []string{begun.PhoneNumberID})
		if err != nil {
			return err
		}
		if connection, err = lockConnection(tx, viewer.OrganizationID, id); err != nil {
			return err
		}
		if connection.Status == models.ConnectionConnected && connection.ChannelID != nil {
			channel, err = lock(tx, *connection.ChannelID)
			return err
		}
		if err := usable(connection, tx.Now()); err != nil {
			return err
		}
		if connection.Reached != models.ConnectionRegistered || connection.PhoneNumberID != begun.PhoneNumberID {
			return wrongStep(connection)
		}
		if channel, err = s.place(tx, known, &connection, details); err != nil {
			return err
		}
		return s.settle(ctx, tx, viewer, &channel, details)
	})
	if err != nil {
		return connection, channel, err
	}
	if s.accounts != nil {
		for _, permission := range details.Permissions {
			s.accounts.RightsChanged(permission.ProfileID)
		}
	}
	s.log.Info("channel connected", "channel", channel.ID, "organization", channel.OrganizationID, "phoneNumberId", channel.PhoneNumberID)
	return connection, channel, nil
}

// place makes the channel, or brings back the one of the same number, and ends the
// connection.
func (s *Service) place(tx *store.Tx, known []models.Channel, connection *models.ChannelConnection, details ChannelDetails) (models.Channel, error) {
	if err := checkEdition(tx, connection.OrganizationID); err != nil {
		return models.Channel{}, err
	}
	token, err := s.connectionToken(*connection)
	if err != nil {
		return models.Channel{}, err
	}
	account, number, _ := connection.Offered(connection.WABAID, connection.PhoneNumberID)
	channel := models.Channel{ID: models.NewID(), OrganizationID: connection.OrganizationID, LastAssigneePosition: nobodyYet}
	if len(known) > 0 {
		channel = known[0]
		if channel.OrganizationID != connection.OrganizationID || channel.Status == models.ChannelConnected {
			return channel, models.NewError(models.CodeAlreadyExists, "phoneNumberId")
		}
	}
	s.apply(tx, &channel, NewChannel{
		Name: details.Name, PhoneNumberID: connection.PhoneNumberID, WABAID: connection.WABAID,
		DisplayNumber: number.DisplayNumber, AccessToken: token,
	})
	channel.TokenExpiresAt, channel.TokenUserID, channel.TokenSource = connection.TokenExpiresAt, connection.TokenUserID, connection.Method
	if connection.PIN != nil {
		pin, err := s.box.Open(connection.PIN, boundConnectionPIN(*connection))
		if err != nil {
			return channel, fmt.Errorf("open PIN of connection %s: %w", connection.ID, err)
		}
		channel.PIN = s.box.Seal(pin, boundPIN(channel))
	}
	facts := factsOf(channel)
	learn(&facts.VerifiedName, number.VerifiedName, tx.Now())
	learn(&facts.QualityRating, number.Quality, tx.Now())
	learn(&facts.AccountReview, account.Review, tx.Now())
	learn(&facts.Portfolio, account.BusinessID, tx.Now())
	channel.Facts = &facts
	if details.ReopenPolicy != nil {
		channel.ReopenPolicy = *details.ReopenPolicy
	}
	if details.RecordCreation != nil {
		if channel.RecordCreation, err = checkedCreation(tx, channel.OrganizationID, *details.RecordCreation); err != nil {
			return channel, err
		}
	}
	if len(known) > 0 {
		err = store.UpdateAll(tx, []models.Channel{channel})
	} else if err = tx.Create(&channel).Error; errors.Is(err, gorm.ErrDuplicatedKey) {
		err = fmt.Errorf("%w: %w", store.ErrRace, err)
	}
	if err != nil {
		return channel, fmt.Errorf("keep channel of phone number %s: %w", channel.PhoneNumberID, err)
	}
	connection.Status, connection.Reached, connection.Failure = models.ConnectionConnected, models.ConnectionConnected, nil
	connection.ChannelID, connection.EndedAt = &channel.ID, new(tx.Now())
	connection.AccessToken, connection.PIN, connection.Nonce = nil, nil, nil
	connection.UpdatedAt = tx.Now()
	if err := store.UpdateAll(tx, []models.ChannelConnection{*connection}); err != nil {
		return channel, err
	}
	return channel, recordSetup(tx, *connection)
}

// settle gives a channel its people, and has its health looked at.
func (s *Service) settle(ctx context.Context, tx *store.Tx, viewer models.Viewer, channel *models.Channel, details ChannelDetails) error {
	if err := tx.Flush(); err != nil {
		return err
	}
	if details.AssigneeIDs != nil {
		if err := s.setAssignees(ctx, tx, channel, details.AssigneeIDs); err != nil {
			return models.Blame(err, "assigneeIds")
		}
	}
	for _, permission := range details.Permissions {
		if _, err := s.accounts.PutMessagingLevel(tx, viewer.OrganizationID, permission.ProfileID, channel.ID, permission.Level); err != nil {
			return models.Blame(err, "permissions")
		}
	}
	if err := record(tx, *channel); err != nil {
		return err
	}
	return s.enqueue(ctx, tx, CheckArgs{ChannelID: channel.ID})
}

func (d *ChannelDetails) check() error {
	d.Name = strings.TrimSpace(d.Name)
	switch {
	case d.Name == "":
		return models.NewError(models.CodeRequired, "name")
	case !isName(d.Name):
		return models.NewError(models.CodeInvalid, "name")
	case d.ReopenPolicy != nil && !d.ReopenPolicy.Valid():
		return models.NewError(models.CodeInvalid, "reopenPolicy")
	}
	seen := make(map[models.ID]bool, len(d.Permissions))
	for _, permission := range d.Permissions {
		if seen[permission.ProfileID] || !permission.Level.Valid() {
			return models.NewError(models.CodeInvalid, "permissions")
		}
		seen[permission.ProfileID] = true
	}
	return nil
}

func isName(text string) bool {
	return utf8.ValidString(text) && utf8.RuneCountInString(text) <= maxName
}
