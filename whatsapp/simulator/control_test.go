package simulator_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/whatsapp/simulator"
)

func TestControl(t *testing.T) {
	type object = map[string]any
	w := newWorld(t)
	post := func(path string, body object) answer { return w.call("", http.MethodPost, "/_simulator/"+path, body) }
	get := func(path string) answer { return w.call("", http.MethodGet, "/_simulator/"+path, nil) }

	t.Run("numbers_and_callback", func(t *testing.T) {
		require.Equal(t, 201, post("numbers", object{"id": "222", "displayNumber": "+1 555-010-2031", "wabaId": "333", "token": "second"}).status)
		require.Equal(t, "+1 555-010-2031", w.call("second", http.MethodGet, "/v26.0/222", nil).body["display_phone_number"])
		require.Equal(t, 400, post("numbers", object{"id": "223"}).status)
		require.Equal(t, 200, post("callback", object{"url": w.hook.URL, "verifyToken": verify}).status)
		a := post("callback", object{"url": w.hook.URL, "verifyToken": "wrong"})
		require.Equal(t, 400, a.status)
		require.Contains(t, a.body["error"], "403")
	})
	t.Run("customer_writes_and_reads", func(t *testing.T) {
		a := post("customers/"+irisWAID+"/messages", object{"numberId": numberID, "text": "hi", "name": "Iris"})
		require.Equal(t, 201, a.status, a.raw)
		w.flush()
		messages := rawMessages(w.hook.take())
		require.Equal(t, a.body["id"], messages[0]["id"])
		second := post("customers/"+irisWAID+"/messages", object{"numberId": numberID, "text": "and", "replyTo": a.body["id"], "at": start.Add(-time.Hour)})
		require.Equal(t, 201, second.status)
		w.flush()
		hooks := w.hook.take()
		require.Equal(t, object{"from": irisWAID, "id": a.body["id"]}, rawMessages(hooks)[0]["context"])
		require.Contains(t, string(hooks[0].raw), `"name":"Iris"`, "the name is remembered")

		require.Equal(t, 201, post("customers", object{"waId": irisWAID, "name": "Iris", "readsManually": true}).status)
		w.send(text(irisWAID, "answer"))
		w.pass(time.Second)
		inbox := get("customers/" + irisWAID + "/inbox?numberId=" + numberID)
		require.Equal(t, true, inbox.body["windowOpen"])
		require.Len(t, inbox.body["received"], 1)
		require.Len(t, inbox.body["written"], 2)
		w.hook.take()
		require.Equal(t, 200, post("customers/"+irisWAID+"/read", object{"numberId": numberID}).status)
		w.flush()
		require.Equal(t, []string{"read"}, statusesOf(w.hook.take()))
		require.Equal(t, 200, post("customers/"+irisWAID+"/close-window", object{"numberId": numberID}).status)
		require.Equal(t, false, get("customers/" + irisWAID + "/inbox?numberId=" + numberID).body["windowOpen"])
	})
	t.Run("templates", func(t *testing.T) {
		require.Equal(t, 201, post("templates", object{"name": "t", "language": "en"}).status)
		require.Equal(t, 400, post("templates", object{"name": "t"}).status)
		require.Equal(t, 200, w.send(with(with(text(irisWAID, ""), "type", "template"),
			"template", object{"name": "t", "language": object{"code": "en"}})).status)
	})
	t.Run("dashboard_test", func(t *testing.T) {
		w.flush()
		w.hook.take()
		require.Equal(t, 200, post("dashboard-test", nil).status)
		w.flush()
		require.Equal(t, "0", w.hook.take()[0].Entry[0].ID)
		lonely := httptest.NewRecorder()
		simulatorWithoutCallback(t).ServeHTTP(lonely, httptest.NewRequest(http.MethodPost, "/_simulator/dashboard-test", nil))
		require.Equal(t, 409, lonely.Code)
	})
	t.Run("faults", func(t *testing.T) {
		require.Equal(t, 200, post("faults", object{"refuse": object{"count": 1, "status": 429, "code": 130429, "retryAfter": "5s"}}).status)
		a := w.send(text(irisWAID, "x"))
		require.Equal(t, 429, a.status)
		require.Equal(t, "5", a.header.Get("Retry-After"))
		require.Equal(t, 200, post("faults", object{
			"dropAnswers": 1, "dropRequests": 1, "duplicateWebhooks": 1, "delayWebhooks": "1m", "reorderWebhooks": 4,
			"batchWebhooks": 3, "delayAnswers": object{"count": 0, "by": "1s"},
		}).status)
		_, err := w.try(bearer, http.MethodPost, messagesPath, text(irisWAID, "x"))
		require.Error(t, err)
		require.Equal(t, 200, w.call("", http.MethodDelete, "/_simulator/faults", nil).status)
		require.Equal(t, 200, w.send(text(irisWAID, "x")).status)
		require.Equal(t, 400, post("faults", object{"delayWebhooks": 5}).status)
		require.Equal(t, 400, post("faults", object{"delayWebhooks": "soon"}).status)
		require.Equal(t, 400, post("faults", object{"explode": true}).status)
		require.Equal(t, 400, post("faults", object{"refuse": object{"count": 1, "status": 200}}).status)
		require.Equal(t, 200, post("faults", object{"expireTokens": true}).status)
		require.Equal(t, 190, w.send(text(irisWAID, "x")).code())
	})
	t.Run("mistakes_are_named", func(t *testing.T) {
		require.Equal(t, 404, post("customers/447700900999/read", object{"numberId": numberID}).status)
		require.Equal(t, 404, post("customers/"+irisWAID+"/messages", object{"numberId": "9", "text": "x"}).status)
		require.Equal(t, 400, post("customers/"+irisWAID+"/messages", object{"numberId": numberID}).status)
		require.Equal(t, 400, post("customers/iris/messages", object{"numberId": numberID, "text": "x"}).status)
		require.Equal(t, 400, post("customers", object{"waId": "0"}).status)
		require.Equal(t, 404, get("customers/"+irisWAID+"/inbox").status)
	})
	t.Run("a_web_page_cannot_post", func(t *testing.T) {
		for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", ""} {
			rec := httptest.NewRecorder()
			req := httptest.NewRequest(http.MethodPost, "/_simulator/faults", strings.NewReader(`{"expireTokens":true}`))
			req.Header.Set("Content-Type", kind)
			w.meta.ServeHTTP(rec, req)
			require.Equal(t, http.StatusUnsupportedMediaType, rec.Code)
		}
	})
	t.Run("state_shows_all_but_tokens", func(t *testing.T) {
		a := get("state")
		var state struct {
			Callback  string
			Numbers   []simulator.Number
			Customers []simulator.Customer
			Sent      []simulator.SendRecord
			Magic     []simulator.MagicRecipient `json:"magicRecipients"`
			Webhooks  map[string]int
		}
		require.NoError(t, json.Unmarshal([]byte(a.raw), &state))
		require.Equal(t, w.hook.URL, state.Callback)
		require.Len(t, state.Numbers, 2)
		require.NotEmpty(t, state.Customers)
		require.Len(t, state.Sent, len(w.meta.Sent()))
		require.NotEmpty(t, state.Magic)
		require.NotContains(t, a.raw, bearer)
		require.NotContains(t, a.raw, secret)
	})
}
