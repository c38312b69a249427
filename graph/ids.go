package graph

import (
	"slices"

	"recado/graph/gqlmodel"
	"recado/inbox"
	"recado/models"
)

// idParser reads the public ids of an input. An id that cannot be is an object
// that does not exist: NOT_FOUND, for the first of them.
type idParser struct{ err error }

func (p *idParser) parse(prefix, text, field string) models.ID {
	id, ok := models.ParsePublicID(prefix, text)
	if !ok && p.err == nil {
		p.err = models.NewError(models.CodeNotFound, field)
	}
	return id
}

func (p *idParser) optional(prefix string, text *string, field string) *models.ID {
	if text == nil {
		return nil
	}
	id := p.parse(prefix, *text, field)
	return &id
}

// publicIDs reads a list of ids, each once: INVALID if there are more than most,
// NOT_FOUND for one that cannot be.
func publicIDs(prefix string, texts []string, field string, most int) ([]models.ID, error) {
	if len(texts) > most {
		return nil, models.NewError(models.CodeInvalid, field)
	}
	var parser idParser
	ids := make([]models.ID, 0, len(texts))
	for _, text := range texts {
		if id := parser.parse(prefix, text, field); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids, parser.err
}

// orNothing drops the payload when there is an error.
func orNothing[P any](payload *P, err error) (*P, error) {
	if err != nil {
		return nil, err
	}
	return payload, nil
}

func pageRequest(first *int32, after *string, last *int32, before *string) inbox.PageRequest {
	return inbox.PageRequest{First: size(first), After: after, Last: size(last), Before: before}
}

func size(n *int32) *int {
	if n == nil {
		return nil
	}
	wide := int(*n)
	return &wide
}

func pageInfo[T any](page inbox.Page[T]) gqlmodel.PageInfo {
	return gqlmodel.PageInfo{
		HasNextPage: page.HasNext, HasPreviousPage: page.HasPrevious, StartCursor: page.StartCursor(), EndCursor: page.EndCursor(),
	}
}
