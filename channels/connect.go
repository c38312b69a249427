package channels

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"gorm.io/gorm"

	"recado/models"
	"recado/store"
)

// Limits of what Connect takes. Meta's ids have 15 to 17 digits today
// (reference/whatsapp-cloud-api.md §8.2) and are documented as opaque numbers.
const (
	maxName     = 100 // characters
	maxMetaID   = 32  // digits
	maxToken    = 4096
	maxReason   = 1000 // characters of Meta's words that are kept
	hintLength  = 4
	hintedToken = 16 // shorter ones give no hint: it would tell too much
)

// NewChannel is a number to connect. Printing it does not show the token.
type NewChannel struct {
	OrganizationID models.ID
	Name           string // as the team calls it; 1 to 100 characters
	PhoneNumberID  string // Meta's id of the number; digits
	WABAID         string // Meta's id of the WhatsApp Business account; digits
	DisplayNumber  string // international, in any notation; kept as E.164
	AccessToken    string `json:"-"` // of a system user, never logged
}

// String leaves out the token.
func (n NewChannel) String() string {
	return fmt.Sprintf("channel %q of organization %s, phone number id %s, WABA id %s, number %s",
		n.Name, n.OrganizationID, n.PhoneNumberID, n.WABAID, n.DisplayNumber)
}

// GoString leaves out the token.
func (n NewChannel) GoString() string { return n.String() }

// Connect makes a channel of an organization, connected. If the organization has
// the number already, its channel takes over the name, ids, number and token
// given and is connected again.
//
// It asks nothing of Meta: it is for operators, who have the ids and a permanent
// token; people go through StartConnection.
//
// Errors: REQUIRED and INVALID with the field; NOT_FOUND (organizationId);
// ALREADY_EXISTS (phoneNumberId) when the number belongs to another organization;
// EDITION_NOT_ALLOWED, LIMIT_REACHED.
func (s *Service) Connect(ctx context.Context, n NewChannel) (models.Channel, error) {
	if err := n.normalize(); err != nil {
		return models.Channel{}, err
	}
	var channel models.Channel
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		known, err := LockByPhoneNumberID(tx, []string{n.PhoneNumberID})
		switch {
		case err != nil:
			return err
		case len(known) == 0:
			channel, err = s.create(tx, n)
			return err
		case known[0].OrganizationID != n.OrganizationID:
			return models.NewError(models.CodeAlreadyExists, "phoneNumberId")
		}
		channel = known[0]
		if channel.Status == models.ChannelDisconnected {
			if err := checkEdition(tx, n.OrganizationID); err != nil {
				return err
			}
		}
		s.apply(tx, &channel, n)
		return keep(tx, &channel)
	})
	if err != nil {
		return models.Channel{}, err
	}
	s.log.Info("channel connected", "channel", channel.ID, "organization", channel.OrganizationID, "phoneNumberId", channel.PhoneNumberID)
	return channel, nil
}

func (s *Service) create(tx *store.Tx, n NewChannel) (models.Channel, error) {
	var organizations int64
	if err := tx.Model(&models.Organization{}).Where("id = ?", n.OrganizationID).Count(&organizations).Error; err != nil {
		return models.Channel{}, fmt.Errorf("look for organization %s: %w", n.OrganizationID, err)
	}
	if organizations == 0 {
		return models.Channel{}, models.NewError(models.CodeNotFound, "organizationId")
	}
	if err := checkEdition(tx, n.OrganizationID); err != nil {
		return models.Channel{}, err
	}
	channel := models.Channel{
		ID: models.NewID(), OrganizationID: n.OrganizationID, LastAssigneePosition: nobodyYet,
	}
	s.apply(tx, &channel, n)
	err := tx.Create(&channel).Error
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		err = fmt.Errorf("%w: %w", store.ErrRace, err)
	}
	if err != nil {
		return models.Channel{}, fmt.Errorf("create channel of phone number %s: %w", n.PhoneNumberID, err)
	}
	return channel, record(tx, channel)
}

// apply connects a channel as given.
func (s *Service) apply(tx *store.Tx, channel *models.Channel, n NewChannel) {
	channel.ConnectedAt, channel.DisconnectedAt, channel.CheckedAt, channel.Problems = new(tx.Now()), nil, nil, nil
	channel.TokenExpiresAt, channel.TokenUserID, channel.TokenSource = nil, "", ""
	channel.Name, channel.PhoneNumberID, channel.WABAID, channel.DisplayNumber = n.Name, n.PhoneNumberID, n.WABAID, n.DisplayNumber
	channel.Status, channel.StatusReason = models.ChannelConnected, ""
	channel.AccessToken, channel.AccessTokenHint = s.box.Seal([]byte(n.AccessToken), boundTo(*channel)), hint(n.AccessToken)
}

// AccessToken opens the channel's token: CHANNEL_UNAVAILABLE if it has none any
// more. Another error means that it was sealed with another key, or for another
// channel or organization.
func (s *Service) AccessToken(channel models.Channel) (string, error) {
	if len(channel.AccessToken) == 0 {
		return "", models.NewError(models.CodeChannelUnavailable, "").With("status", string(channel.Status))
	}
	token, err := s.box.Open(channel.AccessToken, boundTo(channel))
	if err != nil {
		return "", fmt.Errorf("open access token of channel %s: %w", channel.ID, err)
	}
	return string(token), nil
}

// RequireReauthorization notes that Meta refuses the channel's token, in Meta's
// words. The channel receives on, and sends wait, until it is connected again. A
// channel that is disconnected stays so; repeating it only replaces the reason.
func (s *Service) RequireReauthorization(tx *store.Tx, channelID models.ID, reason string) error {
	channel, err := lock(tx, channelID)
	if err != nil {
		return err
	}
	if channel.Status == models.ChannelDisconnected {
		return nil
	}
	if channel.Status == models.ChannelConnected {
		s.log.Warn("channel needs a new access token", "channel", channel.ID, "organization", channel.OrganizationID, "reason", reason)
	}
	channel.Status, channel.StatusReason = models.ChannelReauthorizationRequired, shorten(reason)
	return keep(tx, &channel)
}

// boundTo is what a token is sealed for.
func boundTo(channel models.Channel) string {
	return "channel access token of " + channel.OrganizationID.String() + "/" + channel.ID.String()
}

// boundPIN is what a PIN is sealed for.
func boundPIN(channel models.Channel) string {
	return "channel PIN of " + channel.OrganizationID.String() + "/" + channel.ID.String()
}

// hint is what people may see of a token, to tell one from another.
func hint(token string) string {
	if len(token) < hintedToken {
		return ""
	}
	return token[len(token)-hintLength:]
}

// normalize trims and checks what Connect was given.
func (n *NewChannel) normalize() error {
	for _, text := range []*string{&n.Name, &n.PhoneNumberID, &n.WABAID, &n.DisplayNumber, &n.AccessToken} {
		*text = strings.TrimSpace(*text)
	}
	number, numberOK := displayNumber(n.DisplayNumber)
	for _, field := range []struct {
		name, value string
		ok          bool
	}{
		{"name", n.Name, isName(n.Name)},
		{"phoneNumberId", n.PhoneNumberID, isMetaID(n.PhoneNumberID)},
		{"wabaId", n.WABAID, isMetaID(n.WABAID)},
		{"displayNumber", n.DisplayNumber, numberOK},
		{"accessToken", n.AccessToken, isToken(n.AccessToken)},
	} {
		if field.value == "" {
			return models.NewError(models.CodeRequired, field.name)
		}
		if !field.ok {
			return models.NewError(models.CodeInvalid, field.name)
		}
	}
	n.DisplayNumber = number
	return nil
}

func isMetaID(id string) bool {
	return len(id) <= maxMetaID && strings.Trim(id, "0123456789") == ""
}

// isToken reports whether the token can stand in an HTTP header.
func isToken(token string) bool {
	return len(token) <= maxToken && !strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' })
}

// shorten returns at most maxReason characters of what Meta says.
func shorten(text string) string {
	left := maxReason
	for i := range text {
		if left == 0 {
			return text[:i]
		}
		left--
	}
	return text
}
