package whatsapp

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"unicode/utf8"
)

// Limits of reference/whatsapp-cloud-api.md §5.1 and §5.2, in characters.
const (
	MaxTextBody     = 4096
	MaxCallbackData = 512
)

// TextMessage is a text for one customer.
type TextMessage struct {
	// To is the wa_id. If it is empty, ToUserID, a business-scoped user id, is
	// the address. See [RecipientAddress].
	To       string
	ToUserID string
	// Body has 1 to [MaxTextBody] characters.
	Body string
	// PreviewURL renders the first URL of the body.
	PreviewURL bool
	// ReplyToMessageID quotes a message of the conversation; may be empty.
	ReplyToMessageID string
	// CallbackData, up to [MaxCallbackData] characters, comes back in every
	// status of the message. Our own id belongs here: it is the only way to
	// recognise a message whose answer was lost.
	CallbackData string
}

// SendResult says that Meta accepted a message, not that it can be delivered:
// that comes as statuses (reference/whatsapp-cloud-api.md §5.1).
type SendResult struct {
	// MessageID is always set; statuses refer to it.
	MessageID string
	// WAID is Meta's form of the number, which may differ from the one sent
	// to: keep it for matching. Missing if a user id was the address.
	WAID   string
	UserID string
	// Input repeats the address of the request.
	Input string
}

// SendText sends a text once. If the error is [Error.Uncertain] the message may
// have been sent all the same; only a status with its CallbackData can tell.
func (c *Client) SendText(ctx context.Context, creds Credentials, m TextMessage) (SendResult, error) {
	if n := utf8.RuneCountInString(m.Body); n == 0 || n > MaxTextBody {
		return SendResult{}, invalidRequest("the text has %d characters, not 1 to %d", n, MaxTextBody)
	}
	envelope := envelope{
		to:           m.To,
		toUserID:     m.ToUserID,
		replyTo:      m.ReplyToMessageID,
		callbackData: m.CallbackData,
	}
	return c.send(ctx, creds, envelope, "text", struct {
		Body       string `json:"body"`
		PreviewURL bool   `json:"preview_url"`
	}{m.Body, m.PreviewURL})
}

// envelope is what every kind of message has around its content.
type envelope struct {
	to, toUserID, replyTo, callbackData string
}

// send is the one way on which messages of every kind leave. content becomes
// the property that is named after the kind.
func (c *Client) send(ctx context.Context, creds Credentials, e envelope, kind string, content any) (SendResult, error) {
	if n := utf8.RuneCountInString(e.callbackData); n > MaxCallbackData {
		return SendResult{}, invalidRequest("the callback data has %d characters, more than %d", n, MaxCallbackData)
	}
	payload := map[string]any{
		"messaging_product": "whatsapp",
		"recipient_type":    "individual",
		"type":              kind,
		kind:                content,
	}
	switch to, recipient := RecipientAddress(e.to, e.toUserID); {
	case to != "":
		payload["to"] = to
	case recipient != "":
		payload["recipient"] = recipient
	default:
		return SendResult{}, invalidRequest("the message has no recipient")
	}
	if e.replyTo != "" {
		payload["context"] = map[string]string{"message_id": e.replyTo}
	}
	if e.callbackData != "" {
		payload["biz_opaque_callback_data"] = e.callbackData
	}
	body, err := json.Marshal(payload)
	if err != nil {
		return SendResult{}, invalidRequest("encoding the message: %w", err)
	}
	var result SendResult
	err = c.do(ctx, creds, call{
		name:    "send " + kind,
		method:  http.MethodPost,
		edge:    "/messages",
		body:    body,
		message: true,
		decode: func(answer []byte) error {
			result, err = decodeSendResult(answer)
			return err
		},
	})
	if err != nil {
		return SendResult{}, err
	}
	return result, nil
}

func decodeSendResult(answer []byte) (SendResult, error) {
	var wire struct {
		Contacts []struct {
			Input  flexible `json:"input"`
			WAID   flexible `json:"wa_id"`
			UserID flexible `json:"user_id"`
		} `json:"contacts"`
		Messages []struct {
			ID flexible `json:"id"`
		} `json:"messages"`
	}
	if err := decodeAnswer(answer, &wire); err != nil {
		return SendResult{}, err
	}
	if len(wire.Messages) == 0 || wire.Messages[0].ID == "" {
		return SendResult{}, errors.New("no message id")
	}
	result := SendResult{MessageID: string(wire.Messages[0].ID)}
	if len(wire.Contacts) > 0 {
		contact := wire.Contacts[0]
		result.WAID, result.UserID, result.Input = string(contact.WAID), string(contact.UserID), string(contact.Input)
	}
	return result, nil
}
