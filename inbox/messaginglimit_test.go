package inbox_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/inbox"
	"recado/models"
	"recado/store"
	"recado/whatsapp/simulator"
)

// mayReach has Meta tell how many people the business may write to first.
func (o *office) mayReach(people int) {
	o.t.Helper()
	require.NoError(o.t, o.meta.SendManagement(simulator.Management{
		Field: "business_capability_update", WABAID: wabaID, Value: map[string]any{"max_daily_conversations_per_business": people},
	}))
	o.flush()
}

// reached is how many they have been.
func (o *office) reached() int {
	o.t.Helper()
	used, err := o.inbox.MessagingLimitUsed(o.t.Context(), o.watches, []models.ID{o.channel.ID})
	require.NoError(o.t, err)
	return used[o.channel.ID]
}

func TestMessagingLimit(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		service := o.keepsTemplates()
		o.work()
		o.has(50 * models.Credit)
		template := o.approvedTemplate(service, models.TemplateUtility, "pedido_pronto", orderReady)
		draft := models.Draft{Template: new(o.starts(template, "").Template)}
		known, _ := o.greeted()
		o.pass(25 * time.Hour)
		open, _ := o.greeted()
		start := func(phone string) (models.Message, error) {
			t.Helper()
			o.pass(time.Minute)
			return o.inbox.Start(t.Context(), o.answers, o.starts(template, phone))
		}
		reach := func(phone string) models.Message {
			t.Helper()
			message, err := start(phone)
			require.NoError(t, err)
			return o.becomes(message, models.StatusAccepted)
		}
		asks := func(conversation models.ID) inbox.Sendability {
			t.Helper()
			answer, err := o.inbox.CanSend(t.Context(), o.answers, conversation, draft, nil)
			require.NoError(t, err)
			return answer
		}
		ana := reach("+5511912340001")
		require.Equal(t, inbox.LimitUse{Used: 1}, *asks(known.ID).Limit, "Meta has not said how many there may be")
		o.mayReach(3)
		reach("+5511912340002")
		dora := reach("+5511912340003")
		free := ana.SentAt.Add(24 * time.Hour)

		t.Run("refuses one more, with when there is room again", func(t *testing.T) {
			refused := func(err error, field string) {
				t.Helper()
				want := models.NewError(models.CodeMessagingLimitReached, field).With("limit", "3").With("freeAt", free.Format(time.RFC3339))
				require.Equal(t, error(want), err)
			}
			_, err := start("+5511912340004")
			refused(err, "")
			answer := asks(known.ID)
			require.False(t, answer.Allowed())
			require.Equal(t, inbox.LimitUse{Used: 3, Limit: new(3), FreeAt: &free}, *answer.Limit)
			_, err = o.inbox.Reply(t.Context(), o.answers, inbox.Reply{ConversationID: known.ID, IdempotencyKey: "known", Content: draft})
			refused(err, "conversationId")
			require.Equal(t, error(answer.Obstacles[0]), err)
		})
		t.Run("is shared by the numbers of the account", func(t *testing.T) {
			branch := o.connect("Filial", "331908274466121", token)
			elsewhere := o.starts(template, "+5511912340004")
			elsewhere.ChannelID = branch.ID
			_, err := o.inbox.Start(t.Context(), o.admin, elsewhere)
			requireCode(t, models.CodeMessagingLimitReached, err)
			elsewhere = o.starts(template, "+5511912340002") // who counts already
			elsewhere.ChannelID = branch.ID
			_, err = o.inbox.Start(t.Context(), o.admin, elsewhere)
			require.NoError(t, err)
			used, err := o.inbox.MessagingLimitUsed(t.Context(), o.admin, []models.ID{o.channel.ID, branch.ID})
			require.NoError(t, err)
			require.Equal(t, map[models.ID]int{o.channel.ID: 3, branch.ID: 3}, used)
		})
		t.Run("does not count who is in an open service window, nor anybody twice", func(t *testing.T) {
			answer := asks(open.ID)
			require.True(t, answer.Allowed())
			require.Nil(t, answer.Limit)
			_, err := o.inbox.Reply(t.Context(), o.answers, inbox.Reply{ConversationID: open.ID, IdempotencyKey: "open", Content: draft})
			require.NoError(t, err)
			reach("+5511912340003")
			require.Equal(t, 3, o.reached())
		})
		t.Run("is nobody else's business", func(t *testing.T) {
			used, err := o.inbox.MessagingLimitUsed(t.Context(), o.stranger, []models.ID{o.channel.ID})
			require.NoError(t, err)
			require.Empty(t, used)
		})
		t.Run("gives back the place of a template that failed", func(t *testing.T) {
			o.mayReach(4)
			failing := reach("+5511912340026") // who cannot be reached
			require.Equal(t, 4, o.reached())
			require.Equal(t, models.SessionAwaitingReply, o.conversation(failing.ConversationID).Session(o.clock.Now()))
			o.pass(time.Second)
			o.becomes(failing, models.StatusFailed)
			require.Equal(t, 3, o.reached())
			require.Equal(t, models.SessionClosed, o.conversation(failing.ConversationID).Session(o.clock.Now()), "nobody is going to answer it")
			reach("+5511912340005")
			_, err := start("+5511912340006")
			requireCode(t, models.CodeMessagingLimitReached, err)
		})
		t.Run("has room again a day later", func(t *testing.T) {
			o.pass(free.Sub(o.clock.Now()) - 2*time.Minute)
			_, err := start("+5511912340006")
			requireCode(t, models.CodeMessagingLimitReached, err)
			reach("+5511912340006")
			require.Equal(t, 4, o.reached())
		})
		t.Run("a failure leaves what was sent before and after it", func(t *testing.T) {
			o.mayReach(-1)
			before := o.conversation(dora.ConversationID)
			require.NotNil(t, before.LastOutreachAt)
			again, err := start("+5511912340003")
			require.NoError(t, err)
			o.becomes(again, models.StatusAccepted)
			o.accept(status(o.channel, *o.message(again.ID).WAMID, "failed", "", o.clock.Now()))
			after := o.conversation(dora.ConversationID)
			require.Equal(t, before.LastOutreachAt, after.LastOutreachAt)
			require.Equal(t, before.LastTemplateAt, after.LastTemplateAt)
			o.accept(status(o.channel, *o.message(again.ID).WAMID, "delivered", "", o.clock.Now()))
			require.Equal(t, again.SentAt, *o.conversation(dora.ConversationID).LastOutreachAt, "it arrived after all")
		})
	})
}

// TestMessagingLimit_lastPlace has many people written to first at once, by all ways
// there are, when there is one place left: on PostgreSQL from two processes.
func TestMessagingLimit_lastPlace(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		const wanted = 16
		service := o.keepsTemplates()
		o.work()
		o.has(50 * models.Credit)
		template := o.approvedTemplate(service, models.TemplateUtility, "pedido_pronto", orderReady)
		var known []models.Conversation
		for range wanted / 2 {
			conversation, _ := o.greeted()
			known = append(known, conversation)
		}
		o.pass(25 * time.Hour)
		o.mayReach(2)
		_, err := o.inbox.Start(t.Context(), o.answers, o.starts(template, "+5511912340001"))
		require.NoError(t, err)
		processes := []*inbox.Service{o.inbox}
		if o.db.Dialect() == store.Postgres {
			working := o.queue
			processes = append(processes, o.process(inbox.Options{}))
			o.queue = working
		}
		var reached, refused atomic.Int64
		var all sync.WaitGroup
		for i := range wanted {
			all.Go(func() {
				start := o.starts(template, fmt.Sprintf("+551191234%04d", 1000+i))
				by := processes[i/2%len(processes)]
				var err error
				if i%2 == 0 {
					_, err = by.Start(t.Context(), o.answers, start)
				} else {
					_, err = by.Reply(t.Context(), o.answers, inbox.Reply{
						ConversationID: known[i/2].ID, IdempotencyKey: start.IdempotencyKey, Content: models.Draft{Template: &start.Template},
					})
				}
				switch {
				case err == nil:
					reached.Add(1)
				case models.CodeOf(err) == models.CodeMessagingLimitReached:
					refused.Add(1)
				default:
					t.Errorf("%d: %v", i, err)
				}
			})
		}
		all.Wait()
		require.EqualValues(t, 1, reached.Load())
		require.EqualValues(t, wanted-1, refused.Load())
		require.Equal(t, 2, o.reached())
	})
}

// TestMessagingLimit_keptCounts holds that counts that are kept for a moment let as
// many be reached as there may be, and show no fewer than there were.
func TestMessagingLimit_keptCounts(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		const limit = 8
		service := o.keepsTemplates()
		o.work()
		o.has(50 * models.Credit)
		template := o.approvedTemplate(service, models.TemplateUtility, "pedido_pronto", orderReady)
		o.mayReach(limit)
		o.inbox.KeepCounts(2)
		for i := range limit + 3 {
			o.pass([]time.Duration{0, 5 * time.Second, 40 * time.Second}[i%3])
			_, err := o.inbox.Start(t.Context(), o.answers, o.starts(template, fmt.Sprintf("+551191234%04d", 1000+i)))
			if i >= limit {
				requireCode(t, models.CodeMessagingLimitReached, err)
				require.Equal(t, limit, o.reached())
				continue
			}
			require.NoError(t, err)
			require.GreaterOrEqual(t, o.reached(), i+1)
		}
		o.pass(24 * time.Hour)
		require.Zero(t, o.reached())
	})
}
