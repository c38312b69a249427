package whatsapp

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// sumHex and sumBase64 are the same SHA-256.
const (
	sumHex    = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	sumBase64 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
)

// message decodes one message with the given parts; nothing of it may be reported.
func message(t *testing.T, parts string) InboundMessage {
	t.Helper()
	w := decoded(t, delivery(`{"messages":[{"id":"a","from":"447700900456","timestamp":"1795012345",`+parts+`}]}`))
	require.Empty(t, w.Malformed)
	require.Len(t, w.Changes[0].Messages.Messages, 1)
	return w.Changes[0].Messages.Messages[0]
}

func TestDecodeContent(t *testing.T) {
	cases := map[string]struct {
		parts string
		want  Content
	}{
		"image": {
			`"type":"image","image":{"caption":"front door","mime_type":"image/jpeg","sha256":"` + sumBase64 + `","id":"901234500000011","url":"https://lookaside"}`,
			Content{Media: &Media{ID: "901234500000011", MIMEType: "image/jpeg", SHA256: sumHex, Caption: "front door"}},
		},
		"video with a sum in hex": {
			`"type":"video","video":{"mime_type":"video/mp4","sha256":"` + strings.ToUpper(sumHex) + `","id":7}`,
			Content{Media: &Media{ID: "7", MIMEType: "video/mp4", SHA256: sumHex}},
		},
		"voice note": {
			`"type":"audio","audio":{"mime_type":"audio/ogg; codecs=opus","sha256":"not a sum","id":"9","voice":true}`,
			Content{Media: &Media{ID: "9", MIMEType: "audio/ogg; codecs=opus", Voice: true}},
		},
		"document": {
			`"type":"document","document":{"filename":"..\/Offer 17.pdf","mime_type":"application/pdf","id":"9"}`,
			Content{Media: &Media{ID: "9", MIMEType: "application/pdf", Filename: "../Offer 17.pdf"}},
		},
		"sticker": {
			`"type":"sticker","sticker":{"mime_type":"image/webp","id":"9","animated":true}`,
			Content{Media: &Media{ID: "9", MIMEType: "image/webp", Animated: true}},
		},
		"media that could not be fetched": {
			`"type":"image","errors":[{"code":131052,"title":"Media download error"}],"image":{}`,
			Content{Media: &Media{}},
		},
		"location": {
			`"type":"location","location":{"latitude":51.5079,"longitude":-0.0877,"name":"Borough Market","address":"8 Southwark St"}`,
			Content{Location: &Location{51.5079, -0.0877, "Borough Market", "8 Southwark St", ""}},
		},
		"location in strings": {
			`"type":"location","location":{"latitude":"51.5","longitude":"-0.25"}`,
			Content{Location: &Location{Latitude: 51.5, Longitude: -0.25}},
		},
		"location off the Earth": {`"type":"location","location":{"latitude":91,"longitude":0}`, Content{}},
		"location that is none":  {`"type":"location","location":{"latitude":"NaN","longitude":0}`, Content{}},
		"contacts": {
			`"type":"contacts","contacts":[{"name":{"formatted_name":"Omar Reyes","first_name":"Omar","last_name":"Reyes"},
			"phones":[{"phone":"+44 7700 900111","wa_id":"447700900111","type":"CELL"}],"emails":[{"email":"omar@example.net","type":"WORK"}],
			"addresses":[{"street":"1 Quay Rd","city":"Leith","zip":"EH6 1AA","country":"United Kingdom","type":"HOME"}],
			"org":{"company":"Quayside","title":"Buyer"},"urls":[{"url":"https://example.net","type":"WORK"}],"birthday":"1990-04-21"}]`,
			Content{Cards: []ContactCard{{
				FormattedName: "Omar Reyes", FirstName: "Omar", LastName: "Reyes",
				Phones: []CardPhone{{"+44 7700 900111", "447700900111", "CELL"}}, Emails: []CardEmail{{"omar@example.net", "WORK"}},
				Addresses: []CardAddress{{Street: "1 Quay Rd", City: "Leith", Zip: "EH6 1AA", Country: "United Kingdom", Type: "HOME"}},
				URLs:      []CardURL{{"https://example.net", "WORK"}}, Company: "Quayside", Title: "Buyer", Birthday: "1990-04-21",
			}}},
		},
		"contacts without a name, and something that is no card": {
			`"type":"contacts","contacts":[{"phones":[{"phone":"1"},7]},"x",null,{"name":"Omar","org":[]}]`,
			Content{Cards: []ContactCard{{Phones: []CardPhone{{Phone: "1"}}}, {}}},
		},
		"button": {
			`"type":"button","button":{"payload":"confirm:8841","text":"Confirm"}`,
			Content{Button: &Button{"confirm:8841", "Confirm"}},
		},
		"button reply": {
			`"type":"interactive","interactive":{"type":"button_reply","button_reply":{"id":"slot:10","title":"10:00"}}`,
			Content{Interactive: &InteractiveReply{Type: "button_reply", Button: &Choice{ID: "slot:10", Title: "10:00"}}},
		},
		"list reply": {
			`"type":"interactive","interactive":{"type":"list_reply","list_reply":{"id":"m1","title":"09:00","description":"with Ana"}}`,
			Content{Interactive: &InteractiveReply{Type: "list_reply", List: &Choice{"m1", "09:00", "with Ana"}}},
		},
		"flow reply": {
			`"type":"interactive","interactive":{"type":"nfm_reply","nfm_reply":{"name":"flow","body":"Sent","response_json":"{\"a\":1}"}}`,
			Content{Interactive: &InteractiveReply{Type: "nfm_reply", Flow: &NFM{"flow", "Sent", `{"a":1}`}}},
		},
		"flow reply with broken JSON": {
			`"type":"interactive","interactive":{"type":"nfm_reply","nfm_reply":{"name":"flow","response_json":"{\"a\":"}}`,
			Content{Interactive: &InteractiveReply{Type: "nfm_reply", Flow: &NFM{Name: "flow", ResponseJSON: `{"a":`}}},
		},
		"call permission": {
			`"type":"interactive","interactive":{"type":"call_permission_reply","call_permission_reply":{"response":"accept"}}`,
			Content{Interactive: &InteractiveReply{Type: "call_permission_reply"}},
		},
		"reaction":            {`"type":"reaction","reaction":{"message_id":"wamid.X","emoji":"👍"}`, Content{Reaction: &Reaction{"wamid.X", "👍"}}},
		"reaction removed":    {`"type":"reaction","reaction":{"message_id":"wamid.X"}`, Content{Reaction: &Reaction{"wamid.X", ""}}},
		"reaction to nothing": {`"type":"reaction","reaction":{"emoji":"👍"}`, Content{}},
		"order": {
			`"type":"order","order":{"catalog_id":"60","text":"please before noon","product_items":[{"product_retailer_id":"TEA-01","quantity":2,"item_price":4.5,"currency":"GBP"}]}`,
			Content{Order: &Order{"60", "please before noon", []OrderItem{{"TEA-01", "2", "4.5", "GBP"}}}},
		},
		"number changed": {
			`"type":"system","system":{"body":"changed","wa_id":"447700900789","type":"user_changed_number"}`,
			Content{System: &System{Type: "user_changed_number", Body: "changed", WAID: "447700900789"}},
		},
		"number changed, as older payloads say": {
			`"type":"system","system":{"new_wa_id":"447700900789","type":"user_changed_number","customer":"447700900456"}`,
			Content{System: &System{Type: "user_changed_number", WAID: "447700900789"}},
		},
		"user id changed": {
			`"type":"system","system":{"type":"user_changed_user_id","user_id":"GB.2","previous_user_id":"GB.1"}`,
			Content{System: &System{Type: "user_changed_user_id", UserID: "GB.2", PreviousUserID: "GB.1"}},
		},
		"unsupported":             {`"type":"unsupported","errors":[{"code":131051}],"unsupported":{"type":"poll"}`, Content{Unsupported: &Unsupported{"poll"}}},
		"unsupported, of no kind": {`"type":"unknown","errors":[{"code":501}]`, Content{Unsupported: &Unsupported{}}},
		"welcome":                 {`"type":"request_welcome"`, Content{}},
		"edit": {
			`"type":"edit","edit":{"original_message_id":"wamid.X","message":{"context":{"id":"M0"},"type":"text","text":{"body":"new"}}}`,
			Content{Edit: &Edit{OriginalID: "wamid.X", Type: "text", Text: "new"}},
		},
		"edit of a caption": {
			`"type":"edit","edit":{"original_message_id":"wamid.X","message":{"type":"image","image":{"caption":"new"}}}`,
			Content{Edit: &Edit{OriginalID: "wamid.X", Type: "image", Content: Content{Media: &Media{Caption: "new"}}}},
		},
		"edit of an edit":          {`"type":"edit","edit":{"original_message_id":"x","message":{"type":"edit","edit":{"original_message_id":"y","message":{}}}}`, Content{Edit: &Edit{OriginalID: "x", Type: "edit"}}},
		"edit of nothing":          {`"type":"edit","edit":{"message":{"type":"text"}}`, Content{}},
		"revoke":                   {`"type":"revoke","revoke":{"original_message_id":"wamid.X"}`, Content{Revoke: &Revoke{"wamid.X"}}},
		"a part that is no object": {`"type":"image","image":"x","location":[],"contacts":{}`, Content{}},
		"cards that are no list":   {`"type":"contacts","contacts":{}`, Content{}},
		"an unknown type":          {`"type":"hologram","hologram":{"image":{}}`, Content{}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, message(t, c.parts).Content) })
	}
}

func TestDecodeReferral(t *testing.T) {
	m := message(t, `"type":"text","text":{"body":"Hi"},"referral":{"source_url":"https://fb.me/demo1","source_id":"120000000000777","source_type":"ad",
		"headline":"Chat with us","body":"Ask","media_type":"image","image_url":"https://i","video_url":"https://v","thumbnail_url":"https://t",
		"ctwa_clid":"ARdemo","welcome_message":{"text":"How can we help?"}}`)
	require.Equal(t, "Hi", m.Text)
	require.Equal(t, &Referral{
		SourceURL: "https://fb.me/demo1", SourceID: "120000000000777", SourceType: "ad", Headline: "Chat with us", Body: "Ask",
		MediaType: "image", ImageURL: "https://i", VideoURL: "https://v", ThumbnailURL: "https://t", ClickID: "ARdemo", WelcomeMessage: "How can we help?",
	}, m.Referral)
	require.Nil(t, message(t, `"type":"text","referral":"x"`).Referral)
}

func TestDecodeContext(t *testing.T) {
	require.Equal(t, &Context{Forwarded: true}, message(t, `"type":"text","context":{"forwarded":true}`).Context)
	require.Equal(t, &Context{FrequentlyForwarded: true}, message(t, `"type":"text","context":{"frequently_forwarded":true}`).Context)
	require.Equal(t, &Context{MessageID: "wamid.X", Product: &Product{"60", "TEA-01"}},
		message(t, `"type":"text","context":{"id":"wamid.X","referred_product":{"catalog_id":"60","product_retailer_id":"TEA-01"}}`).Context)
	require.Nil(t, message(t, `"type":"text","context":{}`).Context)
}

// field wraps a value in a delivery of another field.
func field(name, value string) []byte {
	return []byte(`{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"` + name + `","value":` + value + `}]}]}`)
}

func TestDecodeCoexistence(t *testing.T) {
	t.Run("echoes", func(t *testing.T) {
		w := decoded(t, field(FieldEchoes, `{"metadata":{"phone_number_id":"7"},"message_echoes":[
			{"from":"15550102030","to":"447700900456","to_user_id":"GB.1","id":"wamid.E","timestamp":"1795012399","type":"text","text":{"body":"Be right there"}},
			{"id":"","timestamp":"1"}]}`))
		require.Equal(t, []string{"entry[0].changes[0].value.message_echoes[1]"}, paths(w))
		value := w.Changes[0].Messages
		require.Equal(t, "7", value.PhoneNumberID)
		require.Empty(t, value.Messages)
		require.Len(t, value.Echoes, 1)
		echo := value.Echoes[0]
		require.Equal(t, []string{"447700900456", "GB.1", "Be right there"}, []string{echo.To, echo.ToUserID, echo.Text})
	})
	t.Run("history", func(t *testing.T) {
		w := decoded(t, field(FieldHistory, `{"metadata":{"phone_number_id":"7"},"history":[{"metadata":{"phase":0,"chunk_order":1,"progress":55},
			"threads":[{"id":"447700900456","messages":[
			{"from":"15550102030","to":"447700900456","id":"a","timestamp":"1793000000","type":"text","text":{"body":"Hi"},"history_context":{"status":"READ"}},
			{"from":"447700900456","id":"b","timestamp":"1793000100","type":"media_placeholder","history_context":{"status":"DELIVERED"}}]},7]},
			{"errors":[{"code":2593109,"title":"refused"}]}],
			"messages":[{"from":"447700900456","id":"b","timestamp":"1793000100","type":"image","image":{"id":"9"}}]}`))
		require.Equal(t, []string{"entry[0].changes[0].value.history[0].threads[1]"}, paths(w))
		value := w.Changes[0].Messages
		require.Equal(t, []MetaError{{Code: 2593109, Title: "refused"}}, value.Errors)
		require.Len(t, value.History, 3)
		require.Equal(t, &Media{ID: "9"}, value.History[0].Content.Media)
		require.Equal(t, []string{"READ", "447700900456", "447700900456"},
			[]string{value.History[1].HistoryStatus, value.History[1].ThreadID, value.History[1].To})
		require.Equal(t, "media_placeholder", value.History[2].Type)
	})
	t.Run("contacts of the app", func(t *testing.T) {
		w := decoded(t, field(FieldAppState, `{"metadata":{"phone_number_id":"7"},"state_sync":[
			{"type":"contact","contact":{"full_name":"Iris Calder","first_name":"Iris","phone_number":"+44 7700 900456"},"action":"add"},
			{"type":"contact","contact":{"phone_number":"447700900457"},"action":"remove"},{"type":"label"},{"type":"contact"}]}`))
		require.Equal(t, []string{"entry[0].changes[0].value.state_sync[3]"}, paths(w))
		require.Equal(t, []AppContact{
			{PhoneNumber: "447700900456", FullName: "Iris Calder", FirstName: "Iris"}, {PhoneNumber: "447700900457", Removed: true},
		}, w.Changes[0].Messages.AppContacts)
	})
}

func FuzzDecodeContent(f *testing.F) {
	for _, seed := range []string{
		`{"type":"image","image":{"id":"1","sha256":"` + sumBase64 + `"}}`, `{"type":"location","location":{"latitude":1e999,"longitude":"x"}}`,
		`{"type":"contacts","contacts":[{"name":{}},[[]]]}`, `{"type":"edit","edit":{"original_message_id":"x","message":{"type":"edit","edit":{}}}}`,
		`{"type":"interactive","interactive":{"type":"nfm_reply","nfm_reply":{"response_json":"{"}}}`, `{"type":"order","order":{"product_items":[{"quantity":1.5}]}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		w, err := DecodeWebhook([]byte(`{"entry":[{"changes":[{"field":"messages","value":{"messages":[` + string(raw) + `]}}]}]}`))
		if err != nil {
			return
		}
		for _, change := range w.Changes {
			if change.Messages == nil {
				continue
			}
			for _, m := range change.Messages.Messages {
				require.NotEmpty(t, m.Raw)
				if m.Content.Media != nil {
					require.Contains(t, []int{0, 64}, len(m.Content.Media.SHA256))
				}
				if edit := m.Content.Edit; edit != nil {
					require.Nil(t, edit.Content.Edit)
				}
			}
		}
	})
}
