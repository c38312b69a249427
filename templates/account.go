package templates

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"recado/models"
	"recado/store"
	"recado/whatsapp"
)

// errNotConnected says that no number of an account can be used at the moment.
var errNotConnected = errors.New("no number of the account is connected")

// credentials open the token of a connected number of an account, which serves for all
// of the account.
func (s *Service) credentials(ctx context.Context, organization models.ID, wabaID string) (models.Channel, whatsapp.Credentials, error) {
	of, err := channelsOf(s.db.Read(ctx), organization, wabaID)
	if err != nil {
		return models.Channel{}, whatsapp.Credentials{}, err
	}
	for _, channel := range of {
		if channel.Status == models.ChannelConnected {
			token, err := s.channels.AccessToken(channel)
			return channel, whatsapp.Credentials{PhoneNumberID: channel.PhoneNumberID, AccessToken: token}, err
		}
	}
	return models.Channel{}, whatsapp.Credentials{}, errNotConnected
}

// tokenRefused has the number wait for another token, unless it has another one by now
// than the one that was used.
func (s *Service) tokenRefused(ctx context.Context, used models.Channel, refusal *whatsapp.Error) error {
	return s.db.Write(ctx, func(tx *store.Tx) error {
		var channel models.Channel
		if err := store.Locking(tx.DB).Take(&channel, "id = ?", used.ID).Error; err != nil {
			return fmt.Errorf("lock channel %s: %w", used.ID, err)
		}
		if !bytes.Equal(channel.AccessToken, used.AccessToken) {
			return nil
		}
		return s.channels.RequireReauthorization(tx, channel.ID, refusal.Meta.Message)
	})
}
