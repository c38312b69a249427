package crm

import (
	"errors"
	"fmt"

	"gorm.io/gorm"

	"recado/models"
	"recado/store"
)

// Patch says what becomes of something that a record may be without: the zero value
// leaves it as it is.
type Patch[T any] struct {
	Given bool
	Value *T // nil: the record is to be without
}

// To is the Patch that sets a value.
func To[T any](value T) Patch[T] { return Patch[T]{Given: true, Value: &value} }

// take reads a row of an organization by a query that may lock it; NOT_FOUND with the
// field if there is none.
func take[T any](query *gorm.DB, organization, id models.ID, field string) (T, error) {
	var row T
	err := query.Take(&row, "organization_id = ? AND id = ?", organization, id).Error
	switch {
	case errors.Is(err, gorm.ErrRecordNotFound):
		return row, models.NewError(models.CodeNotFound, field)
	case err != nil:
		return row, fmt.Errorf("read %T %s: %w", row, id, err)
	}
	return row, nil
}

// taken makes ALREADY_EXISTS with the field of a duplicate key.
func taken(err error, field string) error {
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return models.NewError(models.CodeAlreadyExists, field)
	}
	return err
}

// checkVersion is CONFLICT (expectedVersion) unless the version is the expected one, or
// any is.
func checkVersion(expected *int64, version int64) error {
	if expected != nil && *expected != version {
		return models.NewError(models.CodeConflict, "expectedVersion")
	}
	return nil
}

// administrate is FORBIDDEN for all but administrators.
func administrate(viewer models.Viewer) error {
	if !viewer.Administrator {
		return models.NewError(models.CodeForbidden, "")
	}
	return nil
}

// once has a mutation under a client's key act once: it returns what it made the first
// time, or nil if this is the first time, or there is no key; remember is then to be
// called with what was made.
func once(tx *store.Tx, viewer models.Viewer, mutation string, key *string, input any) (first *models.ID, remember func(models.ID) error, err error) {
	if key == nil {
		return nil, func(models.ID) error { return nil }, nil
	}
	if err := models.CheckIdempotencyKey(*key); err != nil {
		return nil, nil, err
	}
	first, err = store.RememberedResult(tx, viewer, mutation, *key, input)
	return first, func(made models.ID) error { return store.RememberResult(tx, viewer, mutation, *key, input, made) }, err
}

// sameValue compares what two pointers point at; nil is only like nil.
func sameValue[T comparable](a, b *T) bool { return a == b || a != nil && b != nil && *a == *b }
