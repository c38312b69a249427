package gqlmodel

import "recado/models"

// QuickReply is models.QuickReply as clients see it.
type QuickReply models.QuickReply

// PublicID is the id that clients see.
func (q *QuickReply) PublicID() string { return models.PublicID(models.PrefixQuickReply, q.ID) }

// FileID is the id of its attachment that clients see; nil if there is none.
func (q *QuickReply) FileID() *string {
	if q.AttachmentID == nil {
		return nil
	}
	return new(models.PublicID(models.PrefixAttachment, *q.AttachmentID))
}

// Shared reports whether everybody of the organization may use it.
func (q *QuickReply) Shared() bool { return q.OwnerID == nil }

// IsNode marks the type as a Node.
func (*QuickReply) IsNode() {}

// QuickReplyConnection is a page of quick replies.
type QuickReplyConnection struct {
	Rows     []models.QuickReply
	Cursor   func(index int) string
	PageInfo PageInfo
}

// Edges are the quick replies with their cursors.
func (c *QuickReplyConnection) Edges() []QuickReplyEdge {
	return edges(c.Rows, func(i int) QuickReplyEdge {
		return QuickReplyEdge{Node: (*QuickReply)(&c.Rows[i]), cursor: c.Cursor, index: i}
	})
}

// Nodes are the quick replies alone.
func (c *QuickReplyConnection) Nodes() []*QuickReply {
	return edges(c.Rows, func(i int) *QuickReply { return (*QuickReply)(&c.Rows[i]) })
}

// QuickReplyEdge is a quick reply in its place in a list.
type QuickReplyEdge struct {
	Node   *QuickReply
	cursor func(int) string
	index  int
}

// Cursor is the place.
func (e *QuickReplyEdge) Cursor() string { return e.cursor(e.index) }
