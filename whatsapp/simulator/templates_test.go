package simulator_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/whatsapp/simulator"
)

// pickup is a template that Meta approves.
func pickup() object {
	return object{
		"name": "pickup_ready", "language": "en_GB", "category": "UTILITY", "parameter_format": "NAMED",
		"components": []any{
			object{"type": "HEADER", "format": "TEXT", "text": "Order {{order_no}}", "example": object{"header_text_named_params": []any{object{"param_name": "order_no", "example": "8841"}}}},
			object{
				"type": "BODY", "text": "Hello {{first_name}}, your order can be collected today.",
				"example": object{"body_text_named_params": []any{object{"param_name": "first_name", "example": "Iris"}}},
			},
			object{"type": "FOOTER", "text": "Quayside Tea"},
			object{"type": "BUTTONS", "buttons": []any{
				object{"type": "QUICK_REPLY", "text": "On my way"},
				object{"type": "URL", "text": "Track", "url": "https://example.org/t/{{1}}", "example": []string{"https://example.org/t/8841"}},
			}},
		},
	}
}

func body(text string, samples ...any) object {
	c := object{"type": "BODY", "text": text}
	if len(samples) > 0 {
		c["example"] = object{"body_text": []any{samples}}
	}
	return object{"name": "t", "language": "en", "category": "UTILITY", "components": []any{c}}
}

func (w *world) template(in object) answer {
	return w.call(bearer, "POST", "/v26.0/"+waba+"/message_templates", in)
}

// approved makes a template and waits for its review.
func (w *world) approved(in object) string {
	w.t.Helper()
	made := w.template(in)
	require.Equal(w.t, 200, made.status, made.raw)
	w.pass(3 * time.Second)
	w.hook.take()
	return made.text("id")
}

func (a answer) subcode() int {
	code, _ := a.errorField("error_subcode").(float64)
	return int(code)
}

func templateValue(t *testing.T, w *world) (field string, value object) {
	t.Helper()
	hooks := w.hook.take()
	require.Len(t, hooks, 1)
	var sent object
	require.NoError(t, json.Unmarshal(hooks[0].raw, &sent))
	entry := firstOf(sent["entry"])
	require.Equal(t, waba, entry["id"])
	require.NotZero(t, entry["time"])
	change := firstOf(entry["changes"])
	return textOf(change["field"]), objectOf(change["value"])
}

func TestTemplateReview(t *testing.T) {
	t.Run("approves after a while and tells", func(t *testing.T) {
		w := newWorld(t)
		made := w.template(pickup())
		require.Equal(t, "PENDING", made.text("status"))
		w.pass(3*time.Second - time.Millisecond)
		require.Empty(t, w.hook.take())
		w.pass(time.Millisecond)
		field, value := templateValue(t, w)
		require.Equal(t, "message_template_status_update", field)
		require.Equal(t, "APPROVED", value["event"])
		require.Equal(t, made.text("id"), fmt.Sprintf("%.0f", value["message_template_id"]))
		node := w.call(bearer, "GET", "/v26.0/"+made.text("id"), nil)
		require.Equal(t, "APPROVED", node.text("status"))
	})
	t.Run("ends as planned", func(t *testing.T) {
		w := newWorld(t)
		w.meta.PlanReview(simulator.Review{Name: "pickup_ready", Event: "REJECTED", Reason: "TAG_CONTENT_MISMATCH", Text: "Language.", Recommendation: "Write English."})
		id := w.template(pickup()).text("id")
		w.pass(3 * time.Second)
		_, value := templateValue(t, w)
		require.Equal(t, "TAG_CONTENT_MISMATCH", value["reason"])
		require.Equal(t, object{"reason": "Language.", "recommendation": "Write English."}, value["rejection_info"])

		w.meta.PlanReview(simulator.Review{Name: "pickup_ready", Category: "MARKETING"})
		require.Equal(t, 200, w.call(bearer, "POST", "/v26.0/"+id, object{"components": pickup()["components"]}).status, "a rejected one is edited without limit")
		w.pass(3 * time.Second)
		node := w.call(bearer, "GET", "/v26.0/"+id, nil)
		require.Equal(t, "MARKETING", node.text("category"))
		require.Equal(t, "UTILITY", node.text("previous_category"))
	})
	t.Run("tells what happens later", func(t *testing.T) {
		w := newWorld(t)
		w.approved(pickup())
		about := simulator.TemplateEvent{WABAID: waba, Name: "pickup_ready", Language: "en_GB"}
		for _, c := range []struct {
			change func(*simulator.TemplateEvent)
			field  string
			has    object
		}{
			{func(e *simulator.TemplateEvent) { e.Event, e.Title = "PAUSED", "FIRST_PAUSE" }, "message_template_status_update", object{"event": "PAUSED", "other_info": object{"title": "FIRST_PAUSE", "description": ""}}},
			{func(e *simulator.TemplateEvent) { e.Quality = "RED" }, "message_template_quality_update", object{"previous_quality_score": "UNKNOWN", "new_quality_score": "RED"}},
			{func(e *simulator.TemplateEvent) { e.Coming = "MARKETING" }, "template_category_update", object{"new_category": "UTILITY", "correct_category": "MARKETING"}},
			{func(e *simulator.TemplateEvent) { e.Category = "MARKETING" }, "template_category_update", object{"previous_category": "UTILITY", "new_category": "MARKETING"}},
			{func(e *simulator.TemplateEvent) { e.Body = "Come and collect it." }, "message_template_components_update", object{"message_template_element": "Come and collect it."}},
		} {
			event := about
			c.change(&event)
			require.NoError(t, w.meta.Happen(event))
			w.flush()
			field, value := templateValue(t, w)
			require.Equal(t, c.field, field)
			for name, want := range c.has {
				require.Equal(t, want, value[name], name)
			}
		}
		require.Error(t, w.meta.Happen(simulator.TemplateEvent{WABAID: waba, Name: "other", Language: "en"}))
	})
}

func TestTemplateRules(t *testing.T) {
	for name, c := range map[string]struct {
		in            object
		code, subcode int
	}{
		"a name of capitals":        {with(body("Hi"), "name", "Pickup"), 100, 0},
		"a language with a hyphen":  {with(body("Hi"), "language", "en-GB"), 100, 0},
		"another category":          {with(body("Hi"), "category", "SERVICE"), 100, 0},
		"too long":                  {body(string(make([]byte, 1025))), 100, 2388040},
		"a variable first":          {body("{{1}} is ready now and waits for you", "x"), 100, 2388299},
		"a variable last":           {body("Your order will be ready at {{1}}", "x"), 100, 2388299},
		"too many variables":        {body("Hi {{1}} and {{2}} ok", "x", "y"), 100, 2388293},
		"a gap":                     {body("Hi there {{2}} you are welcome today", "x"), 100, 2388072},
		"another format":            {body("Hi there {{name}} you are welcome today", "x"), 100, 2388072},
		"no sample":                 {body("Hi there {{1}} you are welcome today"), 100, 0},
		"a header with an asterisk": {with(body("Hi"), "components", []any{object{"type": "HEADER", "format": "TEXT", "text": "*"}, object{"type": "BODY", "text": "Hi"}}), 100, 2388047},
		"a header without its file": {with(body("Hi"), "components", []any{object{"type": "HEADER", "format": "IMAGE"}, object{"type": "BODY", "text": "Hi"}}), 100, 2388047},
		"a variable in the footer":  {with(body("Hi"), "components", []any{object{"type": "FOOTER", "text": "{{1}}"}, object{"type": "BODY", "text": "Hi"}}), 100, 2388073},
		"no body":                   {with(body("Hi"), "components", []any{object{"type": "FOOTER", "text": "x"}}), 100, 0},
		"a long label":              {with(body("Hi"), "components", []any{object{"type": "BODY", "text": "Hi"}, object{"type": "BUTTONS", "buttons": []any{object{"type": "QUICK_REPLY", "text": "01234567890123456789012345"}}}}), 100, 2388040},
		"mixed buttons":             {with(body("Hi"), "components", []any{object{"type": "BODY", "text": "Hi"}, object{"type": "BUTTONS", "buttons": []any{object{"type": "QUICK_REPLY", "text": "a"}, object{"type": "PHONE_NUMBER", "text": "b", "phone_number": "+1"}, object{"type": "QUICK_REPLY", "text": "c"}}}}), 100, 0},
		"a name that is there":      {pickup(), 100, 2388024},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.approved(pickup())
			a := w.template(c.in)
			require.Equal(t, c.code, a.code(), a.raw)
			require.Equal(t, c.subcode, a.subcode(), a.raw)
		})
	}
	t.Run("limits edits of approved ones", func(t *testing.T) {
		w := newWorld(t)
		id := w.approved(pickup())
		edit := func() int {
			return w.call(bearer, "POST", "/v26.0/"+id, object{"components": pickup()["components"]}).subcode()
		}
		require.Zero(t, edit())
		require.Equal(t, 2388039, edit(), "it is under review")
		w.pass(3 * time.Second)
		require.Equal(t, 2388039, edit(), "once a day")
		for range 9 {
			w.pass(24 * time.Hour)
			require.Zero(t, edit())
			w.pass(3 * time.Second)
		}
		w.pass(24 * time.Hour)
		require.Equal(t, 2388039, edit(), "ten times in 30 days")
	})
	t.Run("blocks the name of an approved one that was deleted", func(t *testing.T) {
		w := newWorld(t)
		id := w.approved(pickup())
		require.Equal(t, 200, w.call(bearer, "DELETE", "/v26.0/"+waba+"/message_templates?name=pickup_ready&hsm_id="+id, nil).status)
		require.Equal(t, 2388023, w.template(pickup()).subcode())
		require.Equal(t, 2593002, w.call(bearer, "DELETE", "/v26.0/"+waba+"/message_templates?name=pickup_ready", nil).subcode())
		w.pass(30 * 24 * time.Hour)
		require.Equal(t, 200, w.template(pickup()).status)
	})
	t.Run("keeps to the number of templates, and lists them in pages", func(t *testing.T) {
		w := newWorld(t)
		for i := range 250 {
			require.Equal(t, 200, w.template(with(body("Hi"), "name", fmt.Sprint("t_", i))).status)
		}
		require.Equal(t, 2388019, w.template(pickup()).subcode())
		seen, after := map[string]bool{}, ""
		for {
			page := w.call(bearer, "GET", "/v26.0/"+waba+"/message_templates?limit=100&after="+after, nil)
			list, _ := page.body["data"].([]any)
			for _, node := range list {
				seen[textOf(objectOf(node)["id"])] = true
			}
			paging := objectOf(page.body["paging"])
			if paging["next"] == nil {
				break
			}
			after = textOf(objectOf(paging["cursors"])["after"])
		}
		require.Len(t, seen, 250)
		require.Equal(t, 131059, w.call(bearer, "GET", "/v26.0/"+waba+"/message_templates?after=x", nil).code())
	})
}

func TestTemplateSend(t *testing.T) {
	text := func(name, value string) object {
		p := object{"type": "text", "text": value}
		if name != "" {
			p["parameter_name"] = name
		}
		return p
	}
	header := object{"type": "header", "parameters": []any{text("order_no", "8841")}}
	hello := object{"type": "body", "parameters": []any{text("first_name", "Iris")}}
	track := object{"type": "button", "sub_type": "url", "index": "1", "parameters": []any{text("", "8841")}}
	message := func(components ...any) object {
		return object{
			"messaging_product": "whatsapp", "to": irisWAID, "type": "template",
			"template": object{"name": "pickup_ready", "language": object{"code": "en_GB"}, "components": components},
		}
	}
	for name, c := range map[string]struct {
		body object
		code int
	}{
		"all values":                   {message(header, hello, track), 0},
		"a payload":                    {message(header, hello, track, object{"type": "button", "sub_type": "quick_reply", "index": 0, "parameters": []any{object{"type": "payload", "payload": "ok"}}}), 0},
		"no values":                    {message(), 132000},
		"a value too many":             {message(header, object{"type": "body", "parameters": []any{text("first_name", "a"), text("x", "b")}}, track), 132000},
		"a value without its name":     {message(header, object{"type": "body", "parameters": []any{text("", "a")}}, track), 132012},
		"another name":                 {message(header, object{"type": "body", "parameters": []any{text("name", "a")}}, track), 132012},
		"a value of two lines":         {message(header, object{"type": "body", "parameters": []any{text("first_name", "a\nb")}}, track), 132018},
		"a value that is too long":     {message(header, object{"type": "body", "parameters": []any{text("first_name", string(make([]byte, 1024)))}}, track), 132005},
		"an image in a header text":    {message(object{"type": "header", "parameters": []any{object{"type": "image", "image": object{"id": "1"}}}}, hello, track), 132012},
		"no suffix":                    {message(header, hello), 131008},
		"a button that there is not":   {message(header, hello, track, object{"type": "button", "sub_type": "url", "index": 2, "parameters": []any{text("", "x")}}), 132000},
		"a language that there is not": {with(message(), "template", object{"name": "pickup_ready", "language": object{"code": "en"}}), 132001},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.approved(pickup())
			a := w.send(c.body)
			require.Equal(t, c.code, a.code(), a.raw)
			if c.code != 0 {
				return
			}
			w.pass(time.Second)
			got := w.meta.CustomerByWAID(irisWAID).Inbox(numberID)
			require.Len(t, got, 1)
			require.Equal(t, "Hello Iris, your order can be collected today.", got[0].Body)
			require.Equal(t, "On my way", got[0].Choices[0].Title)
		})
	}
	for event, code := range map[string]int{"PAUSED": 132015, "DISABLED": 132016, "REJECTED": 132001, "FLAGGED": 0} {
		t.Run(event, func(t *testing.T) {
			w := newWorld(t)
			w.approved(pickup())
			require.NoError(t, w.meta.Happen(simulator.TemplateEvent{WABAID: waba, Name: "pickup_ready", Language: "en_GB", Event: event}))
			require.Equal(t, code, w.send(message(header, hello, track)).code())
		})
	}
	t.Run("before its review", func(t *testing.T) {
		w := newWorld(t)
		w.template(pickup())
		require.Equal(t, 132001, w.send(message(header, hello, track)).code())
	})
}

func TestTemplateControl(t *testing.T) {
	w := newWorld(t)
	require.Equal(t, 201, w.call("", "POST", "/_simulator/template-reviews", object{"name": "pickup_ready", "event": "REJECTED", "reason": "SCAM"}).status)
	require.Equal(t, 400, w.call("", "POST", "/_simulator/template-reviews", object{}).status)
	w.template(pickup())
	w.pass(3 * time.Second)
	listed := w.call("", "GET", "/_simulator/accounts/"+waba+"/templates", nil)
	require.Contains(t, listed.raw, `"REJECTED"`)
	require.Equal(t, 200, w.call("", "POST", "/_simulator/template-events", object{"wabaId": waba, "name": "pickup_ready", "language": "en_GB", "event": "APPROVED"}).status)
	require.Equal(t, 404, w.call("", "POST", "/_simulator/template-events", object{"wabaId": waba, "name": "x", "language": "en_GB", "event": "APPROVED"}).status)
}
