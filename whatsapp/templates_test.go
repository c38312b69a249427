package whatsapp

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/whatsapp/simulator"
)

var pickupReady = Template{
	Name: "pickup_ready", Language: "en_GB", Category: "UTILITY", ParameterFormat: "NAMED",
	Header: &TemplateHeader{Format: "TEXT", Text: TemplateText{"Order {{order_no}}", []TemplateSample{{"order_no", "8841"}}}},
	Body:   TemplateText{"Hello {{first_name}}, your order can be collected today.", []TemplateSample{{"first_name", "Iris"}}},
	Footer: "Quayside Tea",
	Buttons: []TemplateButton{
		{Type: "URL", Text: "Track", URL: "https://example.org/t/{{1}}", Sample: "https://example.org/t/8841"},
		{Type: "PHONE_NUMBER", Text: "Call us", PhoneNumber: "+15550102030"},
		{Type: "COPY_CODE", Sample: "TEA10"},
		{Type: "QUICK_REPLY", Text: "On my way"},
	},
}

func TestTemplates(t *testing.T) {
	client, meta := newMeta(t)
	creds := Credentials{PhoneNumberID: "3319", AccessToken: "EAAdemo"}
	meta.GrantToken(simulator.Token{Value: creds.AccessToken, WABAIDs: []string{"2147"}})

	receipt, err := client.CreateTemplate(t.Context(), creds, "2147", pickupReady)
	require.NoError(t, err)
	require.Equal(t, "PENDING", receipt.Status)
	require.Equal(t, "UTILITY", receipt.Category)

	// What was handed in comes back, sample and all.
	read, err := client.Template(t.Context(), creds, receipt.ID)
	require.NoError(t, err)
	require.False(t, read.Foreign)
	require.NotEmpty(t, read.Components)
	want := pickupReady
	want.ID, want.Status, want.Components, want.QualityScore, want.QualityAt = receipt.ID, "PENDING", read.Components, "UNKNOWN", read.QualityAt
	want.Buttons = append([]TemplateButton{}, want.Buttons...)
	want.Buttons[2].Text = "Copy offer code"
	require.Equal(t, want, read)

	_, err = client.CreateTemplate(t.Context(), creds, "2147", pickupReady)
	refusal := failure(t, err)
	require.Equal(t, CodeTemplateInvalid, refusal.Code)
	require.Equal(t, 2388024, refusal.Meta.Subcode)
	require.NotEmpty(t, refusal.Meta.UserMessage)

	positional := Template{Name: "hello_there", Language: "pt_BR", Category: "MARKETING", ParameterFormat: "POSITIONAL", Body: TemplateText{"Olá {{1}}, tudo bem com você hoje?", []TemplateSample{{"", "Iris"}}}}
	second, err := client.CreateTemplate(t.Context(), creds, "2147", positional)
	require.NoError(t, err)
	named, err := client.TemplatesNamed(t.Context(), creds, "2147", "hello_there")
	require.NoError(t, err)
	require.Len(t, named, 1)
	require.Equal(t, positional.Body, named[0].Body)

	var ids []string
	for after := ""; ; {
		page, next, err := client.Templates(t.Context(), creds, "2147", after, 1)
		require.NoError(t, err)
		for _, template := range page {
			ids = append(ids, template.ID)
		}
		if after = next; next == "" {
			break
		}
	}
	require.ElementsMatch(t, []string{receipt.ID, second.ID}, ids)

	err = client.EditTemplate(t.Context(), creds, receipt.ID, pickupReady)
	require.Equal(t, 2388039, failure(t, err).Meta.Subcode, "it is under review")
	require.NoError(t, client.DeleteTemplate(t.Context(), creds, "2147", second.ID, "hello_there"))
	_, err = client.Template(t.Context(), creds, second.ID)
	require.Equal(t, CodeObjectNotFound, failure(t, err).Code)
	for _, id := range []string{"", "1/x", "me"} {
		_, err = client.Template(t.Context(), creds, id)
		require.Equal(t, CodeInvalidRequest, failure(t, err).Code)
	}
}

func TestUploadSample(t *testing.T) {
	client, meta := newMeta(t)
	creds := Credentials{PhoneNumberID: "3319", AccessToken: "EAAdemo"}
	meta.GrantToken(simulator.Token{Value: creds.AccessToken, WABAIDs: []string{"2147"}})
	handle, err := client.UploadSample(t.Context(), creds, MediaUpload{
		MIMEType: "image/jpeg", FileName: "menü.jpg", ByteSize: 9,
		Open: func() (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader("\xff\xd8\xff12345and more")), nil
		},
	})
	require.NoError(t, err)
	require.Contains(t, handle, "\n", "it is used as it is")
	_, err = client.CreateTemplate(t.Context(), creds, "2147", Template{
		Name: "menu", Language: "en", Category: "MARKETING", ParameterFormat: "NAMED",
		Header: &TemplateHeader{Format: "IMAGE", Handle: handle}, Body: TemplateText{Text: "Our menu."},
	})
	require.NoError(t, err)
	_, err = NewClient(Options{}).UploadSample(t.Context(), creds, MediaUpload{})
	require.ErrorIs(t, err, ErrNoApp)
}

func TestDecodeTemplate(t *testing.T) {
	for name, c := range map[string]struct {
		components string
		foreign    bool
		body       TemplateText
	}{
		"positional":            {`[{"type":"body","text":"Hi {{1}}, {{2}}","example":{"body_text":[["Iris","8841"]]}}]`, false, TemplateText{"Hi {{1}}, {{2}}", []TemplateSample{{"", "Iris"}, {"", "8841"}}}},
		"a flat list":           {`[{"type":"BODY","text":"Hi {{1}}","example":{"body_text":["Iris"]}}]`, false, TemplateText{"Hi {{1}}", []TemplateSample{{"", "Iris"}}}},
		"samples of no kind":    {`[{"type":"BODY","text":"Hi","example":7}]`, false, TemplateText{Text: "Hi"}},
		"a carousel":            {`[{"type":"BODY","text":"Hi"},{"type":"CAROUSEL","cards":[]}]`, true, TemplateText{Text: "Hi"}},
		"a button for a Flow":   {`[{"type":"BODY","text":"Hi"},{"type":"BUTTONS","buttons":[{"type":"FLOW","text":"Book","flow_id":"1"}]}]`, true, TemplateText{Text: "Hi"}},
		"a header of a product": {`[{"type":"HEADER","format":"PRODUCT"},{"type":"BODY","text":"Hi"}]`, true, TemplateText{Text: "Hi"}},
		"no body":               {`[]`, true, TemplateText{}},
		"no components":         {`"x"`, true, TemplateText{}},
	} {
		t.Run(name, func(t *testing.T) {
			read, err := decodeTemplate([]byte(`{"id":1240098877665544,"name":"n","language":"en-GB","status":"approved","category":"utility","rejected_reason":"NONE","components":` + c.components + `}`))
			require.NoError(t, err)
			require.Equal(t, "1240098877665544", read.ID)
			require.Equal(t, "en_GB", read.Language)
			require.Equal(t, "APPROVED", read.Status)
			require.Equal(t, "POSITIONAL", read.ParameterFormat)
			require.Empty(t, read.RejectedReason)
			require.Equal(t, c.foreign, read.Foreign)
			require.Equal(t, c.body, read.Body)
		})
	}
}

func TestTemplateUpdates(t *testing.T) {
	const ids = `"message_template_id":1240098877665544,"message_template_name":"pickup_ready","message_template_language":"en-GB"`
	base := TemplateUpdate{TemplateID: "1240098877665544", Name: "pickup_ready", Language: "en_GB"}
	at := time.Unix(1795100000, 0).UTC()
	for name, c := range map[string]struct {
		field, value string
		want         func(u *TemplateUpdate)
	}{
		"a rejection": {FieldTemplateStatus, `"event":"REJECTED","reason":"INVALID_FORMAT","message_template_category":"UTILITY","rejection_info":{"reason":"r","recommendation":"w"}`, func(u *TemplateUpdate) {
			u.Event, u.Reason, u.Category, u.RejectionText, u.Recommendation = "REJECTED", "INVALID_FORMAT", "UTILITY", "r", "w"
		}},
		"an approval":                   {FieldTemplateStatus, `"event":"APPROVED","reason":null`, func(u *TemplateUpdate) { u.Event = "APPROVED" }},
		"a pause":                       {FieldTemplateStatus, `"event":"PAUSED","reason":"NONE","other_info":{"title":"FIRST_PAUSE"}`, func(u *TemplateUpdate) { u.Event, u.PauseTitle = "PAUSED", "FIRST_PAUSE" }},
		"a quality":                     {FieldTemplateQuality, `"previous_quality_score":"GREEN","new_quality_score":"YELLOW"`, func(u *TemplateUpdate) { u.NewQuality = "YELLOW" }},
		"a quality under another field": {FieldTemplateStatus, `"previous_quality_score":"GREEN","new_quality_score":"YELLOW"`, func(u *TemplateUpdate) { u.NewQuality = "YELLOW" }},
		"a text":                        {FieldTemplateComponents, `"message_template_element":"body text"`, func(u *TemplateUpdate) { u.ContentChanged = true }},
		"a category that will be changed": {FieldTemplateCategory, `"new_category":"UTILITY","correct_category":"MARKETING","category_update_timestamp":1795100000`, func(u *TemplateUpdate) {
			u.NewCategory, u.CorrectCategory, u.CategoryAt = "UTILITY", "MARKETING", &at
		}},
		"a category that was changed": {FieldTemplateCategory, `"previous_category":"UTILITY","new_category":"MARKETING"`, func(u *TemplateUpdate) { u.PreviousCategory, u.NewCategory = "UTILITY", "MARKETING" }},
	} {
		t.Run(name, func(t *testing.T) {
			w := decoded(t, []byte(`{"object":"whatsapp_business_account","entry":[{"id":"2147","time":1795012345,"changes":[{"field":"`+c.field+`","value":{`+ids+`,`+c.value+`}}]}]}`))
			require.Empty(t, w.Malformed)
			require.Len(t, w.Changes, 1)
			want := base
			c.want(&want)
			require.Equal(t, &want, w.Changes[0].Template)
		})
	}
	t.Run("names no template", func(t *testing.T) {
		w := decoded(t, []byte(`{"object":"o","entry":[{"id":"1","changes":[{"field":"message_template_status_update","value":{"event":"APPROVED"}},{"field":"template_category_update","value":[]}]}]}`))
		require.Len(t, w.Malformed, 2)
		require.Nil(t, w.Changes[0].Template)
	})
}
