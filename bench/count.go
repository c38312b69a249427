//go:build unix

package main

import (
	"context"
	"fmt"
	"sync"
)

// page is a page of a connection of things with an id.
type page struct {
	Nodes []struct {
		ID string `json:"id"`
	} `json:"nodes"`
	PageInfo struct {
		HasNextPage     bool   `json:"hasNextPage"`
		HasPreviousPage bool   `json:"hasPreviousPage"`
		StartCursor     string `json:"startCursor"`
		EndCursor       string `json:"endCursor"`
	} `json:"pageInfo"`
}

const (
	conversationsDocument = `query($after: String) { conversations(first: 100, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } }`
	messagesDocument      = `query($id: ID!, $before: String) { conversation(id: $id) { messages(last: 100, before: $before) { nodes { id } pageInfo { hasPreviousPage startCursor } } } }`
)

// countMessages walks through all messages that the client can see, page by page,
// and counts the different ones.
func (c *client) countMessages(ctx context.Context) (int, error) {
	var conversations []string
	var after *string
	for {
		var data struct {
			Conversations page `json:"conversations"`
		}
		if err := c.ask(ctx, conversationsDocument, map[string]any{"after": after}, &data); err != nil {
			return 0, err
		}
		for _, node := range data.Conversations.Nodes {
			conversations = append(conversations, node.ID)
		}
		if !data.Conversations.PageInfo.HasNextPage {
			break
		}
		after = &data.Conversations.PageInfo.EndCursor
	}

	var (
		mu    sync.Mutex
		seen  = make(map[string]bool)
		fault error
		work  = make(chan string)
		walks sync.WaitGroup
	)
	for range 4 {
		walks.Go(func() {
			for id := range work {
				ids, err := c.messageIDs(ctx, id)
				mu.Lock()
				if err != nil && fault == nil {
					fault = fmt.Errorf("conversation %s: %w", id, err)
				}
				for _, id := range ids {
					seen[id] = true
				}
				mu.Unlock()
			}
		})
	}
	for _, id := range conversations {
		work <- id
	}
	close(work)
	walks.Wait()
	return len(seen), fault
}

func (c *client) messageIDs(ctx context.Context, conversation string) ([]string, error) {
	var ids []string
	var before *string
	for {
		var data struct {
			Conversation struct {
				Messages page `json:"messages"`
			} `json:"conversation"`
		}
		if err := c.ask(ctx, messagesDocument, map[string]any{"id": conversation, "before": before}, &data); err != nil {
			return nil, err
		}
		messages := data.Conversation.Messages
		for _, node := range messages.Nodes {
			ids = append(ids, node.ID)
		}
		if !messages.PageInfo.HasPreviousPage {
			return ids, nil
		}
		before = &messages.PageInfo.StartCursor
	}
}
