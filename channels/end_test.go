package channels_test

import (
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"

	"recado/channels"
	"recado/models"
	"recado/whatsapp"
	"recado/whatsapp/simulator"
)

func TestCleanConnections(t *testing.T) {
	onEachDesk(t, func(t *testing.T, d *desk) {
		clean := func() int {
			t.Helper()
			ended, err := d.service.CleanConnections(t.Context())
			require.NoError(t, err)
			return ended
		}
		tokenOf := func(connection models.ChannelConnection) string {
			t.Helper()
			token, err := newBox(t, 1).Open(connection.AccessToken, "connection access token of "+connection.OrganizationID.String()+"/"+connection.ID.String())
			require.NoError(t, err)
			return string(token)
		}
		t.Run("undoes what nobody went on with", func(t *testing.T) {
			chosen := d.choose(d.authorized(), pending, "")
			token := tokenOf(chosen)
			require.True(t, d.meta.Subscribed(waba))
			require.Zero(t, clean())
			d.clock.Advance(25 * time.Hour)
			require.Equal(t, 1, clean())
			ended := d.connection(chosen.ID)
			require.Equal(t, models.ConnectionExpired, ended.Status)
			require.Empty(t, ended.AccessToken)
			require.Empty(t, ended.PIN)
			require.False(t, d.meta.Subscribed(waba))
			require.True(t, d.meta.Revoked(token))
			require.Zero(t, clean())
			_, _, err := d.service.FinishConnection(t.Context(), d.admin, chosen.ID, channels.ChannelDetails{Name: "x"})
			require.Equal(t, models.NewError(models.CodeSetupEnded, "setupId").With("status", "EXPIRED"), err)
		})
		t.Run("takes off nothing that a channel needs", func(t *testing.T) {
			channel := d.connected(ready)
			chosen := d.choose(d.authorized(), pending, "")
			canceled, err := d.service.CancelConnection(t.Context(), d.admin, chosen.ID)
			require.NoError(t, err)
			require.Equal(t, models.ConnectionCanceled, canceled.Status)
			require.Equal(t, 1, clean())
			require.True(t, d.meta.Subscribed(waba))
			token, err := d.service.AccessToken(channel)
			require.NoError(t, err)
			require.False(t, d.meta.Revoked(token))
			require.Equal(t, models.ConnectionCanceled, d.connection(chosen.ID).Status)
		})
		t.Run("tries again while Meta does not answer, for a day", func(t *testing.T) {
			connection := d.authorized()
			_, err := d.service.CancelConnection(t.Context(), d.admin, connection.ID)
			require.NoError(t, err)
			d.meta.Faults().Refuse(100, simulator.Refusal{Status: 503, Code: 2, On: simulator.EndpointManagement})
			require.Zero(t, clean())
			require.NotEmpty(t, d.connection(connection.ID).AccessToken)
			d.clock.Advance(24 * time.Hour)
			require.Equal(t, 1, clean())
			require.Empty(t, d.connection(connection.ID).AccessToken)
			d.meta.Faults().Clear()
		})
		t.Run("a login that was begun leaves nothing", func(t *testing.T) {
			begun := d.start(models.ConnectByLogin)
			_, err := d.service.CancelConnection(t.Context(), d.admin, begun.ID)
			require.NoError(t, err)
			require.Equal(t, 1, clean())
			again, err := d.service.CancelConnection(t.Context(), d.admin, begun.ID)
			require.NoError(t, err)
			require.NotNil(t, again.EndedAt)
		})
	})
}

// tellMeta does what a disconnected channel's job does.
func (d *desk) tellMeta(channel models.Channel, deregister bool) error {
	args := channels.DisconnectArgs{ChannelID: channel.ID, Deregister: deregister}
	return d.service.WorkDisconnect(d.t.Context(), &river.Job[channels.DisconnectArgs]{Args: args})
}

func TestDisconnect(t *testing.T) {
	onEachDesk(t, func(t *testing.T, d *desk) {
		first, second := d.connected(ready), d.connected(pending)
		tokens := map[models.ID]string{}
		for _, channel := range []models.Channel{first, second} {
			token, err := d.service.AccessToken(channel)
			require.NoError(t, err)
			tokens[channel.ID] = token
		}
		disconnect := func(channel models.Channel, deregister bool) models.Channel {
			t.Helper()
			gone, err := d.service.Disconnect(t.Context(), d.admin, channel.ID, deregister)
			require.NoError(t, err)
			require.Equal(t, models.ChannelDisconnected, gone.Status)
			return gone
		}
		t.Run("is for administrators of the organization", func(t *testing.T) {
			_, err := d.service.Disconnect(t.Context(), d.viewer(map[models.ID]models.MessagingLevel{first.ID: models.LevelReply}), first.ID, false)
			require.Equal(t, models.CodeForbidden, models.CodeOf(err))
			_, err = d.service.Disconnect(t.Context(), newWorld(t, d.db).administrator(), first.ID, false)
			require.Equal(t, models.NewError(models.CodeNotFound, "channelId"), err)
		})
		t.Run("keeps what the account's other number needs", func(t *testing.T) {
			gone := disconnect(first, true)
			require.Equal(t, noon, gone.DisconnectedAt.UTC())
			require.NoError(t, d.tellMeta(first, true))
			require.True(t, d.meta.Subscribed(waba))
			require.True(t, d.meta.Revoked(tokens[first.ID]))
			require.False(t, d.meta.Revoked(tokens[second.ID]))
			require.Equal(t, "DISCONNECTED", d.meta.Numbers()[1].Status)
			stored := d.stored(first.ID)
			require.Empty(t, stored.AccessToken)
			require.Empty(t, stored.AccessTokenHint)
			_, err := d.service.AccessToken(stored)
			require.Equal(t, models.CodeChannelUnavailable, models.CodeOf(err))
			require.NoError(t, d.tellMeta(first, true), "twice is like once")
			require.Equal(t, stored.DisconnectedAt, disconnect(first, false).DisconnectedAt)
		})
		t.Run("ends the account's webhooks with its last number, and leaves it registered if not asked", func(t *testing.T) {
			disconnect(second, false)
			require.NoError(t, d.tellMeta(second, false))
			require.False(t, d.meta.Subscribed(waba))
			require.True(t, d.meta.Revoked(tokens[second.ID]))
			require.Equal(t, "CONNECTED", d.meta.Numbers()[0].Status)
		})
		t.Run("connecting again goes on with the same channel", func(t *testing.T) {
			connection := d.authorized()
			chosen := d.choose(connection, ready, "123456")
			if chosen.Status == models.ConnectionFailed { // Meta wants the PIN that it was registered with
				t.Fatalf("%+v", chosen.Failure)
			}
			_, channel, err := d.service.FinishConnection(t.Context(), d.admin, chosen.ID, channels.ChannelDetails{Name: "De volta"})
			require.NoError(t, err)
			require.Equal(t, first.ID, channel.ID)
			stored := d.stored(first.ID)
			require.Equal(t, models.ChannelConnected, stored.Status)
			require.Nil(t, stored.DisconnectedAt)
			require.True(t, stored.CreatedAt.Equal(first.CreatedAt))
			require.NoError(t, d.tellMeta(first, true), "a job that is late undoes nothing")
			token, err := d.service.AccessToken(stored)
			require.NoError(t, err)
			require.False(t, d.meta.Revoked(token))
			require.True(t, d.meta.Subscribed(waba))
		})
		t.Run("waits while Meta does not answer, and gives up after a day", func(t *testing.T) {
			disconnect(first, false)
			d.meta.Faults().Refuse(100, simulator.Refusal{Status: 503, Code: 2, On: simulator.EndpointManagement})
			require.Error(t, d.tellMeta(first, false))
			require.NotEmpty(t, d.stored(first.ID).AccessToken)
			d.clock.Advance(24 * time.Hour)
			require.NoError(t, d.tellMeta(first, false))
			require.Empty(t, d.stored(first.ID).AccessToken)
		})
	})
}

func TestUpdatesEnd(t *testing.T) {
	onEachDesk(t, func(t *testing.T, d *desk) {
		channel := d.connected(ready)
		update := func(event, app string, at time.Time) channels.Update {
			return channels.Update{At: at, AccountUpdate: whatsapp.AccountUpdate{Field: whatsapp.FieldAccountUpdate, WABAID: waba, Event: event, PartnerAppID: app}}
		}
		for name, nothing := range map[string]channels.Update{
			"from before it was connected": update(whatsapp.EventPartnerRemoved, "", noon.Add(-time.Minute)),
			"another app":                  update(whatsapp.EventPartnerUninstalled, "1", noon.Add(time.Minute)),
			"not an end":                   update("PARTNER_ADDED", "", noon.Add(time.Minute)),
		} {
			d.apply(t, nothing)
			require.Equal(t, models.ChannelConnected, d.stored(channel.ID).Status, name)
		}
		d.apply(t, update(whatsapp.EventPartnerUninstalled, simulator.DefaultAppID, noon.Add(time.Minute)))
		d.apply(t, update(whatsapp.EventPartnerRemoved, "", noon.Add(time.Minute)))
		stored := d.stored(channel.ID)
		require.Equal(t, models.ChannelDisconnected, stored.Status)
		require.Equal(t, whatsapp.EventPartnerUninstalled, stored.StatusReason)
		require.Empty(t, stored.AccessToken)
		require.Empty(t, stored.PIN)
		require.Equal(t, 2, d.events(channel.ID), "connected, and disconnected once")
	})
}
