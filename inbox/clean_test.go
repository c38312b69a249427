package inbox_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/inbox"
	"recado/models"
	"recado/store"
)

const ofDay = 24 * time.Hour

func TestClean_deletes_what_is_past_its_time(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		before := func(age time.Duration) time.Time { return noon.Add(-age) }
		delivery := func(outcome models.DeliveryOutcome, age time.Duration) models.WebhookDelivery {
			return models.WebhookDelivery{ID: models.NewID(), Body: []byte("{}"), Outcome: outcome, ReceivedAt: before(age)}
		}
		kept := []models.WebhookDelivery{
			delivery(models.DeliveryProcessed, 7*ofDay), delivery(models.DeliveryIgnored, 0), delivery(models.DeliveryFailed, 28*ofDay),
		}
		gone := []models.WebhookDelivery{delivery(models.DeliveryFailed, 28*ofDay+time.Second)}
		for range 1200 { // more than one round
			gone = append(gone, delivery(models.DeliveryProcessed, 7*ofDay+time.Second))
		}
		parked := func(wamid string, age time.Duration) models.ParkedStatus {
			return models.ParkedStatus{
				OrganizationID: o.organization, ChannelID: o.channel.ID, WAMID: wamid, Status: models.StatusSent,
				OccurredAt: before(age), CreatedAt: before(age),
			}
		}
		record := func(key string, age time.Duration) models.IdempotencyRecord {
			return models.IdempotencyRecord{
				OrganizationID: o.organization, ActorID: o.admin.UserID, Mutation: "messageSend", Key: key,
				InputHash: []byte{1}, ResultID: models.NewID(), CreatedAt: before(age),
			}
		}
		require.NoError(t, o.db.Write(t.Context(), func(tx *store.Tx) error {
			if err := store.InsertAll(tx, append(kept, gone...)); err != nil {
				return err
			}
			if err := store.InsertAll(tx, []models.ParkedStatus{parked("wamid.kept", 31*ofDay), parked("wamid.gone", 31*ofDay+time.Second)}); err != nil {
				return err
			}
			return store.InsertAll(tx, []models.IdempotencyRecord{record("kept", ofDay), record("gone", ofDay+time.Second)})
		}))

		require.NoError(t, o.inbox.Clean(t.Context()))
		var deliveries []models.ID
		require.NoError(t, o.db.Read(t.Context()).Model(&models.WebhookDelivery{}).Order("id").Pluck("id", &deliveries).Error)
		require.Equal(t, []models.ID{kept[0].ID, kept[1].ID, kept[2].ID}, deliveries)
		var wamids, keys []string
		require.NoError(t, o.db.Read(t.Context()).Model(&models.ParkedStatus{}).Pluck("wamid", &wamids).Error)
		require.NoError(t, o.db.Read(t.Context()).Model(&models.IdempotencyRecord{}).Pluck("key", &keys).Error)
		require.Equal(t, []string{"wamid.kept"}, wamids)
		require.Equal(t, []string{"kept"}, keys)
	})
}

func TestClean_trims_the_feed(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		conversation, iris := o.greeted()
		o.clock.Advance(7 * ofDay)
		require.NoError(t, o.inbox.Clean(t.Context()))
		require.Len(t, o.events(conversation.ID), 2, "a week is not over yet")
		o.clock.Advance(time.Second)
		require.NoError(t, o.inbox.Clean(t.Context()))
		require.Empty(t, o.events(conversation.ID))

		start := int64(0)
		stale := o.subscribe(o.admin, inbox.Subscription{After: &start})
		_, err := stale.try()
		requireCode(t, models.CodeCursorExpired, err)
		live := o.subscribe(o.admin, inbox.Subscription{})
		o.written(iris, "Hello?")
		require.EqualValues(t, 5, live.next().Position, "positions go on")
		require.NotZero(t, o.conversation(conversation.ID).UnreadCount, "conversations stay")
	})
}
