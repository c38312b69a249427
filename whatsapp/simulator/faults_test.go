package simulator_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/whatsapp/simulator"
)

// write lets Iris write the messages 0, 1, … and waits for their webhooks.
func (w *world) write(n int) {
	w.t.Helper()
	c := w.meta.Customer(simulator.Customer{WAID: irisWAID, Name: "Iris"})
	for i := range n {
		c.SendText(numberID, strconv.Itoa(i))
	}
	w.flush()
}

func TestWebhookFaults(t *testing.T) {
	t.Run("duplicates_have_the_same_bytes", func(t *testing.T) {
		w := newWorld(t)
		w.meta.Faults().DuplicateWebhooks(2)
		w.write(2)
		hooks := w.hook.take()
		require.Len(t, hooks, 6)
		seen := map[string]int{}
		for _, h := range hooks {
			seen[string(h.raw)]++
		}
		require.Len(t, seen, 2)
		for _, n := range seen {
			require.Equal(t, 3, n)
		}
		w.meta.Faults().DuplicateWebhooks(0)
		w.write(1)
		require.Len(t, w.hook.take(), 1)
	})
	t.Run("reordered_groups_never_keep_their_order", func(t *testing.T) {
		for seed := range uint64(20) {
			w := newWorld(t, func(o *simulator.Options) { o.Seed = seed + 1; o.MaxInFlightWebhooks = 16 })
			w.meta.Faults().ReorderWebhooks(3)
			w.write(3)
			got := strings.Fields(bodiesOf(w.hook.take()))
			require.ElementsMatch(t, []string{"0", "1", "2"}, got)
			require.NotEqual(t, []string{"0", "1", "2"}, got)
		}
	})
	t.Run("incomplete_group_follows_after_half_a_second", func(t *testing.T) {
		w := newWorld(t)
		w.meta.Faults().ReorderWebhooks(5)
		c := w.meta.Customer(simulator.Customer{WAID: irisWAID})
		c.SendText(numberID, "a")
		c.SendText(numberID, "b")
		require.Zero(t, w.hook.attempts())
		w.clock.Advance(500 * time.Millisecond)
		w.flush()
		require.Equal(t, "b a", bodiesOf(w.hook.take()))
	})
	t.Run("delay_is_on_the_clock", func(t *testing.T) {
		w := newWorld(t)
		w.meta.Faults().DelayWebhooks(time.Minute)
		w.write(1)
		w.pass(59 * time.Second)
		require.Empty(t, w.hook.take())
		w.pass(time.Second)
		require.Len(t, w.hook.take(), 1)
	})
	t.Run("batch_merges_messages_and_statuses", func(t *testing.T) {
		w := newWorld(t)
		w.iris(irisWAID)
		require.NoError(t, w.meta.AddNumber(simulator.Number{ID: "222", WABAID: "333", DisplayNumber: "15550102031"}))
		w.meta.Faults().BatchWebhooks(6)
		w.send(text(irisWAID, "hi"))
		w.clock.Advance(300 * time.Millisecond) // sent
		c := w.meta.Customer(simulator.Customer{WAID: irisWAID, Name: "Iris"})
		c.SendText(numberID, "a")
		c.SendText(numberID, "b")
		w.meta.Customer(simulator.Customer{WAID: "447700900457", Name: "Jo"}).SendText(numberID, "c")
		c.SendText("222", "d")
		require.Empty(t, w.hook.take())
		c.SendText(numberID, "e")
		w.flush()
		hooks := w.hook.take()
		require.Len(t, hooks, 1)
		h := hooks[0]
		require.Len(t, h.Entry, 3)
		require.Equal(t, []string{waba, "333", waba}, []string{h.Entry[0].ID, h.Entry[1].ID, h.Entry[2].ID})
		require.Len(t, h.Entry[0].Changes, 2, "a change with the status, one with three messages")
		require.Len(t, h.Entry[0].Changes[0].Value.Statuses, 1)
		require.Len(t, h.Entry[0].Changes[1].Value.Messages, 3)
		require.Len(t, h.Entry[0].Changes[1].Value.Contacts, 2)
		require.Equal(t, "a b c d e", bodiesOf(hooks))
	})
	t.Run("incomplete_batch_follows_after_half_a_second_or_when_switched_off", func(t *testing.T) {
		w := newWorld(t)
		w.meta.Faults().BatchWebhooks(10)
		c := w.meta.Customer(simulator.Customer{WAID: irisWAID})
		c.SendText(numberID, "a")
		c.SendText(numberID, "b")
		w.clock.Advance(500 * time.Millisecond)
		require.NoError(t, w.meta.Await(t.Context(), func() bool { return len(w.meta.Deliveries()) == 1 }))
		require.Equal(t, "a b", bodiesOf(w.hook.take()))
		c.SendText(numberID, "c")
		w.meta.Faults().BatchWebhooks(0)
		require.NoError(t, w.meta.Await(t.Context(), func() bool { return len(w.meta.Deliveries()) == 2 }))
	})
	t.Run("all_at_once_lose_nothing", func(t *testing.T) {
		w := newWorld(t, func(o *simulator.Options) { o.MaxInFlightWebhooks = 8 })
		w.meta.Faults().BatchWebhooks(3)
		w.meta.Faults().ReorderWebhooks(4)
		w.meta.Faults().DuplicateWebhooks(1)
		w.meta.Faults().DelayWebhooks(time.Second)
		w.write(20)
		w.pass(time.Minute)
		seen := map[string]int{}
		for b := range strings.FieldsSeq(bodiesOf(w.hook.take())) {
			seen[b]++
		}
		require.Len(t, seen, 20)
		for body, n := range seen {
			require.Equal(t, 2, n, body)
		}
	})
}

func TestCallFaults(t *testing.T) {
	hi := text(irisWAID, "hi")
	post := func(w *world) error {
		_, err := w.try(bearer, http.MethodPost, messagesPath, hi)
		return err
	}
	t.Run("dropped_answer_was_accepted", func(t *testing.T) {
		w := newWorld(t)
		c := w.iris(irisWAID)
		w.meta.Faults().DropAnswers(1)
		_, err := w.try(bearer, http.MethodPost, messagesPath, with(hi, "biz_opaque_callback_data", "ours-1"))
		require.Error(t, err)
		require.Len(t, w.meta.Sent(), 1)
		w.pass(time.Second)
		hooks := w.hook.take()
		require.Equal(t, []string{"sent", "delivered"}, statusesOf(hooks))
		require.Equal(t, "ours-1", rawStatuses(hooks)[0]["biz_opaque_callback_data"])
		require.Len(t, c.Inbox(numberID), 1)
		require.NoError(t, post(w))
	})
	t.Run("refused_message_does_not_use_up_a_dropped_answer", func(t *testing.T) {
		w := newWorld(t)
		w.meta.Faults().DropAnswers(1)
		require.Equal(t, 131008, w.send(text(irisWAID, "")).code())
		require.Error(t, post(w))
	})
	t.Run("dropped_request_was_not_accepted", func(t *testing.T) {
		w := newWorld(t)
		w.meta.Faults().DropRequests(2)
		require.Error(t, post(w))
		require.Error(t, post(w))
		require.Empty(t, w.meta.Sent())
		require.NoError(t, post(w))
		require.Len(t, w.meta.Sent(), 1)
	})
	t.Run("delayed_answer", func(t *testing.T) {
		w := newWorld(t)
		w.iris(irisWAID)
		w.meta.Faults().DelayAnswers(1, time.Hour)
		answered := make(chan error, 1)
		go func() { answered <- post(w) }()
		require.NoError(t, w.meta.Await(t.Context(), func() bool { return len(w.meta.Sent()) == 1 && w.clock.Pending() == 2 }))
		w.pass(time.Second)
		require.Equal(t, []string{"sent", "delivered"}, statusesOf(w.hook.take()))
		require.Empty(t, answered)
		w.pass(time.Hour)
		require.NoError(t, <-answered)
	})
	t.Run("refusals", func(t *testing.T) {
		for _, c := range []struct {
			status, code int
			retryAfter   time.Duration
			want         string
			header       string
		}{
			{429, 130429, 1500 * time.Millisecond, "(#130429) Rate limit hit", "2"},
			{503, 2, 0, "(#2) Service temporarily unavailable", ""},
			{500, 131016, 0, "(#131016) Service unavailable", ""},
			{400, 999999, 0, "(#999999) Simulated error", ""},
			{401, 190, 0, "Error validating access token", ""},
		} {
			w := newWorld(t)
			w.meta.Faults().RefuseNext(1, c.status, c.code, c.retryAfter)
			a := w.send(hi)
			require.Equal(t, c.status, a.status)
			require.Equal(t, c.code, a.code())
			require.Equal(t, c.want, a.errorField("message"))
			require.Equal(t, c.header, a.header.Get("Retry-After"))
			require.Empty(t, w.meta.Sent())
			require.Equal(t, 200, w.send(hi).status)
		}
	})
	t.Run("html_of_a_front_end_server", func(t *testing.T) {
		w := newWorld(t)
		w.meta.Faults().RefuseNext(1, 502, 0, 0)
		a := w.send(hi)
		require.Equal(t, 502, a.status)
		require.Equal(t, "text/html; charset=utf-8", a.header.Get("Content-Type"))
		require.Contains(t, a.raw, "<h1>502 Bad Gateway</h1>")
	})
	t.Run("apply_to_the_named_calls_only_and_in_order", func(t *testing.T) {
		w := newWorld(t)
		node := "/v26.0/" + numberID
		f := w.meta.Faults()
		f.Refuse(1, simulator.Refusal{Code: 4, On: simulator.EndpointManagement})
		f.RefuseNext(1, 0, 131000, 0)
		f.DropRequestsOn(1, simulator.EndpointAny)
		require.Equal(t, 131000, w.send(hi).code())
		require.Equal(t, 4, w.call(bearer, http.MethodGet, node, nil).code())
		_, err := w.try(bearer, http.MethodPost, messagesPath, mark("wamid.x"))
		require.Error(t, err)
		require.Equal(t, 200, w.send(hi).status)
	})
	t.Run("a_refusal_does_not_hide_a_bad_token", func(t *testing.T) {
		w := newWorld(t)
		w.meta.Faults().RefuseNext(1, 500, 131000, 0)
		require.Equal(t, 190, w.call("nonsense", http.MethodPost, messagesPath, hi).code())
		require.Equal(t, 131000, w.send(hi).code())
	})
	t.Run("expired_tokens", func(t *testing.T) {
		w := newWorld(t)
		w.meta.Faults().ExpireTokens()
		a := w.send(hi)
		require.Equal(t, 190, a.code())
		require.EqualValues(t, 463, a.errorField("error_subcode"))
	})
	t.Run("clear_disarms", func(t *testing.T) {
		w := newWorld(t)
		f := w.meta.Faults()
		f.RefuseNext(5, 500, 131000, 0)
		f.DropAnswers(5)
		f.DropRequests(5)
		f.DuplicateWebhooks(5)
		f.Clear()
		require.Equal(t, 200, w.send(hi).status)
		w.write(1)
		require.Len(t, w.hook.take(), 1)
	})
}
