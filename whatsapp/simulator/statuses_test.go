package simulator_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/whatsapp/simulator"
)

func TestStatuses(t *testing.T) {
	t.Run("come_in_Metas_time_after_the_answer", func(t *testing.T) {
		w := newWorld(t)
		c := w.iris(irisWAID)
		id := w.send(with(text(irisWAID, "hi"), "biz_opaque_callback_data", "order=8841")).id(t)
		w.pass(299 * time.Millisecond)
		require.Empty(t, w.hook.take())
		w.pass(time.Millisecond)
		hooks := w.hook.take()
		require.Len(t, hooks, 1)
		require.Equal(t, []map[string]any{{
			"id": id, "status": "sent", "timestamp": unix(start),
			"recipient_id": irisWAID, "recipient_user_id": c.UserID(), "biz_opaque_callback_data": "order=8841",
			"pricing": map[string]any{"billable": true, "pricing_model": "PMP", "type": "regular", "category": "service"},
		}}, rawStatuses(hooks))
		require.Equal(t, []map[string]any{{"wa_id": irisWAID, "user_id": c.UserID()}}, hooks[0].Entry[0].Changes[0].Value.Contacts)
		require.Empty(t, c.Inbox(numberID))
		w.pass(700 * time.Millisecond)
		require.Equal(t, []string{"delivered"}, statusesOf(w.hook.take()))
		require.Equal(t, []simulator.ReceivedMessage{{
			ID: id, Type: "text", Body: "hi", Content: []byte(`{"body":"hi"}`), CallbackData: "order=8841", At: start.Add(time.Second),
		}}, c.Inbox(numberID))
		w.pass(2 * time.Second)
		require.Equal(t, []string{"read"}, statusesOf(w.hook.take()))
		require.Equal(t, start.Add(3*time.Second), c.Inbox(numberID)[0].ReadAt)
		w.pass(24 * time.Hour)
		require.Empty(t, w.hook.take())
	})
	t.Run("read_waits_for_a_customer_who_reads_by_hand", func(t *testing.T) {
		w := newWorld(t)
		c := w.meta.Customer(simulator.Customer{WAID: irisWAID, ReadsManually: true})
		c.SendText(numberID, "hi")
		w.send(text(irisWAID, "one"))
		w.send(text(irisWAID, "two"))
		c.Read(numberID) // nothing has arrived yet
		w.pass(time.Hour)
		require.Equal(t, []string{"sent", "sent", "delivered", "delivered"}, statusesOf(w.hook.take()))
		c.Read(numberID)
		c.Read(numberID)
		w.flush()
		require.Equal(t, []string{"read", "read"}, statusesOf(w.hook.take()))
	})
	t.Run("customers_pause_is_used", func(t *testing.T) {
		w := newWorld(t)
		w.meta.Customer(simulator.Customer{WAID: irisWAID, ReadsAfter: time.Minute}).SendText(numberID, "hi")
		w.send(text(irisWAID, "one"))
		w.pass(time.Minute)
		require.NotContains(t, statusesOf(w.hook.take()), "read")
		w.pass(time.Second)
		require.Equal(t, []string{"read"}, statusesOf(w.hook.take()))
	})
	t.Run("without_delays", func(t *testing.T) {
		w := newWorld(t, func(o *simulator.Options) {
			o.Timing = simulator.Timing{Sent: simulator.Immediately, Delivered: simulator.Immediately, Read: simulator.Immediately}
		})
		w.iris(irisWAID)
		w.send(text(irisWAID, "hi"))
		w.pass(0)
		require.Equal(t, []string{"sent", "delivered", "read"}, statusesOf(w.hook.take()))
	})
	t.Run("conversation_only_for_old_versions", func(t *testing.T) {
		for version, has := range map[string]bool{"v23.0": true, "v22.0": true, "v24.0": false, "v26.0": false} {
			w := newWorld(t)
			w.iris(irisWAID)
			w.call(bearer, "POST", "/"+version+"/"+numberID+"/messages", text(irisWAID, "hi"))
			w.pass(time.Second)
			statuses := rawStatuses(w.hook.take())
			if !has {
				require.NotContains(t, statuses[0], "conversation")
				continue
			}
			sent := objectOf(statuses[0]["conversation"])
			require.Regexp(t, `^[0-9a-f]{32}$`, sent["id"])
			require.Equal(t, map[string]any{"type": "service"}, sent["origin"])
			require.Equal(t, unix(start.Add(24*time.Hour)), sent["expiration_timestamp"])
			delivered := objectOf(statuses[1]["conversation"])
			require.Equal(t, sent["id"], delivered["id"])
			require.NotContains(t, delivered, "expiration_timestamp")
		}
	})
	t.Run("real_clock_settles", func(t *testing.T) {
		w := newWorld(t, func(o *simulator.Options) {
			o.Clock = nil
			o.Timing = simulator.Timing{Sent: time.Millisecond, Delivered: 2 * time.Millisecond, Read: time.Millisecond}
		})
		w.iris(irisWAID)
		w.send(text(irisWAID, "hi"))
		require.NoError(t, w.meta.Settle(t.Context()))
		require.Equal(t, []string{"sent", "delivered", "read"}, statusesOf(w.hook.take()))
	})
	t.Run("await_sees_changes", func(t *testing.T) {
		w := newWorld(t)
		c := w.iris(irisWAID)
		arrived := make(chan error, 1)
		go func() {
			arrived <- w.meta.Await(t.Context(), func() bool { return len(c.Inbox(numberID)) == 1 })
		}()
		w.send(text(irisWAID, "hi"))
		w.pass(time.Second)
		require.NoError(t, <-arrived)
	})
}

func TestServiceWindow(t *testing.T) {
	failed := func(w *world) []string {
		w.t.Helper()
		w.send(text(irisWAID, "hi")).id(w.t)
		w.pass(500 * time.Millisecond)
		return statusesOf(w.hook.take())
	}
	t.Run("never_opened", func(t *testing.T) {
		w := newWorld(t)
		id := w.send(text(irisWAID, "hi")).id(t)
		w.pass(500 * time.Millisecond)
		status := rawStatuses(w.hook.take())[0]
		require.Equal(t, id, status["id"])
		require.Equal(t, "failed", status["status"])
		require.NotContains(t, status, "pricing")
		require.Equal(t, []any{map[string]any{
			"code": float64(131047), "title": "Re-engagement message", "message": "Re-engagement message",
			"error_data": map[string]any{"details": "Message failed to send because more than 24 hours have passed since the customer last replied to this number."},
			"href":       "https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes",
		}}, status["errors"])
		w.pass(time.Hour)
		require.Empty(t, w.hook.take())
		require.Empty(t, w.meta.CustomerByWAID(irisWAID).Inbox(numberID), "made by the send")
		require.Nil(t, w.meta.CustomerByWAID("1"))
	})
	t.Run("closes_after_24_hours_and_opens_again", func(t *testing.T) {
		w := newWorld(t)
		c := w.iris(irisWAID)
		w.pass(24*time.Hour - time.Second)
		require.Equal(t, []string{"sent"}, failed(w))
		w.pass(500 * time.Millisecond)
		w.hook.take()
		require.False(t, c.WindowOpen(numberID))
		w.pass(time.Hour)
		w.hook.take()
		require.Equal(t, []string{"failed"}, failed(w))
		c.SendText(numberID, "again")
		require.Equal(t, []string{"sent"}, failed(w))
	})
	t.Run("is_of_one_number_and_one_user", func(t *testing.T) {
		w := newWorld(t)
		w.iris("447700900457")
		require.NoError(t, w.meta.AddNumber(simulator.Number{ID: "222", WABAID: waba, DisplayNumber: "15550102031"}))
		w.meta.Customer(simulator.Customer{WAID: irisWAID}).SendText("222", "hi")
		w.flush()
		w.hook.take()
		require.Equal(t, []string{"failed"}, failed(w))
	})
	t.Run("does_not_hold_templates", func(t *testing.T) {
		w := newWorld(t)
		w.meta.AddTemplate(simulator.Template{Name: "news", Language: "pt_BR", Category: simulator.Marketing})
		w.send(with(with(text(irisWAID, ""), "type", "template"), "template",
			map[string]any{"name": "news", "language": map[string]any{"code": "pt_BR"}}))
		w.pass(time.Second)
		require.Equal(t, []string{"sent", "delivered"}, statusesOf(w.hook.take()))
	})
	t.Run("can_be_closed_by_hand", func(t *testing.T) {
		w := newWorld(t)
		w.iris(irisWAID).CloseWindow(numberID)
		require.Equal(t, []string{"failed"}, failed(w))
	})
}

func TestPricing(t *testing.T) {
	september := time.Date(2026, 9, 30, 23, 59, 59, 0, time.UTC)
	october := september.Add(time.Second)
	free := map[string]any{"billable": false, "pricing_model": "PMP", "type": "free_customer_service"}
	regular := map[string]any{"billable": true, "pricing_model": "PMP", "type": "regular"}
	for _, c := range []struct {
		name     string
		on       time.Time
		category simulator.Category
		open     bool
		want     map[string]any
	}{
		{"service_until_september", september, simulator.Service, true, free},
		{"service_from_october", october, simulator.Service, true, regular},
		{"utility_inside_until_september", september, simulator.Utility, true, free},
		{"utility_inside_from_october", october, simulator.Utility, true, regular},
		{"utility_outside", september, simulator.Utility, false, regular},
		{"marketing_inside", september, simulator.Marketing, true, regular},
		{"authentication_outside", october, simulator.Authentication, false, regular},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, func(o *simulator.Options) { o.PricingDate = c.on })
			if c.open {
				w.iris(irisWAID)
			}
			w.meta.AddTemplate(simulator.Template{Name: "t", Language: "en", Category: c.category})
			body := text(irisWAID, "hi")
			if c.category != simulator.Service {
				body = with(with(body, "type", "template"), "template", map[string]any{"name": "t", "language": map[string]any{"code": "en"}})
			}
			w.send(body).id(t)
			w.pass(3 * time.Second)
			statuses := rawStatuses(w.hook.take())
			require.Len(t, statuses, 3)
			for _, s := range statuses {
				require.Equal(t, with(c.want, "category", string(c.category)), s["pricing"])
			}
		})
	}
}

func TestMagicRecipients(t *testing.T) {
	follows := map[string][]string{
		"0001": {"sent"}, "0002": {"sent", "delivered"}, "0003": {"sent", "read", "delivered"},
		"0004": {"sent", "delivered", "read"}, "0005": {}, "0006": {"sent", "read"},
		"0007": {"sent", "sent", "delivered", "delivered"}, "0008": {"sent", "delivered"},
	}
	refusals := map[string]int{"0016": 131016, "0029": 130429, "0030": 131030, "0031": 131031, "0056": 131056}
	failures := map[string]int{
		"0026": 131026, "0042": 131042, "0047": 131047, "0048": 131048, "0049": 131049, "0050": 131050, "0053": 131053, "0072": 130472,
	}
	for _, m := range simulator.MagicRecipients() {
		t.Run(m.Digits, func(t *testing.T) {
			w := newWorld(t)
			waID := "44770090" + m.Digits
			c := w.meta.Customer(simulator.Customer{WAID: waID, ReadsManually: true})
			c.SendText(numberID, "hi")
			w.flush()
			w.hook.take()
			a := w.send(text(waID, "hello"))
			if code, ok := refusals[m.Digits]; ok {
				require.Equal(t, code, a.code())
				require.Contains(t, m.Outcome, strconv.Itoa(code))
				require.Empty(t, w.meta.Sent())
				return
			}
			a.id(t)
			w.pass(time.Hour)
			got := w.hook.take()
			if code, ok := failures[m.Digits]; ok {
				require.Equal(t, []string{"failed"}, statusesOf(got))
				require.EqualValues(t, code, firstOf(rawStatuses(got)[0]["errors"])["code"])
				require.Contains(t, m.Outcome, strconv.Itoa(code))
				require.Empty(t, c.Inbox(numberID))
				return
			}
			want, ok := follows[m.Digits]
			require.True(t, ok, "an ending this test does not know")
			require.Equal(t, want, statusesOf(got))
		})
	}
	t.Run("never_read_even_when_opened", func(t *testing.T) {
		w := newWorld(t)
		c := w.iris("447700900002")
		w.send(text("447700900002", "x"))
		w.pass(time.Hour)
		c.Read(numberID)
		w.flush()
		require.Equal(t, []string{"sent", "delivered"}, statusesOf(w.hook.take()))
	})
	t.Run("read_first_keeps_the_earlier_time_for_delivered", func(t *testing.T) {
		w := newWorld(t)
		w.iris("447700900003")
		w.send(text("447700900003", "x"))
		w.pass(time.Hour)
		s := rawStatuses(w.hook.take())
		require.Equal(t, s[1]["timestamp"], s[2]["timestamp"])
	})
	t.Run("sent_status_precedes_the_answer", func(t *testing.T) {
		w := newWorld(t)
		w.iris("447700900008")
		id := w.send(text("447700900008", "x")).id(t)
		require.Equal(t, id, rawStatuses(w.hook.take())[0]["id"], "posted without time passing")
	})
}
