package store_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"recado/models"
	"recado/store"
	"recado/testkit"
)

func newOrganization(t *testing.T, db *store.Store) models.ID {
	t.Helper()
	organization := models.Organization{ID: models.NewID(), Name: "Padaria Aurora"}
	require.NoError(t, db.Write(t.Context(), func(tx *store.Tx) error {
		if err := tx.Create(&organization).Error; err != nil {
			return err
		}
		return tx.Create(&models.FeedHead{OrganizationID: organization.ID}).Error
	}))
	return organization.ID
}

func event(organization models.ID) models.Event {
	return models.Event{
		OrganizationID: organization, Kind: models.EventConversationChanged,
		ChannelID: models.NewID(), ConversationID: models.NewID(), Payload: json.RawMessage(`{}`),
	}
}

func TestWrite(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		t.Run("an error leaves nothing behind", func(t *testing.T) {
			organization := newOrganization(t, db)
			refused := errors.New("refused")
			err := db.Write(t.Context(), func(tx *store.Tx) error {
				tx.Record(event(organization))
				if err := tx.Create(&models.Profile{ID: models.NewID(), OrganizationID: organization, Name: "Sales"}).Error; err != nil {
					return err
				}
				return refused
			})
			require.ErrorIs(t, err, refused)
			var count int64
			require.NoError(t, db.Read(t.Context()).Model(&models.Profile{}).Where("organization_id = ?", organization).Count(&count).Error)
			require.Zero(t, count)
			position, err := db.FeedPosition(t.Context(), organization)
			require.NoError(t, err)
			require.Zero(t, position)
		})

		t.Run("a duplicate key is recognized", func(t *testing.T) {
			organization := newOrganization(t, db)
			profile := func() *models.Profile {
				return &models.Profile{ID: models.NewID(), OrganizationID: organization, Name: "Sales"}
			}
			require.NoError(t, db.Write(t.Context(), func(tx *store.Tx) error { return tx.Create(profile()).Error }))
			err := db.Write(t.Context(), func(tx *store.Tx) error { return tx.Create(profile()).Error })
			require.ErrorIs(t, err, gorm.ErrDuplicatedKey)
		})

		t.Run("positions of events have no holes, whatever fails in between", func(t *testing.T) {
			organizations := []models.ID{newOrganization(t, db), newOrganization(t, db)}
			var wg sync.WaitGroup
			for worker := range 4 {
				wg.Go(func() {
					for round := range 10 {
						err := db.Write(t.Context(), func(tx *store.Tx) error {
							tx.Record(event(organizations[worker%2]), event(organizations[round%2]))
							if round%3 == 0 {
								return errors.New("changed my mind")
							}
							return nil
						})
						if round%3 != 0 && err != nil {
							t.Error(fmt.Errorf("worker %d round %d: %w", worker, round, err))
						}
					}
				})
			}
			wg.Wait()
			total := 0
			for _, organization := range organizations {
				events, err := db.EventsAfter(t.Context(), organization, 0, 1000)
				require.NoError(t, err)
				for i, event := range events {
					require.EqualValues(t, i+1, event.Position)
				}
				total += len(events)
			}
			require.Equal(t, 4*6*2, total)
		})

		t.Run("times come back as they were stored", func(t *testing.T) {
			organization := newOrganization(t, db)
			var found models.Organization
			require.NoError(t, db.Read(t.Context()).First(&found, "id = ?", organization).Error)
			require.WithinDuration(t, models.SystemClock(), found.CreatedAt, time.Minute)
			require.Equal(t, found.CreatedAt.Truncate(models.Precision), found.CreatedAt)
			require.Equal(t, time.UTC, found.CreatedAt.Location())
		})
	})
}

func TestEventsAfter(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		organization := newOrganization(t, db)
		for range 5 {
			require.NoError(t, db.Write(t.Context(), func(tx *store.Tx) error { tx.Record(event(organization)); return nil }))
		}
		events, err := db.EventsAfter(t.Context(), organization, 2, 2)
		require.NoError(t, err)
		require.Len(t, events, 2)
		require.EqualValues(t, 3, events[0].Position)

		events, err = db.EventsAfter(t.Context(), organization, 5, 10)
		require.NoError(t, err)
		require.Empty(t, events)

		// Two transactions at once: the later position has the earlier time.
		require.NoError(t, db.Write(t.Context(), func(tx *store.Tx) error {
			return tx.Model(&models.Event{}).Where("organization_id = ? AND position = ?", organization, 4).
				Update("created_at", models.SystemClock().Add(2*models.ServiceWindow)).Error
		}))
		trimmed, err := db.TrimFeed(t.Context(), models.SystemClock().Add(models.ServiceWindow), 2)
		require.NoError(t, err)
		require.EqualValues(t, 3, trimmed, "event 5 is old, but behind one that is not")
		_, err = db.EventsAfter(t.Context(), organization, 2, 10)
		require.Equal(t, models.CodeCursorExpired, models.CodeOf(err), "events 3 were trimmed")
		events, err = db.EventsAfter(t.Context(), organization, 3, 10)
		require.NoError(t, err)
		require.Len(t, events, 2)
	})
}
