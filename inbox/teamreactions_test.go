package inbox_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/inbox"
	"recado/models"
)

func TestSend_reactions_hang_on_their_message(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		conversation, iris := o.greeted()
		on := o.message(*conversation.LastMessageID)
		live := o.subscribe(o.watches, inbox.Subscription{})
		react := func(emoji string) models.Message {
			return o.replies(conversation.ID, models.Draft{Reaction: &models.ReactionDraft{MessageID: on.ID, Emoji: emoji}})
		}
		changed := func() inbox.Change { // the next change of content; statuses come in between
			for {
				if change := live.next(); change.Kind == models.EventMessageChanged {
					return change
				}
			}
		}
		told := func() (n int) {
			for _, kind := range o.events(conversation.ID) {
				if kind == models.EventMessageChanged {
					n++
				}
			}
			return n
		}
		shows := func(t *testing.T, emoji string) {
			t.Helper()
			want := map[models.Direction]string{}
			if emoji != "" {
				want[models.Outbound] = emoji
			}
			require.Equal(t, want, o.reactions(*on.WAMID))
			require.Equal(t, emoji, iris.Written(o.channel.PhoneNumberID)[0].Reaction)
		}

		t.Run("when Meta has taken them, and the team sees it live", func(t *testing.T) {
			message := react("👍")
			require.Empty(t, o.reactions(*on.WAMID), "not while it is queued")
			require.Zero(t, o.sendNow(message))
			require.Equal(t, on.ID, changed().Payload.Message.ID)
			o.pass(time.Second)
			shows(t, "👍")
			before := told()
			o.accept(status(o.channel, *o.message(message.ID).WAMID, "delivered", "", o.clock.Now().Add(-time.Hour)))
			require.Equal(t, before, told(), "statuses do not double it")
		})

		t.Run("in place of the one before, and until they are taken back", func(t *testing.T) {
			require.Zero(t, o.sendNow(react("❤️")))
			o.pass(time.Second)
			shows(t, "❤️")
			require.Zero(t, o.sendNow(react("")))
			o.pass(time.Second)
			shows(t, "")
		})

		t.Run("once, when the answer was lost", func(t *testing.T) {
			message := react("🙏")
			o.meta.Faults().DropAnswers(1)
			require.Equal(t, quiet, o.sendNow(message))
			require.Empty(t, o.reactions(*on.WAMID))
			before := told()
			o.pass(time.Second)
			shows(t, "🙏")
			require.Equal(t, before+1, told())
		})

		t.Run("not when canceled, and no longer when they fail after all", func(t *testing.T) {
			canceled := react("🎉")
			_, err := o.inbox.Cancel(t.Context(), o.answers, canceled.ID)
			require.NoError(t, err)
			require.Zero(t, o.sendNow(canceled))
			shows(t, "🙏")
			failing := react("🎉")
			require.Zero(t, o.sendNow(failing))
			require.Equal(t, "🎉", o.reactions(*on.WAMID)[models.Outbound])
			before := told()
			for range 2 {
				o.accept(status(o.channel, *o.message(failing.ID).WAMID, "failed", "", o.clock.Now()))
			}
			require.Equal(t, "🙏", o.reactions(*on.WAMID)[models.Outbound], "the one before is back")
			require.Equal(t, before+1, told())
		})
	})
}
