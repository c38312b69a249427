package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// answerTimeout is how long one request may take.
const answerTimeout = 20 * time.Second

// api speaks GraphQL to a Recado, as any client would.
type api struct {
	address string // host:port
	client  *http.Client
	token   string // of who is asking; empty: nobody
}

// graphError is an error of a response or of a payload, by its code for programs.
type graphError struct {
	Message    string `json:"message"`
	Extensions struct {
		Code string `json:"code"`
	} `json:"extensions"`
}

func (e *graphError) Error() string { return e.Extensions.Code + ": " + e.Message }

// codeOf is the code of a graphError, or empty.
func codeOf(err error) string {
	if e, ok := errors.AsType[*graphError](err); ok {
		return e.Extensions.Code
	}
	return ""
}

// request is the body of a GraphQL request.
type request struct {
	Query     string         `json:"query"`
	Variables map[string]any `json:"variables,omitempty"`
}

// ask makes a request and decodes its data. Of several errors it returns the first.
func (a api) ask(ctx context.Context, document string, variables map[string]any, into any) error {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	body, err := json.Marshal(request{document, variables})
	if err != nil {
		return fmt.Errorf("encode a request: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+a.address+"/graphql", bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("make a request: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	if a.token != "" {
		r.Header.Set("Authorization", "Bearer "+a.token)
	}
	answer, err := a.client.Do(r)
	if err != nil {
		return fmt.Errorf("ask Recado: %w", err)
	}
	defer answer.Body.Close()
	read, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		return fmt.Errorf("read an answer: %w", err)
	}
	var response struct {
		Data   json.RawMessage `json:"data"`
		Errors []*graphError   `json:"errors"`
	}
	if err := json.Unmarshal(read, &response); err != nil {
		return fmt.Errorf("answered with %s: %s", answer.Status, strings.TrimSpace(string(read)))
	}
	if len(response.Errors) > 0 {
		return response.Errors[0]
	}
	if err := json.Unmarshal(response.Data, into); err != nil {
		return fmt.Errorf("understand an answer: %w", err)
	}
	return nil
}

// userErrors are what a person can mend, in a payload.
type userErrors []struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// err is the first of them, a *graphError; nil if there is none.
func (u userErrors) err() error {
	if len(u) == 0 {
		return nil
	}
	failure := &graphError{Message: u[0].Message}
	failure.Extensions.Code = u[0].Code
	return failure
}

// The parts of the contract's objects that the story looks at.
type (
	conversation struct {
		ID          string  `json:"id"`
		UnreadCount int     `json:"unreadCount"`
		Contact     contact `json:"contact"`
		Assignee    *struct {
			Name string `json:"name"`
		} `json:"assignee"`
		ServiceWindow struct {
			IsOpen    bool       `json:"isOpen"`
			ExpiresAt *time.Time `json:"expiresAt"`
		} `json:"serviceWindow"`
		Session string `json:"session"`
	}

	contact struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}

	message struct {
		ID        string `json:"id"`
		Direction string `json:"direction"`
		Status    string `json:"status"`
		Content   struct {
			Kind        string `json:"__typename"`
			Body        string `json:"body"`
			Caption     string `json:"caption"`
			Text        string `json:"text"`
			IsVoiceNote bool   `json:"isVoiceNote"`
		} `json:"content"`
		Attachment *attachment `json:"attachment"`
		Reactions  []struct {
			Direction string `json:"direction"`
			Emoji     string `json:"emoji"`
		} `json:"reactions"`
		Sender *struct {
			Name string `json:"name"`
		} `json:"sender"`
		Failure *struct {
			Code      string `json:"code"`
			MetaCode  *int   `json:"metaCode"`
			MetaTitle string `json:"metaTitle"`
		} `json:"failure"`
	}

	attachment struct {
		Status       string  `json:"status"`
		Width        *int    `json:"width"`
		Height       *int    `json:"height"`
		DurationMS   *int    `json:"durationMs"`
		URL          *string `json:"url"`
		ThumbnailURL *string `json:"thumbnailUrl"`
	}
)

const (
	signInDocument = `mutation SignIn($input: SessionCreateInput!) {
  sessionCreate(input: $input) { session { accessToken } userErrors { code message } }
}`
	viewerDocument = `query Viewer {
  viewer { user { name } channelPermissions { level channel { id name displayNumber } } }
}`
	sendDocument = `mutation Send($input: MessageSendInput!) {
  messageSend(input: $input) { message { id status } userErrors { code message } }
}`
	quickReplyDocument = `mutation Keep($input: QuickReplyCreateInput!) {
  quickReplyCreate(input: $input) { quickReply { id } userErrors { code message } }
}`
	markReadDocument = `mutation MarkRead($input: ConversationMarkReadInput!) {
  conversationMarkRead(input: $input) { conversation { id unreadCount } userErrors { code message } }
}`
	searchDocument = `query Search($query: String!) {
  messageSearch(query: $query) { nodes { snippet { text isMatch } message { id } } }
}`
	inboxDocument = `subscription Inbox {
  inboxEvents {
    __typename
    ... on Event {
      id
      conversation { id unreadCount contact { id name } assignee { name } serviceWindow { isOpen expiresAt } session }
    }
    ... on MessageAddedEvent { message { ...Line } }
    ... on MessageStatusChangedEvent { message { ...Line } }
    ... on MessageChangedEvent { message { ...Line } }
    ... on TemplateChangedEvent { id template { ...Review } }
  }
}
fragment Line on Message {
  id direction status sender { name } failure { code metaCode metaTitle } reactions { direction emoji }
  content { __typename ... on TextContent { body } ... on ImageContent { caption } ... on AudioContent { isVoiceNote }
    ... on TemplateContent { body } ... on ButtonContent { text }
  }
  attachment { status width height durationMs url thumbnailUrl }
}` + reviewFragment
)

// signIn returns the api with the user's access token.
func (a api) signIn(ctx context.Context, p person) (api, error) {
	var data struct {
		SessionCreate struct {
			Session *struct {
				AccessToken string `json:"accessToken"`
			} `json:"session"`
			UserErrors userErrors `json:"userErrors"`
		} `json:"sessionCreate"`
	}
	err := a.ask(ctx, signInDocument, map[string]any{"input": map[string]any{"email": p.email, "password": p.password}}, &data)
	if err == nil {
		err = data.SessionCreate.UserErrors.err()
	}
	if err == nil && data.SessionCreate.Session == nil {
		err = errors.New("no session in the answer")
	}
	if err != nil {
		return a, err
	}
	a.token = data.SessionCreate.Session.AccessToken
	return a, nil
}

// channelPermission is what a user may do on a number.
type channelPermission struct {
	Level   string `json:"level"`
	Channel struct {
		ID string `json:"id"`
	} `json:"channel"`
}

// permission is what the user may do on the bakery's only number.
func (a api) permission(ctx context.Context) (channelPermission, error) {
	var data struct {
		Viewer struct {
			ChannelPermissions []channelPermission `json:"channelPermissions"`
		} `json:"viewer"`
	}
	if err := a.ask(ctx, viewerDocument, nil, &data); err != nil {
		return channelPermission{}, err
	}
	if permissions := data.Viewer.ChannelPermissions; len(permissions) == 1 {
		return permissions[0], nil
	}
	return channelPermission{Level: "NONE"}, nil
}

// send sends a text under an idempotency key.
func (a api) send(ctx context.Context, conversationID, text, key string) (message, error) {
	return a.sendContent(ctx, conversationID, map[string]any{"text": map[string]any{"body": text}}, key)
}

// sendQuickReply sends a quick reply under an idempotency key.
func (a api) sendQuickReply(ctx context.Context, conversationID, id, key string) (message, error) {
	return a.sendContent(ctx, conversationID, map[string]any{"quickReply": map[string]any{"quickReplyId": id}}, key)
}

func (a api) sendContent(ctx context.Context, conversationID string, content map[string]any, key string) (message, error) {
	var data struct {
		MessageSend struct {
			Message    message    `json:"message"`
			UserErrors userErrors `json:"userErrors"`
		} `json:"messageSend"`
	}
	err := a.ask(ctx, sendDocument, map[string]any{"input": map[string]any{
		"conversationId": conversationID, "idempotencyKey": key, "content": content,
	}}, &data)
	if err == nil {
		err = data.MessageSend.UserErrors.err()
	}
	return data.MessageSend.Message, err
}

// markRead marks all of a conversation as read and returns what is left unread.
func (a api) markRead(ctx context.Context, conversationID string) (unread int, err error) {
	var data struct {
		ConversationMarkRead struct {
			Conversation conversation `json:"conversation"`
			UserErrors   userErrors   `json:"userErrors"`
		} `json:"conversationMarkRead"`
	}
	err = a.ask(ctx, markReadDocument, map[string]any{"input": map[string]any{"conversationId": conversationID}}, &data)
	if err == nil {
		err = data.ConversationMarkRead.UserErrors.err()
	}
	return data.ConversationMarkRead.Conversation.UnreadCount, err
}

// segment is a piece of a text that was searched.
type segment struct {
	Text    string `json:"text"`
	IsMatch bool   `json:"isMatch"`
}

// search returns the texts of the messages that are found, by their ids.
func (a api) search(ctx context.Context, query string) (map[string][]segment, error) {
	var data struct {
		MessageSearch struct {
			Nodes []struct {
				Snippet []segment `json:"snippet"`
				Message message   `json:"message"`
			} `json:"nodes"`
		} `json:"messageSearch"`
	}
	if err := a.ask(ctx, searchDocument, map[string]any{"query": query}, &data); err != nil {
		return nil, err
	}
	found := make(map[string][]segment)
	for _, node := range data.MessageSearch.Nodes {
		found[node.Message.ID] = node.Snippet
	}
	return found, nil
}
