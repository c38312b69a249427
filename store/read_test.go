package store_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"recado/models"
	"recado/store"
	"recado/testkit"
)

// TestRead holds that rows come back as they were written, by whichever way they
// are read: a transaction reads as GORM does it, and what is outside may not.
func TestRead(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		w := testkit.NewWorld(t, db)
		conversation := w.Conversation(w.Open, "Maria", db.Now())
		w.Exec("DELETE FROM messages")
		organization, channel, conversationID := conversation.OrganizationID, conversation.ChannelID, conversation.ID
		id := models.NewID()
		now := time.Date(2026, 3, 1, 12, 30, 45, 123_456_000, time.UTC)
		old := time.Date(1969, 7, 20, 20, 17, 40, 1000, time.UTC)
		messages := []models.Message{
			{
				OrganizationID: organization, ID: models.NewID(), ChannelID: channel, ConversationID: conversationID, Direction: models.Inbound, Kind: "image",
				Raw: []byte("{\"type\":\"image\"}\x00"), Status: models.StatusReceived, SentAt: old, CreatedAt: now, UpdatedAt: now,
			},
			{
				OrganizationID: organization, ID: models.NewID(), ChannelID: channel, ConversationID: conversationID, Direction: models.Outbound, Kind: models.KindText,
				Body: "Olá, \"Zoé\" \\ 🙂", PreviewURL: true, WAMID: new("wamid.1"), ReplyToWAMID: new(""), SenderID: &id, Status: models.StatusFailed,
				SentAt: now, AcceptedAt: &now, LeftAt: &old, FailedAt: &now, Failure: &models.Failure{Code: "WINDOW_CLOSED", MetaCode: 131047},
				Attempts: 1 << 40, AttemptedAt: &now, CreatedAt: now, UpdatedAt: now,
			},
		}
		happened := event(organization)
		happened.Payload, happened.CreatedAt = json.RawMessage(`{"a":1}`), now
		require.NoError(t, db.Write(t.Context(), func(tx *store.Tx) error {
			tx.Record(happened)
			return tx.Create(&messages).Error
		}))

		t.Run("gives back what was written", func(t *testing.T) {
			rows := bothWays[models.Message](t, db, func(query *gorm.DB) *gorm.DB { return query.Order("sent_at") })
			require.Equal(t, messages, rows)
			require.Len(t, bothWays[models.Event](t, db, func(query *gorm.DB) *gorm.DB { return query }), 1)
		})

		t.Run("finds ids, and nothing among none", func(t *testing.T) {
			for _, ids := range [][]models.ID{nil, {id}, {messages[0].ID}, {messages[1].ID, id, messages[0].ID, messages[1].ID}} {
				var expected []models.ID
				for _, row := range messages {
					for _, wanted := range ids[:min(len(ids), 3)] {
						if row.ID == wanted {
							expected = append(expected, row.ID)
						}
					}
				}
				var found []models.ID
				for _, row := range bothWays[models.Message](t, db, func(query *gorm.DB) *gorm.DB {
					return query.Where("organization_id = ?", organization).Where(store.OneOf("id", ids)).Order("sent_at")
				}) {
					found = append(found, row.ID)
				}
				require.Equal(t, expected, found)
			}
		})

		t.Run("fills what is asked for, and replaces what was there", func(t *testing.T) {
			rows := []models.Message{{Body: "old"}, {}, {}}
			query := db.Read(t.Context()).Select("id, 1 AS other, body").Where("sent_at = ?", old).Find(&rows)
			require.NoError(t, query.Error)
			require.Equal(t, int64(1), query.RowsAffected)
			require.Equal(t, []models.Message{{ID: messages[0].ID}}, rows)
			query = db.Read(t.Context()).Where("body = ?", "nothing").Find(&rows)
			require.NoError(t, query.Error)
			require.Empty(t, rows)
		})

		t.Run("reports what went wrong", func(t *testing.T) {
			var rows []models.Message
			require.Error(t, db.Read(t.Context()).Where("no_such_column = 1").Find(&rows).Error)
			ended, end := context.WithCancel(t.Context())
			end()
			require.ErrorIs(t, db.Read(ended).Find(&rows).Error, context.Canceled)
			require.NoError(t, db.Read(t.Context()).Find(&rows).Error) // the connections are fit for more
			require.Len(t, rows, 2)
		})
	})
}

// bothWays reads outside and inside of a transaction, which must be the same.
func bothWays[T any](t *testing.T, db *store.Store, refine func(*gorm.DB) *gorm.DB) []T {
	t.Helper()
	var outside, inside []T
	require.NoError(t, refine(db.Read(t.Context())).Find(&outside).Error)
	require.NoError(t, db.Write(t.Context(), func(tx *store.Tx) error { return refine(tx.DB).Find(&inside).Error }))
	require.Equal(t, inside, outside)
	return outside
}
