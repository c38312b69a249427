package graph

import (
	"context"
	"fmt"

	"recado/graph/gqlmodel"
	"recado/inbox"
	"recado/models"
)

// Notifications are the viewer's own.
func (r queryResolver) Notifications(ctx context.Context, unreadOnly bool, first *int32, after *string, last *int32, before *string) (*gqlmodel.NotificationConnection, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	page, err := r.rooms.Inbox.Notifications(ctx, viewer, inbox.NotificationList{UnreadOnly: unreadOnly, Page: pageRequest(first, after, last, before)})
	if err != nil {
		return nil, err
	}
	return &gqlmodel.NotificationConnection{Rows: page.Rows, Cursor: page.Cursor, PageInfo: pageInfo(page)}, nil
}

// UnreadNotificationCount is how many the viewer has not read.
func (r viewerResolver) UnreadNotificationCount(ctx context.Context, viewer *gqlmodel.Viewer) (*int32, error) {
	return r.unreadCount(ctx, models.Viewer(*viewer))
}

func (e *Edge) unreadCount(ctx context.Context, viewer models.Viewer) (*int32, error) {
	unread, err := e.rooms.Inbox.UnreadNotifications(ctx, viewer)
	if err != nil {
		return nil, err
	}
	return new(int32(unread)), nil
}

func (e *Edge) unreadCountNow(ctx context.Context) (*int32, error) {
	viewer, err := e.viewer(ctx)
	if err != nil {
		return nil, err
	}
	return e.unreadCount(ctx, viewer)
}

// Conversation is what the notification is about.
func (r notificationResolver) Conversation(ctx context.Context, notification *gqlmodel.Notification) (*gqlmodel.Conversation, error) {
	return loadConversation(ctx, notification.ConversationID)
}

// Note is the note that mentions the user.
func (r notificationResolver) Note(ctx context.Context, notification *gqlmodel.Notification) (*gqlmodel.Note, error) {
	if notification.NoteID == nil {
		return nil, nil //nolint:nilnil // it is about something else
	}
	note, err := loadersFrom(ctx).notes.load(ctx, *notification.NoteID)
	return (*gqlmodel.Note)(note), err
}

// Message is the first message that was unread.
func (r notificationResolver) Message(ctx context.Context, notification *gqlmodel.Notification) (*gqlmodel.Message, error) {
	if notification.MessageID == nil {
		return nil, nil //nolint:nilnil // it is about something else
	}
	return loadMessage(ctx, *notification.MessageID)
}

// Actor is who caused it.
func (r notificationResolver) Actor(ctx context.Context, notification *gqlmodel.Notification) (*gqlmodel.User, error) {
	return loadUser(ctx, notification.ActorID)
}

// NotificationMarkRead marks a notification as read.
func (r mutationResolver) NotificationMarkRead(ctx context.Context, input gqlmodel.NotificationMarkReadInput) (*gqlmodel.NotificationMarkReadPayload, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	var ids idParser
	id := ids.parse(models.PrefixNotification, input.NotificationID, "notificationId")
	notification, err := models.Notification{}, ids.err
	if err == nil {
		notification, err = r.rooms.Inbox.ReadNotification(ctx, viewer, id)
	}
	payload := &gqlmodel.NotificationMarkReadPayload{}
	if payload.UserErrors, err = r.notificationErrors(ctx, err); err == nil && len(payload.UserErrors) == 0 {
		payload.Notification = (*gqlmodel.Notification)(&notification)
		payload.UnreadCount, err = r.unreadCount(ctx, viewer)
	}
	return orNothing(payload, err)
}

// NotificationMarkAllRead marks the viewer's notifications as read.
func (r mutationResolver) NotificationMarkAllRead(ctx context.Context, input gqlmodel.NotificationMarkAllReadInput) (*gqlmodel.NotificationMarkAllReadPayload, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	err = r.rooms.Inbox.ReadNotifications(ctx, viewer, input.CreatedUntil.Value())
	payload := &gqlmodel.NotificationMarkAllReadPayload{}
	if payload.UserErrors, err = r.notificationErrors(ctx, err); err == nil && len(payload.UserErrors) == 0 {
		payload.UnreadCount, err = r.unreadCount(ctx, viewer)
	}
	return orNothing(payload, err)
}

func (e *Edge) notificationErrors(ctx context.Context, err error) ([]gqlmodel.NotificationUserError, error) {
	return userErrors(ctx, e, err, "NotificationErrorCode", nil,
		func(p problem) gqlmodel.NotificationUserError { return gqlmodel.NotificationUserError(p) })
}

// NotificationEvents are what the viewer is notified of.
func (r subscriptionResolver) NotificationEvents(ctx context.Context, after *string) (<-chan gqlmodel.NotificationEvent, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	subscription := inbox.Subscription{Notifications: true}
	if subscription.After, err = feedPosition(viewer.OrganizationID, after); err != nil {
		return nil, err
	}
	stream, err := r.rooms.Inbox.Subscribe(ctx, viewer, subscription)
	if err != nil {
		return nil, err
	}
	events := make(chan gqlmodel.NotificationEvent)
	go follow(ctx, r.Edge, events, shown[inbox.Change](stream, notificationEvent))
	return events, nil
}

// notificationEvent is what clients see of a change; nil for kinds that this version
// does not know.
func notificationEvent(change inbox.Change) (gqlmodel.NotificationEvent, error) {
	shown := gqlmodel.Change(change)
	switch change.Kind {
	case models.EventNotificationAdded:
		if change.Payload.Notification == nil {
			return nil, fmt.Errorf("event %d of kind %s has no notification", change.Position, change.Kind)
		}
		return (*gqlmodel.NotificationAddedEvent)(&shown), nil
	case models.EventNotificationsRead:
		return (*gqlmodel.NotificationsReadEvent)(&shown), nil
	}
	return nil, nil //nolint:nilnil // of a newer version
}

// Cursor is the event's place in the feed.
func (r notificationAddedEventResolver) Cursor(_ context.Context, event *gqlmodel.NotificationAddedEvent) (string, error) {
	return feedCursor(event.Event), nil
}

// UnreadCount is how many of the viewer's notifications are unread.
func (r notificationAddedEventResolver) UnreadCount(ctx context.Context, _ *gqlmodel.NotificationAddedEvent) (*int32, error) {
	return r.unreadCountNow(ctx)
}

// Cursor is the event's place in the feed.
func (r notificationsReadEventResolver) Cursor(_ context.Context, event *gqlmodel.NotificationsReadEvent) (string, error) {
	return feedCursor(event.Event), nil
}

// UnreadCount is how many of the viewer's notifications are unread.
func (r notificationsReadEventResolver) UnreadCount(ctx context.Context, _ *gqlmodel.NotificationsReadEvent) (*int32, error) {
	return r.unreadCountNow(ctx)
}
