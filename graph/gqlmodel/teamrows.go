package gqlmodel

import "recado/models"

// Tag is models.Tag as clients see it.
type Tag models.Tag

// PublicID is the id that clients see.
func (t *Tag) PublicID() string { return models.PublicID(models.PrefixTag, t.ID) }

// IsNode marks the type as a Node.
func (*Tag) IsNode() {}

// Note is models.ConversationNote as clients see it.
type Note models.ConversationNote

// PublicID is the id that clients see.
func (n *Note) PublicID() string { return models.PublicID(models.PrefixNote, n.ID) }

// IsNode marks the type as a Node.
func (*Note) IsNode() {}

// Notification is models.Notification as clients see it.
type Notification models.Notification

// PublicID is the id that clients see.
func (n *Notification) PublicID() string { return models.PublicID(models.PrefixNotification, n.ID) }

// IsRead reports whether the user has read it.
func (n *Notification) IsRead() bool { return n.ReadAt != nil }

// IsNode marks the type as a Node.
func (*Notification) IsNode() {}

// ContactBlock is models.ContactBlock as clients see it.
type ContactBlock models.ContactBlock

// TagConnection is a page of tags.
type TagConnection struct {
	Rows     []models.Tag
	Cursor   func(index int) string
	PageInfo PageInfo
}

// Edges are the tags with their cursors.
func (c *TagConnection) Edges() []TagEdge {
	return edges(c.Rows, func(i int) TagEdge { return TagEdge{Node: (*Tag)(&c.Rows[i]), cursor: c.Cursor, index: i} })
}

// Nodes are the tags alone.
func (c *TagConnection) Nodes() []*Tag {
	return edges(c.Rows, func(i int) *Tag { return (*Tag)(&c.Rows[i]) })
}

// TagEdge is a tag in its place in a list.
type TagEdge struct {
	Node   *Tag
	cursor func(int) string
	index  int
}

// Cursor is the place.
func (e *TagEdge) Cursor() string { return e.cursor(e.index) }

// NoteConnection is a page of notes.
type NoteConnection struct {
	Rows     []models.ConversationNote
	Cursor   func(index int) string
	PageInfo PageInfo
}

// Edges are the notes with their cursors.
func (c *NoteConnection) Edges() []NoteEdge {
	return edges(c.Rows, func(i int) NoteEdge { return NoteEdge{Node: (*Note)(&c.Rows[i]), cursor: c.Cursor, index: i} })
}

// Nodes are the notes alone.
func (c *NoteConnection) Nodes() []*Note {
	return edges(c.Rows, func(i int) *Note { return (*Note)(&c.Rows[i]) })
}

// NoteEdge is a note in its place in a conversation.
type NoteEdge struct {
	Node   *Note
	cursor func(int) string
	index  int
}

// NewNoteEdge puts a note into its place.
func NewNoteEdge(note *Note, cursor string) *NoteEdge {
	return &NoteEdge{Node: note, cursor: func(int) string { return cursor }}
}

// Cursor is the place.
func (e *NoteEdge) Cursor() string { return e.cursor(e.index) }

// NotificationConnection is a page of notifications.
type NotificationConnection struct {
	Rows     []models.Notification
	Cursor   func(index int) string
	PageInfo PageInfo
}

// Edges are the notifications with their cursors.
func (c *NotificationConnection) Edges() []NotificationEdge {
	return edges(c.Rows, func(i int) NotificationEdge {
		return NotificationEdge{Node: (*Notification)(&c.Rows[i]), cursor: c.Cursor, index: i}
	})
}

// Nodes are the notifications alone.
func (c *NotificationConnection) Nodes() []*Notification {
	return edges(c.Rows, func(i int) *Notification { return (*Notification)(&c.Rows[i]) })
}

// NotificationEdge is a notification in its place in a list.
type NotificationEdge struct {
	Node   *Notification
	cursor func(int) string
	index  int
}

// Cursor is the place.
func (e *NotificationEdge) Cursor() string { return e.cursor(e.index) }
