package channels_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"recado/channels"
	"recado/models"
	"recado/store"
	"recado/testkit"
	"recado/whatsapp"
	"recado/whatsapp/simulator"
)

// apply works updates in as a delivery does.
func (w *world) apply(t testing.TB, updates ...channels.Update) {
	t.Helper()
	require.NoError(t, w.db.Write(t.Context(), func(tx *store.Tx) error {
		locked, err := channels.LockForUpdates(tx, nil, []string{waba})
		if err != nil {
			return err
		}
		_, err = w.service.ApplyUpdates(t.Context(), tx, locked, updates)
		return err
	}))
}

func TestUpdates(t *testing.T) {
	onEachDesk(t, func(t *testing.T, d *desk) {
		channel, other := d.connected(ready), d.connected(pending)
		digits := whatsapp.Digits(channel.DisplayNumber)
		at := noon
		tell := func(update whatsapp.AccountUpdate) models.ChannelFacts {
			t.Helper()
			at = at.Add(time.Minute)
			update.WABAID = waba
			d.apply(t, channels.Update{AccountUpdate: update, At: at})
			return *d.stored(channel.ID).Facts
		}
		facts := tell(whatsapp.AccountUpdate{Field: whatsapp.FieldNumberQuality, PhoneNumber: digits, Event: "THROUGHPUT_UPGRADE", Throughput: "HIGH", MessagingLimit: "TIER_10K"})
		require.Equal(t, "HIGH", facts.Throughput.Value)
		require.Equal(t, 10_000, facts.MessagingLimit.Value)
		require.Zero(t, d.stored(other.ID).Facts.MessagingLimit, "another number of the account")
		require.Equal(t, "RED", tell(whatsapp.AccountUpdate{Field: whatsapp.FieldNumberQuality, PhoneNumber: digits, Event: "FLAGGED"}).QualityRating.Value)
		facts = tell(whatsapp.AccountUpdate{Field: whatsapp.FieldCapability, MessagingLimit: "-1"})
		require.Equal(t, models.UnlimitedMessaging, facts.MessagingLimit.Value)
		require.Equal(t, models.UnlimitedMessaging, d.stored(other.ID).Facts.MessagingLimit.Value, "the whole account")
		facts = tell(whatsapp.AccountUpdate{Field: whatsapp.FieldNumberName, PhoneNumber: digits, Decision: "REJECTED", RequestedName: "Outra", RejectionReason: "NAME_EMPLOYEE_ISSUE"})
		require.Equal(t, []string{"DECLINED", "NAME_EMPLOYEE_ISSUE", "Padaria Aurora"}, []string{facts.NameStatus.Value, facts.NameRejection.Value, facts.VerifiedName.Value})
		facts = tell(whatsapp.AccountUpdate{Field: whatsapp.FieldNumberName, PhoneNumber: digits, Decision: "APPROVED", RequestedName: "Aurora Pães"})
		require.Equal(t, []string{"APPROVED", "", "Aurora Pães"}, []string{facts.NameStatus.Value, facts.NameRejection.Value, facts.VerifiedName.Value})
		require.Equal(t, "REJECTED", tell(whatsapp.AccountUpdate{Field: whatsapp.FieldAccountReview, Decision: "REJECTED"}).AccountReview.Value)
		require.Equal(t, "SPAM", tell(whatsapp.AccountUpdate{Field: whatsapp.FieldAccountUpdate, Event: whatsapp.EventAccountViolation, Violation: "SPAM"}).Violation.Value)
		until := noon.Add(72 * time.Hour)
		facts = tell(whatsapp.AccountUpdate{Field: whatsapp.FieldAccountUpdate, Event: whatsapp.EventAccountRestriction, Restrictions: []whatsapp.AccountRestriction{{Type: "A", ExpiresAt: until}, {Type: "B"}}})
		require.Len(t, facts.RestrictedAt(noon), 2)
		require.Equal(t, "B", facts.RestrictedAt(until)[0].Type)
		require.False(t, facts.Disabled())
		require.True(t, tell(whatsapp.AccountUpdate{Field: whatsapp.FieldAccountUpdate, Event: whatsapp.EventAccountDisabled, BanState: "DISABLE"}).Disabled())
		require.False(t, tell(whatsapp.AccountUpdate{Field: whatsapp.FieldAccountUpdate, Event: whatsapp.EventAccountDisabled, BanState: "REINSTATE"}).Disabled())
		require.Equal(t, "PIN_CHANGED", tell(whatsapp.AccountUpdate{Field: whatsapp.FieldSecurity, PhoneNumber: digits, Event: "PIN_CHANGED"}).Security.Value)

		alert := whatsapp.AccountAlert{Type: "OBA_REJECTED", Severity: "WARNING", Status: "ACTIVE", Description: "Not notable."}
		tell(whatsapp.AccountUpdate{Field: whatsapp.FieldAlerts, Alert: &alert})
		require.Len(t, d.stored(other.ID).Facts.Alerts, 1, "the whole account")
		for _, number := range []string{channel.PhoneNumberID, digits} {
			facts = tell(whatsapp.AccountUpdate{Field: whatsapp.FieldAlerts, NumberID: number, Alert: &whatsapp.AccountAlert{Type: "PROFILE_PICTURE_LOST", Status: "ACTIVE", Description: number}})
			require.Len(t, facts.Alerts, 2)
			require.Equal(t, models.Alert(alert), facts.Alerts[0].Value)
			require.Equal(t, number, facts.Alerts[1].Value.Description, "the newest of each type")
			require.Len(t, d.stored(other.ID).Facts.Alerts, 1, "another number of the account")
		}

		events := d.events(channel.ID)
		tell(whatsapp.AccountUpdate{Field: whatsapp.FieldSecurity, PhoneNumber: digits, Event: "PIN_CHANGED"})
		require.Equal(t, events, d.events(channel.ID), "what changes nothing is no event")
	})
}

// TestUpdatesAnyOrder holds that any order and repetition of the same updates ends in
// the same state.
func TestUpdatesAnyOrder(t *testing.T) {
	db := testkit.Open(t, testkit.URL(t, store.SQLite), nil)
	w := newWorld(t, db)
	rapid.Check(t, func(rt *rapid.T) {
		n := w.newChannel("Vendas")
		n.WABAID = waba
		connect := func() models.ID {
			n.PhoneNumberID += "1"
			channel, err := w.service.Connect(t.Context(), n)
			require.NoError(rt, err)
			return channel.ID
		}
		one, other := connect(), connect()
		start := db.Now()
		updates := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) channels.Update {
			update := channels.Update{At: start.Add(time.Duration(rapid.IntRange(-3, 3).Draw(rt, "at")) * time.Hour)}
			update.WABAID = waba
			switch rapid.IntRange(0, 5).Draw(rt, "field") {
			case 5:
				update.Field = whatsapp.FieldAlerts
				update.Alert = &whatsapp.AccountAlert{Type: rapid.SampledFrom([]string{"X", "Y"}).Draw(rt, "type"), Status: rapid.SampledFrom([]string{"ACTIVE", "NONE"}).Draw(rt, "status")}
			case 0:
				update.Field, update.MessagingLimit = whatsapp.FieldCapability, rapid.SampledFrom([]string{"-1", "250", "2000"}).Draw(rt, "limit")
			case 1:
				update.Field, update.Decision = whatsapp.FieldNumberName, rapid.SampledFrom([]string{"APPROVED", "REJECTED", "PENDING"}).Draw(rt, "decision")
				update.RequestedName = rapid.SampledFrom([]string{"A", "B"}).Draw(rt, "name")
			case 2:
				update.Field, update.Event = whatsapp.FieldAccountUpdate, whatsapp.EventAccountRestriction
				for range rapid.IntRange(0, 2).Draw(rt, "restrictions") {
					update.Restrictions = append(update.Restrictions, whatsapp.AccountRestriction{Type: rapid.SampledFrom([]string{"X", "Y"}).Draw(rt, "type")})
				}
			case 3:
				update.Field, update.Event = whatsapp.FieldNumberQuality, rapid.SampledFrom([]string{"FLAGGED", "UNFLAGGED"}).Draw(rt, "flag")
			default:
				update.Field, update.Event = whatsapp.FieldAccountUpdate, whatsapp.EventPartnerRemoved
			}
			return update
		}), 1, 8).Draw(rt, "updates")
		shuffled := rapid.Permutation(append(updates, updates...)).Draw(rt, "order")
		apply := func(id models.ID, updates []channels.Update) models.Channel {
			for _, update := range updates {
				require.NoError(rt, db.Write(t.Context(), func(tx *store.Tx) error {
					var locked []models.Channel
					if err := tx.Find(&locked, "id = ?", id).Error; err != nil {
						return err
					}
					_, err := w.service.ApplyUpdates(t.Context(), tx, locked, []channels.Update{update})
					return err
				}))
			}
			found, err := w.service.ByID(t.Context(), w.administrator(), []models.ID{id})
			require.NoError(rt, err)
			return found[id]
		}
		a, b := apply(one, updates), apply(other, shuffled)
		require.Equal(rt, a.Facts, b.Facts)
		require.Equal(rt, a.Status, b.Status)
		require.Len(rt, b.AccessToken, len(a.AccessToken))
	})
}

func TestCheck(t *testing.T) {
	onEachDesk(t, func(t *testing.T, d *desk) {
		channel := d.connected(ready)
		token, err := d.service.AccessToken(channel)
		require.NoError(t, err)
		check := func() models.Channel {
			t.Helper()
			d.clock.Advance(time.Minute)
			_, err := d.service.CheckChannel(t.Context(), d.admin, channel.ID)
			require.NoError(t, err)
			return d.stored(channel.ID)
		}
		problems := func(channel models.Channel) (codes []models.ChannelProblemCode) {
			for _, problem := range channel.Problems {
				codes = append(codes, problem.Code)
			}
			return codes
		}
		number := simulator.Number{ID: ready, DisplayNumber: "5511912345679", WABAID: waba, VerifiedName: "Padaria Aurora", Token: ""}

		t.Run("reads what Meta says", func(t *testing.T) {
			healthy := check()
			require.Empty(t, healthy.Problems)
			require.Equal(t, d.clock.Now(), healthy.CheckedAt.UTC())
			require.Equal(t, 2000, healthy.Facts.MessagingLimit.Value)
			require.Equal(t, "STANDARD", healthy.Facts.Throughput.Value)
			require.Equal(t, "GREEN", healthy.Facts.QualityRating.Value)
			events := d.events(channel.ID)
			check()
			require.Equal(t, events, d.events(channel.ID), "a look that finds nothing new is no event")
			number.MessagingLimit, number.QualityRating = "TIER_10K", "YELLOW"
			require.NoError(t, d.meta.AddNumber(number))
			changed := check()
			require.Equal(t, 10_000, changed.Facts.MessagingLimit.Value)
			require.Equal(t, "YELLOW", changed.Facts.QualityRating.Value)
			require.Equal(t, events+1, d.events(channel.ID))
		})
		t.Run("is newer than a webhook that comes late", func(t *testing.T) {
			d.apply(t, channels.Update{At: noon, AccountUpdate: whatsapp.AccountUpdate{Field: whatsapp.FieldCapability, WABAID: waba, MessagingLimit: "250"}})
			require.Equal(t, 10_000, d.stored(channel.ID).Facts.MessagingLimit.Value)
		})
		t.Run("mends a lost subscription", func(t *testing.T) {
			d.meta.Unsubscribe(waba)
			require.Empty(t, check().Problems)
			require.True(t, d.meta.Subscribed(waba))
		})
		t.Run("says what it cannot mend, since when, until it is over", func(t *testing.T) {
			number.Status = "RESTRICTED"
			require.NoError(t, d.meta.AddNumber(number))
			sick := check()
			require.Equal(t, []models.ChannelProblemCode{models.ProblemNumberNotConnected}, problems(sick))
			require.Equal(t, "RESTRICTED", sick.Problems[0].Details)
			require.Equal(t, sick.Problems[0].Since.UTC(), check().Problems[0].Since.UTC())
			number.Status = "CONNECTED"
			require.NoError(t, d.meta.AddNumber(number))
			require.Empty(t, check().Problems)
		})
		t.Run("warns before the token ends", func(t *testing.T) {
			d.clock.Advance(55 * 24 * time.Hour)
			ending := check()
			require.Equal(t, []models.ChannelProblemCode{models.ProblemTokenExpiresSoon}, problems(ending))
			require.Equal(t, models.ChannelConnected, ending.Status)
			require.NotNil(t, ending.TokenExpiresAt)
		})
		t.Run("notices a token that ended, and one that works again", func(t *testing.T) {
			d.clock.Advance(10 * 24 * time.Hour)
			ended := check()
			require.Equal(t, models.ChannelReauthorizationRequired, ended.Status)
			require.Contains(t, ended.StatusReason, "expired")
			require.Equal(t, []models.ChannelProblemCode{models.ProblemTokenInvalid}, problems(ended))
			d.meta.GrantToken(simulator.Token{Value: token, WABAIDs: []string{waba}})
			again := check()
			require.Equal(t, models.ChannelConnected, again.Status)
			require.Empty(t, again.Problems)
			require.Nil(t, again.TokenExpiresAt)
			d.meta.RevokeToken(token)
			require.Equal(t, models.ChannelReauthorizationRequired, check().Status)
		})
		t.Run("finds what the token may no longer see", func(t *testing.T) {
			d.meta.GrantToken(simulator.Token{Value: token, WABAIDs: []string{"1"}})
			require.Equal(t, []models.ChannelProblemCode{models.ProblemNumberNotFound}, problems(check()))
		})
		t.Run("an outage of Meta's is no finding", func(t *testing.T) {
			before := d.stored(channel.ID)
			d.meta.Faults().Refuse(50, simulator.Refusal{Status: 503, Code: 2, On: simulator.EndpointManagement})
			_, err := d.service.CheckChannel(t.Context(), d.admin, channel.ID)
			require.Error(t, err)
			require.Equal(t, before.CheckedAt, d.stored(channel.ID).CheckedAt)
			d.meta.Faults().Clear()
		})
		t.Run("is for administrators", func(t *testing.T) {
			_, err := d.service.CheckChannel(t.Context(), d.viewer(map[models.ID]models.MessagingLevel{channel.ID: models.LevelReply}), channel.ID)
			require.Equal(t, models.CodeForbidden, models.CodeOf(err))
			_, err = d.service.CheckChannel(t.Context(), newWorld(t, d.db).administrator(), channel.ID)
			require.Equal(t, models.NewError(models.CodeNotFound, "channelId"), err)
		})
	})
}

func TestHeard(t *testing.T) {
	onEachDesk(t, func(t *testing.T, d *desk) {
		channel := d.connected(ready)
		require.NoError(t, channels.Heard(t.Context(), d.db, []models.ID{channel.ID}, noon))
		require.NoError(t, channels.Heard(t.Context(), d.db, []models.ID{channel.ID}, noon.Add(time.Second)))
		require.Equal(t, noon, d.stored(channel.ID).LastWebhookAt.UTC(), "to the minute")
		require.NoError(t, channels.Heard(t.Context(), d.db, []models.ID{channel.ID}, noon.Add(2*time.Minute)))
		require.Equal(t, noon.Add(2*time.Minute), d.stored(channel.ID).LastWebhookAt.UTC())
	})
}
