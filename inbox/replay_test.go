package inbox_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/models"
	"recado/store"
	"recado/testkit"
)

func TestReplay(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		service := newReceiver(t, db)

		t.Run("brings nothing twice", func(t *testing.T) {
			s := newShop(t, db, service)
			id := s.deliver(payload(text(s.channels[0], joao, "João", "wamid.1", "Oi", noon)))
			before := s.state()
			replayed, err := service.Replay(t.Context(), id)
			require.NoError(t, err)
			require.Equal(t, models.DeliveryProcessed, replayed.Outcome)
			require.Equal(t, 2, replayed.Attempts)
			require.Equal(t, before, s.state())
		})

		t.Run("brings what was ignored for want of a channel, at the time it came", func(t *testing.T) {
			s := newShop(t, db, service)
			unknown := models.Channel{PhoneNumberID: digits(models.NewID())}
			id := s.deliver(payload(text(unknown, joao, "João", "wamid.1", "Oi", noon.Add(time.Hour)))) // a clock that runs ahead
			require.NoError(t, db.Write(t.Context(), func(tx *store.Tx) error {
				return tx.Model(&models.Channel{}).Where("id = ?", s.channels[0].ID).Update("phone_number_id", unknown.PhoneNumberID).Error
			}))
			replayed, err := service.Replay(t.Context(), id)
			require.NoError(t, err)
			require.Equal(t, models.DeliveryProcessed, replayed.Outcome)
			require.Empty(t, replayed.Reason)
			require.Equal(t, noon, s.only().LastCustomerMessageAt.UTC(), "replaying does not lengthen the window")
		})

		t.Run("of what never was", func(t *testing.T) {
			_, err := service.Replay(t.Context(), models.NewID())
			requireCode(t, models.CodeNotFound, err)
			_, err = service.Delivery(t.Context(), models.NewID())
			requireCode(t, models.CodeNotFound, err)
		})

		t.Run("of what is still no webhook", func(t *testing.T) {
			s := newShop(t, db, service)
			replayed, err := service.Replay(t.Context(), s.deliver([]byte("<html>")))
			require.NoError(t, err)
			require.Equal(t, models.DeliveryFailed, replayed.Outcome)
			require.Equal(t, 2, replayed.Attempts)
		})
	})
}

func TestDeliveries_lists_the_newest_first(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		service := newReceiver(t, db)
		s := newShop(t, db, service)
		first := s.deliver([]byte("<html>"))
		second := s.deliver(payload(text(s.channels[0], joao, "João", "wamid.1", "Oi", noon)))
		third := s.deliver([]byte("<html>"))
		ids := func(outcome models.DeliveryOutcome, limit int) []models.ID {
			deliveries, err := service.Deliveries(t.Context(), outcome, limit)
			require.NoError(t, err)
			var ids []models.ID
			for _, delivery := range deliveries {
				ids = append(ids, delivery.ID)
			}
			return ids
		}
		require.Equal(t, []models.ID{third, second, first}, ids("", 10))
		require.Equal(t, []models.ID{third, second}, ids("", 2))
		require.Equal(t, []models.ID{third, first}, ids(models.DeliveryFailed, 10))
	})
}
