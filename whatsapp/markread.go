package whatsapp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// MarkRead shows the customer that a received message, and all before it in the
// chat, were read. With typing it also shows that an answer is being written,
// until it comes or for 25 seconds (reference/whatsapp-cloud-api.md §5.7).
// Doing it twice is like doing it once.
func (c *Client) MarkRead(ctx context.Context, creds Credentials, messageID string, typing bool) error {
	if messageID == "" {
		return invalidRequest("the message to mark as read has no id")
	}
	payload := map[string]any{
		"messaging_product": "whatsapp",
		"status":            "read",
		"message_id":        messageID,
	}
	if typing {
		payload["typing_indicator"] = map[string]string{"type": "text"}
	}
	body, err := json.Marshal(payload)
	if err != nil {
		return invalidRequest("encoding the read receipt: %w", err)
	}
	return c.do(ctx, creds, call{
		name:       "mark read",
		method:     http.MethodPost,
		edge:       "/messages",
		body:       body,
		message:    true,
		repeatable: true,
		decode:     decodeSuccess,
	})
}

// decodeSuccess reads the answer of an action: an object with success, or on
// old edges the bare value, as a literal or a string
// (reference/whatsapp-cloud-api.md §1.4).
func decodeSuccess(answer []byte) error {
	var wire struct {
		Success flexible `json:"success"`
	}
	if err := json.Unmarshal(answer, &wire); err != nil {
		if err := json.Unmarshal(answer, &wire.Success); err != nil {
			return err
		}
	}
	switch {
	case wire.Success.bool():
		return nil
	case wire.Success == "":
		return errors.New("no word of success")
	}
	e := entry{code: CodeUnknown, class: ClassNever, next: NextActionContactMeta}.error()
	e.cause = fmt.Errorf("Meta answered success: %s", shorten(string(wire.Success)))
	return e
}
