package graph

import (
	"testing"

	"github.com/stretchr/testify/require"

	"recado/models"
)

// FuzzFeedCursor holds that a cursor means one place in one organization's feed,
// and that no other text is taken for one.
func FuzzFeedCursor(f *testing.F) {
	organization := models.NewID()
	f.Add(feedCursor(models.Event{OrganizationID: organization, Position: 42}))
	f.Add(feedCursor(models.Event{OrganizationID: models.NewID(), Position: 42}))
	f.Add("")
	f.Fuzz(func(t *testing.T, cursor string) {
		position, err := feedPosition(organization, &cursor)
		if err != nil {
			require.Equal(t, models.NewError(models.CodeInvalid, "after"), err)
			return
		}
		require.Equal(t, cursor, feedCursor(models.Event{OrganizationID: organization, Position: *position}))
	})
}

func TestFeedPosition(t *testing.T) {
	organization := models.NewID()
	cursor := feedCursor(models.Event{OrganizationID: organization, Position: 42})
	position, err := feedPosition(organization, &cursor)
	require.NoError(t, err)
	require.EqualValues(t, 42, *position)
	_, err = feedPosition(models.NewID(), &cursor)
	require.Equal(t, models.NewError(models.CodeInvalid, "after"), err)
	position, err = feedPosition(organization, nil)
	require.NoError(t, err)
	require.Nil(t, position)
}
