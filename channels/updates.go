package channels

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"recado/models"
	"recado/store"
	"recado/whatsapp"
)

// Update is what Meta told of an account or a number, and when.
type Update struct {
	whatsapp.AccountUpdate

	At time.Time
}

// LockForUpdates returns the channels with these ids of Meta's, or of these accounts,
// in the order of their own ids, and locks their rows until the transaction ends.
func LockForUpdates(tx *store.Tx, phoneNumberIDs, wabaIDs []string) ([]models.Channel, error) {
	var channels []models.Channel
	err := store.Locking(tx.DB).Where("phone_number_id IN ? OR waba_id IN ?", append(phoneNumberIDs, ""), append(wabaIDs, "")).Order("id").Find(&channels).Error
	if err != nil {
		return nil, fmt.Errorf("lock channels of %d accounts: %w", len(wabaIDs), err)
	}
	return channels, nil
}

// ApplyUpdates works what Meta told into the channels that it is about, which must be
// locked, and tells of those that changed. It reports for each update whether it was
// about any of them.
//
// Updates may come twice, late and in any order: what is newer stays, and an end that
// was told before the number was connected again does not count.
func (s *Service) ApplyUpdates(ctx context.Context, tx *store.Tx, locked []models.Channel, updates []Update) ([]bool, error) {
	concerned := make([]bool, len(updates))
	changed := make([]bool, len(locked))
	before := make([]*models.ChannelFacts, len(locked))
	for j := range locked {
		before[j] = locked[j].Facts
	}
	for i, update := range updates {
		for j := range locked {
			if concerns(update, locked[j]) {
				concerned[i] = true
				changed[j] = s.applyUpdate(&locked[j], update) || changed[j]
			}
		}
	}
	for j := range locked {
		if !changed[j] {
			if !reflect.DeepEqual(before[j], locked[j].Facts) { // told anew for a later time, which is no news
				if err := store.UpdateAll(tx, []models.Channel{locked[j]}); err != nil {
					return nil, err
				}
			}
			continue
		}
		if err := keep(tx, &locked[j]); err != nil {
			return nil, err
		}
		if locked[j].Status != models.ChannelDisconnected {
			if err := s.enqueue(ctx, tx, CheckArgs{ChannelID: locked[j].ID}); err != nil {
				return nil, err
			}
		}
	}
	return concerned, nil
}

// concerns reports whether an update is about a channel.
func concerns(update Update, channel models.Channel) bool {
	digits := whatsapp.Digits(channel.DisplayNumber)
	return update.WABAID == channel.WABAID &&
		(update.PhoneNumber == "" || update.PhoneNumber == digits) &&
		(update.NumberID == "" || update.NumberID == channel.PhoneNumberID || whatsapp.Digits(update.NumberID) == digits)
}

func (s *Service) applyUpdate(channel *models.Channel, update Update) bool {
	facts := factsOf(*channel)
	changed := learnUpdate(&facts, update.AccountUpdate, update.At)
	channel.Facts = &facts
	if s.ends(update) && channel.Status != models.ChannelDisconnected && (channel.ConnectedAt == nil || !update.At.Before(channel.ConnectedAt.Truncate(time.Second))) {
		s.log.Warn("Meta disconnected a channel", "channel", channel.ID, "organization", channel.OrganizationID, "event", update.Event)
		end(channel, update.Event, update.At)
		dropSecrets(channel)
		changed = true
	}
	return changed
}

// ends reports whether an update means that the number is ours no more.
func (s *Service) ends(update Update) bool {
	if update.Field != whatsapp.FieldAccountUpdate {
		return false
	}
	switch update.Event {
	case whatsapp.EventAccountDeleted, whatsapp.EventAccountOffboarded, whatsapp.EventPartnerRemoved:
		return true
	case whatsapp.EventPartnerUninstalled:
		return update.PartnerAppID == "" || s.meta.AppID == "" || update.PartnerAppID == s.meta.AppID
	}
	return false
}

// end disconnects a channel.
func end(channel *models.Channel, reason string, at time.Time) {
	channel.Status, channel.StatusReason, channel.DisconnectedAt = models.ChannelDisconnected, reason, &at
	channel.Problems = nil
}

// dropSecrets deletes what a channel could be used with.
func dropSecrets(channel *models.Channel) {
	channel.AccessToken, channel.AccessTokenHint, channel.PIN, channel.TokenExpiresAt = nil, "", nil, nil
}

// heardEvery is how fine Channel.LastWebhookAt is.
const heardEvery = time.Minute

// Heard notes that Meta sent something about numbers.
func Heard(ctx context.Context, db *store.Store, channelIDs []models.ID, at time.Time) error {
	err := db.Write(ctx, func(tx *store.Tx) error {
		return tx.Model(&models.Channel{}).Where(store.OneOf("id", channelIDs)).
			Where("last_webhook_at IS NULL OR last_webhook_at < ?", at.Add(-heardEvery)).
			UpdateColumn("last_webhook_at", at).Error
	})
	if err != nil {
		return fmt.Errorf("note webhooks of %d channels: %w", len(channelIDs), err)
	}
	return nil
}
