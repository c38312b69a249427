package inbox_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/inbox"
	"recado/models"
	"recado/store"
)

// subscription is a stream under test.
type subscription struct {
	t      *testing.T
	stream *inbox.Stream
}

func (o *office) subscribe(viewer models.Viewer, wanted inbox.Subscription) *subscription {
	o.t.Helper()
	stream, err := o.inbox.Subscribe(o.t.Context(), viewer, wanted)
	require.NoError(o.t, err)
	return &subscription{t: o.t, stream: stream}
}

func (s *subscription) try() (inbox.Change, error) {
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	return s.stream.Next(ctx)
}

func (s *subscription) next() inbox.Change {
	s.t.Helper()
	change, err := s.try()
	require.NoError(s.t, err)
	return change
}

// accept takes in an item of traffic, received now.
func (o *office) accept(item item) {
	o.t.Helper()
	require.NoError(o.t, o.inbox.Accept(o.t.Context(), inbox.RawDelivery{Body: payload(item), ReceivedAt: o.clock.Now()}))
}

// hides is a message of somebody who hides the number.
func hides(channel models.Channel, userID, wamid string, at time.Time) item {
	made := text(channel, "", "Iris", wamid, "Oi", at)
	made.contact = map[string]any{"user_id": userID, "profile": map[string]any{"name": "Iris"}}
	delete(made.message, "from")
	made.message["from_user_id"] = userID
	return made
}

// links is a message that carries both of a person's ids.
func links(channel models.Channel, waID, userID, wamid string, at time.Time) item {
	made := text(channel, waID, "Iris", wamid, "Oi", at)
	made.contact["user_id"], made.message["from_user_id"] = userID, userID
	return made
}

func TestSubscribe_tells_what_happens_in_order(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		live := o.subscribe(o.watches, inbox.Subscription{})
		conversation, iris := o.greeted()

		added := live.next()
		require.Equal(t, models.EventMessageAdded, added.Kind)
		require.Equal(t, "Is the shop open today?", added.Payload.Message.Body)
		require.Nil(t, added.Payload.LastMessage, "it is the message itself")
		require.Equal(t, "Iris Calder", added.Payload.Contact.Name)
		require.Equal(t, conversation, added.Payload.Conversation, "the state after all that happened")
		assigned := live.next()
		require.Equal(t, models.EventConversationChanged, assigned.Kind)
		require.Equal(t, o.answers.UserID, *assigned.Payload.Conversation.AssigneeID)
		require.Equal(t, "Is the shop open today?", assigned.Payload.LastMessage.Body)
		require.Equal(t, added.Position+1, assigned.Position)

		message := o.reply(conversation.ID, "Until six.")
		queued := live.next()
		require.Equal(t, models.StatusQueued, queued.Payload.Message.Status)
		require.Zero(t, o.sendNow(message))
		accepted := live.next()
		require.Equal(t, models.EventMessageStatusChanged, accepted.Kind)
		require.Equal(t, models.StatusAccepted, accepted.Payload.Message.Status)

		o.written(iris, "Thanks")
		require.Equal(t, "Thanks", live.next().Payload.Message.Body)
		o.pass(time.Second)
		for reached := models.StatusAccepted; reached != models.StatusDelivered; { // one event or two: the statuses may be committed together
			moved := live.next()
			require.Equal(t, message.ID, moved.Payload.Message.ID)
			require.Equal(t, "Thanks", moved.Payload.LastMessage.Body, "what the list row shows")
			reached = moved.Payload.Message.Status
		}
		_, err := o.inbox.MarkRead(t.Context(), o.answers, conversation.ID, nil)
		require.NoError(t, err)
		read := live.next()
		for read.Kind == models.EventMessageStatusChanged { // "sent" may come after "delivered"
			read = live.next()
		}
		require.Zero(t, read.Payload.Conversation.UnreadCount)
	})
}

func TestSubscribe_keeps_what_is_for_one_user_from_all_others(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		conversation, _ := o.greeted()
		streams := map[*models.Viewer]*subscription{&o.answers: nil, &o.admin: nil}
		for viewer := range streams {
			streams[viewer] = o.subscribe(*viewer, inbox.Subscription{})
		}
		event := models.Event{
			OrganizationID: o.organization, Kind: models.EventConversationChanged,
			ChannelID: conversation.ChannelID, ConversationID: conversation.ID, Payload: []byte(`{}`),
		}
		addressed := event
		addressed.UserID = &o.answers.UserID
		require.NoError(t, o.db.Write(t.Context(), func(tx *store.Tx) error {
			tx.Record(addressed, event)
			return nil
		}))
		first := streams[&o.answers].next()
		require.Equal(t, o.answers.UserID, *first.UserID)
		require.Equal(t, first.Position+1, streams[&o.answers].next().Position)
		require.Equal(t, first.Position+1, streams[&o.admin].next().Position, "administrators included")
		resumed := o.subscribe(o.admin, inbox.Subscription{After: new(first.Position - 1)})
		require.Equal(t, first.Position+1, resumed.next().Position, "read from the log as well")
	})
}

func TestSubscribe_resumes_without_a_gap(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		live := o.subscribe(o.answers, inbox.Subscription{})
		conversation, _ := o.greeted()
		first := live.next()
		for range 5 {
			o.reply(conversation.ID, "Oi")
		}
		resumed := o.subscribe(o.answers, inbox.Subscription{After: &first.Position})
		var positions []int64 // a notification for the assignee, of another stream, is in between
		require.NoError(t, o.db.Read(t.Context()).Model(&models.Event{}).
			Where("organization_id = ? AND position > ? AND user_id IS NULL", o.organization, first.Position).
			Order("position").Pluck("position", &positions).Error)
		require.Len(t, positions, 6)
		for _, position := range positions {
			require.Equal(t, position, live.next().Position)
			require.Equal(t, position, resumed.next().Position)
		}
		o.reply(conversation.ID, "Oi")
		require.Equal(t, live.next().Event, resumed.next().Event, "and goes on live")

		future := first.Position + 1000
		_, err := o.inbox.Subscribe(t.Context(), o.answers, inbox.Subscription{After: &future})
		requireCode(t, models.CodeCursorExpired, err)
	})
}

func TestSubscribe_shows_only_what_the_viewer_may_see(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		second := o.connect("Segundo", "331908274466121", "EAAsecond-token-of-the-padaria")
		live, theirs := o.subscribe(o.watches, inbox.Subscription{}), o.subscribe(o.stranger, inbox.Subscription{})
		o.accept(text(second, "447700919999", "Zoe", "wamid.second", "not for you", noon))
		conversation, _ := o.greeted()
		require.Equal(t, o.channel.ID, live.next().ChannelID, "the other channel's event was passed over")
		live.next()

		// The levels change while the stream is open: away from one channel, to the other.
		o.permit(o.watches.ProfileID, models.LevelNone)
		_, err := o.accounts.SetMessagingLevel(t.Context(), o.admin, o.watches.ProfileID, second.ID, models.LevelView)
		require.NoError(t, err)
		o.reply(conversation.ID, "hidden")
		o.accept(text(second, "447700919999", "Zoe", "wamid.third", "now for you", noon))
		require.Equal(t, "now for you", live.next().Payload.Message.Body)

		_, err = o.accounts.SetUserActive(t.Context(), o.admin, o.answers.UserID, false)
		require.NoError(t, err)
		off := o.subscribe(o.answers, inbox.Subscription{})
		_, err = o.inbox.CloseConversation(t.Context(), o.admin, inbox.Close{ConversationID: conversation.ID})
		require.NoError(t, err)
		_, err = off.try()
		requireCode(t, models.CodeUnauthenticated, err)

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = theirs.stream.Next(ctx)
		require.ErrorIs(t, err, context.Canceled, "nothing came for another organization")
	})
}

func TestSubscribe_to_one_conversation(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		conversation, _ := o.greeted()
		other, _ := o.greeted()
		id := conversation.ID

		t.Run("that does not exist for the viewer", func(t *testing.T) {
			for _, viewer := range []models.Viewer{o.stranger, o.member(models.LevelNone)} {
				_, err := o.inbox.Subscribe(t.Context(), viewer, inbox.Subscription{ConversationID: &id})
				requireCode(t, models.CodeNotFound, err)
			}
			_, err := o.inbox.Subscribe(t.Context(), o.admin, inbox.Subscription{ConversationID: new(models.NewID())})
			requireCode(t, models.CodeNotFound, err)
		})

		t.Run("passes over all others", func(t *testing.T) {
			live := o.subscribe(o.watches, inbox.Subscription{ConversationID: &id})
			o.reply(other.ID, "elsewhere")
			o.reply(id, "here")
			require.Equal(t, "here", live.next().Payload.Message.Body)
		})

		t.Run("does not end with a merge on a channel that the viewer may not see", func(t *testing.T) {
			second := o.connect("Segundo", "331908274466121", "EAAsecond-token-of-the-padaria")
			live := o.subscribe(o.watches, inbox.Subscription{ConversationID: &id})
			o.accept(text(second, "447700919001", "Zoe", "wamid.a", "Oi", noon))
			o.accept(hides(second, "GB.2", "wamid.b", noon))
			o.accept(links(second, "447700919001", "GB.2", "wamid.c", noon))
			o.reply(id, "still here")
			require.Equal(t, "still here", live.next().Payload.Message.Body)
		})

		t.Run("is told when it goes up in another", func(t *testing.T) {
			o.accept(text(o.channel, "447700919002", "Iris", "wamid.d", "Oi", noon))
			o.accept(hides(o.channel, "GB.3", "wamid.e", noon))
			var removed models.Message
			require.NoError(t, o.db.Read(t.Context()).Take(&removed, "wamid = ?", "wamid.e").Error)
			live := o.subscribe(o.watches, inbox.Subscription{ConversationID: &removed.ConversationID})
			o.accept(links(o.channel, "447700919002", "GB.3", "wamid.f", noon))
			merged := live.next()
			require.Equal(t, models.EventConversationMerged, merged.Kind)
			require.Equal(t, removed.ConversationID, *merged.Payload.RemovedID)
			require.Equal(t, 3, merged.Payload.Conversation.UnreadCount)
			require.Equal(t, o.message(removed.ID).ConversationID, merged.ConversationID)
		})

		t.Run("ends when the viewer may no longer see it", func(t *testing.T) {
			live := o.subscribe(o.watches, inbox.Subscription{ConversationID: &id})
			o.reply(id, "seen")
			live.next()
			o.permit(o.watches.ProfileID, models.LevelNone)
			o.reply(id, "not seen")
			_, err := live.try()
			requireCode(t, models.CodeNotFound, err)
		})
	})
}
