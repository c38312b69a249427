package simulator_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/whatsapp/simulator"
)

func TestManualClock(t *testing.T) {
	t.Run("fires_due_timers_in_order_at_their_own_time", func(t *testing.T) {
		c := simulator.NewManualClock(start)
		var fired []string
		note := func(name string) func() {
			return func() { fired = append(fired, name+" "+c.Now().Sub(start).String()) }
		}
		c.AfterFunc(3*time.Second, note("c"))
		c.AfterFunc(time.Second, note("a"))
		c.AfterFunc(time.Second, note("b"))
		c.AfterFunc(5*time.Second, note("late"))
		c.Advance(4 * time.Second)
		require.Equal(t, []string{"a 1s", "b 1s", "c 3s"}, fired)
		require.Equal(t, start.Add(4*time.Second), c.Now())
		require.Equal(t, 1, c.Pending())
	})
	t.Run("fires_timers_made_by_timers_on_the_way", func(t *testing.T) {
		c := simulator.NewManualClock(start)
		var at []time.Duration
		var again func()
		again = func() {
			at = append(at, c.Now().Sub(start))
			c.AfterFunc(time.Second, again)
		}
		c.AfterFunc(time.Second, again)
		c.Advance(3500 * time.Millisecond)
		require.Equal(t, []time.Duration{time.Second, 2 * time.Second, 3 * time.Second}, at)
	})
	t.Run("no_delay_means_next_advance", func(t *testing.T) {
		c := simulator.NewManualClock(start)
		fired := false
		c.AfterFunc(-time.Hour, func() { fired = true })
		require.False(t, fired)
		c.Advance(0)
		require.True(t, fired)
	})
	t.Run("stop_cancels_once", func(t *testing.T) {
		c := simulator.NewManualClock(start)
		timer := c.AfterFunc(time.Second, func() { t.Error("stopped timer fired") })
		require.True(t, timer.Stop())
		require.False(t, timer.Stop())
		c.Advance(time.Minute)
		fired := c.AfterFunc(0, func() {})
		c.Advance(0)
		require.False(t, fired.Stop())
	})
}
