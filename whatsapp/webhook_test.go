package whatsapp

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// textDelivery is a payload as Meta sends it, escapes included.
const textDelivery = `{"object":"whatsapp_business_account","entry":[{"id":"214705829341166","changes":[{"value":{` +
	`"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550102030","phone_number_id":"331908274466120"},` +
	`"contacts":[{"profile":{"name":"Iris Calder","username":"iris.calder"},"wa_id":"447700900456","user_id":"GB.7719034482215608"}],` +
	`"messages":[{"from":"447700900456","from_user_id":"GB.7719034482215608","id":"wamid.HBgMNDQ3NzAwOTAwNDU2FQIAEhgg",` +
	`"timestamp":"1795012345","text":{"body":"ol\u00e1 \ud83d\udc4b a\/b"},"type":"text",` +
	`"context":{"from":"15550102030","id":"wamid.QUOTED"}}]},"field":"messages"}]}]}`

const statusDelivery = `{"object":"whatsapp_business_account","entry":[{"id":"214705829341166","changes":[{"value":{` +
	`"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550102030","phone_number_id":"331908274466120"},` +
	`"contacts":[{"wa_id":"447700900456","user_id":"GB.7719034482215608"}],` +
	`"statuses":[{"id":"wamid.SENT","status":"failed","timestamp":"1795012351","recipient_id":"447700900456",` +
	`"recipient_user_id":"GB.7719034482215608","biz_opaque_callback_data":"order=8841",` +
	`"pricing":{"billable":false,"pricing_model":"PMP","type":"regular","category":"utility"},` +
	`"errors":[{"code":131047,"title":"Re-engagement message","message":"Re-engagement message",` +
	`"error_data":{"details":"more than 24 hours"},"href":"\/documentation"}]}]},"field":"messages"}]}]}`

// delivery wraps values of the messages field, one change each.
func delivery(values ...string) []byte {
	changes := make([]string, len(values))
	for i, v := range values {
		changes[i] = `{"field":"messages","value":` + v + `}`
	}
	return []byte(`{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[` + strings.Join(changes, ",") + `]}]}`)
}

func decoded(t *testing.T, body []byte) Webhook {
	t.Helper()
	w, err := DecodeWebhook(body)
	require.NoError(t, err)
	return w
}

func paths(w Webhook) []string {
	var list []string
	for _, m := range w.Malformed {
		list = append(list, m.Path)
	}
	return list
}

func TestDecodeText(t *testing.T) {
	w := decoded(t, []byte(textDelivery))
	require.Empty(t, w.Malformed)
	require.Equal(t, ObjectWhatsApp, w.Object)
	require.Len(t, w.Changes, 1)
	require.Equal(t, "214705829341166", w.Changes[0].WABAID)
	require.True(t, w.Changes[0].Time.IsZero())

	v := w.Changes[0].Messages
	require.Equal(t, "331908274466120", v.PhoneNumberID)
	require.Equal(t, "15550102030", v.DisplayPhoneNumber)
	iris := Contact{WAID: "447700900456", UserID: "GB.7719034482215608", Name: "Iris Calder", Username: "iris.calder"}
	require.Equal(t, []Contact{iris}, v.Contacts)
	m := v.Messages[0]
	require.Contains(t, string(m.Raw), `ol\u00e1 \ud83d\udc4b a\/b`, "raw keeps the escapes")
	m.Raw = nil
	require.Equal(t, InboundMessage{
		ID: "wamid.HBgMNDQ3NzAwOTAwNDU2FQIAEhgg", From: "447700900456", FromUserID: "GB.7719034482215608",
		Timestamp: time.Unix(1795012345, 0).UTC(), Type: "text", Text: "olá 👋 a/b", Context: &Context{From: "15550102030", MessageID: "wamid.QUOTED"},
	}, m)
}

func TestDecodeStatus(t *testing.T) {
	w := decoded(t, []byte(statusDelivery))
	require.Empty(t, w.Malformed)
	s := w.Changes[0].Messages.Statuses[0]
	require.True(t, json.Valid(s.Raw))
	s.Raw = nil
	require.Equal(t, Status{
		MessageID: "wamid.SENT", Status: "failed", Timestamp: time.Unix(1795012351, 0).UTC(),
		RecipientID: "447700900456", RecipientUserID: "GB.7719034482215608", CallbackData: "order=8841",
		Pricing: &Pricing{Billable: new(bool), Model: "PMP", Type: "regular", Category: "utility"},
		Errors: []MetaError{{
			Code: 131047, Title: "Re-engagement message", Message: "Re-engagement message",
			Details: "more than 24 hours", Href: "/documentation",
		}},
	}, s)
}

func TestDecodeWebhook(t *testing.T) {
	t.Run("only_a_body_that_is_no_object_fails", func(t *testing.T) {
		for _, body := range []string{"", " ", "null", "1", `"x"`, "[]", "{", `{"entry":`, "<html>", "{}{}", "{\"a\":\"\x00\"}"} {
			_, err := DecodeWebhook([]byte(body))
			require.Error(t, err, body)
		}
		for _, body := range []string{"{}", ` { "entry" : [ ] } `, `{"entry":null}`, `{"entry":7}`, `{"entry":[7,null,[]]}`} {
			_, err := DecodeWebhook([]byte(body))
			require.NoError(t, err, body)
		}
	})

	t.Run("property_order_does_not_matter", func(t *testing.T) {
		w := decoded(t, []byte(`{"entry":[{"changes":[{"value":{"metadata":{"phone_number_id":"7"}},"field":"messages"},{"field":"messages","value":{"metadata":{"phone_number_id":"7"}}}],"id":"1"}],"object":"o"}`))
		require.Len(t, w.Changes, 2)
		require.Equal(t, "7", w.Changes[0].Messages.PhoneNumberID)
		require.Equal(t, w.Changes[0], w.Changes[1])
	})

	t.Run("management_field_keeps_value_and_time", func(t *testing.T) {
		w := decoded(t, []byte(`{"object":"o","entry":[{"id":214705829341166,"time":1795012345,"changes":[{"field":"template_status","value":{"message_template_id": 12345678901234567890}}]}]}`))
		require.Empty(t, w.Malformed)
		require.Equal(t, Change{
			WABAID: "214705829341166", Time: time.Unix(1795012345, 0).UTC(), Field: "template_status",
			Value: json.RawMessage(`{"message_template_id":12345678901234567890}`),
		}, w.Changes[0])
	})

	t.Run("ids_and_timestamps_may_be_numbers", func(t *testing.T) {
		w := decoded(t, delivery(`{"metadata":{"phone_number_id":331908274466120},"contacts":[{"wa_id":447700900456}],
			"messages":[{"id":99,"from":447700900456,"timestamp":1795012345,"type":"text","text":{"body":"x"}}],
			"statuses":[{"id":"s","status":"read","timestamp":1795012345}]}`))
		require.Empty(t, w.Malformed)
		v := w.Changes[0].Messages
		require.Equal(t, "331908274466120", v.PhoneNumberID)
		require.Equal(t, "99", v.Messages[0].ID)
		require.Equal(t, "447700900456", v.Messages[0].From)
		require.EqualValues(t, 1795012345, v.Messages[0].Timestamp.Unix())
		require.EqualValues(t, 1795012345, v.Statuses[0].Timestamp.Unix())
	})

	t.Run("unknown_types_and_properties_are_kept_raw", func(t *testing.T) {
		w := decoded(t, delivery(`{"new":[1],"messages":[{"id":"a","timestamp":"1","type":"hologram","hologram":{"x":1}}]}`))
		require.Empty(t, w.Malformed)
		m := w.Changes[0].Messages.Messages[0]
		require.Equal(t, "hologram", m.Type)
		require.JSONEq(t, `{"id":"a","timestamp":"1","type":"hologram","hologram":{"x":1}}`, string(m.Raw))
	})

	t.Run("errors_of_messages_and_values", func(t *testing.T) {
		w := decoded(t, delivery(`{"errors":[{"code":130429,"title":"Rate limit hit"}],"messages":[{"id":"a","timestamp":"1","type":"unsupported","errors":[{"code":"131051","error_data":"text"}]}]}`))
		require.Empty(t, w.Malformed)
		v := w.Changes[0].Messages
		require.Equal(t, []MetaError{{Code: 130429, Title: "Rate limit hit"}}, v.Errors)
		require.Equal(t, []MetaError{{Code: 131051, Details: "text"}}, v.Messages[0].Errors)
	})

	t.Run("forwards_carry_no_quoted_message", func(t *testing.T) {
		w := decoded(t, delivery(`{"messages":[{"id":"a","timestamp":"1","context":{"forwarded":true}},{"id":"b","timestamp":"1","context":{"frequently_forwarded":true}},{"id":"c","timestamp":"1","context":{}}]}`))
		m := w.Changes[0].Messages.Messages
		require.Equal(t, &Context{Forwarded: true}, m[0].Context)
		require.Equal(t, &Context{FrequentlyForwarded: true}, m[1].Context)
		require.Nil(t, m[2].Context)
	})
}

func TestDecodeMalformed(t *testing.T) {
	const good = `{"id":"good","timestamp":"1795012345","type":"text","text":{"body":"x"}}`
	const goodStatus = `{"id":"good","status":"read","timestamp":"1795012345"}`
	pieces := []struct{ name, message, path string }{
		{"number", `5`, ""},
		{"null", `null`, ""},
		{"array", `[]`, ""},
		{"no_id", `{"timestamp":"1795012345","type":"text"}`, ""},
		{"null_id", `{"id":null,"timestamp":"1795012345"}`, ""},
		{"id_is_an_object", `{"id":{},"timestamp":"1795012345"}`, ""},
		{"no_timestamp", `{"id":"a"}`, ""},
		{"timestamp_is_text", `{"id":"a","timestamp":"yesterday"}`, ""},
		{"timestamp_beyond_any_calendar", `{"id":"a","timestamp":"99999999999999999"}`, ""},
		{"timestamp_zero", `{"id":"a","timestamp":"0"}`, ""},
	}
	for _, c := range pieces {
		t.Run("message_"+c.name+"_does_not_harm_neighbours", func(t *testing.T) {
			w := decoded(t, delivery(`{"messages":[`+good+`,`+c.message+`,`+good+`],"statuses":[`+goodStatus+`,`+c.message+`]}`, `{"messages":[`+good+`]}`))
			require.Equal(t, []string{"entry[0].changes[0].value.messages[1]", "entry[0].changes[0].value.statuses[1]"}, paths(w))
			require.Equal(t, c.message, string(w.Malformed[0].Raw))
			require.NotEmpty(t, w.Malformed[0].Reason)
			require.Len(t, w.Changes[0].Messages.Messages, 2)
			require.Len(t, w.Changes[0].Messages.Statuses, 1)
			require.Len(t, w.Changes[1].Messages.Messages, 1)
		})
	}

	t.Run("odd_property_is_reported_and_the_message_kept", func(t *testing.T) {
		w := decoded(t, delivery(`{"messages":[{"id":"a","timestamp":"1","type":"text","text":"x","context":"y"}]}`))
		require.Equal(t, []string{"entry[0].changes[0].value.messages[0].text"}, paths(w))
		m := w.Changes[0].Messages.Messages[0]
		require.Equal(t, "a", m.ID)
		require.Empty(t, m.Text)
		require.Nil(t, m.Context)
	})

	t.Run("odd_lists_and_levels_are_reported", func(t *testing.T) {
		for body, path := range map[string]string{
			`{"entry":7}`: "entry",
			`{"entry":[7,{"id":"1","changes":[{"field":"x","value":1}]}]}`:                 "entry[0]",
			`{"entry":[{"changes":7},{"id":"1","changes":[{"field":"x","value":1}]}]}`:     "entry[0].changes",
			`{"entry":[{"time":"soon","changes":[{"field":"x","value":1}]}]}`:              "entry[0].time",
			`{"entry":[{"changes":[{"value":1},{"field":"x","value":1}]}]}`:                "entry[0].changes[0]",
			`{"entry":[{"changes":["?",{"field":"x","value":1}]}]}`:                        "entry[0].changes[0]",
			`{"entry":[{"changes":[{"field":"messages","value":"v"}]}]}`:                   "entry[0].changes[0].value",
			`{"entry":[{"changes":[{"field":"messages"}]}]}`:                               "entry[0].changes[0].value",
			`{"entry":[{"changes":[{"field":"messages","value":{"messages":{}}}]}]}`:       "entry[0].changes[0].value.messages",
			`{"entry":[{"changes":[{"field":"messages","value":{"contacts":[{}]}}]}]}`:     "entry[0].changes[0].value.contacts[0]",
			`{"entry":[{"changes":[{"field":"messages","value":{"errors":[131000]}}]}]}`:   "entry[0].changes[0].value.errors[0]",
			`{"entry":[{"changes":[{"field":"messages","value":{"metadata":"nobody"}}]}]}`: "entry[0].changes[0].value.metadata",
		} {
			w := decoded(t, []byte(body))
			require.Equal(t, []string{path}, paths(w), body)
			if body != `{"entry":7}` {
				require.Len(t, w.Changes, 1, body)
			}
		}
	})
}

func TestDecodeUnsafeText(t *testing.T) {
	t.Run("nul_is_replaced_in_text_and_escaped_in_raw", func(t *testing.T) {
		w := decoded(t, delivery(`{"messages":[{"id":"a\u0000b","timestamp":"1","type":"text","text":{"body":"x\u0000y"}}]}`))
		m := w.Changes[0].Messages.Messages[0]
		require.Equal(t, "x\uFFFDy", m.Text)
		require.Equal(t, "a\uFFFDb", m.ID)
		require.Contains(t, string(m.Raw), `x\u0000y`)
		require.NotContains(t, string(m.Raw), "\x00")
	})
	t.Run("invalid_utf8_is_replaced_everywhere", func(t *testing.T) {
		w := decoded(t, delivery("{\"messages\":[{\"id\":\"a\",\"timestamp\":\"1\",\"type\":\"text\",\"text\":{\"body\":\"x\xffy\"}}]}"))
		m := w.Changes[0].Messages.Messages[0]
		require.Equal(t, "x\uFFFDy", m.Text)
		require.True(t, utf8.Valid(m.Raw))
	})
	t.Run("half_a_surrogate_pair_is_replaced", func(t *testing.T) {
		w := decoded(t, delivery(`{"messages":[{"id":"a","timestamp":"1","type":"text","text":{"body":"x\ud83d"}}]}`))
		require.Equal(t, "x\uFFFD", w.Changes[0].Messages.Messages[0].Text)
	})
	t.Run("raw_is_compact", func(t *testing.T) {
		w := decoded(t, delivery("{\n \"messages\": [ { \"id\" : \"a  b\", \"timestamp\" : \"1\" } ] }"))
		require.Equal(t, `{"id":"a  b","timestamp":"1"}`, string(w.Changes[0].Messages.Messages[0].Raw))
	})
}

func TestContactOf(t *testing.T) {
	iris, omar := Contact{WAID: "1", UserID: "GB.1", Name: "Iris"}, Contact{UserID: "GB.2", Name: "Omar"}
	both := &MessagesValue{Contacts: []Contact{iris, omar}}
	cases := []struct {
		name    string
		value   *MessagesValue
		message InboundMessage
		contact Contact
		found   bool
	}{
		{"by_wa_id", both, InboundMessage{From: "1"}, iris, true},
		{"by_user_id", both, InboundMessage{FromUserID: "GB.2"}, omar, true},
		{"missing_ids_do_not_match_each_other", both, InboundMessage{}, Contact{}, false},
		{"stranger_among_several", both, InboundMessage{From: "9"}, Contact{}, false},
		{"single_contact_pairs_with_anything", &MessagesValue{Contacts: []Contact{omar}}, InboundMessage{From: "9"}, omar, true},
		{"no_contacts", &MessagesValue{}, InboundMessage{From: "1"}, Contact{}, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			contact, found := c.value.ContactOf(c.message)
			require.Equal(t, c.found, found)
			require.Equal(t, c.contact, contact)
		})
	}
}

func FuzzDecodeWebhook(f *testing.F) {
	f.Add([]byte(textDelivery))
	f.Add([]byte(statusDelivery))
	f.Add([]byte(`{"entry":[7,{"changes":[{"field":"messages","value":{"messages":[null,{"id":1}]}}]}]}`))
	f.Add([]byte("{\"entry\":[{\"changes\":[{\"field\":\"messages\",\"value\":{\"messages\":[{\"id\":\"\\u0000\xff\",\"timestamp\":1}]}}]}]}"))
	f.Fuzz(func(t *testing.T, body []byte) {
		w, err := DecodeWebhook(body)
		var object map[string]json.RawMessage
		isObject := json.Unmarshal(body, &object) == nil && object != nil
		require.Equal(t, isObject, err == nil)
		storable := func(texts ...string) {
			for _, s := range texts {
				require.True(t, utf8.ValidString(s) && !strings.Contains(s, "\x00"), "%q", s)
			}
		}
		for _, c := range w.Changes {
			storable(c.WABAID, c.Field, string(c.Value))
			require.NotEmpty(t, c.Field)
			if c.Messages == nil {
				continue
			}
			for _, m := range c.Messages.Messages {
				storable(m.ID, m.From, m.FromUserID, m.Type, m.Text, m.GroupID, string(m.Raw))
				require.NotEmpty(t, m.ID)
				require.Positive(t, m.Timestamp.Unix())
				require.True(t, json.Valid(m.Raw))
			}
			for _, s := range c.Messages.Statuses {
				storable(s.MessageID, s.Status, s.RecipientID, s.CallbackData, string(s.Raw))
				require.NotEmpty(t, s.MessageID)
				require.Positive(t, s.Timestamp.Unix())
			}
		}
		for _, m := range w.Malformed {
			storable(m.Path, string(m.Raw), m.Reason)
			require.NotEmpty(t, m.Reason)
		}
	})
}

func BenchmarkDecodeWebhook(b *testing.B) {
	var messages []string
	for i := range 1000 {
		messages = append(messages, fmt.Sprintf(`{"from":"447700900456","id":"wamid.%060d","timestamp":"1795012345","text":{"body":"Is the shop open today?"},"type":"text"}`, i))
	}
	for name, body := range map[string][]byte{
		"text":          []byte(textDelivery),
		"status":        []byte(statusDelivery),
		"batch_of_1000": delivery(`{"messages":[` + strings.Join(messages, ",") + `]}`),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := DecodeWebhook(body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
