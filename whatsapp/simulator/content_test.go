package simulator_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/whatsapp/simulator"
)

// of is a message of a type.
func of(kind string, content any) map[string]any {
	return map[string]any{"messaging_product": "whatsapp", "to": irisWAID, "type": kind, kind: content}
}

type object = map[string]any

func buttons(titles ...string) object {
	var list []any
	for i, title := range titles {
		list = append(list, object{"type": "reply", "reply": object{"id": fmt.Sprint("b", i), "title": title}})
	}
	return object{"type": "button", "body": object{"text": "When?"}, "action": object{"buttons": list}}
}

func list(sections ...object) object {
	return object{"type": "list", "body": object{"text": "When?"}, "action": object{"button": "Choose", "sections": sections}}
}

func rows(from, to int) []object {
	var all []object
	for i := from; i < to; i++ {
		all = append(all, object{"id": fmt.Sprint("r", i), "title": fmt.Sprint("Row ", i)})
	}
	return all
}

func card(name object) []object { return []object{{"name": name}} }

func TestContentIsCheckedAsByMeta(t *testing.T) {
	long := strings.Repeat("é", 5000)
	image := object{"id": "", "link": "https://x.example/a.png"}
	delete(image, "id")
	for _, c := range []struct {
		name    string
		body    map[string]any
		code    int // 0: accepted
		details string
	}{
		{"caption_fits", of("image", with(image, "caption", long[:2048])), 0, ""},
		{"caption_too_long", of("image", with(image, "caption", long[:2050])), 100, ""},
		{"caption_on_audio", of("audio", with(image, "caption", "x")), 100, ""},
		{"file_name_on_image", of("image", with(image, "filename", "x.png")), 100, ""},
		{"link_of_no_scheme", of("image", object{"link": "x.example/a.png"}), 131009, "image['link'] is not a valid URI."},

		{"location", of("location", object{"latitude": 51.5, "longitude": -0.1}), 0, ""},
		{"location_in_strings", of("location", object{"latitude": "51.5", "longitude": "-0.1", "name": "Quayside"}), 0, ""},
		{"location_without_longitude", of("location", object{"latitude": 51.5}), 131008, "location['latitude'] and location['longitude'] are required."},
		{"location_off_earth", of("location", object{"latitude": 91, "longitude": 0}), 131009, "location['latitude'] is not valid."},

		{"contact", of("contacts", card(object{"formatted_name": "Omar Reyes", "first_name": "Omar"})), 0, ""},
		{"contact_without_name", of("contacts", card(object{})), 131008, "contacts[0]['name']['formatted_name'] is required."},
		{"contact_with_formatted_name_alone", of("contacts", card(object{"formatted_name": "Omar"})), 131008, "contacts[0]['name'] needs at least one more part than formatted_name."},
		{"no_contacts", of("contacts", []any{}), 131008, "Parameter of type contacts is missing."},

		{"reaction_without_message", of("reaction", object{"emoji": "👍"}), 131008, "reaction['message_id'] is required."},
		{"reaction_without_emoji", of("reaction", object{"message_id": "wamid.x"}), 131008, "reaction['emoji'] is required."},
		{"reaction_with_context", with(of("reaction", object{"message_id": "wamid.x", "emoji": "👍"}), "context", object{"message_id": "wamid.x"}), 131009, "context is not allowed with a reaction."},

		{"buttons", of("interactive", buttons("10:00", "11:00", "12:00")), 0, ""},
		{"no_buttons", of("interactive", buttons()), 131009, "Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3"},
		{"four_buttons", of("interactive", buttons("1", "2", "3", "4")), 131009, "Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3"},
		{"button_too_long", of("interactive", buttons(long[:42])), 131009, "Button title length invalid. Min length: 1, Max length: 20"},
		{"buttons_alike", of("interactive", buttons("10:00", "10:00")), 131009, "Duplicated button id or title."},
		{"no_body", of("interactive", with(buttons("1"), "body", nil)), 131008, "interactive['body']['text'] is required."},
		{"body_too_long", of("interactive", with(buttons("1"), "body", object{"text": long[:2050]})), 131009, "interactive['body']['text'] length invalid. Min length: 1, Max length: 1024"},
		{"body_of_a_list_may_be_longer", of("interactive", with(list(object{"rows": rows(0, 1)}), "body", object{"text": long[:8192]})), 0, ""},
		{"header", of("interactive", with(buttons("1"), "header", object{"type": "text", "text": "Hours"})), 0, ""},
		{"header_too_long", of("interactive", with(buttons("1"), "header", object{"type": "text", "text": long[:122]})), 131009, "interactive['header']['text'] length invalid. Min length: 1, Max length: 60"},
		{"header_of_a_list_is_text", of("interactive", with(list(object{"rows": rows(0, 1)}), "header", object{"type": "image", "image": image})), 131009, "interactive['header']['type'] is not valid."},
		{"header_file_unknown", of("interactive", with(buttons("1"), "header", object{"type": "image", "image": object{"id": "1"}})), 131009, "Media id 1 is unknown, expired or belongs to another number."},
		{"footer_too_long", of("interactive", with(buttons("1"), "footer", object{"text": long[:122]})), 131009, "interactive['footer']['text'] length invalid. Min length: 1, Max length: 60"},
		{"ten_rows", of("interactive", list(object{"title": "a", "rows": rows(0, 5)}, object{"title": "b", "rows": rows(5, 10)})), 0, ""},
		{"eleven_rows", of("interactive", list(object{"title": "a", "rows": rows(0, 5)}, object{"title": "b", "rows": rows(5, 11)})), 131009, "Total row count exceed max allowed count: 10"},
		{"rows_alike", of("interactive", list(object{"rows": append(rows(0, 1), rows(0, 1)...)})), 131009, "Duplicated row id."},
		{"sections_without_title", of("interactive", list(object{"title": "a", "rows": rows(0, 1)}, object{"rows": rows(1, 2)})), 131008, "Section title is required."},
		{"section_without_rows", of("interactive", list(object{"title": "a"})), 131008, "Section rows are required."},
		{"link", of("interactive", with(with(buttons(), "type", "cta_url"), "action", object{"name": "cta_url", "parameters": object{"display_text": "Pay", "url": "https://pay.example"}})), 0, ""},
		{"link_without_scheme", of("interactive", with(with(buttons(), "type", "cta_url"), "action", object{"name": "cta_url", "parameters": object{"display_text": "Pay", "url": "pay.example"}})), 131009, "interactive['action']['parameters']['url'] is not a valid URI."},
		{"flow_passes_unseen", of("interactive", object{"type": "flow", "action": object{}}), 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			a := w.send(c.body)
			if c.code == 0 {
				a.id(t)
				return
			}
			require.Equal(t, c.code, a.code(), a.raw)
			require.Equal(t, c.details, a.details())
			require.Empty(t, w.meta.Sent())
		})
	}
}

func TestContentIsOnThePhone(t *testing.T) {
	page := aPage(t)
	w := newWorld(t, page.allowed)
	c := w.iris(irisWAID)
	w.send(of("image", object{"link": page.URL + "/a.png", "caption": "Menu"}))
	w.flush()
	w.send(of("interactive", buttons("10:00", "11:00")))
	w.send(of("interactive", list(object{"rows": []object{{"id": "m1", "title": "09:00", "description": "with Ana"}}})))
	w.pass(time.Minute)
	inbox := c.Inbox(numberID)
	require.Len(t, inbox, 3)
	require.Equal(t, "Menu", inbox[0].Body)
	require.JSONEq(t, `{"link":"`+page.URL+`/a.png","caption":"Menu"}`, string(inbox[0].Content))
	require.Equal(t, &simulator.ReceivedFile{MIMEType: "image/png", ByteSize: 3, SHA256: page.sum("PNG")}, inbox[0].File)
	require.Nil(t, inbox[1].File)
	require.Empty(t, inbox[0].Choices)
	require.Equal(t, "When?", inbox[1].Body)
	require.Equal(t, []simulator.Choice{
		{Kind: "button_reply", ID: "b0", Title: "10:00"}, {Kind: "button_reply", ID: "b1", Title: "11:00"},
	}, inbox[1].Choices)
	require.Equal(t, []simulator.Choice{{Kind: "list_reply", ID: "m1", Title: "09:00", Description: "with Ana"}}, inbox[2].Choices)
}

func TestReactionsOfTheBusiness(t *testing.T) {
	w := newWorld(t)
	c := w.meta.Customer(simulator.Customer{WAID: irisWAID})
	theirs := c.SendText(numberID, "hello")
	ours := w.send(text(irisWAID, "hi")).id(t)
	w.pass(time.Minute)
	w.hook.take()
	react := func(on, emoji string) string {
		return w.send(of("reaction", object{"message_id": on, "emoji": emoji})).id(t)
	}

	thumb := react(theirs, "👍")
	react(ours, "❤️")
	w.pass(time.Minute)
	require.Equal(t, []string{"sent", "sent"}, statusesOf(w.hook.take()), "no other status follows")
	require.Equal(t, "👍", c.Written(numberID)[0].Reaction)
	require.Len(t, c.Inbox(numberID), 1, "a reaction is no message of its own")
	require.Equal(t, "❤️", c.Inbox(numberID)[0].Reaction)
	react(theirs, "")
	w.pass(time.Minute)
	require.Empty(t, c.Written(numberID)[0].Reaction)
	w.hook.take()

	for name, on := range map[string]string{"unknown": "wamid.unknown", "a_reaction": thumb} {
		react(on, "👍")
		w.pass(time.Minute)
		require.Equal(t, []string{"failed"}, statusesOf(w.hook.take()), name)
	}
	w.clock.Advance(31 * 24 * time.Hour)
	c.SendText(numberID, "hello again")
	w.flush()
	w.hook.take()
	react(theirs, "👍")
	w.pass(time.Minute)
	require.Equal(t, []string{"failed"}, statusesOf(w.hook.take()), "too old")
	require.Empty(t, c.Written(numberID)[0].Reaction)
}
