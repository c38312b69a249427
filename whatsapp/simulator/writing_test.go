package simulator_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"recado/whatsapp/simulator"
)

// Every type of §3.4, asked for through the control API, as the business gets it.
func TestInboundTypes(t *testing.T) {
	unreadable := []any{object{
		"code": 131052.0, "title": "Media download error", "message": "Media download error",
		"error_data": object{"details": "Failed to download the media from the sender."},
		"href":       "https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes",
	}}
	unknown := []any{object{
		"code": 131051.0, "title": "Unsupported message type", "message": "Unsupported message type",
		"href": "https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes",
	}}
	sent := func(kind string, content any) object { return object{"type": kind, "content": content} }
	for _, c := range []struct {
		name string
		body object
		want object // of the message, besides id, type, timestamp and who sent it
	}{
		{"text", object{"text": "Is it open?"}, object{"text": object{"body": "Is it open?"}}},
		{"text_with_reply", object{"text": "Yes", "replyTo": "wamid.x"}, object{"text": object{"body": "Yes"}, "context": object{"from": display, "id": "wamid.x"}}},
		{"text_forwarded", object{"text": "x", "forwarded": 1}, object{"text": object{"body": "x"}, "context": object{"forwarded": true}}},
		{"text_forwarded_often", object{"text": "x", "forwarded": 6}, object{"text": object{"body": "x"}, "context": object{"frequently_forwarded": true}}},
		{"text_from_an_ad", object{"text": "x", "referral": object{"source_type": "ad"}}, object{"text": object{"body": "x"}, "referral": object{"source_type": "ad"}}},
		{"location", sent("location", object{"latitude": 51.5, "longitude": -0.1}), object{"location": object{"latitude": 51.5, "longitude": -0.1}}},
		{"contacts", sent("contacts", []any{object{"phones": []any{object{"phone": "+44"}}}}), object{"contacts": []any{object{"phones": []any{object{"phone": "+44"}}}}}},
		{"button", sent("button", object{"payload": "p", "text": "Yes"}), object{"button": object{"payload": "p", "text": "Yes"}}},
		{"button_reply", sent("interactive", object{"type": "button_reply", "button_reply": object{"id": "b", "title": "10:00"}}), object{"interactive": object{"type": "button_reply", "button_reply": object{"id": "b", "title": "10:00"}}}},
		{"list_reply", sent("interactive", object{"type": "list_reply", "list_reply": object{"id": "r"}}), object{"interactive": object{"type": "list_reply", "list_reply": object{"id": "r"}}}},
		{"flow_with_broken_JSON", sent("interactive", object{"type": "nfm_reply", "nfm_reply": object{"response_json": "{broken"}}), object{"interactive": object{"type": "nfm_reply", "nfm_reply": object{"response_json": "{broken"}}}},
		{"reaction", sent("reaction", object{"message_id": "wamid.x", "emoji": "👍"}), object{"reaction": object{"message_id": "wamid.x", "emoji": "👍"}}},
		{"reaction_taken_back", sent("reaction", object{"message_id": "wamid.x"}), object{"reaction": object{"message_id": "wamid.x"}}},
		{"order", sent("order", object{"catalog_id": "60", "text": ""}), object{"order": object{"catalog_id": "60", "text": ""}}},
		{"system", sent("system", object{"type": "user_changed_user_id", "user_id": "GB.1"}), object{"system": object{"type": "user_changed_user_id", "user_id": "GB.1"}}},
		{"edit", sent("edit", object{"original_message_id": "wamid.x"}), object{"edit": object{"original_message_id": "wamid.x"}}},
		{"revoke", sent("revoke", object{"original_message_id": "wamid.x"}), object{"revoke": object{"original_message_id": "wamid.x"}}},
		{"request_welcome", object{"type": "request_welcome"}, object{}},
		{"unsupported", object{"type": "unsupported"}, object{"unsupported": object{}, "errors": unknown}},
		{"unsupported_of_a_kind", sent("unsupported", object{"type": "poll"}), object{"unsupported": object{"type": "poll"}, "errors": unknown}},
		{"image_that_Meta_could_not_fetch", object{"type": "image"}, object{"image": object{}, "errors": unreadable}},
		{"type_of_tomorrow", sent("hologram", object{"depth": 3.0}), object{"hologram": object{"depth": 3.0}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			c.body["numberId"] = numberID
			a := w.call("", http.MethodPost, "/_simulator/customers/"+irisWAID+"/messages", c.body)
			require.Equal(t, 201, a.status, a.raw)
			w.flush()
			hooks := w.hook.take()
			got := rawMessages(hooks)
			require.Len(t, got, 1)
			kind, ok := c.body["type"].(string)
			if !ok {
				kind = "text"
			}
			require.Equal(t, kind, got[0]["type"])
			require.Equal(t, a.body["id"], got[0]["id"])
			require.Equal(t, irisWAID, got[0]["from"])
			maps.DeleteFunc(got[0], func(name string, _ any) bool {
				return name == "id" || name == "type" || name == "timestamp" || name == "from" || name == "from_user_id"
			})
			require.Equal(t, c.want, got[0])
			named := hooks[0].Entry[0].Changes[0].Value.Contacts
			require.Equal(t, kind != "system", len(named) == 1, "who changes is not named")
			opens := kind != "system" && kind != "edit" && kind != "revoke"
			require.Equal(t, opens, w.meta.CustomerByWAID(irisWAID).WindowOpen(numberID))
		})
	}
}

func TestInboundFiles(t *testing.T) {
	for _, c := range []struct {
		kind string
		file object
		want object // besides id, mime_type and sha256
	}{
		{"image", object{"caption": "door"}, object{"caption": "door"}},
		{"video", object{}, object{}},
		{"audio", object{"voice": true}, object{"voice": true}},
		{"audio", object{}, object{"voice": false}},
		{"document", object{"fileName": "../Offer.pdf"}, object{"filename": "../Offer.pdf"}},
		{"sticker", object{"animated": true}, object{"animated": true}},
	} {
		t.Run(c.kind, func(t *testing.T) {
			w := newWorld(t)
			c.file["mimeType"], c.file["bytes"] = "application/x-any", base64.StdEncoding.EncodeToString([]byte("JPEG"))
			a := w.call("", http.MethodPost, "/_simulator/customers/"+irisWAID+"/messages",
				object{"numberId": numberID, "type": c.kind, "file": c.file})
			require.Equal(t, 201, a.status, a.raw)
			w.flush()
			got, ok := rawMessages(w.hook.take())[0][c.kind].(map[string]any)
			require.True(t, ok)
			id := textOf(got["id"])
			node := w.call(bearer, http.MethodGet, "/v26.0/"+id, nil)
			require.Equal(t, 200, node.status, node.raw)
			require.Equal(t, "JPEG", w.call(bearer, http.MethodGet, node.text("url")[len(w.graph.URL):], nil).raw)
			c.want["id"], c.want["mime_type"] = id, "application/x-any"
			c.want["sha256"] = "9NwclqMPvesqFcttQilGn/82wCZtwMNGWZCTwk1MCgE="
			require.Equal(t, c.want, got)
		})
	}

	t.Run("are_for_types_with_files", func(t *testing.T) {
		w := newWorld(t)
		a := w.call("", http.MethodPost, "/_simulator/customers/"+irisWAID+"/messages",
			object{"numberId": numberID, "type": "location", "file": object{"mimeType": "image/png"}})
		require.Equal(t, 400, a.status)
	})
}

func TestEchoes(t *testing.T) {
	w := newWorld(t)
	iris := w.meta.Customer(simulator.Customer{WAID: irisWAID})
	a := w.call("", http.MethodPost, "/_simulator/customers/"+irisWAID+"/echoes", object{"numberId": numberID, "text": "On my way"})
	require.Equal(t, 201, a.status, a.raw)
	w.flush()
	raw := w.hook.take()[0].raw
	var sent struct {
		Entry []struct {
			Changes []struct {
				Field string
				Value struct {
					Echoes []map[string]any `json:"message_echoes"`
				}
			}
		}
	}
	require.NoError(t, json.Unmarshal(raw, &sent))
	require.Equal(t, "smb_message_echoes", sent.Entry[0].Changes[0].Field)
	echo := sent.Entry[0].Changes[0].Value.Echoes[0]
	require.Equal(t, display, echo["from"])
	require.Equal(t, irisWAID, echo["to"])
	require.Equal(t, object{"body": "On my way"}, echo["text"])
	require.Len(t, iris.Inbox(numberID), 1, "it is on her phone")
	require.False(t, iris.WindowOpen(numberID))
}

func TestChangeOfNumber(t *testing.T) {
	w := newWorld(t)
	w.iris(irisWAID)
	a := w.call("", http.MethodPost, "/_simulator/customers/"+irisWAID+"/number", object{"waId": "447700900789"})
	require.Equal(t, 200, a.status, a.raw)
	w.flush()
	told := rawMessages(w.hook.take())
	require.Len(t, told, 1)
	require.Equal(t, irisWAID, told[0]["from"])
	require.Equal(t, object{
		"body": "User Iris Calder changed from 447700900456 to 447700900789", "wa_id": "447700900789", "type": "user_changed_number",
	}, told[0]["system"])
	require.Nil(t, w.meta.CustomerByWAID(irisWAID))
	require.Equal(t, 409, w.call("", http.MethodPost, "/_simulator/customers/447700900789/number", object{"waId": "447700900789"}).status, "it is taken")
}
