package channels

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
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

// recordSetup tells administrators how far a connection has come. The event carries
// no secret: those of the row are not in its JSON. Neither is what is of no use to them.
func recordSetup(tx *store.Tx, connection models.ChannelConnection) error {
	connection.ReturnURL, connection.TokenUserID = "", ""
	payload, err := json.Marshal(models.EventPayload{Setup: &connection})
	if err != nil {
		return fmt.Errorf("write event about connection %s: %w", connection.ID, err)
	}
	tx.Record(models.Event{OrganizationID: connection.OrganizationID, Kind: models.EventChannelSetupChanged, Payload: payload})
	return nil
}

// isStep reports whether two states of a connection differ in what is shown of them.
func isStep(before, after models.ChannelConnection) bool {
	for _, connection := range []*models.ChannelConnection{&before, &after} {
		connection.AccessToken, connection.PIN, connection.Nonce = nil, nil, nil
		connection.Subscribed, connection.ReturnURL, connection.TokenUserID = false, "", ""
		connection.EndedAt, connection.UpdatedAt = nil, time.Time{}
	}
	return !reflect.DeepEqual(before, after)
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
