package whatsapp

import (
	"context"
	"encoding/json"
	"net/http"
)

// Register makes the number of the credentials usable. The PIN has six digits: it
// becomes the number's two-step PIN, or must be the one that it has
// (CodePINRefused). Registering a number that is registered already succeeds
// (reference/whatsapp-cloud-api.md §8.3). It is not repeated by itself: Meta takes ten
// in three days.
func (c *Client) Register(ctx context.Context, creds Credentials, pin string) error {
	body, err := json.Marshal(map[string]string{"messaging_product": "whatsapp", "pin": pin})
	if err != nil {
		return invalidRequest("encoding the registration: %w", err)
	}
	return c.do(ctx, creds, call{
		name: "register number", method: http.MethodPost, edge: "/register", body: body, decode: decodeSuccess,
	})
}

// Deregister takes the number of the credentials off the platform: it can neither
// send nor receive until it is registered again. Meta refuses it for numbers that are
// also used in the WhatsApp Business app.
func (c *Client) Deregister(ctx context.Context, creds Credentials) error {
	return c.do(ctx, creds, call{
		name: "deregister number", method: http.MethodPost, edge: "/deregister", body: []byte("{}"), decode: decodeSuccess,
	})
}
