package models_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/models"
)

func free(position int) models.Candidate {
	return models.Candidate{
		UserID: models.NewID(), Position: position, Active: true, MayReply: true, Workload: models.Workload{Availability: models.Online},
	}
}

func TestNextInTurn(t *testing.T) {
	pool := func(positions ...int) []models.Candidate {
		members := make([]models.Candidate, len(positions))
		for i, position := range positions {
			members[i] = free(position)
		}
		return members
	}
	for _, test := range []struct {
		name string
		pool []models.Candidate
		last int
		want int
	}{
		{"nobody", nil, -1, -1},
		{"nobody left", nil, 3, -1},
		{"the first of all", pool(0, 1, 2), -1, 0},
		{"the next", pool(0, 1, 2), 0, 1},
		{"around the corner", pool(0, 1, 2), 2, 0},
		{"over a gap", pool(0, 2), 0, 1},
		{"after one who is gone", pool(0, 2), 1, 1},
		{"only one", pool(4), 4, 0},
		{"the pool has shrunk", pool(0, 1), 7, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			index, skipped := models.NextInTurn(test.pool, test.last)
			require.Equal(t, test.want, index)
			require.Empty(t, skipped)
		})
	}

	t.Run("tells who was passed over on the way, and why", func(t *testing.T) {
		members := pool(0, 1, 2, 3, 4, 5)
		members[0].Availability = models.Away
		members[3].Active = false
		members[4].MayReply = false
		members[5].Ceiling, members[5].OpenCount = new(2), 2
		index, skipped := models.NextInTurn(members, 2)
		require.Equal(t, 1, index)
		require.Equal(t, []models.Skip{
			{UserID: members[3].UserID, Reason: models.SkipSwitchedOff},
			{UserID: members[4].UserID, Reason: models.SkipMayNotReply},
			{UserID: members[5].UserID, Reason: models.SkipAtCeiling},
			{UserID: members[0].UserID, Reason: models.SkipAway},
		}, skipped)
		index, skipped = models.NextInTurn(members[3:], 3)
		require.Equal(t, -1, index)
		require.Len(t, skipped, 3)
	})
}

func TestCandidate_Obstacle(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*models.Candidate)
		want   models.SkipReason
	}{
		"none":                                {func(*models.Candidate) {}, ""},
		"none, however much, with no ceiling": {func(c *models.Candidate) { c.OpenCount = 1000 }, ""},
		"none below the ceiling":              {func(c *models.Candidate) { c.Ceiling, c.OpenCount = new(3), 2 }, ""},
		"the ceiling":                         {func(c *models.Candidate) { c.Ceiling, c.OpenCount = new(3), 3 }, models.SkipAtCeiling},
		"a ceiling lowered since":             {func(c *models.Candidate) { c.Ceiling, c.OpenCount = new(3), 9 }, models.SkipAtCeiling},
		"a ceiling of nothing":                {func(c *models.Candidate) { c.Ceiling = new(0) }, models.SkipAtCeiling},
		"away":                                {func(c *models.Candidate) { c.Availability, c.Ceiling = models.Away, new(0) }, models.SkipAway},
		"no right":                            {func(c *models.Candidate) { c.Availability, c.MayReply = models.Away, false }, models.SkipMayNotReply},
		"switched off":                        {func(c *models.Candidate) { c.MayReply, c.Active = false, false }, models.SkipSwitchedOff},
	} {
		t.Run(name, func(t *testing.T) {
			candidate := free(0)
			c.change(&candidate)
			require.Equal(t, c.want, candidate.Obstacle())
		})
	}
}

func TestConversation_queue(t *testing.T) {
	ana, at := models.NewID(), time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)
	queued := func() models.Conversation {
		c := models.Conversation{Status: models.ConversationOpen, AssigneeID: &ana}
		c.Queue(at)
		return c
	}
	waiting := queued()
	require.Nil(t, waiting.AssigneeID)
	require.Equal(t, at, *waiting.QueuedAt)

	t.Run("ends when somebody has it", func(t *testing.T) {
		c := queued()
		require.True(t, c.Assign(&ana))
		require.Nil(t, c.QueuedAt)
	})
	t.Run("does not end when nobody is to have it", func(t *testing.T) {
		c := queued()
		require.False(t, c.Assign(nil))
		require.NotNil(t, c.QueuedAt)
	})
	t.Run("ends when it is closed", func(t *testing.T) {
		c := queued()
		require.True(t, c.Close(ana, at))
		require.Nil(t, c.QueuedAt)
	})

	later := at.Add(time.Minute)
	open := func(assignee *models.ID, queuedAt *time.Time) models.Conversation {
		return models.Conversation{Status: models.ConversationOpen, AssigneeID: assignee, QueuedAt: queuedAt}
	}
	closed := func(assignee *models.ID) models.Conversation {
		return models.Conversation{Status: models.ConversationClosed, AssigneeID: assignee}
	}
	bruno := models.NewID()
	for name, c := range map[string]struct {
		into, from models.Conversation
		assignee   *models.ID
		queuedAt   *time.Time
	}{
		"both assigned":             {open(&ana, nil), open(&bruno, nil), &ana, nil},
		"a waiting and an assigned": {open(nil, &at), open(&bruno, nil), &bruno, nil},
		"an assigned and a waiting": {open(&ana, nil), open(nil, &at), &ana, nil},
		"both waiting":              {open(nil, &later), open(nil, &at), nil, &at},
		"one waits, one does not":   {open(nil, nil), open(nil, &at), nil, &at},
		"a closed and an open":      {closed(&ana), open(&bruno, nil), &bruno, nil},
		"a closed and a waiting":    {closed(&ana), open(nil, &at), nil, &at},
		"a waiting and a closed":    {open(nil, &at), closed(&bruno), nil, &at},
		"both closed":               {closed(nil), closed(&bruno), &bruno, nil},
	} {
		t.Run("of two that become one: "+name, func(t *testing.T) {
			c.into.Absorb(c.from)
			require.Equal(t, c.assignee, c.into.AssigneeID)
			require.Equal(t, c.queuedAt, c.into.QueuedAt)
		})
	}
}
