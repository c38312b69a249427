package inbox

import (
	"context"
	"maps"

	"recado/models"
	"recado/store"
)

// NoteList is the list of a conversation's notes, the oldest first, and the part of
// it that is wanted; without a size, its end.
type NoteList = ConversationPart

// NoteResult is what became of a NoteList.
type NoteResult = PartResult[models.ConversationNote]

var noteLists = belongings[models.ConversationNote]{
	name: "notes", keyset: noteKeyset, place: notePlace,
	conversation: func(n *models.ConversationNote) models.ID { return n.ConversationID },
	visible: func(viewer models.Viewer, n *models.ConversationNote) bool {
		return viewer.Can(n.ChannelID, models.LevelView)
	},
}

// Notes returns pages of notes, one for each list, in one statement unless a
// conversation is named twice. A conversation that does not exist has no notes.
func (s *Service) Notes(ctx context.Context, viewer models.Viewer, lists []NoteList) ([]NoteResult, error) {
	return noteLists.parts(ctx, s, viewer, lists)
}

// NotesByID returns those of the notes that exist for the viewer.
func (s *Service) NotesByID(ctx context.Context, viewer models.Viewer, ids []models.ID) (map[models.ID]models.ConversationNote, error) {
	found, err := store.ByID(s.db.Read(ctx), viewer.OrganizationID, ids, func(note *models.ConversationNote) models.ID { return note.ID })
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
