package e2e_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	appSecret   = "demo-app-secret-0001"
	verifyToken = "verify-me-please"
)

// text is a message of a customer. Its body is unlike that of any other, so that
// it can be told apart where Meta's id is not shown.
type text struct{ customer, wamid, body string }

// textNumber makes the n-th text of a customer, counting over all customers.
func textNumber(n int, customer string) text {
	return text{
		customer: customer, wamid: fmt.Sprintf("wamid.HBgN%s%08d", customer, n),
		body: fmt.Sprintf("Olá, é a mensagem %d de %s", n, customer),
	}
}

// customerNumber is a wa_id without other forms.
func customerNumber(n int) string { return strconv.Itoa(447700900000 + n) }

// payload is a webhook body of Meta's with the texts
// (reference/whatsapp-cloud-api.md §3.3).
func payload(t *testing.T, number string, at time.Time, texts ...text) []byte {
	t.Helper()
	var contacts, messages []map[string]any
	for _, text := range texts {
		contacts = append(contacts, map[string]any{"wa_id": text.customer, "profile": map[string]string{"name": nameOf(text.customer)}})
		messages = append(messages, map[string]any{
			"from": text.customer, "id": text.wamid, "timestamp": strconv.FormatInt(at.Unix(), 10),
			"type": "text", "text": map[string]string{"body": text.body},
		})
	}
	body, err := json.Marshal(map[string]any{"object": "whatsapp_business_account", "entry": []any{map[string]any{
		"id": wabaID, "changes": []any{map[string]any{"field": "messages", "value": map[string]any{
			"messaging_product": "whatsapp",
			"metadata":          map[string]string{"display_phone_number": "551140040000", "phone_number_id": number},
			"contacts":          contacts, "messages": messages,
		}}},
	}}})
	require.NoError(t, err)
	return body
}

func nameOf(customer string) string { return "Cliente " + customer }

// sign is the value of X-Hub-Signature-256 (§2.3).
func sign(body []byte) string {
	mac := hmac.New(sha256.New, []byte(appSecret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

var meta = &http.Client{
	Timeout: patience,
	Transport: &http.Transport{
		MaxIdleConnsPerHost: 64,
		IdleConnTimeout:     time.Second,
	},
}

// post delivers a webhook and returns the status; an error means that there was no
// answer.
func post(address string, body []byte) (int, error) {
	request, err := http.NewRequest(http.MethodPost, "http://"+address+"/webhooks/whatsapp", bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Hub-Signature-256", sign(body))
	response, err := meta.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err
}

// deliver delivers a webhook that must be acknowledged. It may be called by any
// goroutine.
func deliver(t *testing.T, address string, body []byte) {
	t.Helper()
	status, err := post(address, body)
	assert.NoError(t, err)
	assert.Equal(t, http.StatusOK, status)
}
