package inbox_test

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/require"

	"recado/events"
	"recado/inbox"
	"recado/models"
	"recado/testkit"
)

// who are the users present in a conversation, as a process knows it.
func (o *office) who(process *inbox.Service, viewer models.Viewer, conversation models.Conversation) map[models.ID]models.PresenceState {
	found := make(map[models.ID]models.PresenceState)
	for _, present := range process.Presence(viewer, conversation) {
		found[present.UserID] = present.State
	}
	return found
}

func (o *office) is(process *inbox.Service, viewer models.Viewer, conversation models.ID, state models.PresenceState) {
	o.t.Helper()
	_, err := process.SetPresence(o.t.Context(), viewer, conversation, state)
	require.NoError(o.t, err)
}

func TestPresence(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		conversation, _ := o.greeted()
		type states = map[models.ID]models.PresenceState

		t.Run("lasts for half a minute unless it is renewed", func(t *testing.T) {
			o.is(o.inbox, o.watches, conversation.ID, models.PresenceViewing)
			began := o.clock.Now()
			o.clock.Advance(20 * time.Second)
			o.is(o.inbox, o.watches, conversation.ID, models.PresenceViewing)
			o.clock.Advance(models.PresenceLifetime - time.Second)
			require.Equal(t, []models.Presence{{UserID: o.watches.UserID, State: models.PresenceViewing, Since: began}}, o.inbox.Presence(o.answers, conversation))
			o.clock.Advance(time.Second)
			require.Empty(t, o.inbox.Presence(o.answers, conversation))
		})
		t.Run("tells what somebody does, and since when", func(t *testing.T) {
			o.is(o.inbox, o.answers, conversation.ID, models.PresenceViewing)
			o.clock.Advance(time.Second)
			o.is(o.inbox, o.answers, conversation.ID, models.PresenceTyping)
			require.Equal(t, []models.Presence{{UserID: o.answers.UserID, State: models.PresenceTyping, Since: o.clock.Now()}}, o.inbox.Presence(o.watches, conversation))
			o.is(o.inbox, o.answers, conversation.ID, models.PresenceNone)
			require.Empty(t, o.inbox.Presence(o.watches, conversation))
		})
		t.Run("asks for the right to see the channel", func(t *testing.T) {
			o.is(o.inbox, o.answers, conversation.ID, models.PresenceTyping)
			nobody := o.member(models.LevelNone)
			for _, viewer := range []models.Viewer{nobody, o.stranger} {
				_, err := o.inbox.SetPresence(t.Context(), viewer, conversation.ID, models.PresenceViewing)
				requireCode(t, models.CodeNotFound, err)
				_, err = o.inbox.WatchPresence(t.Context(), viewer, conversation.ID)
				requireCode(t, models.CodeNotFound, err)
				require.Empty(t, o.inbox.Presence(viewer, conversation))
			}
			require.Equal(t, states{o.answers.UserID: models.PresenceTyping}, o.who(o.inbox, o.watches, conversation))
			_, err := o.inbox.SetPresence(t.Context(), o.answers, conversation.ID, "DREAMING")
			requireCode(t, models.CodeInvalid, err)
			_, err = o.inbox.SetPresence(t.Context(), o.answers, models.NewID(), models.PresenceViewing)
			requireCode(t, models.CodeNotFound, err)
		})
		t.Run("of one user is in a few conversations at most", func(t *testing.T) {
			for range 8 {
				other, _ := o.greeted()
				o.is(o.inbox, o.answers, other.ID, models.PresenceViewing)
			}
			require.Empty(t, o.inbox.Presence(o.watches, conversation), "the one renewed longest ago is given up")
		})
	})
}

func TestWatchPresence(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		conversation, _ := o.greeted()
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		watching, err := o.inbox.WatchPresence(ctx, o.watches, conversation.ID)
		require.NoError(t, err)
		defer watching.Close()
		next := func() []models.Presence {
			t.Helper()
			present, err := watching.Next(ctx)
			require.NoError(t, err)
			return present
		}
		require.Empty(t, next(), "first comes what there is")
		o.is(o.inbox, o.answers, conversation.ID, models.PresenceTyping)
		require.Len(t, next(), 1)

		t.Run("says when somebody's presence runs out", func(t *testing.T) {
			o.clock.Advance(models.PresenceLifetime)
			require.Empty(t, next())
		})
		t.Run("ends the presence of who watched when it ends", func(t *testing.T) {
			theirs, err := o.inbox.WatchPresence(ctx, o.answers, conversation.ID)
			require.NoError(t, err)
			again, err := o.inbox.WatchPresence(ctx, o.answers, conversation.ID)
			require.NoError(t, err)
			o.is(o.inbox, o.answers, conversation.ID, models.PresenceViewing)
			require.Len(t, next(), 1)
			theirs.Close()
			require.Len(t, o.inbox.Presence(o.watches, conversation), 1, "another window is open")
			again.Close()
			require.Empty(t, next())
		})
		t.Run("shows nothing to who may no longer see the channel", func(t *testing.T) {
			o.permit(o.watches.ProfileID, models.LevelNone)
			o.is(o.inbox, o.answers, conversation.ID, models.PresenceTyping)
			_, err := watching.Next(ctx)
			requireCode(t, models.CodeNotFound, err)
		})
	})
}

func TestPresence_in_two_processes(t *testing.T) {
	nats, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, NoSigs: true, NoLog: true})
	require.NoError(t, err)
	nats.Start()
	t.Cleanup(func() { nats.Shutdown(); nats.WaitForShutdown() })
	require.True(t, nats.ReadyForConnections(patience))
	onEachOffice(t, func(t *testing.T, o *office) {
		conversation, _ := o.greeted()
		processes := make([]*inbox.Service, 2)
		for i := range processes {
			bus, err := events.Start(t.Context(), testkit.Open(t, o.url, o.clock.Now), events.Options{URL: nats.ClientURL()})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, bus.Close()) })
			o.bus = bus
			processes[i] = o.process(inbox.Options{})
		}
		here, there := processes[0], processes[1]
		sees := func(process *inbox.Service, want models.PresenceState) {
			t.Helper()
			require.Eventually(t, func() bool {
				// Renewed, as clients do: what is said before a process listens is lost.
				if want != "" {
					o.is(here, o.answers, conversation.ID, want)
				}
				return o.who(process, o.watches, conversation)[o.answers.UserID] == want
			}, patience, 5*time.Millisecond)
		}
		sees(there, models.PresenceTyping)
		sees(here, models.PresenceTyping)
		sees(there, models.PresenceViewing)
		o.is(here, o.answers, conversation.ID, models.PresenceNone)
		sees(there, "")
	})
}
