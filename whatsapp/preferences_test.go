package whatsapp

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPreferences(t *testing.T) {
	webhook, err := DecodeWebhook([]byte(`{"object":"whatsapp_business_account","entry":[{"id":"214705829341166","changes":[{"field":"user_preferences","value":{
		"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550102030","phone_number_id":"331908274466120"},
		"contacts":[{"wa_id":"447700900456"}],
		"user_preferences":[
			{"wa_id":"447700900456","user_id":"GB.7719034482215608","detail":"User requested to stop marketing messages","category":"marketing_messages","value":"stop","timestamp":1795012000},
			{"category":"marketing_messages","value":"stop","timestamp":1795012000},
			{"wa_id":"447700900456","category":"marketing_messages","value":"resume"}]}}]}]}`))
	require.NoError(t, err)
	require.Equal(t, []Preference{{
		WAID: "447700900456", UserID: "GB.7719034482215608", Category: CategoryMarketingMessages, Value: "stop",
		Timestamp: time.Unix(1795012000, 0).UTC(),
	}}, webhook.Changes[0].Messages.Preferences)
	require.Len(t, webhook.Malformed, 2, "one that names nobody, one without a time")
}
