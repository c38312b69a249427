package models_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"recado/models"
)

func TestPairFreeAt(t *testing.T) {
	burst := func(n int, at time.Time) (times []time.Time) {
		for range n {
			times = append(times, at)
		}
		return times
	}
	for name, test := range map[string]struct {
		handed []time.Time
		ahead  int
		want   time.Duration
	}{
		"nothing was sent":                        {nil, 0, 0},
		"all but one of a burst":                  {burst(44, noon), 0, 0},
		"a burst":                                 {burst(45, noon), 0, 270 * time.Second},
		"a burst some time ago":                   {burst(45, noon.Add(-time.Minute)), 0, 210 * time.Second},
		"a burst that is paid back":               {burst(45, noon.Add(-270*time.Second)), 0, 0},
		"the last of a burst is before it":        {burst(44, noon), 1, 270 * time.Second},
		"a second burst is before it":             {burst(45, noon), 45, 540 * time.Second},
		"one of a burst is older than the others": {append(burst(44, noon), noon.Add(-200*time.Second)), 0, 70 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, noon.Add(test.want), models.PairFreeAt(test.handed, test.ahead, noon))
		})
	}
}

// TestPairFreeAt_keepsMetasRule holds it against a bucket such as Meta's, which
// forgives one message each interval, and when it is full pauses until it is empty.
func TestPairFreeAt_keepsMetasRule(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var handed []time.Time
		var credit float64
		var paused bool
		now, before := noon, noon
		for range rapid.IntRange(1, 300).Draw(rt, "messages") {
			now = now.Add(time.Duration(rapid.SampledFrom([]int{0, 0, 0, 0, 0, 10, 1000, 5999, 6000, 6001, 60_000}).Draw(rt, "later")) * time.Millisecond)
			now = models.PairFreeAt(handed, 0, now)
			credit = max(0, credit-now.Sub(before).Seconds()/models.PairInterval.Seconds())
			if before = now; credit < 1e-6 {
				credit, paused = 0, false
			}
			require.False(rt, paused, "sent %d in the pause", len(handed))
			credit++
			require.LessOrEqual(rt, credit, float64(models.PairBurst)+1e-6)
			paused = credit+1 > models.PairBurst+1e-6
			handed = append(handed, now)
			handed = handed[max(0, len(handed)-models.PairBurst):]
		}
	})
	t.Run("and never makes wait who keeps the average", func(t *testing.T) {
		var handed []time.Time
		for i := range 200 {
			now := noon.Add(time.Duration(i) * models.PairInterval)
			require.Equal(t, now, models.PairFreeAt(handed, 0, now))
			handed = append(handed, now)
		}
	})
}
