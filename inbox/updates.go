package inbox

import (
	"context"
	"time"

	"recado/channels"
	"recado/models"
	"recado/store"
)

// told is an update of an account or a number with the delivery that brought it.
type told struct {
	update channels.Update
	by     *intake
}

// updatesOf lists what a batch tells of accounts and numbers. Their channels are
// locked for it.
func updatesOf(batch []*intake) (all []told, wabaIDs []string) {
	for _, in := range batch {
		for _, change := range in.webhook.Changes {
			if change.Account == nil {
				continue
			}
			at := change.Time
			if at.IsZero() || at.After(in.row.ReceivedAt) {
				at = in.row.ReceivedAt
			}
			all = append(all, told{channels.Update{AccountUpdate: *change.Account, At: at}, in})
			wabaIDs = append(wabaIDs, change.Account.WABAID)
		}
	}
	return all, wabaIDs
}

// lockChannels fills in the channels of numbers, and returns those and the ones of
// the accounts, all locked in the order of their ids.
func (s *Service) lockChannels(tx *store.Tx, numbers map[string]*models.Channel, wabaIDs []string) ([]models.Channel, error) {
	phoneNumberIDs := make([]string, 0, len(numbers))
	for id := range numbers {
		phoneNumberIDs = append(phoneNumberIDs, id)
	}
	locked, err := channels.LockForUpdates(tx, phoneNumberIDs, wabaIDs)
	if err != nil {
		return nil, err
	}
	for i := range locked {
		if _, wanted := numbers[locked[i].PhoneNumberID]; wanted {
			numbers[locked[i].PhoneNumberID] = &locked[i]
		}
	}
	return locked, nil
}

// applyUpdates has the room of channels work in what was told.
func (s *Service) applyUpdates(tx *store.Tx, locked []models.Channel, all []told) error {
	updates := make([]channels.Update, len(all))
	for i := range all {
		updates[i] = all[i].update
	}
	concerned, err := s.channels.ApplyUpdates(tx.Statement.Context, tx, locked, updates)
	if err != nil {
		return err
	}
	for i, one := range all {
		if concerned[i] {
			one.by.applied = true
		} else {
			one.by.ignoref("%s of unknown account %s", one.update.Field, one.update.WABAID)
		}
	}
	// What comes next may write to the same rows.
	return tx.Flush()
}

// hearEvery is how often a channel is noted to be heard of.
const hearEvery = time.Minute

// hear notes for each channel of a batch that Meta sends its webhooks.
func (s *Service) hear(ctx context.Context, batch []*intake) {
	now := s.clock()
	var heard []models.ID
	for _, in := range batch {
		for id := range in.channels {
			last, known := s.heard.Load(id)
			if at, ok := last.(time.Time); known && ok && now.Before(at.Add(hearEvery)) {
				continue
			}
			s.heard.Store(id, now)
			heard = append(heard, id)
		}
	}
	if len(heard) == 0 {
		return
	}
	if err := channels.Heard(ctx, s.db, heard, now); err != nil {
		s.log.WarnContext(ctx, "not noted that Meta sends webhooks", "error", err)
	}
}
