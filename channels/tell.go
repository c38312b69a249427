package channels

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"recado/models"
	"recado/store"
)

// record tells readers what a channel has become.
func record(tx *store.Tx, channel models.Channel) error {
	payload, err := json.Marshal(models.EventPayload{Channel: &channel})
	if err != nil {
		return fmt.Errorf("write event about channel %s: %w", channel.ID, err)
	}
	tx.Record(models.Event{
		OrganizationID: channel.OrganizationID, Kind: models.EventChannelChanged, ChannelID: channel.ID, Payload: payload,
	})
	return nil
}

// keep writes a changed channel and tells of it.
func keep(tx *store.Tx, channel *models.Channel) error {
	channel.UpdatedAt = tx.Now()
	if err := store.UpdateAll(tx, []models.Channel{*channel}); err != nil {
		return err
	}
	return record(tx, *channel)
}

// enqueue adds a job, if there is a queue.
func (s *Service) enqueue(ctx context.Context, tx *store.Tx, args river.JobArgs) error {
	if s.queue == nil || s.client == nil {
		return nil
	}
	return s.queue.Enqueue(ctx, tx, args, time.Time{})
}
