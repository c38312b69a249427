package inbox_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/inbox"
	"recado/models"
	"recado/whatsapp"
)

func TestReply_asks_for_rights(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		conversation, _ := o.greeted()
		nobody := o.member(models.LevelNone)
		for _, test := range []struct {
			name   string
			viewer models.Viewer
			want   models.Code
		}{
			{"NONE", nobody, models.CodeNotFound},
			{"VIEW", o.watches, models.CodeForbidden},
			{"REPLY", o.answers, ""},
			{"administrator", o.admin, ""},
			{"another organization", o.stranger, models.CodeNotFound},
		} {
			t.Run(test.name, func(t *testing.T) {
				message, err := o.inbox.Reply(t.Context(), test.viewer, inbox.Reply{
					ConversationID: conversation.ID, IdempotencyKey: "one", Content: says("Until six."),
				})
				if test.want != "" {
					requireCode(t, test.want, err)
					return
				}
				require.NoError(t, err)
				require.Equal(t, test.viewer.UserID, *message.SenderID)
				require.Equal(t, message.ID, *o.conversation(conversation.ID).LastMessageID)
			})
		}

		t.Run("an unknown conversation", func(t *testing.T) {
			_, err := o.inbox.Reply(t.Context(), o.admin, inbox.Reply{ConversationID: models.NewID(), IdempotencyKey: "two", Content: says("Oi")})
			requireCode(t, models.CodeNotFound, err)
		})
	})
}

func TestReply_checks_its_input(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		conversation, _ := o.greeted()
		for _, test := range []struct {
			name  string
			reply inbox.Reply
			want  *models.Error // nil: sent
		}{
			{"no key", inbox.Reply{Content: says("Oi")}, models.NewError(models.CodeRequired, "idempotencyKey")},
			{"the longest key", inbox.Reply{IdempotencyKey: strings.Repeat("ç", 64), Content: says("Oi")}, nil},
			{"a key too long", inbox.Reply{IdempotencyKey: strings.Repeat("k", 65), Content: says("Oi")}, models.NewError(models.CodeInvalid, "idempotencyKey").With("max", "64")},
			{"a key with NUL", inbox.Reply{IdempotencyKey: "a\x00b", Content: says("Oi")}, models.NewError(models.CodeInvalid, "idempotencyKey")},
			{"nothing", inbox.Reply{IdempotencyKey: "k"}, models.NewError(models.CodeRequired, "content")},
			{"no text", inbox.Reply{IdempotencyKey: "k", Content: says("")}, models.NewError(models.CodeRequired, "content.text.body")},
			{"only spaces", inbox.Reply{IdempotencyKey: "k", Content: says(" \n\t")}, models.NewError(models.CodeRequired, "content.text.body")},
			{"the longest text", inbox.Reply{IdempotencyKey: "long", Content: says(strings.Repeat("ç", whatsapp.MaxTextBody))}, nil},
			{"a text too long", inbox.Reply{IdempotencyKey: "k", Content: says(strings.Repeat("ç", whatsapp.MaxTextBody+1))}, models.NewError(models.CodeInvalid, "content.text.body").With("max", "4096")},
			{"a text with NUL", inbox.Reply{IdempotencyKey: "k", Content: says("a\x00b")}, models.NewError(models.CodeInvalid, "content.text.body")},
			{"a text that is no UTF-8", inbox.Reply{IdempotencyKey: "k", Content: says("a\xff")}, models.NewError(models.CodeInvalid, "content.text.body")},
		} {
			t.Run(test.name, func(t *testing.T) {
				test.reply.ConversationID = conversation.ID
				message, err := o.inbox.Reply(t.Context(), o.answers, test.reply)
				if test.want != nil {
					require.Equal(t, error(test.want), err)
					return
				}
				require.NoError(t, err)
				require.Equal(t, test.reply.Content.Text.Body, o.message(message.ID).Body)
			})
		}
	})
}

func TestReply_in_the_service_window(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		conversation, iris := o.greeted()
		send := func(key string) error {
			_, err := o.inbox.Reply(t.Context(), o.answers, inbox.Reply{ConversationID: conversation.ID, IdempotencyKey: key, Content: says("Oi")})
			return err
		}
		o.clock.Advance(models.ServiceWindow - time.Millisecond)
		require.NoError(t, send("just in time"))
		o.clock.Advance(time.Millisecond)
		require.Equal(t, error(models.NewError(models.CodeServiceWindowClosed, "conversationId").With("closedAt", "2026-11-24T12:00:00Z")),
			send("too late"), "it says since when")
		require.NoError(t, send("just in time"), "what was done before stays done")
		o.written(iris, "Hello?")
		require.NoError(t, send("too late"), "a refused call did not use up its key")
		require.Empty(t, o.meta.Sent(), "Meta was not asked")

		t.Run("of a customer who never wrote", func(t *testing.T) {
			silent := text(o.channel, "447700919999", "Silent", "wamid.system", "", noon)
			silent.message["type"] = "system"
			require.NoError(t, o.inbox.Accept(t.Context(), inbox.RawDelivery{Body: payload(silent), ReceivedAt: noon}))
			var message models.Message
			require.NoError(t, o.db.Read(t.Context()).Take(&message, "wamid = ?", "wamid.system").Error)
			_, err := o.inbox.Reply(t.Context(), o.answers, inbox.Reply{ConversationID: message.ConversationID, IdempotencyKey: "silent", Content: says("Oi")})
			require.Equal(t, error(models.NewError(models.CodeServiceWindowClosed, "conversationId")), err)
		})
	})
}

func TestReply_on_a_channel_that_cannot_send(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		conversation, _ := o.greeted()
		for _, status := range []models.ChannelStatus{models.ChannelReauthorizationRequired, models.ChannelDisconnected} {
			o.setChannelStatus(status)
			_, err := o.inbox.Reply(t.Context(), o.answers, inbox.Reply{ConversationID: conversation.ID, IdempotencyKey: "k", Content: says("Oi")})
			require.Equal(t, error(models.NewError(models.CodeChannelUnavailable, "conversationId").With("status", string(status))), err)
		}
	})
}

func TestReply_with_an_idempotency_key(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		conversation, iris := o.greeted()
		reply := inbox.Reply{ConversationID: conversation.ID, IdempotencyKey: "key", Content: says("Until six.")}
		first, err := o.inbox.Reply(t.Context(), o.answers, reply)
		require.NoError(t, err)
		count := func() (messages int64) {
			require.NoError(t, o.db.Read(t.Context()).Model(&models.Message{}).
				Where("conversation_id = ? AND direction = ?", conversation.ID, models.Outbound).Count(&messages).Error)
			return messages
		}

		t.Run("used again with the same input gives the first message, as it is by now", func(t *testing.T) {
			require.Zero(t, o.sendNow(first))
			again, err := o.inbox.Reply(t.Context(), o.answers, reply)
			require.NoError(t, err)
			require.Equal(t, first.ID, again.ID)
			require.Equal(t, models.StatusAccepted, again.Status)
			require.EqualValues(t, 1, count())
		})

		t.Run("used again with another input is refused", func(t *testing.T) {
			other, _ := o.greeted()
			quote := o.message(first.ID).ID
			for name, change := range map[string]func(*inbox.Reply){
				"text":         func(r *inbox.Reply) { r.Content = says("Until seven.") },
				"preview":      func(r *inbox.Reply) { r.Content.Text = &models.TextDraft{Body: "Until six.", PreviewURL: true} },
				"conversation": func(r *inbox.Reply) { r.ConversationID = other.ID },
				"quote":        func(r *inbox.Reply) { r.ReplyToID = &quote },
			} {
				changed := reply
				change(&changed)
				_, err := o.inbox.Reply(t.Context(), o.answers, changed)
				require.Equal(t, error(models.NewError(models.CodeIdempotencyKeyReused, "idempotencyKey")), err, name)
			}
		})

		t.Run("is each user's own", func(t *testing.T) {
			theirs, err := o.inbox.Reply(t.Context(), o.admin, reply)
			require.NoError(t, err)
			require.NotEqual(t, first.ID, theirs.ID)
		})

		t.Run("does not outlast the right to reply", func(t *testing.T) {
			demoted := o.answers
			demoted.Levels = map[models.ID]models.MessagingLevel{o.channel.ID: models.LevelView}
			_, err := o.inbox.Reply(t.Context(), demoted, reply)
			requireCode(t, models.CodeForbidden, err)
		})

		t.Run("used by many calls at once sends once", func(t *testing.T) {
			before := count()
			var (
				callers sync.WaitGroup
				mu      sync.Mutex
				results = make(map[models.ID]int)
			)
			together := reply
			together.IdempotencyKey = "together"
			for range 8 {
				callers.Go(func() {
					message, err := o.inbox.Reply(t.Context(), o.answers, together)
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					defer mu.Unlock()
					results[message.ID]++
				})
			}
			callers.Wait()
			require.Len(t, results, 1)
			require.Equal(t, before+1, count())
		})

		t.Run("is forgotten after a day", func(t *testing.T) {
			o.clock.Advance(models.IdempotencyLifetime - time.Millisecond)
			o.written(iris, "Hello?")
			again, err := o.inbox.Reply(t.Context(), o.answers, reply)
			require.NoError(t, err)
			require.Equal(t, first.ID, again.ID)
			o.clock.Advance(time.Millisecond)
			fresh, err := o.inbox.Reply(t.Context(), o.answers, reply)
			require.NoError(t, err)
			require.NotEqual(t, first.ID, fresh.ID)
		})
	})
}

// The conversation of the first call may be gone by the second one.
func TestReply_repeated_after_a_merge_gives_the_first_message(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		hidden := text(o.channel, "", "Iris", "wamid.hidden", "Oi", noon)
		hidden.contact = map[string]any{"user_id": "GB.1", "profile": map[string]any{"name": "Iris"}}
		delete(hidden.message, "from")
		hidden.message["from_user_id"] = "GB.1"
		both := text(o.channel, "447700919999", "Iris", "wamid.both", "Oi", noon)
		both.contact["user_id"], both.message["from_user_id"] = "GB.1", "GB.1"
		accept := func(item item) {
			require.NoError(t, o.inbox.Accept(t.Context(), inbox.RawDelivery{Body: payload(item), ReceivedAt: noon}))
		}
		accept(text(o.channel, "447700919999", "Iris", "wamid.number", "Oi", noon))
		accept(hidden)
		var removed models.Message
		require.NoError(t, o.db.Read(t.Context()).Take(&removed, "wamid = ?", "wamid.hidden").Error)
		reply := inbox.Reply{ConversationID: removed.ConversationID, IdempotencyKey: "key", Content: says("Bom dia")}
		first, err := o.inbox.Reply(t.Context(), o.answers, reply)
		require.NoError(t, err)
		accept(both)
		again, err := o.inbox.Reply(t.Context(), o.answers, reply)
		require.NoError(t, err)
		require.Equal(t, first.ID, again.ID)
		require.NotEqual(t, removed.ConversationID, again.ConversationID, "it moved with the others")
		require.Zero(t, o.sendNow(again), "and is sent from there")
		require.Equal(t, models.StatusAccepted, o.message(again.ID).Status)
	})
}

func TestReply_quotes_a_message(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		conversation, iris := o.greeted()
		other, _ := o.greeted()
		question := *conversation.LastMessageID
		quote := func(id models.ID) (models.Message, error) {
			return o.inbox.Reply(t.Context(), o.answers, inbox.Reply{
				ConversationID: conversation.ID, IdempotencyKey: models.NewID().String(), Content: says("Until six."), ReplyToID: &id,
			})
		}
		answer, err := quote(question)
		require.NoError(t, err)
		_, err = quote(answer.ID)
		require.Equal(t, error(models.NewError(models.CodeInvalid, "replyToId")), err, "Meta does not know it yet")
		_, err = quote(*other.LastMessageID)
		require.Equal(t, error(models.NewError(models.CodeNotFound, "replyToId")), err)
		require.Zero(t, o.sendNow(answer))
		o.pass(time.Second)
		require.Equal(t, iris.Written(o.channel.PhoneNumberID)[0].ID, iris.Inbox(o.channel.PhoneNumberID)[0].ReplyTo)
		_, err = quote(answer.ID)
		require.NoError(t, err)
	})
}

func TestReply_opens_a_closed_conversation(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		conversation, _ := o.greeted()
		_, err := o.inbox.CloseConversation(t.Context(), o.answers, inbox.Close{ConversationID: conversation.ID})
		require.NoError(t, err)
		o.reply(conversation.ID, "One more thing.")
		require.Equal(t, models.ConversationOpen, o.conversation(conversation.ID).Status)
	})
}
