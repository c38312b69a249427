package server_test

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/models"
)

// stream is a stream of server-sent events, as far as it was read.
type stream struct {
	*bufio.Reader

	status int
	header http.Header
}

// listen opens a stream.
func (w *world) listen(document string, headers ...string) stream {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.url("/graphql"), strings.NewReader(`{"query":"`+document+`"}`))
	require.NoError(w.t, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "text/event-stream")
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(w.t, err)
	w.t.Cleanup(func() { _ = response.Body.Close() })
	return stream{bufio.NewReader(response.Body), response.StatusCode, response.Header}
}

// event reads up to the next event that is not a comment.
func event(t *testing.T, from stream) string {
	t.Helper()
	for {
		var lines strings.Builder
		for {
			line, err := from.ReadString('\n')
			if errors.Is(err, io.EOF) {
				return "EOF"
			}
			require.NoError(t, err)
			if line == "\n" {
				break
			}
			lines.WriteString(line)
		}
		if text := lines.String(); text != "" && !strings.HasPrefix(text, ":") {
			return lines.String()
		}
	}
}

func TestStream(t *testing.T) {
	t.Run("carries events, stays alive in between, and ends with complete", func(t *testing.T) {
		w := start(t, nil)
		events := w.listen("subscription { ticks }", authorization, "Bearer "+goodToken)
		require.Equal(t, http.StatusOK, events.status)
		require.Equal(t, "text/event-stream", events.header.Get("Content-Type"))
		require.Equal(t, "no", events.header.Get("X-Accel-Buffering"))
		require.Equal(t, "no-store", events.header.Get("Cache-Control"))
		w.schema.feed <- "one"
		require.Equal(t, "event: next\ndata: {\"data\":{\"ticks\":\"one\"}}\n", event(t, events))
		comment, err := events.ReadString('\n')
		require.NoError(t, err)
		require.Equal(t, ": alive\n", comment)
		w.schema.feed <- ""
		require.Equal(t, "event: complete\ndata:\n", event(t, events))
		require.Equal(t, "EOF", event(t, events))
	})

	t.Run("answers refused documents with an event", func(t *testing.T) {
		events := start(t, nil).listen("{ nothing }")
		refused := event(t, events)
		require.Contains(t, refused, "GRAPHQL_VALIDATION_FAILED")
		require.NotContains(t, refused, `"data":`)
		require.Equal(t, "event: complete\ndata:\n", event(t, events))
	})

	t.Run("a bad token is a plain 401", func(t *testing.T) {
		response := start(t, nil).listen("subscription { ticks }", authorization, "Bearer stolen")
		require.Equal(t, http.StatusUnauthorized, response.status)
	})

	t.Run("tells why it failed", func(t *testing.T) {
		w := start(t, nil)
		events := w.listen("subscription { ticks }", authorization, "Bearer "+goodToken)
		w.schema.endBy(models.NewError(models.CodeCursorExpired, "after"))
		require.Contains(t, event(t, events), "CURSOR_EXPIRED")
		require.Equal(t, "event: complete\ndata:\n", event(t, events))
	})

	for name, end := range map[string]func(*world){
		"ends when its token expires": func(w *world) { w.clock.advance(10 * time.Minute) },
		"ends with its session":       func(w *world) { w.sessions.revoke() },
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t, nil)
			events := w.listen("subscription { ticks }", authorization, "Bearer "+goodToken)
			w.schema.feed <- "one"
			require.Contains(t, event(t, events), "one")
			end(w)
			require.Contains(t, event(t, events), "UNAUTHENTICATED")
			require.Equal(t, "event: complete\ndata:\n", event(t, events))
		})
	}
}
