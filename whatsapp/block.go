package whatsapp

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// Block has Meta take nothing from a user to the number any more
// (reference/whatsapp-cloud-api.md §8.5). The user is named by "+" and digits. Only
// who wrote to the number within the last 24 hours can be blocked, else it fails with
// CodeWindowClosed; CodeBlockListFull and CodeBlockListBusy are about the number's
// list. Doing it twice is like doing it once.
func (c *Client) Block(ctx context.Context, creds Credentials, user string) error {
	return c.changeBlockList(ctx, creds, http.MethodPost, user)
}

// Unblock undoes Block.
func (c *Client) Unblock(ctx context.Context, creds Credentials, user string) error {
	return c.changeBlockList(ctx, creds, http.MethodDelete, user)
}

// blockedUser is an entry of a list of users to block.
type blockedUser struct {
	User string `json:"user"`
}

func (c *Client) changeBlockList(ctx context.Context, creds Credentials, method, user string) error {
	if user == "" {
		return invalidRequest("the user to block or unblock has no number")
	}
	body, err := json.Marshal(map[string]any{"messaging_product": "whatsapp", "block_users": []blockedUser{{user}}})
	if err != nil {
		return invalidRequest("encoding the users to block: %w", err)
	}
	return c.do(ctx, creds, call{
		name:       map[string]string{http.MethodPost: "block", http.MethodDelete: "unblock"}[method],
		method:     method,
		edge:       "/block_users",
		body:       body,
		repeatable: true,
		decode:     decodeBlockList,
		explain:    explainBlockFailure,
	})
}

// blockListAnswer is the answer for the one user who was asked about. Of those who
// were unblocked Meta's texts disagree on the name of the property.
type blockListAnswer struct {
	Users struct {
		Added   []json.RawMessage `json:"added_users"`
		Removed []json.RawMessage `json:"removed_users"`
		Failed  []struct {
			Errors []wireError `json:"errors"`
		} `json:"failed_users"`
	} `json:"block_users"`
}

func decodeBlockList(answer []byte) error {
	var wire blockListAnswer
	if err := json.Unmarshal(answer, &wire); err != nil {
		return err
	}
	if len(wire.Users.Added)+len(wire.Users.Removed) == 0 {
		return fmt.Errorf("the answer names no user: %s", shorten(string(answer)))
	}
	return nil
}

// explainBlockFailure finds the reason for the one user behind the error of the
// request as a whole, which only says that some users failed.
func explainBlockFailure(answer []byte) (MetaError, bool) {
	var wire blockListAnswer
	if json.Unmarshal(answer, &wire) != nil || len(wire.Users.Failed) == 0 || len(wire.Users.Failed[0].Errors) == 0 {
		return MetaError{}, false
	}
	meta := wire.Users.Failed[0].Errors[0].metaError()
	return meta, meta.Code != 0
}
