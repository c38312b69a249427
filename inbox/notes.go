package inbox

import (
	"context"
	"slices"

	"recado/channels"
	"recado/models"
	"recado/store"
)

// Note is what somebody of the team writes for the team in a conversation.
type Note struct {
	ConversationID models.ID   `json:"conversationId"`
	IdempotencyKey string      `json:"-"`    // as in Reply; empty: every call makes a note
	Body           string      `json:"body"` // 1 to models.MaxNoteBody characters
	Mentions       []models.ID `json:"mentions,omitempty"`
}

// noteMutation names AddNote in idempotency records, after the public mutation.
const noteMutation = "noteCreate"

// AddNote writes a note. Since no customer ever sees it, whoever may see the
// conversation may write one. The users mentioned are notified, the author never.
// Failures: NOT_FOUND, REQUIRED and INVALID with the field, MENTION_NOT_ALLOWED,
// IDEMPOTENCY_KEY_REUSED.
func (s *Service) AddNote(ctx context.Context, viewer models.Viewer, note Note) (models.ConversationNote, error) {
	if err := checkNote(note.Body, note.Mentions); err != nil {
		return models.ConversationNote{}, err
	}
	if note.IdempotencyKey != "" {
		if err := models.CheckIdempotencyKey(note.IdempotencyKey); err != nil {
			return models.ConversationNote{}, err
		}
	}
	var row models.ConversationNote
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		row = models.ConversationNote{}
		if note.IdempotencyKey != "" {
			first, err := store.RememberedResult(tx, viewer, noteMutation, note.IdempotencyKey, note)
			if err != nil {
				return err
			}
			if first != nil {
				if err := lockRow(tx, &row, viewer.OrganizationID, *first); err != nil {
					return err
				}
				return viewer.Require(row.ChannelID, models.LevelView)
			}
		}
		changes := s.newChanges(tx)
		conversation, err := changes.visible(viewer, note.ConversationID)
		if err != nil {
			return err
		}
		row = models.ConversationNote{
			OrganizationID: viewer.OrganizationID, ID: models.NewID(), ChannelID: conversation.ChannelID, ConversationID: conversation.ID,
			AuthorID: viewer.UserID, Body: note.Body, Mentions: mentioned(note.Mentions), Version: 1,
			CreatedAt: tx.Now(), UpdatedAt: tx.Now(),
		}
		if err := requireMayView(tx, conversation.Conversation, row.Mentions); err != nil {
			return err
		}
		if note.IdempotencyKey != "" {
			if err := store.RememberResult(tx, viewer, noteMutation, note.IdempotencyKey, note, row.ID); err != nil {
				return err
			}
		}
		if err := store.InsertAll(tx, []models.ConversationNote{row}); err != nil {
			return err
		}
		changes.note(models.EventNoteAdded, row)
		changes.mention(row, row.Mentions)
		return changes.save()
	})
	return row, err
}

// NoteEdit is the new wording of a note.
type NoteEdit struct {
	NoteID          models.ID
	Body            string
	Mentions        []models.ID
	ExpectedVersion *int64
}

// EditNote changes a note. Only its author may (FORBIDDEN). Users who were not
// mentioned before are notified. Failures: those of AddNote, and CONFLICT, which
// comes with the present note.
func (s *Service) EditNote(ctx context.Context, viewer models.Viewer, edit NoteEdit) (models.ConversationNote, error) {
	if err := checkNote(edit.Body, edit.Mentions); err != nil {
		return models.ConversationNote{}, err
	}
	var row models.ConversationNote
	err := s.changeNote(ctx, viewer, edit.NoteID, &row, func(tx *store.Tx, changes *changes, conversation *changing) error {
		mentions := mentioned(edit.Mentions)
		switch {
		case row.AuthorID != viewer.UserID:
			return models.NewError(models.CodeForbidden, "")
		case edit.ExpectedVersion != nil && *edit.ExpectedVersion != row.Version:
			return models.NewError(models.CodeConflict, "expectedVersion")
		case row.Body == edit.Body && slices.Equal(row.Mentions, mentions):
			return nil
		}
		fresh := slices.DeleteFunc(slices.Clone(mentions), func(id models.ID) bool { return slices.Contains(row.Mentions, id) })
		if err := requireMayView(tx, conversation.Conversation, fresh); err != nil {
			return err
		}
		row.Body, row.Mentions, row.EditedAt, row.UpdatedAt = edit.Body, mentions, new(tx.Now()), tx.Now()
		row.Version++
		if err := store.UpdateAll(tx, []models.ConversationNote{row}); err != nil {
			return err
		}
		changes.note(models.EventNoteChanged, row)
		changes.mention(row, fresh)
		return nil
	})
	return row, err
}

// DeleteNote deletes a note and returns it as it was. Its author and administrators
// may (FORBIDDEN for others). NOT_FOUND if there is none for the viewer.
func (s *Service) DeleteNote(ctx context.Context, viewer models.Viewer, id models.ID) (models.ConversationNote, error) {
	var row models.ConversationNote
	err := s.changeNote(ctx, viewer, id, &row, func(tx *store.Tx, changes *changes, _ *changing) error {
		if row.AuthorID != viewer.UserID && !viewer.Administrator {
			return models.NewError(models.CodeForbidden, "")
		}
		changes.note(models.EventNoteDeleted, row)
		return tx.Delete(&row).Error
	})
	return row, err
}

// changeNote runs a change of a note that the viewer may see, with its
// conversation locked.
func (s *Service) changeNote(ctx context.Context, viewer models.Viewer, id models.ID, row *models.ConversationNote,
	decide func(tx *store.Tx, changes *changes, conversation *changing) error,
) error {
	return s.db.Write(ctx, func(tx *store.Tx) error {
		// The conversation's lock comes before the note's, and a merge may move the note meanwhile.
		var found []models.ConversationNote
		if err := tx.Limit(1).Find(&found, "organization_id = ? AND id = ?", viewer.OrganizationID, id).Error; err != nil {
			return err
		}
		if len(found) == 0 {
			return models.ErrNotFound
		}
		changes := s.newChanges(tx)
		conversation, err := changes.visible(viewer, found[0].ConversationID)
		if err != nil {
			return err
		}
		*row = models.ConversationNote{}
		if err := lockRow(tx, row, viewer.OrganizationID, id); err != nil {
			return err
		}
		if err := decide(tx, changes, conversation); err != nil {
			return err
		}
		return changes.save()
	})
}

func checkNote(body string, mentions []models.ID) error {
	if len(mentions) > models.MaxNoteMentions {
		return models.NewError(models.CodeInvalid, "mentionedUserIds")
	}
	return models.CheckText(body, "body", models.MaxNoteBody)
}

// mentioned is a list of users as it is kept; nil for nobody.
func mentioned(users []models.ID) []models.ID {
	if len(users) == 0 {
		return nil
	}
	return distinct(slices.Clone(users))
}

// requireMayView refuses to mention users who could not see the note.
func requireMayView(tx *store.Tx, conversation models.Conversation, users []models.ID) error {
	if len(users) == 0 {
		return nil
	}
	able, err := channels.MayView(tx, conversation.OrganizationID, conversation.ChannelID, users)
	if err != nil {
		return err
	}
	if len(able) != len(users) {
		return models.NewError(models.CodeMentionNotAllowed, "mentionedUserIds")
	}
	return nil
}
