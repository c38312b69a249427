package whatsapp

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var testCreds = Credentials{PhoneNumberID: "331908274466120", AccessToken: "EAAdemo.token"}

var testText = OutboundMessage{To: "447700900456", Content: TextMessage{Body: "hello"}, CallbackData: "msg_1"}

const accepted = `{"messaging_product":"whatsapp","contacts":[{"input":"+447700900456","wa_id":"447700900456","user_id":"GB.77"}],"messages":[{"id":"wamid.A"}]}`

// graph is Meta on this machine: a server that counts its requests.
type graph struct {
	*Client
	requests atomic.Int32
}

// newGraph serves answer on a real socket, on HTTP/1.1 unless o has a client.
func newGraph(t *testing.T, o Options, answer http.HandlerFunc) *graph {
	t.Helper()
	g := &graph{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.requests.Add(1)
		answer(w, r)
	}))
	o.BaseURL = server.URL
	g.Client = NewClient(o)
	t.Cleanup(func() {
		g.CloseIdleConnections()
		server.Close()
	})
	return g
}

// reply answers every request alike.
func reply(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// failure asserts that err is an *Error and returns it.
func failure(t *testing.T, err error) *Error {
	t.Helper()
	e, ok := errors.AsType[*Error](err)
	require.True(t, ok, "%v is not an *Error", err)
	return e
}

func TestSend(t *testing.T) {
	t.Run("is_one_request_in_metas_shape", func(t *testing.T) {
		var path, query, authorization, agent, contentType string
		var body []byte
		g := newGraph(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
			path, query, authorization = r.Method+" "+r.URL.Path, r.URL.RawQuery, r.Header.Get("Authorization")
			agent, contentType = r.UserAgent(), r.Header.Get("Content-Type")
			body, _ = io.ReadAll(r.Body)
			reply(200, accepted)(w, r)
		})
		result, err := g.Send(t.Context(), testCreds, OutboundMessage{
			To: "447700900456", ToUserID: "GB.77", Content: TextMessage{Body: "olá <b>", PreviewURL: true},
			ReplyToMessageID: "wamid.Q", CallbackData: "msg_1",
		})
		require.NoError(t, err)
		require.Equal(t, SendResult{MessageID: "wamid.A", WAID: "447700900456", UserID: "GB.77", Input: "+447700900456"}, result)
		require.Equal(t, "POST /v26.0/331908274466120/messages", path)
		require.Empty(t, query)
		require.Equal(t, "Bearer EAAdemo.token", authorization)
		require.Equal(t, "application/json", contentType)
		require.True(t, strings.HasPrefix(agent, "recado/"), agent)
		require.JSONEq(t, `{"messaging_product":"whatsapp","recipient_type":"individual","to":"+447700900456","type":"text",
			"text":{"body":"olá <b>","preview_url":true},"context":{"message_id":"wamid.Q"},"biz_opaque_callback_data":"msg_1"}`, string(body))
		require.EqualValues(t, 1, g.requests.Load())
	})

	t.Run("goes_to_the_user_id_where_no_number_is_known", func(t *testing.T) {
		var sent map[string]any
		g := newGraph(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
			_ = json.NewDecoder(r.Body).Decode(&sent)
			reply(200, `{"contacts":[{"input":"GB.77","user_id":"GB.77"}],"messages":[{"id":"wamid.A"}]}`)(w, r)
		})
		result, err := g.Send(t.Context(), testCreds, OutboundMessage{ToUserID: "GB.77", Content: TextMessage{Body: "x"}})
		require.NoError(t, err)
		require.Equal(t, SendResult{MessageID: "wamid.A", UserID: "GB.77", Input: "GB.77"}, result)
		require.Equal(t, "GB.77", sent["recipient"])
		require.NotContains(t, sent, "to")
		require.NotContains(t, sent, "context")
	})

	t.Run("oddity_beside_the_message_id_does_not_lose_the_send", func(t *testing.T) {
		g := newGraph(t, Options{}, reply(200, `{"contacts":"none","messages":[{"id":"wamid.A"}]}`))
		result, err := g.Send(t.Context(), testCreds, testText)
		require.NoError(t, err)
		require.Equal(t, "wamid.A", result.MessageID)
	})

	refused := []struct {
		name  string
		creds Credentials
		m     OutboundMessage
		code  Code
	}{
		{"no_content", testCreds, OutboundMessage{To: "1"}, CodeInvalidRequest},
		{"no_body", testCreds, OutboundMessage{To: "1", Content: TextMessage{}}, CodeInvalidRequest},
		{"body_too_long", testCreds, OutboundMessage{To: "1", Content: TextMessage{Body: strings.Repeat("é", MaxTextBody+1)}}, CodeInvalidRequest},
		{"no_recipient", testCreds, OutboundMessage{Content: TextMessage{Body: "x"}}, CodeInvalidRequest},
		{"callback_data_too_long", testCreds, OutboundMessage{To: "1", Content: TextMessage{Body: "x"}, CallbackData: strings.Repeat("x", MaxCallbackData+1)}, CodeInvalidRequest},
		{"phone_number_id_that_is_a_path", Credentials{PhoneNumberID: "1/../2", AccessToken: "t"}, testText, CodeInvalidRequest},
		{"no_phone_number_id", Credentials{AccessToken: "t"}, testText, CodeInvalidRequest},
		{"no_token", Credentials{PhoneNumberID: "1"}, testText, CodeTokenInvalid},
		{"token_with_a_newline", Credentials{PhoneNumberID: "1", AccessToken: "a\nb"}, testText, CodeTokenInvalid},
	}
	for _, c := range refused {
		t.Run("refuses_"+c.name+"_before_any_call", func(t *testing.T) {
			g := newGraph(t, Options{}, reply(200, accepted))
			_, err := g.Send(t.Context(), c.creds, c.m)
			e := failure(t, err)
			require.Equal(t, c.code, e.Code)
			require.False(t, e.Retryable)
			require.False(t, e.Uncertain)
			require.Zero(t, g.requests.Load())
		})
	}
	t.Run("longest_body_passes", func(t *testing.T) {
		g := newGraph(t, Options{}, reply(200, accepted))
		_, err := g.Send(t.Context(), testCreds, OutboundMessage{To: "1", Content: TextMessage{Body: strings.Repeat("é", MaxTextBody)}})
		require.NoError(t, err)
	})
	t.Run("refuses_a_base_url_that_is_no_address", func(t *testing.T) {
		for _, address := range []string{"ftp://x", "localhost", "http://", ":", "http://a b"} {
			_, err := NewClient(Options{BaseURL: address}).Send(t.Context(), testCreds, testText)
			e := failure(t, err)
			require.Equal(t, CodeInvalidRequest, e.Code, address)
			require.False(t, e.Uncertain)
		}
	})
}

func TestMarkRead(t *testing.T) {
	for _, typing := range []bool{false, true} {
		var body []byte
		g := newGraph(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
			body, _ = io.ReadAll(r.Body)
			reply(200, `{"success":true}`)(w, r)
		})
		require.NoError(t, g.MarkRead(t.Context(), testCreds, "wamid.In", typing))
		expected := `{"messaging_product":"whatsapp","status":"read","message_id":"wamid.In"}`
		if typing {
			expected = `{"messaging_product":"whatsapp","status":"read","message_id":"wamid.In","typing_indicator":{"type":"text"}}`
		}
		require.JSONEq(t, expected, string(body))
	}
	t.Run("reads_success_in_every_form", func(t *testing.T) {
		for _, answer := range []string{`{"success":true}`, `{"success":"true"}`, `true`, `"true"`} {
			g := newGraph(t, Options{}, reply(200, answer))
			require.NoError(t, g.MarkRead(t.Context(), testCreds, "wamid.In", false), answer)
		}
	})
	t.Run("success_false_is_a_refusal", func(t *testing.T) {
		g := newGraph(t, Options{}, reply(200, `{"success":false}`))
		e := failure(t, g.MarkRead(t.Context(), testCreds, "wamid.In", false))
		require.Equal(t, CodeUnknown, e.Code)
		require.False(t, e.Uncertain)
		require.EqualValues(t, 1, g.requests.Load())
	})
	t.Run("needs_a_message_id", func(t *testing.T) {
		require.Equal(t, CodeInvalidRequest, failure(t, NewClient(Options{}).MarkRead(t.Context(), testCreds, "", false)).Code)
	})
}

func TestPhoneNumber(t *testing.T) {
	var request string
	g := newGraph(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
		request = r.Method + " " + r.URL.Path + " " + r.URL.Query().Get("fields")
		reply(200, `{"id":"331908274466120","display_phone_number":"+1 555-010-2030","verified_name":"Quayside Tea",
			"quality_rating":"GREEN","code_verification_status":"VERIFIED","platform_type":"CLOUD_API","throughput":{"level":"STANDARD"},
			"status":"CONNECTED","name_status":"APPROVED","account_mode":"LIVE","is_official_business_account":false,
			"is_pin_enabled":true,"is_on_biz_app":false,"whatsapp_business_manager_messaging_limit":"TIER_2K","new":{}}`)(w, r)
	})
	number, err := g.PhoneNumber(t.Context(), testCreds)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(request, "GET /v26.0/331908274466120 id,display_phone_number,"), request)
	require.Equal(t, PhoneNumber{
		ID: "331908274466120", DisplayPhoneNumber: "+1 555-010-2030", VerifiedName: "Quayside Tea", Status: "CONNECTED",
		QualityRating: "GREEN", NameStatus: "APPROVED", CodeVerificationStatus: "VERIFIED", PlatformType: "CLOUD_API",
		AccountMode: "LIVE", ThroughputLevel: "STANDARD", MessagingLimit: "TIER_2K", PINEnabled: true,
	}, number)
}

func TestAppSecretProof(t *testing.T) {
	// The vector of reference/whatsapp-cloud-api.md §1.3.
	const proof = "f29be16b32271da45d217d114024b525e05326a11f7a2c895013252a5a806494"
	var queries []string
	g := newGraph(t, Options{AppSecret: testSecret}, func(w http.ResponseWriter, r *http.Request) {
		queries = append(queries, r.URL.Query().Get("appsecret_proof"))
		if r.Method == http.MethodGet {
			reply(200, `{"id":"1"}`)(w, r)
			return
		}
		reply(200, accepted)(w, r)
	})
	_, err := g.Send(t.Context(), testCreds, testText)
	require.NoError(t, err)
	_, err = g.PhoneNumber(t.Context(), testCreds)
	require.NoError(t, err)
	require.Equal(t, []string{proof, proof}, queries)
}

// roundTrip is Meta without a network, for tests in which time is fake.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// offline returns a client whose exchanges are answered by f.
func offline(o Options, f roundTrip) *Client {
	o.HTTPClient = &http.Client{Transport: f}
	return NewClient(o)
}

// answer is a response for a roundTrip.
func answer(status int, body string, headers ...string) (*http.Response, error) {
	recorder := httptest.NewRecorder()
	reply(status, body, headers...)(recorder, nil)
	return recorder.Result(), nil
}

// graphFailure is the body of an error with a code.
func graphFailure(code string) string {
	return `{"error":{"message":"(#` + code + `) text","type":"OAuthException","code":` + code + `,"error_data":{"details":"why"},"fbtrace_id":"Atrace"}}`
}

func send(ctx context.Context, c *Client) error {
	_, err := c.Send(ctx, testCreds, testText)
	return err
}
