// Package gqlmodel holds the Go shapes of the types in schema.graphqls.
//
// Objects that are rows are the rows of package models under another name, so
// that a row becomes an object without a copy; what the schema calls differently
// is a method. The rest (inputs, payloads, connections) is generated.
package gqlmodel
