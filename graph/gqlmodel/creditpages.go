package gqlmodel

import "recado/models"

// CreditEntryConnection is a page of the ledger.
type CreditEntryConnection struct {
	Rows     []CreditEntry
	Cursor   func(index int) string
	PageInfo PageInfo
}

// Edges are the entries with their cursors.
func (c *CreditEntryConnection) Edges() []CreditEntryEdge {
	return edges(c.Rows, func(i int) CreditEntryEdge { return CreditEntryEdge{Node: &c.Rows[i], cursor: c.Cursor, index: i} })
}

// Nodes are the entries alone.
func (c *CreditEntryConnection) Nodes() []*CreditEntry {
	return edges(c.Rows, func(i int) *CreditEntry { return &c.Rows[i] })
}

// CreditEntryEdge is an entry in its place in the ledger.
type CreditEntryEdge struct {
	Node   *CreditEntry
	cursor func(int) string
	index  int
}

// Cursor is the place.
func (e *CreditEntryEdge) Cursor() string { return e.cursor(e.index) }

// CreditPurchaseConnection is a page of purchases.
type CreditPurchaseConnection struct {
	Rows     []models.CreditPurchase
	Cursor   func(index int) string
	PageInfo PageInfo
}

// Edges are the purchases with their cursors.
func (c *CreditPurchaseConnection) Edges() []CreditPurchaseEdge {
	return edges(c.Rows, func(i int) CreditPurchaseEdge {
		return CreditPurchaseEdge{Node: (*CreditPurchase)(&c.Rows[i]), cursor: c.Cursor, index: i}
	})
}

// Nodes are the purchases alone.
func (c *CreditPurchaseConnection) Nodes() []*CreditPurchase {
	return edges(c.Rows, func(i int) *CreditPurchase { return (*CreditPurchase)(&c.Rows[i]) })
}

// CreditPurchaseEdge is a purchase in its place in a list.
type CreditPurchaseEdge struct {
	Node   *CreditPurchase
	cursor func(int) string
	index  int
}

// Cursor is the place.
func (e *CreditPurchaseEdge) Cursor() string { return e.cursor(e.index) }
