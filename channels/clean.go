package channels

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"recado/models"
	"recado/store"
)

const (
	// cleanInterval is how often connections that nobody went on with are looked for.
	cleanInterval = 5 * time.Minute
	// cleanTogether is how many are cleaned up in one go.
	cleanTogether = 50
)

// CleanConnectionsArgs ask for connections that were given up to be undone.
type CleanConnectionsArgs struct{}

// Kind names the job.
func (CleanConnectionsArgs) Kind() string { return "channels.clean_connections" }

type cleanWorker struct {
	river.WorkerDefaults[CleanConnectionsArgs]

	channels *Service
}

// Work does the job.
func (w *cleanWorker) Work(ctx context.Context, _ *river.Job[CleanConnectionsArgs]) error {
	_, err := w.channels.CleanConnections(ctx)
	return err
}

// CleanConnections ends connections that were canceled or that nobody went on with in
// time: what they had subscribed is unsubscribed, what they were granted is revoked, as
// far as no channel needs it, and their tokens are deleted. It returns how many it
// ended; what Meta could not be told yet is tried again the next time, for a day.
func (s *Service) CleanConnections(ctx context.Context) (int, error) {
	var due []models.ChannelConnection
	err := s.db.Read(ctx).Where("ended_at IS NULL AND expires_at <= ?", s.db.Now()).Order("expires_at").Limit(cleanTogether).Find(&due).Error
	if err != nil {
		return 0, fmt.Errorf("look for connections that were given up: %w", err)
	}
	ended := 0
	var failures error
	for _, connection := range due {
		done, err := s.clean(ctx, connection)
		failures = errors.Join(failures, err)
		if done {
			ended++
		}
	}
	return ended, failures
}

func (s *Service) clean(ctx context.Context, connection models.ChannelConnection) (bool, error) {
	// First it is said to be over, so that nobody goes on with it meanwhile.
	connection, err := s.changeIn(ctx, connection.OrganizationID, connection.ID, func(tx *store.Tx, current *models.ChannelConnection) error {
		if !current.Status.Ended() && !tx.Now().Before(current.ExpiresAt) {
			current.Status, current.Nonce = models.ConnectionExpired, nil
		}
		return nil
	})
	if err != nil || !connection.Status.Ended() || connection.EndedAt != nil {
		return false, err
	}
	if len(connection.AccessToken) > 0 {
		again := s.undo(ctx, undoing{
			organization: connection.OrganizationID, connection: &connection.ID,
			sealed: connection.AccessToken, bound: boundToConnection(connection),
			wabaID: connection.WABAID, userID: connection.TokenUserID,
			unsubscribe: connection.Subscribed, revoke: cameByLogin(connection.Method),
		})
		if retryLater(again) > 0 && s.db.Now().Before(connection.ExpiresAt.Add(disconnectPatience)) {
			return false, nil
		}
	}
	_, err = s.changeIn(context.WithoutCancel(ctx), connection.OrganizationID, connection.ID, func(tx *store.Tx, current *models.ChannelConnection) error {
		current.AccessToken, current.PIN, current.EndedAt = nil, nil, new(tx.Now())
		return nil
	})
	return err == nil, err
}
