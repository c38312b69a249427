package graph

import (
	"context"

	"recado/inbox"
	"recado/models"
)

// partKey is a part of a list that belongs to a conversation or another object, as a key
// of a loader.
type partKey struct {
	owner         models.ID
	first, last   optional[int32]
	after, before optional[string]
}

func newPartKey(owner models.ID, first *int32, after *string, last *int32, before *string) partKey {
	return partKey{
		owner: owner,
		first: optionally(first), last: optionally(last), after: optionally(after), before: optionally(before),
	}
}

// request is which part it is.
func (k partKey) request() inbox.PageRequest {
	return pageRequest(k.first.pointer(), k.after.pointer(), k.last.pointer(), k.before.pointer())
}

// optional is a pointer's value, to be compared by it.
type optional[T comparable] struct {
	given bool
	value T
}

func optionally[T comparable](pointer *T) optional[T] {
	if pointer == nil {
		return optional[T]{}
	}
	return optional[T]{given: true, value: *pointer}
}

func (o optional[T]) pointer() *T {
	if !o.given {
		return nil
	}
	return &o.value
}

// byPart has a loader read many parts at once.
func byPart[R any](read func(context.Context, models.Viewer, []inbox.ConversationPart) ([]R, error),
) func(context.Context, models.Viewer, []partKey) (map[partKey]R, error) {
	return func(ctx context.Context, viewer models.Viewer, keys []partKey) (map[partKey]R, error) {
		parts := make([]inbox.ConversationPart, len(keys))
		for i, key := range keys {
			parts[i] = inbox.ConversationPart{ConversationID: key.owner, Page: key.request()}
		}
		results, err := read(ctx, viewer, parts)
		if err != nil {
			return nil, err
		}
		found := make(map[partKey]R, len(keys))
		for i, key := range keys {
			found[key] = results[i]
		}
		return found, nil
	}
}
