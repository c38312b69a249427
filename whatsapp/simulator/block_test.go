package simulator_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/whatsapp/simulator"
)

const blockPath = "/v26.0/" + numberID + "/block_users"

func blockBody(users ...string) map[string]any {
	list := make([]map[string]string, len(users))
	for i, user := range users {
		list[i] = map[string]string{"user": user}
	}
	return map[string]any{"messaging_product": "whatsapp", "block_users": list}
}

func TestBlockUsers(t *testing.T) {
	w := newWorld(t)
	iris := w.iris(irisWAID)

	t.Run("keeps what the user writes from arriving", func(t *testing.T) {
		for range 2 { // the second time changes nothing
			answer := w.call(bearer, http.MethodPost, blockPath, blockBody("+"+irisWAID))
			require.Equal(t, 200, answer.status, answer.raw)
			require.JSONEq(t, `{"messaging_product":"whatsapp","block_users":{"added_users":[{"input":"+447700900456","wa_id":"447700900456"}]}}`, answer.raw)
		}
		require.True(t, iris.IsBlocked(numberID))
		require.JSONEq(t, `{"data":[{"block_users":[{"wa_id":"447700900456"}]}]}`, w.call(bearer, http.MethodGet, blockPath, nil).raw)
		iris.SendText(numberID, "hello?")
		w.pass(time.Hour)
		require.Empty(t, w.hook.take())
	})
	t.Run("until the user is unblocked", func(t *testing.T) {
		answer := w.call(bearer, http.MethodDelete, blockPath, blockBody("+"+irisWAID))
		require.JSONEq(t, `{"messaging_product":"whatsapp","block_users":{"removed_users":[{"input":"+447700900456","wa_id":"447700900456"}]}}`, answer.raw)
		require.False(t, iris.IsBlocked(numberID))
		iris.SendText(numberID, "hello again")
		w.flush()
		require.Len(t, w.hook.take(), 1)
	})
	t.Run("takes those who wrote within 24 hours, and says of each other one why not", func(t *testing.T) {
		w.meta.Customer(simulator.Customer{WAID: "5511987654321"})
		answer := w.call(bearer, http.MethodPost, blockPath, blockBody("+5511987654321", "+"+irisWAID, "somebody"))
		require.Equal(t, 400, answer.status)
		require.Equal(t, 139100, answer.code())
		var each struct {
			Users struct {
				Added  []any `json:"added_users"`
				Failed []struct {
					Errors []struct {
						Code int `json:"code"`
					} `json:"errors"`
				} `json:"failed_users"`
			} `json:"block_users"`
		}
		require.NoError(t, json.Unmarshal([]byte(answer.raw), &each))
		require.Len(t, each.Users.Added, 1)
		require.Len(t, each.Users.Failed, 2)
		require.Equal(t, 131047, each.Users.Failed[0].Errors[0].Code)
		require.True(t, iris.IsBlocked(numberID), "the others are blocked all the same")
		w.call(bearer, http.MethodDelete, blockPath, blockBody("+"+irisWAID))
		w.pass(24 * time.Hour)
		require.Equal(t, 139100, w.call(bearer, http.MethodPost, blockPath, blockBody("+"+irisWAID)).code())
	})
	t.Run("asks for the product, users and a number that the token sees", func(t *testing.T) {
		require.Equal(t, 100, w.call(bearer, http.MethodPost, blockPath, map[string]any{"block_users": []any{}}).code())
		require.Equal(t, 100, w.call(bearer, http.MethodPost, blockPath, blockBody()).code())
		require.Equal(t, 100, w.call(bearer, http.MethodPost, "/v26.0/999/block_users", blockBody("+"+irisWAID)).code())
		require.Equal(t, 190, w.call("another", http.MethodPost, blockPath, blockBody("+"+irisWAID)).code())
	})
	t.Run("can be made to fail", func(t *testing.T) {
		w.meta.Faults().Refuse(1, simulator.Refusal{Code: 139102, On: simulator.EndpointBlock})
		require.Equal(t, 139102, w.call(bearer, http.MethodPost, blockPath, blockBody("+"+irisWAID)).code())
	})
}
