package events_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/events"
)

func TestNotes(t *testing.T) {
	on(t, func(t *testing.T, url string) {
		natsURL, _, _ := natsAt(t, 0)
		_, here := start(t, url, events.Options{URL: natsURL, Heartbeat: never})
		_, there := start(t, url, events.Options{URL: natsURL, Heartbeat: never})
		heard := make(chan string, 100)
		listen := func(bus *events.Bus, name, topic string) (stop func()) {
			stop, err := bus.Listen(topic, func(note []byte) { heard <- name + " " + string(note) })
			require.NoError(t, err)
			return stop
		}
		listen(here, "here", "typing")
		stop := listen(there, "there", "typing")
		listen(there, "there", "other")

		// NATS does not say when a subscription of another process counts.
		require.Eventually(t, func() bool {
			require.NoError(t, here.Send("typing", []byte("?")))
			for deadline := time.After(50 * time.Millisecond); ; {
				select {
				case note := <-heard:
					if note == "there ?" {
						return true
					}
				case <-deadline:
					return false
				}
			}
		}, patience, time.Millisecond)

		t.Run("reach all processes, the sender's too, in order, on their topic alone", func(t *testing.T) {
			for i := range 3 {
				require.NoError(t, here.Send("typing", fmt.Append(nil, i)))
			}
			var onHere, onThere []string
			for len(onHere)+len(onThere) < 6 {
				switch note := <-heard; {
				case note == "here ?" || note == "there ?": // of before
				case note[:4] == "here":
					onHere = append(onHere, note)
				default:
					onThere = append(onThere, note)
				}
			}
			require.Equal(t, []string{"here 0", "here 1", "here 2"}, onHere)
			require.Equal(t, []string{"there 0", "there 1", "there 2"}, onThere)
		})
		t.Run("end with stop", func(t *testing.T) {
			stop()
			require.NoError(t, there.Send("typing", []byte("last")))
			require.Equal(t, "here last", <-heard)
			require.Empty(t, heard)
		})
		t.Run("are refused after Close", func(t *testing.T) {
			require.NoError(t, there.Close())
			require.ErrorIs(t, there.Send("typing", nil), events.ErrClosed)
			_, err := there.Listen("typing", func([]byte) {})
			require.ErrorIs(t, err, events.ErrClosed)
		})
	})
}
