package graph

import (
	"context"

	"recado/graph/gqlmodel"
	"recado/inbox"
	"recado/models"
)

// Notes are the conversation's.
func (r conversationResolver) Notes(ctx context.Context, conversation *gqlmodel.Conversation, first *int32, after *string, last *int32, before *string) (*gqlmodel.NoteConnection, error) {
	result, err := loadersFrom(ctx).noteLists.load(ctx, newPartKey(conversation.ID, first, after, last, before))
	if err != nil {
		return nil, err
	}
	if result.Err != nil {
		return nil, result.Err
	}
	page := result.Page
	return &gqlmodel.NoteConnection{Rows: page.Rows, Cursor: page.Cursor, PageInfo: pageInfo(page)}, nil
}

// Conversation is the one that the note was written in.
func (r noteResolver) Conversation(ctx context.Context, note *gqlmodel.Note) (*gqlmodel.Conversation, error) {
	return loadConversation(ctx, note.ConversationID)
}

// Author is who wrote the note.
func (r noteResolver) Author(ctx context.Context, note *gqlmodel.Note) (*gqlmodel.User, error) {
	return loadUser(ctx, &note.AuthorID)
}

// Mentions are the users whom the note mentions.
func (r noteResolver) Mentions(ctx context.Context, note *gqlmodel.Note) ([]gqlmodel.User, error) {
	return loadUsers(ctx, note.Mentions)
}

// NoteCreate writes a note.
func (r mutationResolver) NoteCreate(ctx context.Context, input gqlmodel.NoteCreateInput) (*gqlmodel.NoteCreatePayload, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	var ids idParser
	wish := inbox.Note{ConversationID: ids.parse(models.PrefixConversation, input.ConversationID, "conversationId"), Body: input.Body}
	if key := input.IdempotencyKey.Value(); key != nil {
		wish.IdempotencyKey = *key
	}
	note, err := models.ConversationNote{}, ids.err
	if err == nil {
		wish.Mentions, err = publicIDs(models.PrefixUser, input.MentionedUserIds.Value(), "mentionedUserIds", models.MaxNoteMentions)
	}
	if err == nil {
		note, err = r.rooms.Inbox.AddNote(ctx, viewer, wish)
	}
	payload := &gqlmodel.NoteCreatePayload{}
	if payload.UserErrors, err = r.noteErrors(ctx, err); err == nil && len(payload.UserErrors) == 0 {
		payload.Note = (*gqlmodel.Note)(&note)
		payload.NoteEdge = gqlmodel.NewNoteEdge(payload.Note, inbox.NoteCursor(note))
	}
	return orNothing(payload, err)
}

// NoteUpdate changes a note. With CONFLICT the note is there as well, as it is now.
func (r mutationResolver) NoteUpdate(ctx context.Context, input gqlmodel.NoteUpdateInput) (*gqlmodel.NoteUpdatePayload, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	var ids idParser
	edit := inbox.NoteEdit{
		NoteID: ids.parse(models.PrefixNote, input.NoteID, "noteId"), Body: input.Body, ExpectedVersion: version(input.ExpectedVersion),
	}
	note, err := models.ConversationNote{}, ids.err
	if err == nil {
		edit.Mentions, err = publicIDs(models.PrefixUser, input.MentionedUserIds.Value(), "mentionedUserIds", models.MaxNoteMentions)
	}
	if err == nil {
		note, err = r.rooms.Inbox.EditNote(ctx, viewer, edit)
	}
	code := models.CodeOf(err)
	payload := &gqlmodel.NoteUpdatePayload{}
	if payload.UserErrors, err = r.noteErrors(ctx, err); code == "" || code == models.CodeConflict {
		payload.Note = (*gqlmodel.Note)(&note)
	}
	return orNothing(payload, err)
}

// NoteDelete deletes a note.
func (r mutationResolver) NoteDelete(ctx context.Context, input gqlmodel.NoteDeleteInput) (*gqlmodel.NoteDeletePayload, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	var ids idParser
	id := ids.parse(models.PrefixNote, input.NoteID, "noteId")
	if err = ids.err; err == nil {
		_, err = r.rooms.Inbox.DeleteNote(ctx, viewer, id)
	}
	payload := &gqlmodel.NoteDeletePayload{}
	if payload.UserErrors, err = r.noteErrors(ctx, err); err == nil && len(payload.UserErrors) == 0 {
		payload.DeletedNoteID = &input.NoteID
	}
	return orNothing(payload, err)
}

func (e *Edge) noteErrors(ctx context.Context, err error) ([]gqlmodel.NoteUserError, error) {
	return userErrors(ctx, e, err, "NoteErrorCode", nil, func(p problem) gqlmodel.NoteUserError { return gqlmodel.NoteUserError(p) })
}

// Cursor is the event's place in the feed.
func (r noteAddedEventResolver) Cursor(_ context.Context, event *gqlmodel.NoteAddedEvent) (string, error) {
	return feedCursor(event.Event), nil
}

// Conversation is the conversation after the event.
func (r noteAddedEventResolver) Conversation(ctx context.Context, event *gqlmodel.NoteAddedEvent) (*gqlmodel.Conversation, error) {
	return eventConversation(ctx, &event.Payload), nil
}

// Cursor is the event's place in the feed.
func (r noteChangedEventResolver) Cursor(_ context.Context, event *gqlmodel.NoteChangedEvent) (string, error) {
	return feedCursor(event.Event), nil
}

// Conversation is the conversation after the event.
func (r noteChangedEventResolver) Conversation(ctx context.Context, event *gqlmodel.NoteChangedEvent) (*gqlmodel.Conversation, error) {
	return eventConversation(ctx, &event.Payload), nil
}

// Cursor is the event's place in the feed.
func (r noteDeletedEventResolver) Cursor(_ context.Context, event *gqlmodel.NoteDeletedEvent) (string, error) {
	return feedCursor(event.Event), nil
}

// Conversation is the conversation after the event.
func (r noteDeletedEventResolver) Conversation(ctx context.Context, event *gqlmodel.NoteDeletedEvent) (*gqlmodel.Conversation, error) {
	return eventConversation(ctx, &event.Payload), nil
}
