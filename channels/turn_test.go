package channels

import (
	"testing"

	"github.com/stretchr/testify/require"

	"recado/models"
)

func TestCarryTurn(t *testing.T) {
	users := map[rune]models.ID{'a': models.NewID(), 'b': models.NewID(), 'c': models.NewID(), 'd': models.NewID()}
	places := func(names string) []models.ChannelAssignee {
		var pool []models.ChannelAssignee
		for i, name := range names {
			pool = append(pool, models.ChannelAssignee{UserID: users[name], Position: i})
		}
		return pool
	}
	for _, test := range []struct {
		name          string
		before, after string
		last          int
		next          string // served next, empty: nobody
	}{
		{"nobody was served yet", "abc", "cab", -1, "c"},
		{"nothing changes", "abc", "abc", 1, "c"},
		{"nothing changes at the end", "abc", "abc", 2, "a"},
		{"the order changes", "abc", "bca", 0, "b"},
		{"somebody joins after the one served", "ab", "adb", 0, "d"},
		{"the one served leaves", "abc", "bc", 0, "b"},
		{"the one served and the next leave", "abc", "da", 1, "a"},
		{"the next leaves", "abcd", "acd", 0, "c"},
		{"all change", "ab", "cd", 0, "c"},
		{"the pool is emptied", "ab", "", 0, ""},
		{"the pool was empty", "", "ab", 3, "a"},
	} {
		t.Run(test.name, func(t *testing.T) {
			after := places(test.after)
			candidates := make([]models.Candidate, len(after))
			for i, place := range after {
				candidates[i] = models.Candidate{UserID: place.UserID, Position: place.Position, Active: true, MayReply: true, Workload: models.Workload{Availability: models.Online}}
			}
			next, _ := models.NextInTurn(candidates, carryTurn(places(test.before), test.last, after))
			if test.next == "" {
				require.Equal(t, -1, next)
				return
			}
			require.Equal(t, users[rune(test.next[0])], after[next].UserID)
		})
	}
}
