package inbox

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"recado/models"
	"recado/store"
)

// NoteList is the list of a conversation's notes, the oldest first, and the part of
// it that is wanted; without a size, its end.
type NoteList struct {
	ConversationID models.ID
	Page           PageRequest
}

// NoteResult is what became of a NoteList.
type NoteResult struct {
	Page Page[models.ConversationNote]
	Err  error // INVALID for a request out of bounds
}

// Notes returns pages of notes, one for each list, in one statement unless a
// conversation is named twice. A conversation on a channel that the viewer may not
// see has no notes.
func (s *Service) Notes(ctx context.Context, viewer models.Viewer, lists []NoteList) ([]NoteResult, error) {
	results := make([]NoteResult, len(lists))
	ranges := make([]store.Range, len(lists))
	var open []int // indexes of lists still to be read
	for i, list := range lists {
		if ranges[i], results[i].Err = noteKeyset(list.ConversationID).Range(list.Page); results[i].Err == nil {
			open = append(open, i)
		}
	}
	for len(open) > 0 {
		now := make(map[models.ID]int, len(open)) // conversation → index
		var later []int
		for _, i := range open {
			if _, taken := now[lists[i].ConversationID]; taken || len(now) == listsPerStatement {
				later = append(later, i)
			} else {
				now[lists[i].ConversationID] = i
			}
		}
		of, err := s.readNotes(ctx, viewer, now, ranges)
		if err != nil {
			return nil, err
		}
		for conversation, i := range now {
			results[i].Page = store.PageOf(ranges[i], of[conversation], notePlace)
		}
		open = later
	}
	return results, nil
}

// readNotes reads the ranges of several conversations at once: a limited query for
// each, put together.
func (s *Service) readNotes(ctx context.Context, viewer models.Viewer, lists map[models.ID]int, ranges []store.Range) (map[models.ID][]models.ConversationNote, error) {
	parts := make([]any, 0, len(lists))
	for conversation, i := range lists {
		query := s.db.Read(ctx).Model(&models.ConversationNote{}).
			Where("organization_id = ? AND conversation_id = ?", viewer.OrganizationID, conversation)
		parts = append(parts, ranges[i].Apply(query))
	}
	union := "SELECT * FROM (?) AS part" + strings.Repeat(" UNION ALL SELECT * FROM (?) AS part", len(parts)-1)
	var rows []models.ConversationNote
	if err := s.db.Read(ctx).Raw(union, parts...).Scan(&rows).Error; err != nil {
		return nil, fmt.Errorf("list notes of %d conversations: %w", len(lists), err)
	}
	of := make(map[models.ID][]models.ConversationNote, len(lists))
	for _, row := range rows {
		if viewer.Can(row.ChannelID, models.LevelView) {
			of[row.ConversationID] = append(of[row.ConversationID], row)
		}
	}
	for conversation, notes := range maps.All(of) {
		ascending := ranges[lists[conversation]].Ascending()
		slices.SortFunc(notes, func(a, b models.ConversationNote) int { // a union promises no order
			order := cmp.Or(a.CreatedAt.Compare(b.CreatedAt), slices.Compare(a.ID[:], b.ID[:]))
			if ascending {
				return order
			}
			return -order
		})
	}
	return of, nil
}

// NotesByID returns those of the notes that exist for the viewer.
func (s *Service) NotesByID(ctx context.Context, viewer models.Viewer, ids []models.ID) (map[models.ID]models.ConversationNote, error) {
	found, err := rowsByID(ctx, s, viewer, ids, func(note models.ConversationNote) models.ID { return note.ID })
	maps.DeleteFunc(found, func(_ models.ID, note models.ConversationNote) bool {
		return !viewer.Can(note.ChannelID, models.LevelView)
	})
	return found, err
}

// NoteCursor is the place of a note in the list of its conversation.
func NoteCursor(note models.ConversationNote) string {
	return noteKeyset(note.ConversationID).CursorOf(notePlace(&note))
}

func notePlace(n *models.ConversationNote) store.Place {
	return store.Place{At: n.CreatedAt, ID: n.ID}
}

func noteKeyset(conversation models.ID) store.Keyset {
	return store.Keyset{Column: "created_at", FromEnd: true, Scope: "notes of " + conversation.String()}
}
