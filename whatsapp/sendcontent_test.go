package whatsapp

import (
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	twoButtons = []ReplyButton{{ID: "slot:10", Title: "10:00"}, {ID: "slot:11", Title: "11:00"}}
	oneRow     = []ListSection{{Rows: []ListRow{{ID: "m1", Title: "09:00"}}}}
)

func letters(n int) string { return strings.Repeat("é", n) }

func TestSend_every_kind_in_metas_shape(t *testing.T) {
	for _, test := range []struct {
		content OutboundContent
		want    string
	}{
		{
			MediaMessage{Type: MediaImage, ID: "901", Caption: "Menu"},
			`"type":"image","image":{"id":"901","caption":"Menu"}`,
		},
		{
			MediaMessage{Type: MediaDocument, ID: "902", Caption: "October", FileName: "Invoice 12.pdf"},
			`"type":"document","document":{"id":"902","caption":"October","filename":"Invoice 12.pdf"}`,
		},
		{
			MediaMessage{Type: MediaAudio, ID: "903", Voice: true},
			`"type":"audio","audio":{"id":"903","voice":true}`,
		},
		{MediaMessage{Type: MediaVideo, ID: "904"}, `"type":"video","video":{"id":"904"}`},
		{
			LocationMessage{Latitude: 51.5079, Longitude: -0.0877, Name: "Quayside Tea", Address: "8 Southwark St"},
			`"type":"location","location":{"latitude":51.5079,"longitude":-0.0877,"name":"Quayside Tea","address":"8 Southwark St"}`,
		},
		{LocationMessage{}, `"type":"location","location":{"latitude":0,"longitude":0}`},
		{
			ContactsMessage{Cards: []SentCard{{
				Name:     SentName{Formatted: "Omar Reyes", Last: "Reyes"},
				Phones:   []SentPhone{{Phone: "+447700900111", Type: "CELL", WAID: "447700900111"}},
				Emails:   []SentEmail{{Email: "omar@example.net", Type: "WORK"}},
				Company:  SentCompany{Company: "Quayside", Title: "Buyer"},
				URLs:     []SentURL{{URL: "https://example.net"}},
				Birthday: "1990-04-21",
			}}},
			`"type":"contacts","contacts":[{"name":{"formatted_name":"Omar Reyes","last_name":"Reyes"},
				"phones":[{"phone":"+447700900111","type":"CELL","wa_id":"447700900111"}],
				"emails":[{"email":"omar@example.net","type":"WORK"}],"urls":[{"url":"https://example.net"}],
				"org":{"company":"Quayside","title":"Buyer"},"birthday":"1990-04-21"}]`,
		},
		{
			ContactsMessage{Cards: []SentCard{{Name: SentName{Formatted: "Omar"}}}},
			`"type":"contacts","contacts":[{"name":{"formatted_name":"Omar","first_name":"Omar"}}]`,
		},
		{ReactionMessage{MessageID: "wamid.Q", Emoji: "👍"}, `"type":"reaction","reaction":{"message_id":"wamid.Q","emoji":"👍"}`},
		{ReactionMessage{MessageID: "wamid.Q"}, `"type":"reaction","reaction":{"message_id":"wamid.Q","emoji":""}`},
		{TemplateMessage{Name: "hello", Language: "en_GB"}, `"type":"template","template":{"name":"hello","language":{"code":"en_GB"}}`},
		{
			TemplateMessage{
				Name: "pickup_ready", Language: "en_GB", HeaderMedia: &MediaMessage{Type: MediaImage, ID: "901"},
				Body:    []TemplateValue{{"first_name", "Iris"}, {"order_no", "8841"}},
				Buttons: []TemplateButtonValue{{Index: 0, Suffix: "8841"}, {Index: 1, Payload: "confirm:8841"}, {Index: 2, Coupon: "TEA10"}},
			},
			`"type":"template","template":{"name":"pickup_ready","language":{"code":"en_GB"},"components":[
				{"type":"header","parameters":[{"type":"image","image":{"id":"901"}}]},
				{"type":"body","parameters":[{"type":"text","parameter_name":"first_name","text":"Iris"},{"type":"text","parameter_name":"order_no","text":"8841"}]},
				{"type":"button","sub_type":"url","index":"0","parameters":[{"type":"text","text":"8841"}]},
				{"type":"button","sub_type":"quick_reply","index":"1","parameters":[{"type":"payload","payload":"confirm:8841"}]},
				{"type":"button","sub_type":"copy_code","index":"2","parameters":[{"type":"coupon_code","coupon_code":"TEA10"}]}]}`,
		},
		{
			TemplateMessage{Name: "t", Language: "en", HeaderText: &TemplateValue{Text: "Sale"}, Body: []TemplateValue{{Text: "Iris"}}},
			`"type":"template","template":{"name":"t","language":{"code":"en"},"components":[
				{"type":"header","parameters":[{"type":"text","text":"Sale"}]},{"type":"body","parameters":[{"type":"text","text":"Iris"}]}]}`,
		},
		{
			TemplateMessage{Name: "t", Language: "en", HeaderLocation: &LocationMessage{Latitude: 1, Longitude: 2, Name: "Shop"}},
			`"type":"template","template":{"name":"t","language":{"code":"en"},"components":[
				{"type":"header","parameters":[{"type":"location","location":{"latitude":1,"longitude":2,"name":"Shop"}}]}]}`,
		},
		{
			InteractiveMessage{HeaderText: "Tomorrow", Body: "When?", Footer: "Quayside", Buttons: twoButtons},
			`"type":"interactive","interactive":{"type":"button","header":{"type":"text","text":"Tomorrow"},"body":{"text":"When?"},
				"footer":{"text":"Quayside"},"action":{"buttons":[{"type":"reply","reply":{"id":"slot:10","title":"10:00"}},
				{"type":"reply","reply":{"id":"slot:11","title":"11:00"}}]}}`,
		},
		{
			InteractiveMessage{Body: "When?", List: &ChoiceList{Button: "Choose", Sections: []ListSection{
				{Title: "Morning", Rows: []ListRow{{ID: "m1", Title: "09:00", Description: "with Ana"}}},
				{Title: "Noon", Rows: []ListRow{{ID: "m2", Title: "12:00"}}},
			}}},
			`"type":"interactive","interactive":{"type":"list","body":{"text":"When?"},"action":{"button":"Choose","sections":[
				{"title":"Morning","rows":[{"id":"m1","title":"09:00","description":"with Ana"}]},
				{"title":"Noon","rows":[{"id":"m2","title":"12:00"}]}]}}`,
		},
		{
			InteractiveMessage{
				HeaderMedia: &MediaMessage{Type: MediaImage, ID: "901"}, Body: "Your bill",
				Link: &LinkButton{Title: "Pay now", URL: "https://pay.example/12"},
			},
			`"type":"interactive","interactive":{"type":"cta_url","header":{"type":"image","image":{"id":"901"}},"body":{"text":"Your bill"},
				"action":{"name":"cta_url","parameters":{"display_text":"Pay now","url":"https://pay.example/12"}}}`,
		},
	} {
		t.Run(test.want[:24], func(t *testing.T) {
			var body []byte
			g := newGraph(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
				body, _ = io.ReadAll(r.Body)
				reply(200, accepted)(w, r)
			})
			quote, context := "wamid.Z", `,"context":{"message_id":"wamid.Z"}`
			if _, reaction := test.content.(ReactionMessage); reaction {
				quote, context = "", ""
			}
			_, err := g.Send(t.Context(), testCreds, OutboundMessage{
				To: "447700900456", Content: test.content, ReplyToMessageID: quote, CallbackData: "msg_1",
			})
			require.NoError(t, err)
			require.JSONEq(t, `{"messaging_product":"whatsapp","recipient_type":"individual","to":"+447700900456",
				"biz_opaque_callback_data":"msg_1"`+context+`,`+test.want+`}`, string(body))
		})
	}
}

func TestSend_refuses_what_breaks_metas_limits_before_any_call(t *testing.T) {
	buttons := func(buttons ...ReplyButton) InteractiveMessage {
		return InteractiveMessage{Body: "When?", Buttons: buttons}
	}
	list := func(sections ...ListSection) InteractiveMessage {
		return InteractiveMessage{Body: "When?", List: &ChoiceList{Button: "Choose", Sections: sections}}
	}
	link := func(title, url string) InteractiveMessage {
		return InteractiveMessage{Body: "Bill", Link: &LinkButton{Title: title, URL: url}}
	}
	cards := func(n int) ContactsMessage {
		return ContactsMessage{Cards: slicesOf(n, func(int) SentCard { return SentCard{Name: SentName{Formatted: "Omar"}} })}
	}
	rows := func(n int) []ListRow {
		return slicesOf(n, func(i int) ListRow { return ListRow{ID: strconv.Itoa(i), Title: strconv.Itoa(i)} })
	}
	for _, test := range []struct {
		name    string
		content OutboundContent
		ok      bool
	}{
		{"longest_caption", MediaMessage{Type: MediaImage, ID: "1", Caption: letters(1024)}, true},
		{"caption_too_long", MediaMessage{Type: MediaImage, ID: "1", Caption: letters(1025)}, false},
		{"media_without_id", MediaMessage{Type: MediaImage}, false},
		{"sticker", MediaMessage{Type: "sticker", ID: "1"}, false},
		{"audio_with_caption", MediaMessage{Type: MediaAudio, ID: "1", Caption: "x"}, false},
		{"image_with_file_name", MediaMessage{Type: MediaImage, ID: "1", FileName: "x.png"}, false},
		{"video_as_voice", MediaMessage{Type: MediaVideo, ID: "1", Voice: true}, false},
		{"pole_and_date_line", LocationMessage{Latitude: -90, Longitude: 180}, true},
		{"latitude_too_far", LocationMessage{Latitude: 90.01}, false},
		{"longitude_too_far", LocationMessage{Longitude: -180.01}, false},
		{"location_not_a_number", LocationMessage{Latitude: math.NaN()}, false},
		{"most_contacts", cards(257), true},
		{"too_many_contacts", cards(258), false},
		{"no_contacts", cards(0), false},
		{"contact_without_name", ContactsMessage{Cards: []SentCard{{}}}, false},
		{"contact_born_on_no_day", ContactsMessage{Cards: []SentCard{{Name: SentName{Formatted: "O"}, Birthday: "1990-02-30"}}}, false},
		{"contact_with_an_empty_phone", ContactsMessage{Cards: []SentCard{{Name: SentName{Formatted: "O"}, Phones: []SentPhone{{}}}}}, false},
		{"reaction_on_nothing", ReactionMessage{Emoji: "👍"}, false},
		{"three_buttons", buttons(ReplyButton{"1", "1"}, ReplyButton{"2", "2"}, ReplyButton{"3", "3"}), true},
		{"four_buttons", buttons(ReplyButton{"1", "1"}, ReplyButton{"2", "2"}, ReplyButton{"3", "3"}, ReplyButton{"4", "4"}), false},
		{"longest_button", buttons(ReplyButton{letters(256), letters(20)}), true},
		{"button_id_too_long", buttons(ReplyButton{letters(257), "x"}), false},
		{"button_title_too_long", buttons(ReplyButton{"x", letters(21)}), false},
		{"button_without_title", buttons(ReplyButton{ID: "x"}), false},
		{"button_id_with_a_space", buttons(ReplyButton{"x ", "x"}), false},
		{"buttons_of_one_id", buttons(ReplyButton{"1", "1"}, ReplyButton{"1", "2"}), false},
		{"buttons_of_one_title", buttons(ReplyButton{"1", "1"}, ReplyButton{"2", "1"}), false},
		{"nothing_to_tap", InteractiveMessage{Body: "When?"}, false},
		{"buttons_and_link", InteractiveMessage{Body: "When?", Buttons: twoButtons, Link: &LinkButton{"x", "https://x.example"}}, false},
		{"no_body", InteractiveMessage{Buttons: twoButtons}, false},
		{"longest_body", InteractiveMessage{Body: letters(1024), Buttons: twoButtons}, true},
		{"body_too_long", InteractiveMessage{Body: letters(1025), Buttons: twoButtons}, false},
		{"longest_body_of_a_list", InteractiveMessage{Body: letters(4096), List: &ChoiceList{"x", oneRow}}, true},
		{"body_of_a_list_too_long", InteractiveMessage{Body: letters(4097), List: &ChoiceList{"x", oneRow}}, false},
		{"header_too_long", InteractiveMessage{HeaderText: letters(61), Body: "x", Buttons: twoButtons}, false},
		{"footer_too_long", InteractiveMessage{Footer: letters(61), Body: "x", Buttons: twoButtons}, false},
		{"two_headers", InteractiveMessage{HeaderText: "x", HeaderMedia: &MediaMessage{Type: MediaImage, ID: "1"}, Body: "x", Buttons: twoButtons}, false},
		{"audio_header", InteractiveMessage{HeaderMedia: &MediaMessage{Type: MediaAudio, ID: "1"}, Body: "x", Buttons: twoButtons}, false},
		{"list_with_an_image", InteractiveMessage{HeaderMedia: &MediaMessage{Type: MediaImage, ID: "1"}, Body: "x", List: &ChoiceList{"x", oneRow}}, false},
		{"ten_rows", list(ListSection{Title: "a", Rows: rows(10)}), true},
		{"eleven_rows", list(ListSection{Title: "a", Rows: rows(11)}), false},
		{"one_section_without_title", list(oneRow...), true},
		{"two_sections_one_without_title", list(ListSection{Title: "a", Rows: rows(1)}, ListSection{Rows: []ListRow{{ID: "z", Title: "z"}}}), false},
		{"section_title_too_long", list(ListSection{Title: letters(25), Rows: rows(1)}), false},
		{"section_without_rows", list(ListSection{Title: "a"}), false},
		{"no_sections", list(), false},
		{"eleven_sections", list(slicesOf(11, func(i int) ListSection {
			return ListSection{Title: strconv.Itoa(i), Rows: []ListRow{{ID: strconv.Itoa(i), Title: "x"}}}
		})...), false},
		{"rows_of_one_id", list(ListSection{Rows: []ListRow{{ID: "1", Title: "a"}, {ID: "1", Title: "b"}}}), false},
		{"longest_row", list(ListSection{Rows: []ListRow{{letters(200), letters(24), letters(72)}}}), true},
		{"row_id_too_long", list(ListSection{Rows: []ListRow{{ID: letters(201), Title: "x"}}}), false},
		{"row_title_too_long", list(ListSection{Rows: []ListRow{{ID: "x", Title: letters(25)}}}), false},
		{"row_description_too_long", list(ListSection{Rows: []ListRow{{"x", "x", letters(73)}}}), false},
		{"list_without_button", InteractiveMessage{Body: "x", List: &ChoiceList{Sections: oneRow}}, false},
		{"list_button_too_long", InteractiveMessage{Body: "x", List: &ChoiceList{letters(21), oneRow}}, false},
		{"link", link("Pay", "https://pay.example/12?a=b"), true},
		{"link_title_too_long", link(letters(21), "https://pay.example"), false},
		{"link_of_another_scheme", link("Pay", "javascript:alert(1)"), false},
		{"link_without_host", link("Pay", "https:///12"), false},
		{"template_without_name", TemplateMessage{Language: "en"}, false},
		{"template_without_language", TemplateMessage{Name: "t"}, false},
		{"template_value_of_two_lines", TemplateMessage{Name: "t", Language: "en", Body: []TemplateValue{{Text: "a\nb"}}}, false},
		{"template_value_with_many_spaces", TemplateMessage{Name: "t", Language: "en", Body: []TemplateValue{{Text: "a     b"}}}, false},
		{"template_value_with_four_spaces", TemplateMessage{Name: "t", Language: "en", Body: []TemplateValue{{Text: "a    b"}}}, true},
		{"template_value_empty", TemplateMessage{Name: "t", Language: "en", Body: []TemplateValue{{}}}, false},
		{"template_header_too_long", TemplateMessage{Name: "t", Language: "en", HeaderText: &TemplateValue{Text: letters(61)}}, false},
		{"template_of_two_headers", TemplateMessage{Name: "t", Language: "en", HeaderText: &TemplateValue{Text: "x"}, HeaderLocation: &LocationMessage{}}, false},
		{"template_with_audio", TemplateMessage{Name: "t", Language: "en", HeaderMedia: &MediaMessage{Type: MediaAudio, ID: "1"}}, false},
		{"template_button_of_two_values", TemplateMessage{Name: "t", Language: "en", Buttons: []TemplateButtonValue{{Payload: "a", Suffix: "b"}}}, false},
		{"template_payload_too_long", TemplateMessage{Name: "t", Language: "en", Buttons: []TemplateButtonValue{{Payload: letters(129)}}}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := newGraph(t, Options{}, reply(200, accepted))
			message := OutboundMessage{To: "1", Content: test.content}
			_, err := g.Send(t.Context(), testCreds, message)
			require.Equal(t, err == nil, message.Check() == nil)
			if test.ok {
				require.NoError(t, err)
				return
			}
			require.Equal(t, CodeInvalidRequest, failure(t, err).Code)
			require.Zero(t, g.requests.Load())
		})
	}
	t.Run("reaction_that_quotes", func(t *testing.T) {
		require.Error(t, OutboundMessage{To: "1", Content: ReactionMessage{MessageID: "w"}, ReplyToMessageID: "w"}.Check())
	})
}

func slicesOf[T any](n int, element func(i int) T) []T {
	all := make([]T, n)
	for i := range all {
		all[i] = element(i)
	}
	return all
}
