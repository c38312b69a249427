package server_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const authorization = "Authorization"

func TestGraphQL(t *testing.T) {
	w := start(t, nil)
	user := w.sessions.tokens[goodToken].Viewer.UserID.String()

	t.Run("without a token a request is anonymous", func(t *testing.T) {
		answer := w.ask("{ who }")
		require.Equal(t, http.StatusOK, answer.status)
		require.JSONEq(t, `{"data":{"who":"nobody"}}`, answer.body)
		require.Equal(t, "application/json; charset=utf-8", answer.header.Get("Content-Type"))
		require.Equal(t, "no-store", answer.header.Get("Cache-Control"))
		require.Equal(t, "nosniff", answer.header.Get("X-Content-Type-Options"))
	})

	t.Run("a token says who asks", func(t *testing.T) {
		require.JSONEq(t, `{"data":{"who":"`+user+`"}}`, w.ask("{ who }", authorization, "Bearer "+goodToken).body)
	})

	t.Run("a bad token is refused as a whole", func(t *testing.T) {
		for _, header := range []string{"Bearer stolen", "Basic dTpw", "Bearer", "Bearer "} {
			answer := w.ask("{ who }", authorization, header, "X-Request-Id", "abc-1")
			require.Equal(t, http.StatusUnauthorized, answer.status, header)
			require.Contains(t, answer.header.Get("WWW-Authenticate"), "Bearer")
			require.JSONEq(t, `{"errors":[{"message":"the access token is not valid, or no longer",
				"extensions":{"code":"UNAUTHENTICATED","requestId":"abc-1"}}]}`, answer.body)
			require.NotContains(t, answer.body, "stolen")
		}
	})

	t.Run("when nobody can tell who asks, the client may come again", func(t *testing.T) {
		w := start(t, nil)
		w.sessions.breakDown(errors.New("password of the database"))
		answer := w.ask("{ who }", authorization, "Bearer "+goodToken)
		require.Equal(t, http.StatusServiceUnavailable, answer.status)
		require.NotEmpty(t, answer.header.Get("Retry-After"))
		require.NotContains(t, answer.body, "password")
	})

	t.Run("a request id is kept if it is harmless, else made", func(t *testing.T) {
		require.Equal(t, "abc-1", w.ask("{ who }", "X-Request-Id", "abc-1").header.Get("X-Request-Id"))
		made := w.ask("{ who }", "X-Request-Id", "a b<script>").header.Get("X-Request-Id")
		require.Len(t, made, 36)
	})

	t.Run("statuses follow the media type", func(t *testing.T) {
		const graphqlResponse = "application/graphql-response+json"
		for name, test := range map[string]struct {
			document, accept string
			status           int
		}{
			"executed":                  {"{ who }", graphqlResponse, http.StatusOK},
			"invalid":                   {"{ nothing }", graphqlResponse, http.StatusBadRequest},
			"unparsable":                {"{", graphqlResponse, http.StatusBadRequest},
			"invalid, for older client": {"{ nothing }", "application/json", http.StatusOK},
			"subscription":              {"subscription { ticks }", graphqlResponse, http.StatusBadRequest},
			"urql's list":               {"{ who }", graphqlResponse + ", application/graphql+json, application/json, text/event-stream, multipart/mixed", http.StatusOK},
			"unacceptable":              {"{ who }", "text/html", http.StatusNotAcceptable},
			"many tokens":               {"{ " + strings.Repeat("who ", 2001) + "}", graphqlResponse, http.StatusBadRequest},
			"long document":             {"{ who }" + strings.Repeat(" ", 33<<10), graphqlResponse, http.StatusBadRequest},
		} {
			answer := w.ask(test.document, "Accept", test.accept)
			require.Equal(t, test.status, answer.status, name)
			if answer.status != http.StatusOK {
				require.NotContains(t, answer.body, `"data"`, name)
			}
		}
	})

	t.Run("malformed requests are refused without being repeated", func(t *testing.T) {
		for name, test := range map[string]struct {
			body, contentType string
			status            int
		}{
			"array":            {`[{"query":"{ who }"}]`, "application/json", http.StatusBadRequest},
			"trailing":         {`{"query":"{ who }"} {}`, "application/json", http.StatusBadRequest},
			"no query":         {`{"variables":{}}`, "application/json", http.StatusBadRequest},
			"wrong type":       {`{"query":"{ who }","variables":"secret-4711"}`, "application/json", http.StatusBadRequest},
			"not JSON":         {`query=secret-4711`, "application/json", http.StatusBadRequest},
			"invalid UTF-8":    {"{\"query\":\"{ who }\xff\"}", "application/json", http.StatusBadRequest},
			"a form":           {`query=secret-4711`, "application/x-www-form-urlencoded", http.StatusUnsupportedMediaType},
			"text":             {`{"query":"{ who }"}`, "text/plain", http.StatusUnsupportedMediaType},
			"too large":        {`{"query":"` + strings.Repeat(" ", 256<<10) + `"}`, "application/json", http.StatusRequestEntityTooLarge},
			"another charset":  {`{"query":"{ who }"}`, "application/json; charset=latin1", http.StatusUnsupportedMediaType},
			"the same in UTF8": {`{"query":"{ who }"}`, "application/json; charset=UTF-8", http.StatusOK},
		} {
			answer := w.do(http.MethodPost, w.url("/graphql"), strings.NewReader(test.body), "Content-Type", test.contentType)
			require.Equal(t, test.status, answer.status, name)
			require.NotContains(t, answer.body, "4711", name)
		}
		chunked := io.MultiReader(strings.NewReader(`{"query":"` + strings.Repeat(" ", 256<<10) + `"}`))
		require.Equal(t, http.StatusRequestEntityTooLarge,
			w.do(http.MethodPost, w.url("/graphql"), chunked, "Content-Type", "application/json").status)
	})

	t.Run("only POST asks", func(t *testing.T) {
		for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodHead} {
			answer := w.do(method, w.url("/graphql?query={who}"), nil)
			require.Equal(t, http.StatusMethodNotAllowed, answer.status)
			require.Equal(t, "POST, OPTIONS", answer.header.Get("Allow"))
		}
	})

	t.Run("introspection needs a token", func(t *testing.T) {
		require.Contains(t, w.ask("{ __schema { description } }").body, "introspection disabled")
		require.NotContains(t, w.ask("{ __schema { description } }", authorization, "Bearer "+goodToken).body, "errors")
	})

	t.Run("tokens and documents are not logged", func(t *testing.T) {
		w.ask(`{ who } # secret-4711`, authorization, "Bearer "+goodToken)
		require.NotContains(t, w.log.String(), goodToken)
		require.NotContains(t, w.log.String(), "4711")
		require.Contains(t, w.log.String(), "route=/graphql")
	})
}

func TestOrigins(t *testing.T) {
	w := start(t, nil)
	preflight := func(origin string) answer {
		return w.do(http.MethodOptions, w.url("/graphql"), nil, "Origin", origin,
			"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,content-type")
	}

	t.Run("pages of our origins may ask", func(t *testing.T) {
		answer := preflight("https://app.example.org")
		require.Equal(t, http.StatusNoContent, answer.status)
		require.Equal(t, "https://app.example.org", answer.header.Get("Access-Control-Allow-Origin"))
		require.Contains(t, answer.header.Get("Access-Control-Allow-Headers"), "Authorization")
		require.Equal(t, "Origin", answer.header.Get("Vary"))
		require.Empty(t, answer.header.Get("Access-Control-Allow-Credentials"))
		require.Equal(t, "https://app.example.org", w.ask("{ who }", "Origin", "https://app.example.org").header.Get("Access-Control-Allow-Origin"))
	})

	t.Run("others may not", func(t *testing.T) {
		for _, origin := range []string{"https://evil.example", "null", "https://app.example.org.evil.example", "http://app.example.org", "*"} {
			answer := preflight(origin)
			require.Empty(t, answer.header.Get("Access-Control-Allow-Origin"), origin)
			require.Empty(t, answer.header.Get("Access-Control-Allow-Headers"), origin)
		}
	})
}
