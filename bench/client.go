//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// client speaks GraphQL over HTTP for one signed-in user.
type client struct {
	address string
	token   string
}

// signIn begins a session.
func signIn(ctx context.Context, address, email string) (*client, error) {
	c := &client{address: address}
	var data struct {
		SessionCreate struct {
			Session *struct {
				AccessToken string `json:"accessToken"`
			} `json:"session"`
			UserErrors []struct {
				Message string `json:"message"`
			} `json:"userErrors"`
		} `json:"sessionCreate"`
	}
	err := c.ask(ctx, `mutation($input: SessionCreateInput!) { sessionCreate(input: $input) { session { accessToken } userErrors { ... on UserError { message } } } }`,
		map[string]any{"input": map[string]any{"email": email, "password": password}}, &data)
	if err != nil {
		return nil, fmt.Errorf("sign in as %s: %w", email, err)
	}
	if data.SessionCreate.Session == nil {
		return nil, fmt.Errorf("sign in as %s: %v", email, data.SessionCreate.UserErrors)
	}
	c.token = data.SessionCreate.Session.AccessToken
	return c, nil
}

// request is a whole HTTP request for an operation.
func (c *client) request(document string, variables map[string]any) ([]byte, error) {
	body, err := json.Marshal(map[string]any{"query": document, "variables": variables})
	if err != nil {
		return nil, fmt.Errorf("encode a request: %w", err)
	}
	head := fmt.Sprintf("POST /graphql HTTP/1.1\r\nHost: recado\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n",
		c.token, len(body))
	return append([]byte(head), body...), nil
}

// ask runs an operation. Any error in the answer is one.
func (c *client) ask(ctx context.Context, document string, variables map[string]any, into any) error {
	body, err := json.Marshal(map[string]any{"query": document, "variables": variables})
	if err != nil {
		return fmt.Errorf("encode a request: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+c.address+"/graphql", bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("make a request: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		Data   json.RawMessage `json:"data"`
		Errors []struct {
			Message string `json:"message"`
		} `json:"errors"`
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return fmt.Errorf("read an answer with status %d: %w", response.StatusCode, err)
	}
	if len(answer.Errors) > 0 || response.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d: %v", response.StatusCode, answer.Errors)
	}
	if err := json.Unmarshal(answer.Data, into); err != nil {
		return fmt.Errorf("read an answer: %w", err)
	}
	return nil
}
