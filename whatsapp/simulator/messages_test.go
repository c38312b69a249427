package simulator_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/whatsapp/simulator"
)

func with(base map[string]any, name string, v any) map[string]any {
	out := maps.Clone(base)
	if v == nil {
		delete(out, name)
	} else {
		out[name] = v
	}
	return out
}

func TestSendValidation(t *testing.T) {
	hi := text(irisWAID, "hi")
	for _, c := range []struct {
		name    string
		body    map[string]any
		code    int // 0: accepted
		message string
		details string
	}{
		{"plain", hi, 0, "", ""},
		{"type_defaults_to_text", with(hi, "type", nil), 0, "", ""},
		{"longest_text", text(irisWAID, strings.Repeat("é", 4096)), 0, "", ""},
		{"text_too_long", text(irisWAID, strings.Repeat("é", 4097)), 100, "(#100) Param text['body'] must be at most 4096 characters long.", ""},
		{"empty_text", text(irisWAID, ""), 131008, "(#131008) Required parameter is missing", "Parameter of type text is missing text value"},
		{"text_object_missing", with(hi, "text", nil), 131008, "(#131008) Required parameter is missing", "Parameter of type text is missing."},
		{"object_of_another_type", with(hi, "type", "image"), 131008, "(#131008)", "Parameter of type image is missing."},
		{"product_missing", with(hi, "messaging_product", nil), 100, "(#100) The parameter messaging_product is required.", ""},
		{"product_wrong", with(hi, "messaging_product", "sms"), 100, "(#100) Param messaging_product must be one of {WHATSAPP}", ""},
		{"to_missing", with(hi, "to", nil), 100, "(#100) The parameter to is required.", ""},
		{"to_number", with(hi, "to", 447700900456), 100, "(#100) Param to must be a string.", ""},
		{"to_no_number", with(hi, "to", "iris@example.org"), 131009, "(#131009) Parameter value is not valid", "Recipient phone number is not a phone number."},
		{"to_the_sender", with(hi, "to", "+1 (555) 010-2030"), 131021, "(#131021) Recipient cannot be sender", "Recipient phone number is the same as the sender's."},
		{"recipient_no_user_id", with(with(hi, "to", nil), "recipient", "7719"), 131009, "(#131009)", "Recipient is not a business-scoped user id."},
		{"unknown_type", with(hi, "type", "telepathy"), 100, `(#100) Param type must be one of {AUDIO, CONTACTS`, ""},
		{"unknown_recipient_type", with(hi, "recipient_type", "crowd"), 100, "(#100) Param recipient_type must be one of", ""},
		{"group", with(hi, "recipient_type", "group"), 131041, "(#131041)", ""},
		{"callback_data_fits", with(hi, "biz_opaque_callback_data", strings.Repeat("x", 512)), 0, "", ""},
		{"callback_data_too_long", with(hi, "biz_opaque_callback_data", strings.Repeat("x", 513)), 100, "(#100) Param biz_opaque_callback_data", ""},
		{"context_without_id", with(hi, "context", map[string]any{}), 131008, "(#131008)", "context['message_id'] is required."},
		{"context_of_unknown_message", with(hi, "context", map[string]any{"message_id": "wamid.x"}), 0, "", ""},
		{"unknown_template", with(with(hi, "type", "template"), "template", map[string]any{"name": "pickup_ready", "language": map[string]any{"code": "en_US"}}), 132001, "(#132001) Template name does not exist in the translation", "template name (pickup_ready) does not exist in en_US"},
		{"media_id_and_link", with(with(hi, "type", "image"), "image", map[string]any{"id": "1", "link": "https://x.example/a.png"}), 131009, "(#131009)", "image needs exactly one of id and link."},
		{"media_id_unknown", with(with(hi, "type", "image"), "image", map[string]any{"id": "1"}), 131009, "(#131009)", "Media id 1 is unknown, expired or belongs to another number."},
		{"media_by_link", with(with(hi, "type", "image"), "image", map[string]any{"link": "https://x.example/a.png"}), 0, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			a := w.send(c.body)
			if c.code == 0 {
				a.id(t)
				require.Len(t, w.meta.Sent(), 1)
				return
			}
			require.Equal(t, c.code, a.code(), a.raw)
			require.Contains(t, a.errorField("message"), c.message)
			require.Equal(t, c.details, a.details())
			require.Empty(t, w.meta.Sent())
			require.Zero(t, w.clock.Pending())
		})
	}
	t.Run("form_body_is_not_read_as_json", func(t *testing.T) {
		w := newWorld(t)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.graph.URL+messagesPath, strings.NewReader(`{"messaging_product":"whatsapp"}`))
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer "+bearer)
		res, err := w.graph.Client().Do(req)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, 400, res.StatusCode)
	})
	t.Run("number_not_connected", func(t *testing.T) {
		w := newWorld(t)
		require.NoError(t, w.meta.AddNumber(simulator.Number{ID: numberID, DisplayNumber: display, WABAID: waba, Status: "PENDING"}))
		a := w.send(hi)
		require.Equal(t, 133010, a.code())
		require.Nil(t, a.errorField("error_data"))
	})
}

func TestSendAnswer(t *testing.T) {
	t.Run("text", func(t *testing.T) {
		w := newWorld(t)
		c := w.iris(irisWAID)
		a := w.send(text("+44 7700 900456", "hi"))
		id := a.id(t)
		require.Regexp(t, `^wamid\.[A-Za-z0-9+/]{40,}=*$`, id)
		require.Equal(t, map[string]any{
			"messaging_product": "whatsapp",
			"contacts":          []any{map[string]any{"input": "+44 7700 900456", "wa_id": irisWAID, "user_id": c.UserID()}},
			"messages":          []any{map[string]any{"id": id}},
		}, a.body)
		require.Regexp(t, `^GB\.[0-9]{16}$`, c.UserID())
	})
	t.Run("template_has_message_status", func(t *testing.T) {
		w := newWorld(t)
		w.meta.AddTemplate(simulator.Template{Name: "pickup_ready", Language: "en_US"})
		a := w.send(with(with(text(irisWAID, ""), "type", "template"), "template",
			map[string]any{"name": "pickup_ready", "language": map[string]any{"code": "en_US"}}))
		require.Contains(t, a.raw, `"message_status":"accepted"`)
	})
	t.Run("same_seed_same_ids", func(t *testing.T) {
		first, second := newWorld(t), newWorld(t)
		require.Equal(t, first.send(text(irisWAID, "hi")).id(t), second.send(text(irisWAID, "hi")).id(t))
		other := newWorld(t, func(o *simulator.Options) { o.Seed = 0 })
		require.NotEqual(t, first.meta.Sent()[0].ID, other.send(text(irisWAID, "hi")).id(t))
	})
}

func TestRecipientNumbers(t *testing.T) {
	for _, c := range []struct{ name, declared, to, waID string }{
		{"plus_and_spaces", "", "+44 7700 900456", "447700900456"},
		{"plain_digits", "", "447700900456", "447700900456"},
		{"national_gets_country_of_business", "", "(631) 555-1234", "16315551234"},
		{"known_short_international", "4722334455", "47 22 33 44 55", "4722334455"},
		{"brazil_ninth_digit_dropped", "", "+55 61 98123-4567", "556181234567"},
		{"brazil_ninth_digit_kept_in_sao_paulo", "", "+55 11 98123-4567", "5511981234567"},
		{"brazil_ninth_digit_added_in_sao_paulo", "", "551181234567", "5511981234567"},
		{"brazil_landline_untouched", "", "+55 61 3123-4567", "556131234567"},
		{"brazil_declared_with_ninth", "5561981234567", "+556181234567", "5561981234567"},
		{"brazil_declared_without_ninth", "551181234567", "+5511981234567", "551181234567"},
		{"mexico_old_one", "", "+52 55 1234 5678", "5215512345678"},
		{"mexico_declared_without_one", "525512345678", "+5215512345678", "525512345678"},
		{"argentina_as_dialled", "", "+54 9 11 2345 6789", "5491123456789"},
		{"argentina_nine_not_invented", "", "+54 11 2345 6789", "541123456789"},
		{"argentina_declared_without_nine", "541123456789", "+5491123456789", "541123456789"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			if c.declared != "" {
				w.meta.Customer(simulator.Customer{WAID: c.declared})
			}
			a := w.send(text(c.to, "hi"))
			require.Equal(t, 200, a.status, a.raw)
			contact := firstOf(a.body["contacts"])
			require.Equal(t, c.to, contact["input"])
			require.Equal(t, c.waID, contact["wa_id"])
			w.send(text(c.waID, "again"))
			require.Equal(t, c.waID, w.meta.Sent()[1].WAID)
		})
	}
	t.Run("implausible_number_is_accepted_and_fails", func(t *testing.T) {
		w := newWorld(t)
		require.Equal(t, 200, w.send(text("+0012345678901234567", "hi")).status)
		w.pass(time.Second)
		require.Equal(t, []string{"failed"}, statusesOf(w.hook.take()))
		require.Equal(t, 131026, w.meta.Sent()[0].FailureCode)
	})
}

func TestHiddenNumber(t *testing.T) {
	w := newWorld(t)
	c := w.meta.Customer(simulator.Customer{WAID: irisWAID, Name: "Iris", Username: "iris.calder", UserID: "GB.7719", HidesNumber: true})
	c.SendText(numberID, "hi")
	w.flush()
	hooks := w.hook.take()
	require.NotContains(t, string(hooks[0].raw), irisWAID)
	require.Equal(t, []map[string]any{{"profile": map[string]any{"name": "Iris", "username": "iris.calder"}, "user_id": "GB.7719"}},
		hooks[0].Entry[0].Changes[0].Value.Contacts)
	require.Equal(t, "GB.7719", rawMessages(hooks)[0]["from_user_id"])

	a := w.send(with(with(text("", "hello"), "to", nil), "recipient", "GB.7719"))
	require.Equal(t, 200, a.status, a.raw)
	require.NotContains(t, a.raw, irisWAID)
	require.Contains(t, a.raw, `"user_id":"GB.7719"`)
	w.pass(time.Second)
	for _, h := range w.hook.take() {
		require.NotContains(t, string(h.raw), irisWAID)
		require.Contains(t, string(h.raw), `"recipient_user_id":"GB.7719"`)
	}
	require.Len(t, c.Inbox(numberID), 1)

	t.Run("shown_for_30_days_after_a_send_to_the_number", func(t *testing.T) {
		require.Contains(t, w.send(text(irisWAID, "known")).raw, `"wa_id":"`+irisWAID+`"`)
		w.pass(30*24*time.Hour - time.Second)
		w.hook.take()
		c.SendText(numberID, "still known")
		w.flush()
		require.Equal(t, irisWAID, rawMessages(w.hook.take())[0]["from"])
		w.pass(time.Second)
		c.SendText(numberID, "forgotten")
		w.flush()
		require.NotContains(t, rawMessages(w.hook.take())[0], "from")
	})
	t.Run("unknown_user_id_fails_later", func(t *testing.T) {
		require.Equal(t, 200, w.send(with(with(text("", "x"), "to", nil), "recipient", "GB.1")).status)
		w.pass(time.Second)
		require.Equal(t, []string{"failed"}, statusesOf(w.hook.take()))
	})
}

func TestLimits(t *testing.T) {
	t.Run("throughput_per_number", func(t *testing.T) {
		w := newWorld(t, func(o *simulator.Options) { o.MessagesPerSecond = 3 })
		w.meta.Customer(simulator.Customer{WAID: irisWAID}).SendText(numberID, "counts too")
		require.Equal(t, 200, w.send(text("4477009001", "a")).status)
		require.Equal(t, 200, w.send(text("+447700900200", "b")).status)
		a := w.send(text("+447700900300", "c"))
		require.Equal(t, 400, a.status)
		require.Equal(t, 130429, a.code())
		require.Equal(t, "(#130429) Rate limit hit", a.errorField("message"))
		require.Equal(t, "Cloud API message throughput has been reached.", a.details())
		w.clock.Advance(334 * time.Millisecond)
		require.Equal(t, 200, w.send(text("+447700900300", "c")).status)
	})
	t.Run("pair_pauses_as_long_as_the_burst_needed", func(t *testing.T) {
		w := newWorld(t, func(o *simulator.Options) { o.PairBurst = 3 })
		for range 3 {
			require.Equal(t, 200, w.send(text(irisWAID, "x")).status)
		}
		a := w.send(text(irisWAID, "x"))
		require.Equal(t, 131056, a.code())
		require.Contains(t, a.errorField("message"), "pair rate limit hit")
		require.Equal(t, 200, w.send(text("+447700900200", "others are free")).status)
		w.clock.Advance(17 * time.Second)
		require.Equal(t, 131056, w.send(text(irisWAID, "x")).code())
		w.clock.Advance(time.Second)
		require.Equal(t, 200, w.send(text(irisWAID, "x")).status)
	})
	t.Run("pair_average_never_pauses", func(t *testing.T) {
		w := newWorld(t, func(o *simulator.Options) { o.PairBurst = 3 })
		for range 20 {
			require.Equal(t, 200, w.send(text(irisWAID, "x")).status)
			w.clock.Advance(6 * time.Second)
		}
	})
}
