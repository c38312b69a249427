package graph

import (
	"context"
	"errors"
	"strings"

	"recado/models"
)

// problem is a user error of any domain: their generated types are all like this.
type problem struct {
	Code    models.Code
	Message string
	Field   []string
}

// inputPaths says where a room's field is in a mutation's input, where that is not
// directly in it.
type inputPaths map[string]string

// userErrors sorts the error of a room: what a user can mend becomes the payload's
// userErrors, an empty list if there is none; anything else is returned as error.
// The codes that a user can mend are the values of the payload's enum.
func userErrors[T any](ctx context.Context, e *Edge, err error, enum string, paths inputPaths, as func(problem) T) ([]T, error) {
	if err == nil {
		return []T{}, nil
	}
	failure, ok := errors.AsType[*models.Error](err)
	if !ok || e.Schema().Types[enum].EnumValues.ForName(string(failure.Code)) == nil {
		return nil, err
	}
	found := problem{Code: failure.Code, Message: e.failureText(ctx, failure)}
	if failure.Field != "" {
		path := failure.Field
		if longer, ok := paths[path]; ok {
			path = longer
		}
		found.Field = append([]string{"input"}, strings.Split(path, ".")...)
	}
	return []T{as(found)}, nil
}
