package inbox_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"recado/inbox"
	"recado/models"
)

func (o *office) tag(name string) models.Tag {
	o.t.Helper()
	tag, err := o.inbox.CreateTag(o.t.Context(), o.answers, inbox.TagDraft{Name: name, Color: models.TagBlue})
	require.NoError(o.t, err)
	return tag
}

// tagNames are the names of a conversation's tags.
func (o *office) tagNames(conversation models.ID) []string {
	o.t.Helper()
	tags, err := o.inbox.TagsOfConversations(o.t.Context(), o.watches, []models.ID{conversation})
	require.NoError(o.t, err)
	var names []string
	for _, tag := range tags[conversation] {
		names = append(names, tag.Name)
	}
	return names
}

func TestTags(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		tag := o.tag("Encomenda")
		t.Run("are made by those who reply somewhere", func(t *testing.T) {
			_, err := o.inbox.CreateTag(t.Context(), o.watches, inbox.TagDraft{Name: "VIP", Color: models.TagRed})
			requireCode(t, models.CodeForbidden, err)
		})
		t.Run("have a name of their own, in whatever case, in each organization", func(t *testing.T) {
			_, err := o.inbox.CreateTag(t.Context(), o.answers, inbox.TagDraft{Name: " ENCOMENDA ", Color: models.TagRed})
			require.Equal(t, error(models.NewError(models.CodeAlreadyExists, "name")), err)
			_, err = o.inbox.CreateTag(t.Context(), o.stranger, inbox.TagDraft{Name: "Encomenda", Color: models.TagRed})
			require.NoError(t, err)
			_, err = o.inbox.CreateTag(t.Context(), o.answers, inbox.TagDraft{Name: "Outra", Color: "BEIGE"})
			require.Equal(t, error(models.NewError(models.CodeInvalid, "color")), err)
			_, err = o.inbox.CreateTag(t.Context(), o.answers, inbox.TagDraft{Name: strings.Repeat("x", 51), Color: models.TagRed})
			requireCode(t, models.CodeInvalid, err)
		})
		t.Run("are changed by administrators, who see what others changed", func(t *testing.T) {
			draft := inbox.TagDraft{Name: "Encomendas", Color: models.TagGreen}
			_, err := o.inbox.UpdateTag(t.Context(), o.answers, tag.ID, draft, nil)
			requireCode(t, models.CodeForbidden, err)
			_, err = o.inbox.UpdateTag(t.Context(), o.stranger, tag.ID, draft, nil)
			requireCode(t, models.CodeNotFound, err)
			changed, err := o.inbox.UpdateTag(t.Context(), o.admin, tag.ID, draft, &tag.Version)
			require.NoError(t, err)
			require.Equal(t, "Encomendas", changed.Name)
			present, err := o.inbox.UpdateTag(t.Context(), o.admin, tag.ID, inbox.TagDraft{Name: "X", Color: models.TagGreen}, &tag.Version)
			requireCode(t, models.CodeConflict, err)
			require.Equal(t, "Encomendas", present.Name, "the answer shows what there is")
			o.tag("Reclamação")
			_, err = o.inbox.UpdateTag(t.Context(), o.admin, tag.ID, inbox.TagDraft{Name: "reclamação", Color: models.TagGreen}, nil)
			requireCode(t, models.CodeAlreadyExists, err)
		})
		t.Run("are listed by name, without those of others", func(t *testing.T) {
			tags, err := o.inbox.Tags(t.Context(), o.watches)
			require.NoError(t, err)
			require.Len(t, tags, 2)
			require.Equal(t, "Encomendas", tags[0].Name)
			found, err := o.inbox.TagsByID(t.Context(), o.stranger, []models.ID{tag.ID})
			require.NoError(t, err)
			require.Empty(t, found)
		})
	})
}

func TestTag(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		conversation, _ := o.greeted()
		urgent, order := o.tag("Urgente"), o.tag("encomenda")
		change := func(viewer models.Viewer, add, remove []models.ID) error {
			_, err := o.inbox.Tag(t.Context(), viewer, inbox.Tagging{ConversationID: conversation.ID, Add: add, Remove: remove})
			return err
		}
		require.NoError(t, change(o.answers, []models.ID{urgent.ID, order.ID, urgent.ID}, nil))
		require.Equal(t, []string{"encomenda", "Urgente"}, o.tagNames(conversation.ID))
		require.Equal(t, models.EventConversationChanged, o.events(conversation.ID)[len(o.events(conversation.ID))-1])

		t.Run("again changes nothing and tells nobody", func(t *testing.T) {
			events := o.events(conversation.ID)
			require.NoError(t, change(o.answers, []models.ID{urgent.ID}, []models.ID{models.NewID()}))
			require.Equal(t, events, o.events(conversation.ID))
			require.Equal(t, conversation.Version, o.conversation(conversation.ID).Version)
		})
		t.Run("needs REPLY, and tags of the organization", func(t *testing.T) {
			requireCode(t, models.CodeForbidden, change(o.watches, []models.ID{urgent.ID}, nil))
			requireCode(t, models.CodeNotFound, change(o.member(models.LevelNone), []models.ID{urgent.ID}, nil))
			requireCode(t, models.CodeNotFound, change(o.stranger, []models.ID{urgent.ID}, nil))
			theirs, err := o.inbox.CreateTag(t.Context(), o.stranger, inbox.TagDraft{Name: "Deles", Color: models.TagRed})
			require.NoError(t, err)
			require.Equal(t, error(models.NewError(models.CodeNotFound, "addTagIds")), change(o.answers, []models.ID{theirs.ID}, nil))
		})
		t.Run("not on a stale version", func(t *testing.T) {
			_, err := o.inbox.Tag(t.Context(), o.answers, inbox.Tagging{
				ConversationID: conversation.ID, Remove: []models.ID{urgent.ID}, ExpectedVersion: new(conversation.Version - 1),
			})
			requireCode(t, models.CodeConflict, err)
		})
		t.Run("removes", func(t *testing.T) {
			require.NoError(t, change(o.answers, nil, []models.ID{urgent.ID}))
			require.Equal(t, []string{"encomenda"}, o.tagNames(conversation.ID))
		})
		t.Run("not more than a conversation may have", func(t *testing.T) {
			var many []models.ID
			for i := range models.MaxTagsPerConversation {
				many = append(many, o.tag(fmt.Sprint("Etiqueta ", i)).ID)
			}
			require.Equal(t, error(models.NewError(models.CodeLimitReached, "addTagIds").With("max", "20")), change(o.answers, many, nil))
			require.NoError(t, change(o.answers, many, []models.ID{order.ID}))
			require.Len(t, o.tagNames(conversation.ID), models.MaxTagsPerConversation)
		})
		t.Run("by many at once, while one of the tags is deleted", func(t *testing.T) {
			other, _ := o.greeted()
			doomed := o.tag("De passagem")
			var callers sync.WaitGroup
			for range 4 {
				callers.Go(func() {
					_, err := o.inbox.Tag(t.Context(), o.answers, inbox.Tagging{ConversationID: other.ID, Add: []models.ID{doomed.ID, urgent.ID}})
					if err != nil && models.CodeOf(err) != models.CodeNotFound {
						t.Error(err)
					}
				})
			}
			callers.Go(func() {
				if err := o.inbox.DeleteTag(t.Context(), o.admin, doomed.ID); err != nil {
					t.Error(err)
				}
			})
			callers.Wait()
			require.NotContains(t, o.tagNames(other.ID), "De passagem")
		})
		t.Run("of a deleted tag is undone everywhere", func(t *testing.T) {
			tagged, _ := o.greeted()
			_, err := o.inbox.Tag(t.Context(), o.answers, inbox.Tagging{ConversationID: tagged.ID, Add: []models.ID{urgent.ID}})
			require.NoError(t, err)
			requireCode(t, models.CodeForbidden, o.inbox.DeleteTag(t.Context(), o.answers, urgent.ID))
			requireCode(t, models.CodeNotFound, o.inbox.DeleteTag(t.Context(), o.stranger, urgent.ID))
			require.NoError(t, o.inbox.DeleteTag(t.Context(), o.admin, urgent.ID))
			require.Empty(t, o.tagNames(tagged.ID))
			requireCode(t, models.CodeNotFound, o.inbox.DeleteTag(t.Context(), o.admin, urgent.ID))
		})
	})
}

// Tags, notes and notifications of two conversations that turn out to be with one
// person are all there afterwards.
func TestMerge_unites_what_the_team_keeps(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		o.accept(text(o.channel, "447700900456", "Iris", "wamid.number", "Oi", noon))
		o.accept(hides(o.channel, "GB.1", "wamid.user", noon))
		var conversations []models.Conversation
		require.NoError(t, o.db.Read(t.Context()).Order("id").Find(&conversations, "organization_id = ?", o.organization).Error)
		require.Len(t, conversations, 2)
		both, one, other := o.tag("Ambas"), o.tag("Uma"), o.tag("Outra")
		for i, tags := range [][]models.ID{{both.ID, one.ID}, {both.ID, other.ID}} {
			_, err := o.inbox.Tag(t.Context(), o.answers, inbox.Tagging{ConversationID: conversations[i].ID, Add: tags})
			require.NoError(t, err)
			_, err = o.inbox.AddNote(t.Context(), o.admin, inbox.Note{ConversationID: conversations[i].ID, Body: fmt.Sprint("Nota ", i), Mentions: []models.ID{o.answers.UserID}})
			require.NoError(t, err)
		}
		before := o.notifications(o.answers, false)
		o.accept(links(o.channel, "447700900456", "GB.1", "wamid.link", noon))

		var left models.Conversation
		require.NoError(t, o.db.Read(t.Context()).Take(&left, "organization_id = ?", o.organization).Error)
		require.Equal(t, []string{"Ambas", "Outra", "Uma"}, o.tagNames(left.ID))
		require.Len(t, o.notes(o.watches, left.ID), 2)
		after := o.notifications(o.answers, false)
		require.Len(t, after, len(before), "what is unread in both is nothing new")
		for _, notification := range after {
			require.Equal(t, left.ID, notification.ConversationID)
		}
		require.EqualValues(t, len(after), o.unread(o.answers))
	})
}
