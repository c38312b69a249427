package inbox_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/inbox"
	"recado/models"
	"recado/store"
	"recado/testkit"
)

func TestRebuildSearch(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		w, other := testkit.NewWorld(t, db), testkit.NewWorld(t, db)
		service := newReceiver(t, db)
		const many = 1200 // more than two batches
		old := w.Conversations(w.Open, []time.Time{noon})[0]
		messages := make([]models.Message, many)
		for i := range messages {
			messages[i] = models.Message{
				OrganizationID: w.Organization.ID, ID: models.NewID(), ChannelID: old.ChannelID, ConversationID: old.ID, Body: fmt.Sprint("pão ", i),
				Direction: models.Inbound, Kind: models.KindText, Status: models.StatusReceived, SentAt: noon.Add(-time.Duration(i) * time.Second),
			}
		}
		w.Write(func(tx *store.Tx) error { return store.InsertAll(tx, messages) }) // as before there was an index
		theirs := other.Conversation(other.Open, "Iris", noon)
		other.Message(&theirs, "pão dos outros", noon)

		viewer := w.Viewer(w.Administrator)
		found := func(text string) int {
			t.Helper()
			page, err := service.SearchMessages(t.Context(), viewer, inbox.MessageSearch{Text: text, Page: inbox.PageRequest{First: new(100)}})
			require.NoError(t, err)
			return len(page.Rows)
		}
		require.Zero(t, found("pao"))

		ctx, stop := context.WithCancel(t.Context())
		written, err := service.RebuildSearch(ctx, false, func(int) { stop() })
		require.ErrorIs(t, err, context.Canceled)
		require.Positive(t, written)
		require.Less(t, written, many)

		reports := 0
		rest, err := service.RebuildSearch(t.Context(), false, func(int) { reports++ })
		require.NoError(t, err)
		require.Positive(t, reports)
		const contactsOfOld = 1
		require.Equal(t, many+contactsOfOld, written+rest, "broken off, it goes on")
		require.Equal(t, 100, found("pao"))
		require.Equal(t, 1, found("1199"))

		again, err := service.RebuildSearch(t.Context(), false, func(int) {})
		require.NoError(t, err)
		require.Zero(t, again, "what is found is left alone")

		w.Exec("UPDATE messages SET body = 'bolo' WHERE id = ?", messages[0].ID)
		all, err := service.RebuildSearch(t.Context(), true, func(int) {})
		require.NoError(t, err)
		require.Greater(t, all, many)
		require.Equal(t, 1, found("bolo"))
	})
}
