package inbox_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/inbox"
	"recado/models"
)

// notifications are a viewer's, the newest first.
func (o *office) notifications(viewer models.Viewer, unreadOnly bool) []models.Notification {
	o.t.Helper()
	page, err := o.inbox.Notifications(o.t.Context(), viewer, inbox.NotificationList{UnreadOnly: unreadOnly})
	require.NoError(o.t, err)
	return page.Rows
}

func (o *office) unread(viewer models.Viewer) int64 {
	o.t.Helper()
	unread, err := o.inbox.UnreadNotifications(o.t.Context(), viewer)
	require.NoError(o.t, err)
	return unread
}

func (o *office) read(viewer models.Viewer, conversation models.ID) {
	o.t.Helper()
	_, err := o.inbox.MarkRead(o.t.Context(), viewer, conversation, nil)
	require.NoError(o.t, err)
}

// kinds are the kinds of notifications.
func kinds(notifications []models.Notification) (kinds []models.NotificationKind) {
	for _, notification := range notifications {
		kinds = append(kinds, notification.Kind)
	}
	return kinds
}

func TestNotifications_of_conversations(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		live := o.subscribe(o.answers, inbox.Subscription{Notifications: true})
		conversation, iris := o.greeted()

		t.Run("who gets a new conversation is told once", func(t *testing.T) {
			told := o.notifications(o.answers, true)
			require.Equal(t, []models.NotificationKind{models.NotifyAssigned}, kinds(told))
			require.Nil(t, told[0].ActorID, "the round-robin is nobody")
			require.EqualValues(t, 1, o.unread(o.answers))
			require.Zero(t, o.unread(o.admin))
			event := live.next()
			require.Equal(t, models.EventNotificationAdded, event.Kind)
			require.Equal(t, told[0].ID, event.Payload.Notification.ID)
		})
		t.Run("further messages do not tell again while the first is unread", func(t *testing.T) {
			o.written(iris, "Hello?")
			require.EqualValues(t, 1, o.unread(o.answers))
		})
		t.Run("reading the conversation reads what told of it", func(t *testing.T) {
			o.read(o.answers, conversation.ID)
			require.Zero(t, o.unread(o.answers))
			require.Equal(t, models.EventNotificationsRead, live.next().Kind)
			require.Empty(t, o.notifications(o.answers, true))
			require.Len(t, o.notifications(o.answers, false), 1)
		})
		t.Run("a message after that tells, and names the first unread one", func(t *testing.T) {
			o.written(iris, "One more thing")
			o.written(iris, "And another")
			told := o.notifications(o.answers, true)
			require.Equal(t, []models.NotificationKind{models.NotifyMessage}, kinds(told))
			require.Equal(t, "One more thing", o.message(*told[0].MessageID).Body)
			require.Equal(t, told[0].ID, live.next().Payload.Notification.ID)
		})
		t.Run("a colleague who reads it reads it for the assignee as well", func(t *testing.T) {
			o.read(o.admin, conversation.ID)
			require.Zero(t, o.unread(o.answers))
			require.Equal(t, models.EventNotificationsRead, live.next().Kind)
		})
		t.Run("handing over tells the new assignee, and taking over tells nobody", func(t *testing.T) {
			_, err := o.inbox.Assign(t.Context(), o.admin, inbox.Assign{ConversationID: conversation.ID, AssigneeID: &o.admin.UserID})
			require.NoError(t, err)
			require.Zero(t, o.unread(o.admin))
			_, err = o.inbox.Assign(t.Context(), o.admin, inbox.Assign{ConversationID: conversation.ID, AssigneeID: &o.answers.UserID})
			require.NoError(t, err)
			told := o.notifications(o.answers, true)
			require.Equal(t, []models.NotificationKind{models.NotifyAssigned}, kinds(told))
			require.Equal(t, o.admin.UserID, *told[0].ActorID)
		})
	})
}

func TestNotifications_are_the_users_own(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		o.greeted()
		o.greeted()
		mine := o.notifications(o.answers, true)
		require.Len(t, mine, 2)
		others := o.subscribe(o.admin, inbox.Subscription{Notifications: true})

		t.Run("nobody else finds or reads them", func(t *testing.T) {
			for _, viewer := range []models.Viewer{o.admin, o.watches, o.stranger} {
				require.Empty(t, o.notifications(viewer, false))
				found, err := o.inbox.NotificationsByID(t.Context(), viewer, []models.ID{mine[0].ID})
				require.NoError(t, err)
				require.Empty(t, found)
				_, err = o.inbox.ReadNotification(t.Context(), viewer, mine[0].ID)
				requireCode(t, models.CodeNotFound, err)
				require.NoError(t, o.inbox.ReadNotifications(t.Context(), viewer, nil))
			}
			require.EqualValues(t, 2, o.unread(o.answers))
		})
		t.Run("by pages, the newest first", func(t *testing.T) {
			one := 1
			page, err := o.inbox.Notifications(t.Context(), o.answers, inbox.NotificationList{Page: inbox.PageRequest{First: &one}})
			require.NoError(t, err)
			require.Equal(t, mine[0].ID, page.Rows[0].ID)
			cursor := page.Cursor(0)
			_, err = o.inbox.Notifications(t.Context(), o.answers, inbox.NotificationList{UnreadOnly: true, Page: inbox.PageRequest{After: &cursor}})
			requireCode(t, models.CodeInvalid, err)
			page, err = o.inbox.Notifications(t.Context(), o.answers, inbox.NotificationList{Page: inbox.PageRequest{After: &cursor}})
			require.NoError(t, err)
			require.Equal(t, mine[1].ID, page.Rows[0].ID)
			require.Len(t, page.Rows, 1)
		})
		t.Run("what one may no longer see is not shown, counted or read, and comes back", func(t *testing.T) {
			o.permit(o.answers.ProfileID, models.LevelNone)
			blind, err := o.accounts.Refreshed(t.Context(), o.answers)
			require.NoError(t, err)
			require.Empty(t, o.notifications(blind, false))
			require.Zero(t, o.unread(blind))
			_, err = o.inbox.ReadNotification(t.Context(), blind, mine[0].ID)
			requireCode(t, models.CodeNotFound, err)
			require.NoError(t, o.inbox.ReadNotifications(t.Context(), blind, nil))
			o.permit(o.answers.ProfileID, models.LevelReply)
			require.EqualValues(t, 2, o.unread(o.answers))
		})
		t.Run("reading one twice counts once, also at the same time", func(t *testing.T) {
			var callers sync.WaitGroup
			for range 4 {
				callers.Go(func() {
					if _, err := o.inbox.ReadNotification(t.Context(), o.answers, mine[0].ID); err != nil {
						t.Error(err)
					}
				})
			}
			callers.Wait()
			require.EqualValues(t, 1, o.unread(o.answers))
		})
		t.Run("reading all", func(t *testing.T) {
			require.NoError(t, o.inbox.ReadNotifications(t.Context(), o.answers, new(noon.Add(-time.Second))))
			require.EqualValues(t, 1, o.unread(o.answers), "it was made after that")
			require.NoError(t, o.inbox.ReadNotifications(t.Context(), o.answers, new(noon)))
			require.Zero(t, o.unread(o.answers))
			require.Empty(t, o.notifications(o.answers, true))
		})
		t.Run("and told to nobody else", func(t *testing.T) {
			conversation, _ := o.greeted()
			_, err := o.inbox.Assign(t.Context(), o.answers, inbox.Assign{ConversationID: conversation.ID, AssigneeID: &o.admin.UserID})
			require.NoError(t, err)
			event := others.next()
			require.Equal(t, o.admin.UserID, *event.UserID, "the first event is the administrator's own")
			require.Equal(t, models.NotifyAssigned, event.Payload.Notification.Kind)
		})
		t.Run("for a while", func(t *testing.T) {
			kept := o.unread(o.answers)
			require.Positive(t, kept)
			o.clock.Advance(models.NotificationRetention + time.Minute)
			require.NoError(t, o.inbox.Clean(t.Context()))
			require.Empty(t, o.notifications(o.answers, false))
			require.Zero(t, o.unread(o.answers))
		})
	})
}
