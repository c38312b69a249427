package inbox_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/models"
	"recado/store"
	"recado/testkit"
)

func TestReceive_statuses(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		service := newReceiver(t, db)
		// sent has one outgoing message that Meta took, if it is named.
		sent := func(t *testing.T) (*shop, func() models.Message) {
			t.Helper()
			s := newShop(t, db, service)
			d := day{
				opening:  act{what: "message", wa: joao, name: "João", wamid: "wamid.open", body: "Oi", at: noon.Add(-hour)},
				outgoing: []outgoing{{wamid: "wamid.out", at: noon.Add(-time.Minute)}},
			}
			ids := s.begin(d)
			s.play(ids, [][][]act{{{{what: "answer", wamid: "wamid.out"}}}})
			return s, func() models.Message {
				for _, message := range rows[models.Message](s, "id") {
					if message.ID == ids[0] {
						return message
					}
				}
				t.Fatal("the message is gone")
				return models.Message{}
			}
		}

		t.Run("move forward only", func(t *testing.T) {
			s, message := sent(t)
			for i, test := range []struct {
				step string
				want models.MessageStatus
			}{
				{"delivered", models.StatusDelivered},
				{"sent", models.StatusDelivered},
				{"read", models.StatusRead},
				{"delivered", models.StatusRead},
				{"sent", models.StatusRead},
			} {
				s.receive(payload(status(s.channels[0], "wamid.out", test.step, "", noon.Add(time.Duration(i)*time.Second))))
				require.Equal(t, test.want, message().Status)
			}
			require.Equal(t, noon, message().DeliveredAt.UTC(), "the first time it was told")
			require.Equal(t, noon.Add(time.Second), message().LeftAt.UTC())
			require.Equal(t, noon.Add(2*time.Second), message().ReadAt.UTC())
		})

		t.Run("told again tell nobody", func(t *testing.T) {
			s, _ := sent(t)
			body := payload(status(s.channels[0], "wamid.out", "delivered", "", noon))
			s.receive(body)
			events := len(rows[models.Event](s, "position"))
			s.receive(body, body)
			require.Len(t, rows[models.Event](s, "position"), events)
		})

		t.Run("keep the error", func(t *testing.T) {
			s, message := sent(t)
			s.receive(payload(status(s.channels[0], "wamid.out", "failed", "", noon)))
			require.Equal(t, models.StatusFailed, message().Status)
			require.Equal(t, &models.Failure{
				Code: "RECIPIENT_UNREACHABLE", NextAction: "STOP_RECIPIENT", MetaCode: 131026, MetaTitle: "Message undeliverable",
			}, message().Failure)
			require.Equal(t, noon, message().FailedAt.UTC())
		})

		t.Run("that come first wait for their message", func(t *testing.T) {
			s := newShop(t, db, service)
			s.receive(payload(
				status(s.channels[0], "wamid.out", "delivered", "", noon.Add(time.Second)), status(s.channels[0], "wamid.out", "sent", "", noon)))
			s.receive(payload(status(s.channels[0], "wamid.out", "delivered", "", noon)))
			require.Len(t, rows[models.ParkedStatus](s, "status"), 2)
			d := day{
				opening:  act{what: "message", wa: joao, name: "João", wamid: "wamid.open", body: "Oi", at: noon.Add(-hour)},
				outgoing: []outgoing{{wamid: "wamid.out", at: noon.Add(-time.Minute)}},
			}
			s.play(s.begin(d), [][][]act{{{{what: "answer", wamid: "wamid.out"}}}})
			message := rows[models.Message](s, "sent_at")[1]
			require.Equal(t, models.StatusDelivered, message.Status)
			require.Equal(t, noon, message.DeliveredAt.UTC(), "the earliest of the two")
			require.Empty(t, rows[models.ParkedStatus](s, "status"))
		})

		t.Run("of another channel or for a customer's message change nothing", func(t *testing.T) {
			s, message := sent(t)
			before := message()
			s.receive(payload(
				status(s.channels[1], "wamid.out", "read", "", noon),
				status(s.channels[1], "wamid.other", "read", before.ID.String(), noon),
				status(s.channels[0], "wamid.other", "read", before.ID.String(), noon), // a second copy, not this one
				status(s.channels[0], "wamid.open", "read", "", noon)))
			require.Equal(t, before.Status, message().Status)
			require.Equal(t, models.StatusReceived, rows[models.Message](s, "sent_at")[0].Status)
		})

		t.Run("of another organization change nothing", func(t *testing.T) {
			_, message := sent(t)
			other := newShop(t, db, service)
			other.receive(payload(status(other.channels[0], "wamid.x", "read", message().ID.String(), noon)))
			require.Equal(t, models.StatusAccepted, message().Status)
		})
	})
}

// A conversation may be merged into another, by a message on another channel,
// while a status of one of its messages waits for its lock.
func TestReceive_status_of_a_message_that_a_merge_moves(t *testing.T) {
	db := testkit.Open(t, testkit.URL(t, store.Postgres), nil)
	service := newReceiver(t, db)
	s := newShop(t, db, service)
	hidden := text(s.channels[0], "", "João", "wamid.hidden", "Oi", noon.Add(-hour))
	hidden.contact = map[string]any{"user_id": "BR.1", "profile": map[string]any{"name": "João"}}
	delete(hidden.message, "from")
	hidden.message["from_user_id"] = "BR.1"
	s.receive(payload(text(s.channels[0], joao, "João", "wamid.open", "Oi", noon.Add(-hour))))
	s.receive(payload(hidden))
	conversations := rows[models.Conversation](s, "id")
	require.Len(t, conversations, 2)
	message := models.Message{
		OrganizationID: s.organization, ID: models.NewID(), ChannelID: s.channels[0].ID, ConversationID: conversations[1].ID,
		Direction: models.Outbound, Kind: models.KindText, Body: "Bom dia", Status: models.StatusAccepted, SentAt: noon,
		WAMID: new("wamid.out"), AcceptedAt: new(noon),
	}
	require.NoError(t, db.Write(t.Context(), func(tx *store.Tx) error { return tx.Create(&message).Error }))

	// The feed's lock holds the merging transaction back right before its commit.
	var work sync.WaitGroup
	require.NoError(t, db.Write(t.Context(), func(tx *store.Tx) error {
		if err := store.Locking(tx.DB).Take(&models.FeedHead{}, "organization_id = ?", s.organization).Error; err != nil {
			return err
		}
		both := text(s.channels[1], joao, "João", "wamid.both", "Oi", noon)
		both.contact["user_id"], both.message["from_user_id"] = "BR.1", "BR.1"
		work.Go(func() { s.receive(payload(both)) })
		s.awaitLocks(1)
		work.Go(func() { s.receive(payload(status(s.channels[0], "wamid.out", "read", "", noon))) })
		s.awaitLocks(2)
		return nil
	}))
	work.Wait()
	require.Len(t, rows[models.Conversation](s, "id"), 2, "one per channel")
	moved := rows[models.Message](s, "id")
	for _, m := range moved {
		if m.ID == message.ID {
			require.Equal(t, models.StatusRead, m.Status)
			require.Equal(t, conversations[0].ID, m.ConversationID)
		}
	}
	failed, err := service.Deliveries(t.Context(), models.DeliveryFailed, 10)
	require.NoError(t, err)
	require.Empty(t, failed)
}

// awaitLocks waits until so many transactions of the database wait for a lock.
func (s *shop) awaitLocks(count int) {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		var waiting int
		err := s.db.Read(context.Background()).
			Raw("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(&waiting).Error
		return err == nil && waiting >= count
	}, patience, 5*time.Millisecond)
}
