package inbox

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"recado/models"
	"recado/store"
)

// AssignmentLogList is the assignment log of a conversation, newest first, and the
// part of it that is wanted.
type AssignmentLogList struct {
	ConversationID models.ID
	Page           PageRequest
}

// AssignmentLogResult is what became of an AssignmentLogList.
type AssignmentLogResult struct {
	Page Page[models.AssignmentEntry]
	Err  error // INVALID for a request out of bounds; NOT_FOUND if the viewer may not see the conversation
}

// AssignmentLogs returns parts of assignment logs, in two statements for all of
// them.
func (s *Service) AssignmentLogs(ctx context.Context, viewer models.Viewer, lists []AssignmentLogList) ([]AssignmentLogResult, error) {
	ids := make([]models.ID, len(lists))
	for i, list := range lists {
		ids[i] = list.ConversationID
	}
	visible, err := s.ConversationsByID(ctx, viewer, distinct(ids))
	if err != nil {
		return nil, err
	}
	results := make([]AssignmentLogResult, len(lists))
	ranges := make([]store.Range, len(lists))
	var wanted []int
	for i, list := range lists {
		if _, ok := visible[list.ConversationID]; !ok {
			results[i].Err = models.ErrNotFound
			continue
		}
		keyset := store.Keyset{Column: "created_at", NewestFirst: true, Scope: "assignments of " + list.ConversationID.String()}
		if ranges[i], results[i].Err = keyset.Range(list.Page); results[i].Err == nil {
			wanted = append(wanted, i)
		}
	}
	for some := range slices.Chunk(wanted, listsPerStatement) {
		if err := s.readAssignmentLogs(ctx, viewer, some, lists, ranges, results); err != nil {
			return nil, err
		}
	}
	return results, nil
}

// readAssignmentLogs reads several ranges at once: a limited query for each, put
// together under its number.
func (s *Service) readAssignmentLogs(ctx context.Context, viewer models.Viewer, wanted []int,
	lists []AssignmentLogList, ranges []store.Range, results []AssignmentLogResult,
) error {
	parts := make([]any, 0, 2*len(wanted))
	for _, i := range wanted {
		query := s.db.Read(ctx).Model(&models.AssignmentEntry{}).
			Where("organization_id = ? AND conversation_id = ?", viewer.OrganizationID, lists[i].ConversationID)
		parts = append(parts, i, ranges[i].Apply(query))
	}
	const part = "SELECT CAST(? AS bigint) AS part, entries.* FROM (?) AS entries"
	var rows []struct {
		Part int
		models.AssignmentEntry
	}
	err := s.db.Read(ctx).Raw(part+strings.Repeat(" UNION ALL "+part, len(wanted)-1), parts...).Scan(&rows).Error
	if err != nil {
		return fmt.Errorf("list assignments of %d conversations: %w", len(wanted), err)
	}
	of := make(map[int][]models.AssignmentEntry, len(wanted))
	for _, row := range rows {
		of[row.Part] = append(of[row.Part], row.AssignmentEntry)
	}
	for _, i := range wanted {
		ascending := ranges[i].Ascending()
		slices.SortFunc(of[i], func(a, b models.AssignmentEntry) int { // a union promises no order
			order := cmp.Or(a.CreatedAt.Compare(b.CreatedAt), slices.Compare(a.ID[:], b.ID[:]))
			if ascending {
				return order
			}
			return -order
		})
		results[i].Page = store.PageOf(ranges[i], of[i], func(e *models.AssignmentEntry) store.Place {
			return store.Place{At: e.CreatedAt, ID: e.ID}
		})
	}
	return nil
}
