package inbox_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"recado/inbox"
	"recado/models"
)

// notes are the bodies of a conversation's notes that a viewer sees.
func (o *office) notes(viewer models.Viewer, conversation models.ID) (bodies []string) {
	o.t.Helper()
	results, err := o.inbox.Notes(o.t.Context(), viewer, []inbox.NoteList{{ConversationID: conversation}})
	require.NoError(o.t, err)
	require.NoError(o.t, results[0].Err)
	for _, note := range results[0].Page.Rows {
		bodies = append(bodies, note.Body)
	}
	return bodies
}

func TestNotes(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		conversation, iris := o.greeted()
		live := o.subscribe(o.watches, inbox.Subscription{ConversationID: &conversation.ID})
		before := o.conversation(conversation.ID)
		note, err := o.inbox.AddNote(t.Context(), o.watches, inbox.Note{ConversationID: conversation.ID, Body: "Cliente antiga"})
		require.NoError(t, err, "whoever may see the conversation may write one")

		t.Run("stay in the team and leave the conversation as it was", func(t *testing.T) {
			after := o.conversation(conversation.ID)
			require.Equal(t, before, after)
			o.flush()
			require.Empty(t, iris.Inbox(o.channel.PhoneNumberID))
			var messages int64
			require.NoError(t, o.db.Read(t.Context()).Model(&models.Message{}).Where("conversation_id = ?", conversation.ID).Count(&messages).Error)
			require.EqualValues(t, 1, messages, "it is no message")
		})
		t.Run("are told live", func(t *testing.T) {
			added := live.next()
			require.Equal(t, models.EventNoteAdded, added.Kind)
			require.Equal(t, note.ID, added.Payload.Note.ID)
			require.Equal(t, before, added.Payload.Conversation)
			require.Equal(t, "Is the shop open today?", added.Payload.LastMessage.Body)
		})
		t.Run("are changed by their author alone", func(t *testing.T) {
			edit := inbox.NoteEdit{NoteID: note.ID, Body: "Cliente antiga e simpática", ExpectedVersion: new(int64(1))}
			_, err := o.inbox.EditNote(t.Context(), o.admin, edit)
			requireCode(t, models.CodeForbidden, err)
			_, err = o.inbox.EditNote(t.Context(), o.stranger, edit)
			requireCode(t, models.CodeNotFound, err)
			_, err = o.inbox.EditNote(t.Context(), o.member(models.LevelNone), edit)
			requireCode(t, models.CodeNotFound, err)
			changed, err := o.inbox.EditNote(t.Context(), o.watches, edit)
			require.NoError(t, err)
			require.Equal(t, noon, *changed.EditedAt)
			require.Equal(t, models.EventNoteChanged, live.next().Kind)
			present, err := o.inbox.EditNote(t.Context(), o.watches, edit)
			requireCode(t, models.CodeConflict, err)
			require.EqualValues(t, 2, present.Version)
		})
		t.Run("are deleted by their author or an administrator", func(t *testing.T) {
			_, err := o.inbox.DeleteNote(t.Context(), o.answers, note.ID)
			requireCode(t, models.CodeForbidden, err)
			_, err = o.inbox.DeleteNote(t.Context(), o.stranger, note.ID)
			requireCode(t, models.CodeNotFound, err)
			_, err = o.inbox.DeleteNote(t.Context(), o.admin, note.ID)
			require.NoError(t, err)
			require.Equal(t, models.EventNoteDeleted, live.next().Kind)
			require.Empty(t, o.notes(o.watches, conversation.ID))
		})
		t.Run("are refused where they are too long, empty, or in what is not seen", func(t *testing.T) {
			for body, code := range map[string]models.Code{" ": models.CodeRequired, strings.Repeat("é", 4097): models.CodeInvalid, "a\x00": models.CodeInvalid} {
				_, err := o.inbox.AddNote(t.Context(), o.watches, inbox.Note{ConversationID: conversation.ID, Body: body})
				requireCode(t, code, err)
			}
			for _, viewer := range []models.Viewer{o.stranger, o.member(models.LevelNone)} {
				_, err := o.inbox.AddNote(t.Context(), viewer, inbox.Note{ConversationID: conversation.ID, Body: "Oi"})
				requireCode(t, models.CodeNotFound, err)
			}
		})
		t.Run("are written once under one key", func(t *testing.T) {
			wish := inbox.Note{ConversationID: conversation.ID, Body: "Uma vez", IdempotencyKey: "k"}
			first, err := o.inbox.AddNote(t.Context(), o.watches, wish)
			require.NoError(t, err)
			again, err := o.inbox.AddNote(t.Context(), o.watches, wish)
			require.NoError(t, err)
			require.Equal(t, first.ID, again.ID)
			require.Equal(t, []string{"Uma vez"}, o.notes(o.watches, conversation.ID))
			wish.Body = "Outra"
			_, err = o.inbox.AddNote(t.Context(), o.watches, wish)
			requireCode(t, models.CodeIdempotencyKeyReused, err)
		})
		t.Run("come page by page, of several conversations together, and only where the viewer may look", func(t *testing.T) {
			other, _ := o.greeted()
			for i := range 5 {
				_, err := o.inbox.AddNote(t.Context(), o.answers, inbox.Note{ConversationID: other.ID, Body: strconv.Itoa(i)})
				require.NoError(t, err)
			}
			two := 2
			results, err := o.inbox.Notes(t.Context(), o.watches, []inbox.NoteList{
				{ConversationID: other.ID, Page: inbox.PageRequest{Last: &two}}, {ConversationID: conversation.ID}, {ConversationID: other.ID},
			})
			require.NoError(t, err)
			require.Equal(t, "3", results[0].Page.Rows[0].Body)
			require.Equal(t, "4", results[0].Page.Rows[1].Body)
			require.True(t, results[0].Page.HasPrevious)
			require.Len(t, results[1].Page.Rows, 1)
			require.Len(t, results[2].Page.Rows, 5)
			cursor := results[0].Page.Cursor(0)
			results, err = o.inbox.Notes(t.Context(), o.watches, []inbox.NoteList{{ConversationID: other.ID, Page: inbox.PageRequest{Last: &two, Before: &cursor}}})
			require.NoError(t, err)
			require.Equal(t, "1", results[0].Page.Rows[0].Body)
			require.Empty(t, o.notes(o.stranger, other.ID))
			results, err = o.inbox.Notes(t.Context(), o.member(models.LevelNone), []inbox.NoteList{{ConversationID: other.ID}})
			require.NoError(t, err)
			require.Equal(t, error(models.ErrNotFound), results[0].Err)
			require.Empty(t, results[0].Page.Rows)
		})
	})
}

func TestNotes_mention(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		conversation, _ := o.greeted()
		o.read(o.answers, conversation.ID)
		note, err := o.inbox.AddNote(t.Context(), o.answers, inbox.Note{
			ConversationID: conversation.ID, Body: "Podem ver isto?", Mentions: []models.ID{o.watches.UserID, o.answers.UserID, o.watches.UserID},
		})
		require.NoError(t, err)

		t.Run("tells who is mentioned, but not the author", func(t *testing.T) {
			told := o.notifications(o.watches, true)
			require.Len(t, told, 1)
			require.Equal(t, models.NotifyMention, told[0].Kind)
			require.Equal(t, note.ID, *told[0].NoteID)
			require.Equal(t, o.answers.UserID, *told[0].ActorID)
			require.Zero(t, o.unread(o.answers))
		})
		t.Run("tells on an edit only those who were not mentioned before", func(t *testing.T) {
			_, err := o.inbox.EditNote(t.Context(), o.answers, inbox.NoteEdit{
				NoteID: note.ID, Body: "E você?", Mentions: []models.ID{o.watches.UserID, o.admin.UserID},
			})
			require.NoError(t, err)
			require.EqualValues(t, 1, o.unread(o.watches))
			require.EqualValues(t, 1, o.unread(o.admin))
		})
		away := o.member(models.LevelReply)
		_, err = o.accounts.SetUserActive(t.Context(), o.admin, away.UserID, false)
		require.NoError(t, err)
		for name, user := range map[string]models.ID{
			"may not see the channel": o.member(models.LevelNone).UserID, "is switched off": away.UserID,
			"is of another organization": o.stranger.UserID, "does not exist": models.NewID(),
		} {
			t.Run("not somebody who "+name, func(t *testing.T) {
				_, err := o.inbox.AddNote(t.Context(), o.answers, inbox.Note{ConversationID: conversation.ID, Body: "Oi", Mentions: []models.ID{user, o.watches.UserID}})
				require.Equal(t, error(models.NewError(models.CodeMentionNotAllowed, "mentionedUserIds")), err)
			})
		}
		require.EqualValues(t, 1, o.unread(o.watches), "who could be told of a refused note is not")
	})
}
