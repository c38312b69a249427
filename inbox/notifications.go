package inbox

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"gorm.io/gorm"

	"recado/models"
	"recado/store"
)

// NotificationList is the list of a user's notifications, the newest first, and the
// part of it that is wanted.
type NotificationList struct {
	UnreadOnly bool
	Page       PageRequest
}

// Notifications returns a page of the viewer's own notifications, as far as they
// are about channels that the viewer may still see. INVALID for a request out of
// bounds or a cursor of another list.
func (s *Service) Notifications(ctx context.Context, viewer models.Viewer, list NotificationList) (Page[models.Notification], error) {
	scope := "notifications of " + viewer.UserID.String()
	if list.UnreadOnly {
		scope += " unread"
	}
	wanted, err := store.Keyset{Column: "created_at", NewestFirst: true, Scope: scope}.Range(list.Page)
	if err != nil {
		return Page[models.Notification]{}, err
	}
	query := notificationsOf(s.db.Read(ctx), viewer)
	if list.UnreadOnly {
		query = query.Where("read_at IS NULL")
	}
	var rows []models.Notification
	if err := wanted.Apply(query).Find(&rows).Error; err != nil {
		return Page[models.Notification]{}, fmt.Errorf("list notifications: %w", err)
	}
	return store.PageOf(wanted, rows, func(n *models.Notification) store.Place { return store.Place{At: n.CreatedAt, ID: n.ID} }), nil
}

// NotificationsByID returns those of the notifications that exist for the viewer,
// which are nobody else's.
func (s *Service) NotificationsByID(ctx context.Context, viewer models.Viewer, ids []models.ID) (map[models.ID]models.Notification, error) {
	found, err := store.ByID(s.db.Read(ctx), viewer.OrganizationID, ids, func(n *models.Notification) models.ID { return n.ID })
	maps.DeleteFunc(found, func(_ models.ID, n models.Notification) bool {
		return n.UserID != viewer.UserID || !viewer.Can(n.ChannelID, models.LevelView)
	})
	return found, err
}

// UnreadNotifications is how many notifications the viewer has not read, about
// channels that they may still see. It reads a kept count per channel.
func (s *Service) UnreadNotifications(ctx context.Context, viewer models.Viewer) (int64, error) {
	var counts []models.NotificationCount
	err := s.db.Read(ctx).Where("organization_id = ? AND user_id = ?", viewer.OrganizationID, viewer.UserID).Find(&counts).Error
	if err != nil {
		return 0, fmt.Errorf("read count of notifications: %w", err)
	}
	var unread int64
	for _, count := range counts {
		if viewer.Can(count.ChannelID, models.LevelView) {
			unread += count.Unread
		}
	}
	return unread, nil
}

// ReadNotification marks a notification of the viewer's as read. Doing so twice is
// like doing it once. NOT_FOUND if it does not exist for the viewer.
func (s *Service) ReadNotification(ctx context.Context, viewer models.Viewer, id models.ID) (models.Notification, error) {
	var row models.Notification
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		row = models.Notification{}
		if err := lockRow(tx, &row, viewer.OrganizationID, id); err != nil {
			return err
		}
		if row.UserID != viewer.UserID || !viewer.Can(row.ChannelID, models.LevelView) {
			return models.ErrNotFound
		}
		if row.ReadAt != nil {
			return nil
		}
		row.ReadAt, row.UpdatedAt = new(tx.Now()), tx.Now()
		return readThese(tx, []models.Notification{row})
	})
	return row, err
}

// ReadNotifications marks the viewer's notifications as read, about channels that
// they may see: all, or those made up to a moment, which it includes.
func (s *Service) ReadNotifications(ctx context.Context, viewer models.Viewer, until *time.Time) error {
	return s.db.Write(ctx, func(tx *store.Tx) error {
		query := notificationsOf(tx.DB, viewer)
		if until != nil {
			query = query.Where("created_at <= ?", until.UTC())
		}
		return readUnread(tx, query)
	})
}

// notificationsOf starts a query for the notifications that exist for the viewer.
func notificationsOf(db *gorm.DB, viewer models.Viewer) *gorm.DB {
	query := db.Where("organization_id = ? AND user_id = ?", viewer.OrganizationID, viewer.UserID)
	if !viewer.Administrator {
		query = query.Where(store.OneOf("channel_id", viewer.Channels(models.LevelView)))
	}
	return query
}

// readWithConversation marks as read what told of messages in a conversation that
// has been read, whomever it told, and what told the reader that it is theirs or back.
func readWithConversation(tx *store.Tx, conversation models.Conversation, reader models.ID) error {
	return readUnread(tx, tx.Where("organization_id = ? AND conversation_id = ?", conversation.OrganizationID, conversation.ID).
		Where("(kind = ? OR kind IN ? AND user_id = ?)", models.NotifyMessage,
			[]models.NotificationKind{models.NotifyAssigned, models.NotifySnoozeEnded}, reader))
}

// readUnread marks those notifications of a query as read that are not.
func readUnread(tx *store.Tx, query *gorm.DB) error {
	var unread []models.Notification
	if err := store.Locking(query).Where("read_at IS NULL").Order("id").Find(&unread).Error; err != nil {
		return fmt.Errorf("lock notifications: %w", err)
	}
	if len(unread) == 0 {
		return nil
	}
	return readThese(tx, unread)
}

// readThese marks unread notifications, which are locked, as read, and tells their
// users.
func readThese(tx *store.Tx, unread []models.Notification) error {
	ids := make([]models.ID, len(unread))
	byUser := make(map[models.ID][]models.Notification)
	for i, n := range unread {
		ids[i] = n.ID
		byUser[n.UserID] = append(byUser[n.UserID], n)
	}
	for some := range slices.Chunk(ids, idsPerStatement) {
		err := tx.Model(&models.Notification{}).Where("organization_id = ?", unread[0].OrganizationID).Where(store.OneOf("id", some)).
			Updates(map[string]any{"read_at": tx.Now(), "updated_at": tx.Now()}).Error
		if err != nil {
			return fmt.Errorf("mark %d notifications as read: %w", len(some), err)
		}
	}
	if err := addUnread(tx, unread, -1); err != nil {
		return err
	}
	payload, err := json.Marshal(models.EventPayload{})
	if err != nil {
		return err
	}
	for _, user := range sorted(maps.Keys(byUser)) {
		event := models.Event{
			OrganizationID: unread[0].OrganizationID, Kind: models.EventNotificationsRead, UserID: new(user), Payload: payload,
		}
		if theirs := byUser[user]; !slices.ContainsFunc(theirs, func(n models.Notification) bool { return n.ChannelID != theirs[0].ChannelID }) {
			event.ChannelID = theirs[0].ChannelID
		}
		tx.Record(event)
	}
	return nil
}

// moveBelongings hands the notes in and the notifications about a conversation that goes up in
// another one to that. Both are on one channel, so the counts stay.
func moveBelongings(tx *store.Tx, from, into models.Conversation) error {
	for _, row := range []any{&models.Notification{}, &models.ConversationNote{}} {
		err := tx.Model(row).Where("organization_id = ? AND conversation_id = ?", from.OrganizationID, from.ID).
			Update("conversation_id", into.ID).Error
		if err != nil {
			return fmt.Errorf("move %T of conversation %s: %w", row, from.ID, err)
		}
	}
	return nil
}

// cleanNotifications deletes notifications that are older than their retention.
func (s *Service) cleanNotifications(ctx context.Context) error {
	for {
		var old []models.Notification
		err := s.db.Write(ctx, func(tx *store.Tx) error {
			err := store.Locking(tx.DB).Where("created_at < ?", tx.Now().Add(-models.NotificationRetention)).
				Order("created_at").Limit(cleanBatch).Find(&old).Error
			if err != nil || len(old) == 0 {
				return err
			}
			unread := slices.DeleteFunc(slices.Clone(old), func(n models.Notification) bool { return n.ReadAt != nil })
			if err := addUnread(tx, unread, -1); err != nil {
				return err
			}
			return tx.Delete(&old).Error
		})
		if err != nil {
			return fmt.Errorf("clean up notifications: %w", err)
		}
		if len(old) < cleanBatch {
			return nil
		}
	}
}
