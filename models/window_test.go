package models_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"recado/models"
)

func TestConversation_window(t *testing.T) {
	written := noon
	open := models.Conversation{LastCustomerMessageAt: &written}
	for _, test := range []struct {
		name         string
		conversation models.Conversation
		now          time.Time
		want         bool
	}{
		{"the customer never wrote", models.Conversation{}, noon, false},
		{"at the message", open, noon, true},
		{"a second before 24 hours", open, noon.Add(24*time.Hour - time.Second), true},
		{"a millisecond before 24 hours", open, noon.Add(24*time.Hour - time.Millisecond), true},
		{"at 24 hours", open, noon.Add(24 * time.Hour), false},
		{"a second after 24 hours", open, noon.Add(24*time.Hour + time.Second), false},
		{"our clock is behind Meta's", open, noon.Add(-time.Minute), true},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.want, test.conversation.WindowOpen(test.now))
		})
	}
	require.Nil(t, models.Conversation{}.WindowExpiresAt())
	require.Equal(t, noon.Add(24*time.Hour), *open.WindowExpiresAt())
}

// The windows are lengths of time, not of the calendar: a day with 23 or 25 hours
// does not move their ends.
func TestConversation_window_across_daylight_saving(t *testing.T) {
	for _, test := range []struct{ zone, written, last, expired string }{
		{"America/Sao_Paulo", "2018-11-03 12:00:00", "2018-11-04 12:59:59", "2018-11-04 13:00:00"}, // lost an hour
		{"America/Sao_Paulo", "2018-02-17 12:00:00", "2018-02-18 10:59:59", "2018-02-18 11:00:00"}, // won one
		{"America/Sao_Paulo", "2026-11-03 12:00:00", "2026-11-04 11:59:59", "2026-11-04 12:00:00"}, // no longer changes
		{"Europe/Berlin", "2026-03-28 12:00:00", "2026-03-29 12:59:59", "2026-03-29 13:00:00"},
		{"Europe/Lisbon", "2026-10-24 12:00:00", "2026-10-25 10:59:59", "2026-10-25 11:00:00"},
	} {
		t.Run(test.zone+" "+test.written, func(t *testing.T) {
			zone, err := time.LoadLocation(test.zone)
			require.NoError(t, err)
			local := func(text string) time.Time {
				at, err := time.ParseInLocation(time.DateTime, text, zone)
				require.NoError(t, err)
				return at
			}
			var c models.Conversation
			c.SeeMessage(inbound(local(test.written).UTC(), local(test.written).UTC()))
			require.True(t, c.WindowOpen(local(test.last)))
			require.False(t, c.WindowOpen(local(test.expired)))
			c.SeeReferral(local(test.written))
			c.SeeMessage(models.Message{ID: models.NewID(), Direction: models.Outbound, Kind: models.KindText, SentAt: local(test.written).UTC()})
			after := local(test.written).Add(72 * time.Hour)
			require.Equal(t, models.WindowFreeEntryPoint, *c.WindowKindAt(after.Add(-time.Second)))
			require.Nil(t, c.WindowKindAt(after))
		})
	}
}

func TestFreeEntryPoint(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer *time.Time
		want   *time.Time
	}{
		{"nobody answered", nil, nil},
		{"answered at once", new(noon), new(noon.Add(72 * time.Hour))},
		{"answered in the last second", new(noon.Add(24*time.Hour - time.Second)), new(noon.Add(96*time.Hour - time.Second))},
		{"answered a second too late", new(noon.Add(24 * time.Hour)), nil},
		{"the business wrote before", new(noon.Add(-time.Second)), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.want, models.FreeEntryPoint(noon, test.answer))
		})
	}
}

func TestConversation_free_entry_point(t *testing.T) {
	answer := func(after time.Duration) models.Message {
		return models.Message{ID: models.NewID(), Direction: models.Outbound, Kind: models.KindText, SentAt: noon.Add(after)}
	}
	t.Run("opens with the first answer to a message from an ad", func(t *testing.T) {
		var c models.Conversation
		c.SeeMessage(inbound(noon, noon))
		c.SeeReferral(noon)
		require.Equal(t, models.WindowCustomerService, *c.WindowKindAt(noon))
		c.SeeMessage(answer(time.Hour))
		c.SeeMessage(answer(2 * time.Hour))
		end := noon.Add(73 * time.Hour)
		require.Equal(t, end, *c.FreeEntryExpiresAt)
		require.Equal(t, models.WindowFreeEntryPoint, *c.WindowKindAt(noon.Add(time.Hour)))
		require.False(t, c.WindowOpen(end.Add(-time.Second)), "free text ends with the 24 hours all the same")
		require.Equal(t, models.WindowFreeEntryPoint, *c.WindowKindAt(end.Add(-time.Second)))
		require.Nil(t, c.WindowKindAt(end))
	})
	t.Run("is opened again by the next ad", func(t *testing.T) {
		var c models.Conversation
		c.SeeReferral(noon)
		c.SeeMessage(answer(time.Hour))
		c.SeeReferral(noon.Add(48 * time.Hour))
		c.SeeMessage(answer(49 * time.Hour))
		require.Equal(t, noon.Add(121*time.Hour), *c.FreeEntryExpiresAt)
	})
	t.Run("is not opened by an answer that comes too late", func(t *testing.T) {
		var c models.Conversation
		c.SeeReferral(noon)
		c.SeeMessage(answer(24 * time.Hour))
		require.Nil(t, c.FreeEntryExpiresAt)
	})
}

func TestFreeEntryEnd(t *testing.T) {
	hours := func(at ...float64) (times []time.Time) {
		for _, hour := range at {
			times = append(times, noon.Add(time.Duration(hour*float64(time.Hour))))
		}
		return times
	}
	for _, test := range []struct {
		name               string
		referrals, answers []time.Time
		want               float64 // hours after noon; 0: none
	}{
		{"no ad", nil, hours(1), 0},
		{"no answer", hours(0), nil, 0},
		{"the first answer counts", hours(0), hours(2, 1, -1), 73},
		{"an answer at the same moment counts", hours(0), hours(0), 72},
		{"an ad that nobody answered does not take away the one before", hours(0, 2), hours(1), 73},
		{"an answer that came before the second ad counts for the first", hours(0, 48), hours(1, 49), 121},
		{"too late for the first, in time for the second", hours(0, 30), hours(31), 103},
		{"too late for both", hours(0, 1), hours(26), 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			end := models.FreeEntryEnd(test.referrals, test.answers)
			if test.want == 0 {
				require.Nil(t, end)
				return
			}
			require.Equal(t, hours(test.want)[0], *end)
		})
	}
}

// Whatever order ads and answers turn up in, the summary knows the end of the free
// entry point, or says that it does not.
func TestConversation_free_entry_point_in_any_order(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		type turn struct {
			ad bool
			at time.Time
		}
		drawn := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) turn {
			return turn{rapid.Bool().Draw(r, "ad"), noon.Add(time.Duration(rapid.IntRange(0, 60).Draw(r, "hour")) * time.Hour)}
		}), 1, 8).Draw(r, "turns")
		var c models.Conversation
		var referrals, answers []time.Time
		for _, turn := range drawn {
			var known bool
			if turn.ad {
				referrals = append(referrals, turn.at)
				known = c.SeeReferral(turn.at)
			} else {
				answers = append(answers, turn.at)
				message := models.Message{ID: models.NewID(), Direction: models.Outbound, Kind: models.KindText, SentAt: turn.at}
				known = c.EntryKnownAfter(message)
				c.SeeMessage(message)
			}
			want := models.FreeEntryEnd(referrals, answers)
			if !known {
				c.FreeEntryExpiresAt = want
			}
			require.True(r, models.SameTime(want, c.FreeEntryExpiresAt), "%v, not %v", c.FreeEntryExpiresAt, want)
		}
	})
}

// What turns up in the order in which it was written needs no look-up.
func TestConversation_free_entry_point_in_order(t *testing.T) {
	var c models.Conversation
	for hour := range 40 {
		at := noon.Add(time.Duration(hour) * time.Hour)
		if hour%7 == 0 {
			require.True(t, c.SeeReferral(at))
			continue
		}
		message := models.Message{ID: models.NewID(), Direction: models.Outbound, Kind: models.KindText, SentAt: at}
		require.True(t, c.EntryKnownAfter(message))
		c.SeeMessage(message)
	}
	require.Equal(t, noon.Add((36+72)*time.Hour), *c.FreeEntryExpiresAt)
}
