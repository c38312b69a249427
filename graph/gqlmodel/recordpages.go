package gqlmodel

import "recado/models"

// CompanyConnection is a page of companies.
type CompanyConnection struct {
	Rows     []models.Company
	Cursor   func(index int) string
	PageInfo PageInfo
}

// Edges are the companies with their cursors.
func (c *CompanyConnection) Edges() []CompanyEdge {
	return edges(c.Rows, func(i int) CompanyEdge { return CompanyEdge{Node: (*Company)(&c.Rows[i]), cursor: c.Cursor, index: i} })
}

// Nodes are the companies alone.
func (c *CompanyConnection) Nodes() []*Company {
	return edges(c.Rows, func(i int) *Company { return (*Company)(&c.Rows[i]) })
}

// CompanyEdge is a company in its place in a list.
type CompanyEdge struct {
	Node   *Company
	cursor func(int) string
	index  int
}

// Cursor is the place.
func (e *CompanyEdge) Cursor() string { return e.cursor(e.index) }

// DealConnection is a page of deals.
type DealConnection struct {
	Rows     []models.Deal
	Cursor   func(index int) string
	PageInfo PageInfo
}

// Edges are the deals with their cursors.
func (c *DealConnection) Edges() []DealEdge {
	return edges(c.Rows, func(i int) DealEdge { return DealEdge{Node: (*Deal)(&c.Rows[i]), cursor: c.Cursor, index: i} })
}

// Nodes are the deals alone.
func (c *DealConnection) Nodes() []*Deal {
	return edges(c.Rows, func(i int) *Deal { return (*Deal)(&c.Rows[i]) })
}

// DealEdge is a deal in its place in a list.
type DealEdge struct {
	Node   *Deal
	cursor func(int) string
	index  int
}

// Cursor is the place.
func (e *DealEdge) Cursor() string { return e.cursor(e.index) }

// CustomFieldConnection is a page of custom fields.
type CustomFieldConnection struct {
	Rows     []models.CustomField
	Cursor   func(index int) string
	PageInfo PageInfo
}

// Edges are the custom fields with their cursors.
func (c *CustomFieldConnection) Edges() []CustomFieldEdge {
	return edges(c.Rows, func(i int) CustomFieldEdge {
		return CustomFieldEdge{Node: (*CustomField)(&c.Rows[i]), cursor: c.Cursor, index: i}
	})
}

// Nodes are the custom fields alone.
func (c *CustomFieldConnection) Nodes() []*CustomField {
	return edges(c.Rows, func(i int) *CustomField { return (*CustomField)(&c.Rows[i]) })
}

// CustomFieldEdge is a custom field in its place in a list.
type CustomFieldEdge struct {
	Node   *CustomField
	cursor func(int) string
	index  int
}

// Cursor is the place.
func (e *CustomFieldEdge) Cursor() string { return e.cursor(e.index) }
