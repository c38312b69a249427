package gqlmodel

import "recado/models"

// Connections hold a page as it was read; edges, nodes and cursors are made when
// they are asked for.

// ChannelConnection is a page of channels.
type ChannelConnection struct {
	Rows     []models.Channel
	Cursor   func(index int) string
	PageInfo PageInfo
}

// Edges are the channels with their cursors.
func (c *ChannelConnection) Edges() []ChannelEdge {
	return edges(c.Rows, func(i int) ChannelEdge {
		return ChannelEdge{Node: (*Channel)(&c.Rows[i]), cursor: c.Cursor, index: i}
	})
}

// Nodes are the channels alone.
func (c *ChannelConnection) Nodes() []*Channel {
	return edges(c.Rows, func(i int) *Channel { return (*Channel)(&c.Rows[i]) })
}

// ChannelEdge is a channel in its place in a list.
type ChannelEdge struct {
	Node   *Channel
	cursor func(int) string
	index  int
}

// Cursor is the place.
func (e *ChannelEdge) Cursor() string { return e.cursor(e.index) }

// ConversationConnection is a page of conversations.
type ConversationConnection struct {
	Rows     []models.Conversation
	Cursor   func(index int) string
	PageInfo PageInfo
}

// Edges are the conversations with their cursors.
func (c *ConversationConnection) Edges() []ConversationEdge {
	return edges(c.Rows, func(i int) ConversationEdge { return *c.Edge(i) })
}

// Edge is the one with that index.
func (c *ConversationConnection) Edge(i int) *ConversationEdge {
	return &ConversationEdge{Node: c.Node(i), cursor: c.Cursor, index: i}
}

// Nodes are the conversations alone.
func (c *ConversationConnection) Nodes() []*Conversation { return edges(c.Rows, c.Node) }

// Node is the one with that index.
func (c *ConversationConnection) Node(i int) *Conversation { return (*Conversation)(&c.Rows[i]) }

// ConversationEdge is a conversation in its place in a list.
type ConversationEdge struct {
	Node   *Conversation
	cursor func(int) string
	index  int
}

// Cursor is the place.
func (e *ConversationEdge) Cursor() string { return e.cursor(e.index) }

// MessageConnection is a page of messages.
type MessageConnection struct {
	Rows     []models.Message
	Cursor   func(index int) string
	PageInfo PageInfo
}

// Edges are the messages with their cursors.
func (c *MessageConnection) Edges() []MessageEdge {
	return edges(c.Rows, func(i int) MessageEdge { return *c.Edge(i) })
}

// Edge is the one with that index.
func (c *MessageConnection) Edge(i int) *MessageEdge {
	return &MessageEdge{Node: c.Node(i), cursor: c.Cursor, index: i}
}

// Nodes are the messages alone.
func (c *MessageConnection) Nodes() []*Message { return edges(c.Rows, c.Node) }

// Node is the one with that index.
func (c *MessageConnection) Node(i int) *Message { return (*Message)(&c.Rows[i]) }

// MessageEdge is a message in its place in a conversation.
type MessageEdge struct {
	Node   *Message
	cursor func(int) string
	index  int
}

// NewMessageEdge puts a message into its place.
func NewMessageEdge(message *Message, cursor string) *MessageEdge {
	return &MessageEdge{Node: message, cursor: func(int) string { return cursor }}
}

// Cursor is the place.
func (e *MessageEdge) Cursor() string { return e.cursor(e.index) }

// PageInfo is where a page begins and ends.
type PageInfo struct {
	HasNextPage     bool
	HasPreviousPage bool
	StartCursor     *string
	EndCursor       *string
}

func edges[R, E any](rows []R, edge func(int) E) []E {
	made := make([]E, len(rows))
	for i := range rows {
		made[i] = edge(i)
	}
	return made
}
