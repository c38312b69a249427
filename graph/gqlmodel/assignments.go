package gqlmodel

import "recado/models"

// Workload is models.Workload as clients see it.
type Workload models.Workload

// AssignmentEntry is models.AssignmentEntry as clients see it.
type AssignmentEntry models.AssignmentEntry

// PublicID is the id that clients see.
func (e *AssignmentEntry) PublicID() string { return models.PublicID(models.PrefixAssignment, e.ID) }

// PassedOver are those who were passed over.
func (e *AssignmentEntry) PassedOver() []AssignmentSkip {
	skipped := make([]AssignmentSkip, len(e.Skipped))
	for i, skip := range e.Skipped {
		skipped[i] = AssignmentSkip(skip)
	}
	return skipped
}

// AssignmentSkip is models.Skip as clients see it.
type AssignmentSkip models.Skip

// Presence is models.Presence as clients see it.
type Presence models.Presence

// AssignmentEntryConnection is a page of decisions.
type AssignmentEntryConnection struct {
	Rows     []models.AssignmentEntry
	Cursor   func(index int) string
	PageInfo PageInfo
}

// Edges are the decisions with their cursors.
func (c *AssignmentEntryConnection) Edges() []AssignmentEntryEdge {
	return edges(c.Rows, func(i int) AssignmentEntryEdge {
		return AssignmentEntryEdge{Node: (*AssignmentEntry)(&c.Rows[i]), cursor: c.Cursor, index: i}
	})
}

// Nodes are the decisions alone.
func (c *AssignmentEntryConnection) Nodes() []*AssignmentEntry {
	return edges(c.Rows, func(i int) *AssignmentEntry { return (*AssignmentEntry)(&c.Rows[i]) })
}

// AssignmentEntryEdge is a decision in its place in a log.
type AssignmentEntryEdge struct {
	Node   *AssignmentEntry
	cursor func(int) string
	index  int
}

// Cursor is the place.
func (e *AssignmentEntryEdge) Cursor() string { return e.cursor(e.index) }
