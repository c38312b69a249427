package inbox

import (
	"context"

	"recado/models"
	"recado/store"
)

// AssignmentLogList is the assignment log of a conversation, newest first, and the
// part of it that is wanted.
type AssignmentLogList = ConversationPart

// AssignmentLogResult is what became of an AssignmentLogList.
type AssignmentLogResult = PartResult[models.AssignmentEntry]

var assignmentLogs = belongings[models.AssignmentEntry]{
	name: "assignments",
	keyset: func(conversation models.ID) store.Keyset {
		return store.Keyset{Column: "created_at", NewestFirst: true, Scope: "assignments of " + conversation.String()}
	},
	place:        func(e *models.AssignmentEntry) store.Place { return store.Place{At: e.CreatedAt, ID: e.ID} },
	conversation: func(e *models.AssignmentEntry) models.ID { return e.ConversationID },
}

// AssignmentLogs returns parts of assignment logs, in two statements unless a
// conversation is named twice.
func (s *Service) AssignmentLogs(ctx context.Context, viewer models.Viewer, lists []AssignmentLogList) ([]AssignmentLogResult, error) {
	ids := make([]models.ID, len(lists))
	for i, list := range lists {
		ids[i] = list.ConversationID
	}
	visible, err := s.ConversationsByID(ctx, viewer, distinct(ids))
	if err != nil {
		return nil, err
	}
	var seen []AssignmentLogList
	for _, list := range lists {
		if _, ok := visible[list.ConversationID]; ok {
			seen = append(seen, list)
		}
	}
	found, err := assignmentLogs.parts(ctx, s, viewer, seen)
	if err != nil {
		return nil, err
	}
	results := make([]AssignmentLogResult, len(lists))
	for i, list := range lists {
		if _, ok := visible[list.ConversationID]; ok {
			results[i], found = found[0], found[1:]
		} else {
			results[i].Err = models.ErrNotFound
		}
	}
	return results, nil
}
