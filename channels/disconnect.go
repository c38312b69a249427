package channels

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"recado/models"
	"recado/store"
	"recado/whatsapp"
)

// disconnectPatience is how long Meta is asked again to undo a connection before the
// token is dropped without.
const disconnectPatience = 24 * time.Hour

// Disconnect takes a number off Recado. From now on nothing is sent over it, and its
// conversations stay readable. Then, in the background, Meta is told: no more webhooks
// of the account if no other number of ours is on it, the number deregistered if
// asked, the token of a login revoked; and the token is deleted whatever Meta says. A
// channel that is disconnected stays as it is.
//
// Errors: FORBIDDEN to all but administrators; NOT_FOUND (channelId).
func (s *Service) Disconnect(ctx context.Context, viewer models.Viewer, channelID models.ID, deregister bool) (models.Channel, error) {
	if err := requireAdministrator(viewer); err != nil {
		return models.Channel{}, err
	}
	var channel models.Channel
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		var err error
		if channel, err = lockOf(tx, viewer, channelID); err != nil {
			return err
		}
		if channel.Status == models.ChannelDisconnected {
			return nil
		}
		end(&channel, "", tx.Now())
		if s.client == nil {
			dropSecrets(&channel)
		}
		if err := keep(tx, &channel); err != nil {
			return err
		}
		return s.enqueue(ctx, tx, DisconnectArgs{ChannelID: channel.ID, Deregister: deregister})
	})
	if err != nil {
		return models.Channel{}, err
	}
	s.log.Info("channel disconnected", "channel", channel.ID, "organization", channel.OrganizationID)
	return channel, nil
}

// lockOf locks a channel of the viewer's organization, or blames channelId.
func lockOf(tx *store.Tx, viewer models.Viewer, channelID models.ID) (models.Channel, error) {
	channel, err := lock(tx, channelID)
	if errors.Is(err, models.ErrNotFound) || err == nil && channel.OrganizationID != viewer.OrganizationID {
		return models.Channel{}, models.NewError(models.CodeNotFound, "channelId")
	}
	return channel, err
}

// DisconnectArgs ask for Meta to be told that a channel is disconnected.
type DisconnectArgs struct {
	ChannelID  models.ID `json:"channelId"`
	Deregister bool      `json:"deregister,omitempty"`
}

// Kind names the job.
func (DisconnectArgs) Kind() string { return "channels.disconnect" }

type disconnectWorker struct {
	river.WorkerDefaults[DisconnectArgs]

	channels *Service
}

// Work does the job. It may be done twice.
func (w *disconnectWorker) Work(ctx context.Context, job *river.Job[DisconnectArgs]) error {
	s := w.channels
	var found []models.Channel
	if err := s.db.Read(ctx).Find(&found, "id = ?", job.Args.ChannelID).Error; err != nil {
		return err
	}
	if len(found) == 0 || found[0].Status != models.ChannelDisconnected || len(found[0].AccessToken) == 0 {
		return nil
	}
	channel := found[0]
	again := s.undo(ctx, undoing{
		organization: channel.OrganizationID, channel: &channel.ID, sealed: channel.AccessToken, bound: boundTo(channel),
		wabaID: channel.WABAID, phoneNumberID: channel.PhoneNumberID, userID: channel.TokenUserID,
		unsubscribe: true, deregister: job.Args.Deregister, revoke: cameByLogin(channel.TokenSource),
	})
	if wait := retryLater(again); wait > 0 && channel.DisconnectedAt != nil && s.db.Now().Before(channel.DisconnectedAt.Add(disconnectPatience)) {
		return river.JobSnooze(wait)
	}
	return s.db.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		current, err := lock(tx, channel.ID)
		if err != nil || current.Status != models.ChannelDisconnected || current.DisconnectedAt == nil || !current.DisconnectedAt.Equal(*channel.DisconnectedAt) {
			return err // connected again meanwhile
		}
		dropSecrets(&current)
		return keep(tx, &current)
	})
}

// cameByLogin reports whether a token was made for us, so that it is ours to revoke.
func cameByLogin(source models.ConnectionMethod) bool {
	return source == models.ConnectByLogin || source == models.ConnectByPopup
}

// undoing is what is to be undone at Meta.
type undoing struct {
	organization  models.ID
	channel       *models.ID // whose connection it was; nil: of none yet
	connection    *models.ID // that is given up; nil: none is
	sealed        []byte
	bound         string
	wabaID        string
	phoneNumberID string
	userID        string

	unsubscribe, deregister, revoke bool
}

// undo does what is asked as far as nobody else needs it, goes on after failures, and
// returns those that are worth another try.
func (s *Service) undo(ctx context.Context, u undoing) error {
	plain, err := s.box.Open(u.sealed, u.bound)
	if err != nil {
		s.log.ErrorContext(ctx, "a token cannot be opened to be given back", "organization", u.organization, "error", err)
		return nil
	}
	token := string(plain)
	var again error
	try := func(what string, call func() error) {
		err := call()
		if refusal, ok := errors.AsType[*whatsapp.Error](err); ok && refusal.Retryable {
			again = errors.Join(again, err)
		} else if err != nil { // after a removal on Meta's side these calls fail (reference/whatsapp-cloud-api.md §9.9)
			s.log.InfoContext(ctx, "Meta did not undo a connection", "what", what, "waba", u.wabaID, "error", err)
		}
	}
	if u.unsubscribe {
		needed, err := s.needed(ctx, u, "waba_id", u.wabaID)
		if err != nil {
			return err
		}
		if !needed {
			try("unsubscribe", func() error { return s.client.Unsubscribe(ctx, token, u.wabaID) })
		}
	}
	if u.deregister {
		try("deregister", func() error {
			return s.client.Deregister(ctx, whatsapp.Credentials{PhoneNumberID: u.phoneNumberID, AccessToken: token})
		})
	}
	if u.revoke && u.userID != "" && again == nil { // last: nothing can be done without the token
		needed, err := s.needed(ctx, u, "token_user_id", u.userID)
		if err != nil {
			return err
		}
		if !needed {
			try("revoke", func() error { return s.client.RevokePermissions(ctx, token, u.userID) })
		}
	}
	return again
}

// needed reports whether another channel, or another connection on its way, has the
// same account or token user.
func (s *Service) needed(ctx context.Context, u undoing, column, value string) (bool, error) {
	var channels, connections int64
	query := s.db.Read(ctx).Model(&models.Channel{}).Where(column+" = ? AND status <> ?", value, models.ChannelDisconnected)
	if u.channel != nil {
		query = query.Where("id <> ?", *u.channel)
	}
	if err := query.Count(&channels).Error; err != nil {
		return false, err
	}
	query = s.db.Read(ctx).Model(&models.ChannelConnection{}).Where(column+" = ? AND ended_at IS NULL AND expires_at > ?", value, s.db.Now())
	if u.connection != nil {
		query = query.Where("id <> ?", *u.connection)
	}
	err := query.Count(&connections).Error
	return channels+connections > 0, err
}

// retryLater is how long to wait before failures are worth another try; 0 for none.
func retryLater(again error) time.Duration {
	if again == nil {
		return 0
	}
	wait := time.Minute
	if refusal, ok := errors.AsType[*whatsapp.Error](again); ok {
		wait = max(wait, refusal.RetryAfter)
	}
	return wait
}
