package whatsapp

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"unicode/utf8"
)

// MaxCallbackData is the longest [OutboundMessage.CallbackData], in characters
// (reference/whatsapp-cloud-api.md §5.1).
const MaxCallbackData = 512

// OutboundMessage is one message for one customer.
type OutboundMessage struct {
	// To is the wa_id. If it is empty, ToUserID, a business-scoped user id, is
	// the address. See [RecipientAddress].
	To       string
	ToUserID string
	Content  OutboundContent
	// ReplyToMessageID quotes a message of the conversation; may be empty, and
	// must be with a reaction (reference/whatsapp-cloud-api.md §5.1).
	ReplyToMessageID string
	// CallbackData, up to [MaxCallbackData] characters, comes back in every
	// status of the message. Our own id belongs here: it is the only way to
	// recognise a message whose answer was lost.
	CallbackData string
}

// OutboundContent is what a message says: a [TextMessage], [MediaMessage],
// [LocationMessage], [ContactsMessage], [ReactionMessage],
// [InteractiveMessage] or [TemplateMessage].
type OutboundContent interface {
	// kind is Meta's name of the type, and of the property that holds wire.
	kind() string
	// check says what Meta would refuse; nil if nothing.
	check() *Error
	// wire is the content in Meta's shape.
	wire() any
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

// Send sends a message once, of whatever kind: it is the one way on which
// messages leave. What Meta's documented limits rule out is refused before any
// call, as CodeInvalidRequest. If the error is [Error.Uncertain] the message
// may have been sent all the same; only a status with its CallbackData can tell.
func (c *Client) Send(ctx context.Context, creds Credentials, m OutboundMessage) (SendResult, error) {
	body, refused := m.encode()
	if refused != nil {
		return SendResult{}, refused
	}
	var result SendResult
	err := c.do(ctx, creds, call{
		name:    "send " + m.Content.kind(),
		method:  http.MethodPost,
		edge:    "/messages",
		body:    body,
		message: true,
		decode: func(answer []byte) (err error) {
			result, err = decodeSendResult(answer)
			return err
		},
	})
	if err != nil {
		return SendResult{}, err
	}
	return result, nil
}

// Check returns why Send would refuse the message before any call, as an
// *Error; nil if it would not.
func (m OutboundMessage) Check() error {
	if _, refused := m.encode(); refused != nil {
		return refused
	}
	return nil
}

// encode checks the message and writes it as Meta wants it.
func (m OutboundMessage) encode() ([]byte, *Error) {
	if m.Content == nil {
		return nil, invalidRequest("the message has no content")
	}
	if e := m.Content.check(); e != nil {
		return nil, e
	}
	if n := utf8.RuneCountInString(m.CallbackData); n > MaxCallbackData {
		return nil, invalidRequest("the callback data has %d characters, more than %d", n, MaxCallbackData)
	}
	kind := m.Content.kind()
	payload := map[string]any{
		"messaging_product": "whatsapp",
		"recipient_type":    "individual",
		"type":              kind,
		kind:                m.Content.wire(),
	}
	switch to, recipient := RecipientAddress(m.To, m.ToUserID); {
	case to != "":
		payload["to"] = to
	case recipient != "":
		payload["recipient"] = recipient
	default:
		return nil, invalidRequest("the message has no recipient")
	}
	if m.ReplyToMessageID != "" {
		if _, reaction := m.Content.(ReactionMessage); reaction {
			return nil, invalidRequest("a reaction cannot quote a message")
		}
		payload["context"] = map[string]string{"message_id": m.ReplyToMessageID}
	}
	if m.CallbackData != "" {
		payload["biz_opaque_callback_data"] = m.CallbackData
	}
	body, err := json.Marshal(payload)
	if err != nil {
		return nil, invalidRequest("encoding the message: %w", err)
	}
	return body, nil
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
