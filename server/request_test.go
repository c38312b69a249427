package server

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

func FuzzDecodeRequest(f *testing.F) {
	for _, seed := range []string{
		`{"query":"{ who }"}`, `{"query":"{ who }","variables":{"n":12345678901234567890},"operationName":null,"extensions":{}}`,
		`[]`, `null`, `{}`, `{"query":1}`, `{"query":"{ who }"}x`, "\xff", `{"query":"\ud800"}`, strings.Repeat(`{"a":`, 2000),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		params, refused := decodeRequest(body)
		if refused != nil {
			require.Nil(t, params)
			require.Contains(t, []int{400}, refused.status)
			return
		}
		require.NotEmpty(t, strings.TrimSpace(params.Query))
		require.LessOrEqual(t, len(params.Query), maxDocument)
		require.True(t, json.Valid(body), "exactly one JSON value")
	})
}

func TestNegotiate(t *testing.T) {
	for accept, media := range map[string]string{
		"":                        mediaJSON,
		"*/*":                     mediaJSON,
		"application/*;q=0.1":     mediaJSON,
		"text/html":               "",
		"application/json;q=0":    "",
		"application/json;q=high": "",
		"application/json;q=2":    "",
		"text/event-stream":       mediaStream,
		"application/json;q=0.5, application/graphql-response+json": mediaGraphQL,
		"application/json, text/event-stream":                       mediaJSON,
		"text/event-stream, application/json":                       mediaStream,
		"text/event-stream;q=0.9, application/json":                 mediaJSON,
		"TEXT/Event-Stream ; charset=utf-8 ; Q=1":                   mediaStream,
	} {
		require.Equal(t, media, negotiate(accept), accept)
	}
}

func TestAppendResponse(t *testing.T) {
	for want, response := range map[string]*graphql.Response{
		`{"data":{"a":1}}`: {Data: json.RawMessage(`{"a":1}`)},
		`{"data":null}`:    {Data: json.RawMessage(`null`)},
		`{}`:               {},
		`{"errors":[{"message":"no"}],"data":null,"extensions":{"n":1}}`: {
			Errors: gqlerror.List{{Message: "no"}}, Data: json.RawMessage(`null`), Extensions: map[string]any{"n": 1},
		},
		`{"data":{},"extensions":null}`: {Data: json.RawMessage(`{}`), Extensions: map[string]any{"f": func() {}}},
	} {
		require.Equal(t, want, string(appendResponse(nil, response)))
	}
}
