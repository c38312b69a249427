package graph_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"recado/events"
	"recado/graph"
	"recado/models"
)

func TestPresentError(t *testing.T) {
	log := new(bytes.Buffer)
	edge := graph.New(graph.Rooms{}, graph.Options{Logger: slog.New(slog.NewTextHandler(log, nil))})
	ctx := graph.WithRequestID(t.Context(), "request-7")

	for name, c := range map[string]struct {
		err        error
		message    string
		extensions map[string]any
		logged     bool
	}{
		"an argument": {
			fmt.Errorf("list: %w", models.NewError(models.CodeInvalid, "first")), "This value is not valid.",
			map[string]any{"code": "BAD_USER_INPUT", "reason": "INVALID", "argument": "first"},
			false,
		},
		"rights":    {models.NewError(models.CodeForbidden, ""), "You are not allowed to do this.", map[string]any{"code": "FORBIDDEN"}, false},
		"nobody":    {models.NewError(models.CodeUnauthenticated, ""), "Sign in first.", map[string]any{"code": "UNAUTHENTICATED"}, false},
		"no object": {models.ErrNotFound, "This does not exist, or not for you.", map[string]any{"code": "NOT_FOUND"}, false},
		"old cursor": {
			models.NewError(models.CodeCursorExpired, "after"), "This cursor is too old. Read the present state, then listen without a cursor.",
			map[string]any{"code": "BAD_USER_INPUT", "reason": "CURSOR_EXPIRED", "argument": "after"},
			false,
		},
		"slow reader": {
			fmt.Errorf("follow: %w", events.ErrTooSlow), "You read events too slowly. Subscribe again with your last cursor.",
			map[string]any{"code": "UNAVAILABLE", "reason": "TOO_SLOW"},
			false,
		},
		"deadline":          {fmt.Errorf("read: %w", context.DeadlineExceeded), "This took too long.", map[string]any{"code": "TIMEOUT"}, false},
		"one of the edge's": {graph.NewError(graph.CodePayloadTooLarge, "too large"), "too large", map[string]any{"code": "PAYLOAD_TOO_LARGE"}, false},
		"a fault": {
			errors.New("dial tcp 10.1.2.3:5432: password authentication failed"), "internal error",
			map[string]any{"code": "INTERNAL", "requestId": "request-7"},
			true,
		},
		"one with a code that is not ours": {
			&gqlerror.Error{Message: "SELECT 1", Extensions: map[string]any{"code": "MYSTERY"}}, "internal error",
			map[string]any{"code": "INTERNAL", "requestId": "request-7"},
			true,
		},
		"an answer that nobody waits for": {
			fmt.Errorf("read: %w", context.Canceled), "internal error", map[string]any{"code": "INTERNAL", "requestId": "request-7"}, false,
		},
		"a panic": {edge.Recover(ctx, "nil map"), "internal error", map[string]any{"code": "INTERNAL", "requestId": "request-7"}, false},
	} {
		t.Run("shows of "+name+" what is for clients", func(t *testing.T) {
			log.Reset()
			presented := edge.PresentError(ctx, c.err)
			require.Equal(t, c.message, presented.Message)
			require.Equal(t, c.extensions, presented.Extensions)
			require.Contains(t, graph.PublicCodes, presented.Extensions["code"])
			if c.logged {
				require.Contains(t, log.String(), "request-7")
				require.Contains(t, log.String(), "level=ERROR")
			} else {
				require.Empty(t, log.String())
			}
		})
	}
	t.Run("logs a panic with its place", func(t *testing.T) {
		log.Reset()
		require.Error(t, edge.Recover(ctx, "nil map"))
		require.Contains(t, log.String(), "nil map")
		require.Contains(t, log.String(), "errors_test.go")
	})
	t.Run("keeps the path of a field, but none of a variable", func(t *testing.T) {
		kept := edge.PresentError(ctx, &gqlerror.Error{Err: models.ErrNotFound, Path: ast.Path{ast.PathName("node")}})
		require.Equal(t, "node", kept.Path.String())
		coerced := graph.NewError(graph.CodeValidationFailed, "must be defined")
		coerced.Path = ast.Path{ast.PathName("variable"), ast.PathName("id")}
		require.Nil(t, edge.PresentError(ctx, coerced).Path)
	})
}

func TestFaults(t *testing.T) {
	onEach(t, func(t *testing.T, a *api) {
		administrator := a.as(a.Administrator)
		administrator.get(`{viewer {isAdministrator}}`, nil) // remembers the viewer's rights
		a.Exec("ALTER TABLE conversations RENAME TO gone")
		failed := administrator.ask(`{viewer {isAdministrator} conversations {nodes {id}}}`, nil)
		require.Equal(t, "INTERNAL", failed.code())
		require.Equal(t, "internal error", failed.Errors[0].Message)
		require.Equal(t, "request-1", failed.Errors[0].Extensions["requestId"])
		require.Equal(t, []any{"conversations"}, failed.Errors[0].Path)
		require.Nil(t, failed.at("conversations"))
		require.Equal(t, true, failed.at("viewer.isAdministrator")) // a neighbour is not blanked
		require.Contains(t, a.log.String(), "request-1")
		require.Contains(t, a.log.String(), "conversations")
	})
}

// What a client got wrong is not told as a fault of the server, whether it is written into
// the document or given as a variable.
func TestScalars_refuse_what_they_do_not_take(t *testing.T) {
	onEach(t, func(t *testing.T, a *api) {
		administrator := a.as(a.Administrator)
		for _, c := range []struct{ document, kind, wrong string }{
			{`dealCreate(input: {name: "x", closingDate: %s}) {userErrors {code}}`, "Date", "31/12/2026"},
			{`conversationSnooze(input: {conversationId: "x", until: %s}) {userErrors {code}}`, "DateTime", "tomorrow"},
		} {
			literal := administrator.ask("mutation {"+fmt.Sprintf(c.document, strconv.Quote(c.wrong))+"}", nil)
			require.Equal(t, "BAD_USER_INPUT", literal.code(), c.kind)
			require.Contains(t, literal.Errors[0].Message, c.kind+" must be")
			variable := administrator.ask("mutation($value: "+c.kind+"!) {"+fmt.Sprintf(c.document, "$value")+"}", map[string]any{"value": c.wrong})
			require.Equal(t, "BAD_USER_INPUT", variable.code(), c.kind)
		}
	})
}
