package gqlmodel

import (
	"recado/crm"
	"recado/fulltext"
	"recado/inbox"
)

// MessageMatchConnection is a page of messages that were found.
type MessageMatchConnection struct {
	Rows     []inbox.FoundMessage
	Cursor   func(index int) string
	PageInfo PageInfo
}

// Edges are what was found, with cursors.
func (c *MessageMatchConnection) Edges() []MessageMatchEdge {
	return edges(c.Rows, func(i int) MessageMatchEdge { return MessageMatchEdge{Node: c.node(i), cursor: c.Cursor, index: i} })
}

// Nodes are what was found alone.
func (c *MessageMatchConnection) Nodes() []*MessageMatch { return edges(c.Rows, c.node) }

func (c *MessageMatchConnection) node(i int) *MessageMatch {
	return &MessageMatch{Message: (*Message)(&c.Rows[i].Message), Snippet: c.Rows[i].Snippet}
}

// MessageMatchEdge is a message that was found, in its place in the results.
type MessageMatchEdge struct {
	Node   *MessageMatch
	cursor func(int) string
	index  int
}

// Cursor is the place.
func (e *MessageMatchEdge) Cursor() string { return e.cursor(e.index) }

// MessageMatch is a message that was found, and what of it.
type MessageMatch struct {
	Message *Message
	Snippet []fulltext.Segment
}

// ContactMatchConnection is a page of contacts that were found.
type ContactMatchConnection struct {
	Rows     []crm.FoundContact
	Cursor   func(index int) string
	PageInfo PageInfo
}

// Edges are what was found, with cursors.
func (c *ContactMatchConnection) Edges() []ContactMatchEdge {
	return edges(c.Rows, func(i int) ContactMatchEdge { return ContactMatchEdge{Node: c.node(i), cursor: c.Cursor, index: i} })
}

// Nodes are what was found alone.
func (c *ContactMatchConnection) Nodes() []*ContactMatch { return edges(c.Rows, c.node) }

func (c *ContactMatchConnection) node(i int) *ContactMatch {
	return &ContactMatch{Contact: (*Contact)(&c.Rows[i].Contact), Snippet: c.Rows[i].Snippet}
}

// ContactMatchEdge is a contact that was found, in its place in the results.
type ContactMatchEdge struct {
	Node   *ContactMatch
	cursor func(int) string
	index  int
}

// Cursor is the place.
func (e *ContactMatchEdge) Cursor() string { return e.cursor(e.index) }

// ContactMatch is a contact that was found, and what of it.
type ContactMatch struct {
	Contact *Contact
	Snippet []fulltext.Segment
}
