package inbox

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"recado/models"
	"recado/store"
)

// noted is what happened to a note.
type noted struct {
	kind models.EventKind
	row  models.ConversationNote
}

// note has the event of a note recorded.
func (c *changes) note(kind models.EventKind, row models.ConversationNote) {
	c.noted = append(c.noted, noted{kind, row})
}

// mention has users told of a note that mentions them, except for its author.
func (c *changes) mention(note models.ConversationNote, users []models.ID) {
	for _, user := range users {
		if user != note.AuthorID {
			c.notify(models.Notification{
				UserID: user, Kind: models.NotifyMention, NoteID: new(note.ID), ActorID: new(note.AuthorID),
			}, c.conversations[note.ConversationID])
		}
	}
}

// notify has a user told of something about a conversation of the changes.
func (c *changes) notify(notification models.Notification, about *changing) {
	notification.OrganizationID, notification.ID = about.OrganizationID, models.NewID()
	notification.ChannelID, notification.ConversationID = about.ChannelID, about.ID
	notification.CreatedAt, notification.UpdatedAt = c.tx.Now(), c.tx.Now()
	c.notices = append(c.notices, notification)
}

// tell writes the notifications of the changes: those asked for, and what
// assignees have to know. When there are none it costs no statement.
func (c *changes) tell() error {
	for _, id := range sorted(maps.Keys(c.conversations)) {
		conversation := c.conversations[id]
		if kind, told := models.ToldOfChange(conversation.seen, conversation.Conversation, c.by); told {
			notification := models.Notification{UserID: *conversation.AssigneeID, Kind: kind, ActorID: c.by}
			if kind == models.NotifyMessage {
				notification.MessageID = c.firstOf(id)
			}
			c.notify(notification, conversation)
		}
	}
	if err := store.InsertAll(c.tx, c.notices); err != nil {
		return err
	}
	if err := addUnread(c.tx, c.notices, 1); err != nil {
		return err
	}
	for _, notification := range c.notices {
		text, err := json.Marshal(models.EventPayload{Notification: &notification})
		if err != nil {
			return fmt.Errorf("write event about notification %s: %w", notification.ID, err)
		}
		c.tx.Record(models.Event{
			OrganizationID: notification.OrganizationID, Kind: models.EventNotificationAdded, ChannelID: notification.ChannelID,
			ConversationID: notification.ConversationID, UserID: &notification.UserID, Payload: text,
		})
	}
	return nil
}

// firstOf is the first message of a customer that was added to a conversation.
func (c *changes) firstOf(conversation models.ID) *models.ID {
	for i := range c.added {
		if c.added[i].ConversationID == conversation && c.added[i].FromCustomer() {
			return new(c.added[i].ID)
		}
	}
	return nil
}

// addUnread counts each of the notifications as unread, or with -1 as unread no
// longer.
func addUnread(tx *store.Tx, notifications []models.Notification, each int64) error {
	counts := make(map[models.NotificationCount]int64)
	for _, n := range notifications {
		counts[models.NotificationCount{OrganizationID: n.OrganizationID, UserID: n.UserID, ChannelID: n.ChannelID}] += each
	}
	rows := make([]models.NotificationCount, 0, len(counts))
	for row, unread := range counts {
		row.Unread = unread
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b models.NotificationCount) int { // everybody locks them in this order
		return cmp.Or(slices.Compare(a.OrganizationID[:], b.OrganizationID[:]),
			slices.Compare(a.UserID[:], b.UserID[:]), slices.Compare(a.ChannelID[:], b.ChannelID[:]))
	})
	return store.AddAll(tx, rows)
}
