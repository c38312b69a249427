package inbox

import (
	"recado/models"
	"recado/store"
)

// PageRequest is a client's wish for a part of a list; see store.PageRequest.
type PageRequest = store.PageRequest

// Page is a part of a list; see store.Page.
type Page[T any] = store.Page[T]

// Cut makes a page of a list that is in memory, in its order, for lists so short
// that they are read whole. Scope names the list: a cursor of another one is
// INVALID, as is one whose row is gone.
func Cut[T any](request PageRequest, scope string, all []T, id func(*T) models.ID) (Page[T], error) {
	list, err := store.Keyset{Scope: scope}.Range(request)
	if err != nil {
		return Page[T]{}, err
	}
	return store.Cut(list, all, func(row *T) store.Place { return store.Place{ID: id(row)} })
}
