package server_test

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"recado/server"
)

func TestExplorer(t *testing.T) {
	t.Run("is not there unless wanted", func(t *testing.T) {
		w := start(t, nil)
		require.Equal(t, http.StatusNotFound, w.do(http.MethodGet, w.url("/graphiql"), nil).status)
	})

	t.Run("loads nothing from elsewhere", func(t *testing.T) {
		w := start(t, func(o *server.Options) { o.GraphiQL = true })
		page := w.do(http.MethodGet, w.url("/graphiql"), nil) // by a redirect
		require.Equal(t, http.StatusOK, page.status)
		require.Contains(t, page.header.Get("Content-Security-Policy"), "default-src 'none'")
		require.NotContains(t, page.body, "://")
		for _, file := range []string{"explorer.js", "explorer.css"} {
			require.Contains(t, page.body, file)
			require.Equal(t, http.StatusOK, w.do(http.MethodGet, w.url("/graphiql/"+file), nil).status)
		}
		require.NotContains(t, w.ask("{ __schema { description } }").body, "introspection disabled")
	})

	t.Run("asks only what the schema knows", func(t *testing.T) {
		sdl, err := os.ReadFile("../schema.graphqls")
		require.NoError(t, err)
		schema := gqlparser.MustLoadSchema(&ast.Source{Input: string(sdl)})
		script, err := os.ReadFile("explorer/explorer.js")
		require.NoError(t, err)
		texts := regexp.MustCompile("(?s)`([^`]*)`|'((?:mutation|query|subscription)[ ({][^']*)'|const (message|typeRef) = '([^']*)'").
			FindAllStringSubmatch(string(script), -1)
		fragments := map[string]string{}
		for _, text := range texts {
			if text[3] != "" {
				fragments["${"+text[3]+"}"] = text[4]
			}
		}
		documents := 0
		for _, text := range texts {
			document := text[1] + text[2]
			for name, fragment := range fragments {
				document = strings.ReplaceAll(document, name, fragment)
			}
			if document == "" {
				continue
			}
			documents++
			_, errs := gqlparser.LoadQueryWithRules(schema, document, rules.NewDefaultRules())
			require.Empty(t, errs, document)
		}
		require.Equal(t, 7, documents, "examples, sign-in, refresh and introspection")
	})
}
