package inbox_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"recado/inbox"
	"recado/models"
)

func TestAssign(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		conversation, _ := o.greeted()
		require.Equal(t, o.answers.UserID, *conversation.AssigneeID)

		t.Run("to somebody, and to nobody", func(t *testing.T) {
			for _, to := range []*models.ID{&o.admin.UserID, nil, &o.answers.UserID} {
				before := o.conversation(conversation.ID)
				changed, err := o.inbox.Assign(t.Context(), o.answers, inbox.Assign{ConversationID: conversation.ID, AssigneeID: to})
				require.NoError(t, err)
				require.Equal(t, to, changed.AssigneeID)
				require.Equal(t, to, o.conversation(conversation.ID).AssigneeID)
				require.Equal(t, before.Version+1, changed.Version)
			}
		})

		t.Run("to whom it belongs already changes nothing and tells nobody", func(t *testing.T) {
			before, events := o.conversation(conversation.ID), o.events(conversation.ID)
			again, err := o.inbox.Assign(t.Context(), o.answers, inbox.Assign{ConversationID: conversation.ID, AssigneeID: before.AssigneeID})
			require.NoError(t, err)
			require.Equal(t, before.Version, again.Version)
			require.Equal(t, events, o.events(conversation.ID))
		})

		away := o.member(models.LevelReply)
		_, err := o.accounts.SetUserActive(t.Context(), o.admin, away.UserID, false)
		require.NoError(t, err)
		for name, to := range map[string]models.ID{
			"who may only view": o.watches.UserID, "who is switched off": away.UserID,
			"of another organization": o.stranger.UserID, "who does not exist": models.NewID(),
		} {
			t.Run("not to somebody "+name, func(t *testing.T) {
				_, err := o.inbox.Assign(t.Context(), o.admin, inbox.Assign{ConversationID: conversation.ID, AssigneeID: &to})
				require.Equal(t, error(models.NewError(models.CodeAssigneeNotAllowed, "assigneeId")), err)
			})
		}

		t.Run("not to a stale version", func(t *testing.T) {
			now := o.conversation(conversation.ID)
			stale := now.Version - 1
			present, err := o.inbox.Assign(t.Context(), o.answers, inbox.Assign{ConversationID: conversation.ID, ExpectedVersion: &stale})
			require.Equal(t, error(models.NewError(models.CodeConflict, "expectedVersion")), err)
			require.Equal(t, now.Version, present.Version, "the answer shows what there is")
			require.Equal(t, now.AssigneeID, present.AssigneeID)
			_, err = o.inbox.Assign(t.Context(), o.answers, inbox.Assign{ConversationID: conversation.ID, ExpectedVersion: &now.Version})
			require.NoError(t, err)
		})

		t.Run("by two at once, who saw the same, is won by one", func(t *testing.T) {
			version := o.conversation(conversation.ID).Version
			var (
				callers   sync.WaitGroup
				mu        sync.Mutex
				conflicts []models.Conversation
			)
			for _, viewer := range []models.Viewer{o.admin, o.answers} {
				callers.Go(func() {
					present, err := o.inbox.Assign(t.Context(), viewer, inbox.Assign{
						ConversationID: conversation.ID, AssigneeID: &viewer.UserID, ExpectedVersion: &version,
					})
					mu.Lock()
					defer mu.Unlock()
					if models.CodeOf(err) == models.CodeConflict {
						conflicts = append(conflicts, present)
					} else if err != nil {
						t.Error(err)
					}
				})
			}
			callers.Wait()
			require.Len(t, conflicts, 1)
			require.Equal(t, o.conversation(conversation.ID).AssigneeID, conflicts[0].AssigneeID, "the other one learns who won")
		})
	})
}

func TestClose_and_Reopen(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		conversation, _ := o.greeted()
		closed, err := o.inbox.CloseConversation(t.Context(), o.answers, inbox.Close{ConversationID: conversation.ID, ExpectedVersion: &conversation.Version})
		require.NoError(t, err)
		require.Equal(t, models.ConversationClosed, closed.Status)
		require.Equal(t, o.answers.UserID, *closed.ClosedByID)
		require.Equal(t, noon, closed.ClosedAt.UTC())
		again, err := o.inbox.CloseConversation(t.Context(), o.admin, inbox.Close{ConversationID: conversation.ID})
		require.NoError(t, err)
		require.Equal(t, o.answers.UserID, *again.ClosedByID, "closing twice changes nothing")
		require.Equal(t, closed.Version, again.Version)

		_, err = o.inbox.ReopenConversation(t.Context(), o.answers, conversation.ID, &conversation.Version)
		requireCode(t, models.CodeConflict, err)
		open, err := o.inbox.ReopenConversation(t.Context(), o.answers, conversation.ID, &closed.Version)
		require.NoError(t, err)
		require.Equal(t, models.ConversationOpen, open.Status)
		require.Nil(t, open.ClosedAt)
		require.Equal(t, open, o.conversation(conversation.ID))
	})
}

// Whoever may not reply may not steer a conversation either.
func TestChanges_ask_for_rights(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		conversation, _ := o.greeted()
		nobody := o.member(models.LevelNone)
		for name, change := range map[string]func(viewer models.Viewer, id models.ID) error{
			"assign": func(viewer models.Viewer, id models.ID) error {
				_, err := o.inbox.Assign(t.Context(), viewer, inbox.Assign{ConversationID: id})
				return err
			},
			"close": func(viewer models.Viewer, id models.ID) error {
				_, err := o.inbox.CloseConversation(t.Context(), viewer, inbox.Close{ConversationID: id})
				return err
			},
			"reopen": func(viewer models.Viewer, id models.ID) error {
				_, err := o.inbox.ReopenConversation(t.Context(), viewer, id, nil)
				return err
			},
			"mark as read": func(viewer models.Viewer, id models.ID) error {
				_, err := o.inbox.MarkRead(t.Context(), viewer, id, nil)
				return err
			},
		} {
			t.Run(name, func(t *testing.T) {
				before := o.conversation(conversation.ID)
				requireCode(t, models.CodeNotFound, change(nobody, conversation.ID))
				requireCode(t, models.CodeForbidden, change(o.watches, conversation.ID))
				requireCode(t, models.CodeNotFound, change(o.stranger, conversation.ID))
				requireCode(t, models.CodeNotFound, change(o.admin, models.NewID()))
				require.Equal(t, before, o.conversation(conversation.ID))
				require.NoError(t, change(o.answers, conversation.ID))
				require.NoError(t, change(o.admin, conversation.ID))
			})
		}
	})
}
