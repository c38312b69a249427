package whatsapp

import (
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBlock(t *testing.T) {
	const added = `{"messaging_product":"whatsapp","block_users":{"added_users":[{"input":"+447700900456","wa_id":"447700900456"}]}}`
	const removed = `{"messaging_product":"whatsapp","block_users":{"removed_users":[{"input":"+447700900456","wa_id":"447700900456"}]}}`

	t.Run("is_a_request_in_metas_shape", func(t *testing.T) {
		var asked []string
		g := newGraph(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			asked = append(asked, r.Method+" "+r.URL.Path+" "+string(body))
			if r.Method == http.MethodDelete && len(asked) == 2 {
				reply(200, removed)(w, r)
				return
			}
			reply(200, added)(w, r) // what one of Meta's texts has for DELETE as well
		})
		require.NoError(t, g.Block(t.Context(), testCreds, "+447700900456"))
		require.NoError(t, g.Unblock(t.Context(), testCreds, "+447700900456"))
		require.NoError(t, g.Unblock(t.Context(), testCreds, "+447700900456"))
		const users = ` /v26.0/331908274466120/block_users {"block_users":[{"user":"+447700900456"}],"messaging_product":"whatsapp"}`
		require.Equal(t, []string{"POST" + users, "DELETE" + users, "DELETE" + users}, asked)
	})
	t.Run("tells_why_the_user_was_refused", func(t *testing.T) {
		for body, code := range map[string]Code{
			`{"block_users":{"failed_users":[{"input":"+44","errors":[{"code":131047,"message":"Re-engagement"}]}]},"error":{"code":139100,"fbtrace_id":"A"}}`: CodeWindowClosed,
			`{"block_users":{"failed_users":[{"input":"+44"}]},"error":{"code":139100}}`:                                                                       CodeInvalidRequest,
			`{"error":{"code":139101}}`: CodeBlockListFull,
			`{"error":{"code":190}}`:    CodeTokenInvalid,
		} {
			g := newGraph(t, Options{}, reply(400, body))
			e := failure(t, g.Block(t.Context(), testCreds, "+44"))
			require.Equal(t, code, e.Code, body)
			require.EqualValues(t, 1, g.requests.Load(), body)
		}
	})
	t.Run("is_repeated_when_it_may_help", func(t *testing.T) {
		g := newGraph(t, Options{}, reply(400, `{"error":{"code":139102}}`))
		require.Equal(t, CodeBlockListBusy, failure(t, g.Block(t.Context(), testCreds, "+44")).Code)
		require.EqualValues(t, maxAttempts, g.requests.Load())
	})
	t.Run("is_not_taken_for_done_without_a_word_of_it", func(t *testing.T) {
		g := newGraph(t, Options{}, reply(200, `{"messaging_product":"whatsapp","block_users":{}}`))
		require.True(t, failure(t, g.Block(t.Context(), testCreds, "+44")).Uncertain)
	})
	t.Run("needs_a_user", func(t *testing.T) {
		g := newGraph(t, Options{}, reply(200, added))
		require.Equal(t, CodeInvalidRequest, failure(t, g.Block(t.Context(), testCreds, "")).Code)
		require.Zero(t, g.requests.Load())
	})
}
