package app_test

import (
	goast "go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"recado/whatsapp"
)

// The schema repeats the codes of package whatsapp, which graph may not import. One
// that is missing in the schema would reach clients as UNKNOWN.
func TestSchema_names_every_failure_of_a_call_to_Meta(t *testing.T) {
	text, err := os.ReadFile("../schema.graphqls")
	require.NoError(t, err)
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphqls", Input: string(text)})
	require.NoError(t, err)
	named := func(enum string) (names []string) {
		for _, value := range schema.Types[enum].EnumValues {
			names = append(names, value.Name)
		}
		return names
	}
	for _, code := range constants(t, "Code") {
		switch whatsapp.Code(code) {
		case whatsapp.CodeInterrupted: // the program stopped; the message is sent later
		case whatsapp.CodeBlockListFull, whatsapp.CodeBlockListBusy: // of no message
			require.Contains(t, named("ContactBlockFailureCode"), code)
		default:
			require.Contains(t, named("MessageFailureCode"), code)
		}
	}
	for _, action := range constants(t, "NextAction") {
		require.Contains(t, named("MessageNextAction"), action)
	}
}

// constants returns the values of package whatsapp's constants of a type.
func constants(t *testing.T, typeName string) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../whatsapp/errors.go", nil, 0)
	require.NoError(t, err)
	var values []string
	goast.Inspect(file, func(node goast.Node) bool {
		spec, ok := node.(*goast.ValueSpec)
		if !ok {
			return true
		}
		if named, ok := spec.Type.(*goast.Ident); ok && named.Name == typeName {
			for _, value := range spec.Values {
				literal, ok := value.(*goast.BasicLit)
				require.True(t, ok)
				text, err := strconv.Unquote(literal.Value)
				require.NoError(t, err)
				values = append(values, text)
			}
		}
		return true
	})
	require.NotEmpty(t, values)
	return values
}
