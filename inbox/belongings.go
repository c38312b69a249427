package inbox

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"

	"recado/models"
	"recado/store"
)

// ConversationPart names a part of a list that belongs to a conversation: its
// messages, its notes, its assignment log.
type ConversationPart struct {
	ConversationID models.ID
	Page           PageRequest
}

// PartResult is what became of a ConversationPart.
type PartResult[T any] struct {
	Page Page[T]
	Err  error // INVALID for a request out of bounds; NOT_FOUND if the viewer may not see the conversation
}

// belongings is a kind of rows that belong to conversations.
type belongings[T any] struct {
	name         string
	keyset       func(conversation models.ID) store.Keyset
	place        func(*T) store.Place
	conversation func(*T) models.ID
	narrow       func(*gorm.DB) *gorm.DB      // nil: all rows of a conversation are in the list
	visible      func(models.Viewer, *T) bool // whether the viewer may see what belongs to the row's conversation; nil: known beforehand
}

// parts reads parts of the lists of conversations, in one statement unless a
// conversation is named twice. Of a conversation that does not exist there is nothing.
func (kind belongings[T]) parts(ctx context.Context, s *Service, viewer models.Viewer, wanted []ConversationPart) ([]PartResult[T], error) {
	results := make([]PartResult[T], len(wanted))
	ranges := make([]store.Range, len(wanted))
	var open []int // indexes of parts still to be read
	for i, part := range wanted {
		if ranges[i], results[i].Err = kind.keyset(part.ConversationID).Range(part.Page); results[i].Err == nil {
			open = append(open, i)
		}
	}
	for len(open) > 0 {
		now := make(map[models.ID]int, len(open)) // conversation → index
		var later []int
		for _, i := range open {
			if _, taken := now[wanted[i].ConversationID]; taken || len(now) == partsPerStatement {
				later = append(later, i)
			} else {
				now[wanted[i].ConversationID] = i
			}
		}
		if err := kind.read(ctx, s, viewer, now, ranges, results); err != nil {
			return nil, err
		}
		open = later
	}
	return results, nil
}

// partsPerStatement bounds the parts of one statement (SQLite takes 500).
const partsPerStatement = 100

// read reads the ranges of several conversations at once: a limited query for each,
// put together.
func (kind belongings[T]) read(ctx context.Context, s *Service, viewer models.Viewer, wanted map[models.ID]int,
	ranges []store.Range, results []PartResult[T],
) error {
	queries := make([]any, 0, len(wanted))
	for conversation, i := range wanted {
		query := s.db.Read(ctx).Model(new(T)).Where("organization_id = ? AND conversation_id = ?", viewer.OrganizationID, conversation)
		if kind.narrow != nil {
			query = kind.narrow(query)
		}
		queries = append(queries, ranges[i].Apply(query))
	}
	union := "SELECT * FROM (?) AS part" + strings.Repeat(" UNION ALL SELECT * FROM (?) AS part", len(queries)-1)
	var rows []T
	if err := s.db.Read(ctx).Raw(union, queries...).Scan(&rows).Error; err != nil {
		return fmt.Errorf("list %s of %d conversations: %w", kind.name, len(wanted), err)
	}
	of := make(map[models.ID][]T, len(wanted))
	for i := range rows {
		conversation := kind.conversation(&rows[i])
		of[conversation] = append(of[conversation], rows[i])
	}
	for conversation, i := range wanted {
		part := of[conversation]
		if len(part) > 0 && kind.visible != nil && !kind.visible(viewer, &part[0]) {
			results[i].Err = models.ErrNotFound
			continue
		}
		ascending := ranges[i].Ascending()
		slices.SortFunc(part, func(a, b T) int { // a union promises no order
			x, y := kind.place(&a), kind.place(&b)
			order := cmp.Or(x.At.Compare(y.At), slices.Compare(x.ID[:], y.ID[:]))
			if ascending {
				return order
			}
			return -order
		})
		results[i].Page = store.PageOf(ranges[i], part, kind.place)
	}
	return nil
}
