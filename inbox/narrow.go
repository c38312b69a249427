package inbox

import (
	"time"

	"gorm.io/gorm"

	"recado/models"
)

// narrow adds the conditions that every sort can have.
func (f ConversationFilter) narrow(query *gorm.DB, viewer models.Viewer, now time.Time) *gorm.DB {
	if f.Status != nil {
		if *f.Status == models.ConversationOpen {
			query = query.Where("status = 'OPEN'") // spelled out, so that the partial index is seen to serve
		} else {
			query = query.Where("status = ?", *f.Status)
		}
	}
	query = when(query, f.Unread, "unread_count > 0", "unread_count = 0")
	query = when(query, f.Waiting, "waiting_since IS NOT NULL", "waiting_since IS NULL")
	if f.Snoozed != nil {
		if *f.Snoozed {
			query = query.Where("snoozed_until > ?", now)
		} else {
			query = query.Where("(snoozed_until IS NULL OR snoozed_until <= ?)", now)
		}
	}
	if f.LastMessageBy != nil {
		query = query.Where("last_message_by = ?", *f.LastMessageBy)
	}
	if f.Origin != nil {
		query = query.Where("origin = ?", *f.Origin)
	}
	if f.After != nil {
		query = query.Where("last_message_at >= ?", *f.After)
	}
	if f.Before != nil {
		query = query.Where("last_message_at < ?", *f.Before)
	}
	if f.TagID != nil {
		query = query.Where("EXISTS (SELECT 1 FROM conversation_tags AS t WHERE t.organization_id = conversations.organization_id "+
			"AND t.conversation_id = conversations.id AND t.tag_id = ?)", *f.TagID)
	}
	if f.UnreadByMe != nil {
		const read = "coalesce((SELECT r.read_count FROM conversation_reads AS r WHERE r.organization_id = conversations.organization_id " +
			"AND r.user_id = ? AND r.conversation_id = conversations.id), 0)"
		if *f.UnreadByMe {
			query = query.Where("inbound_count > "+read, viewer.UserID)
		} else {
			query = query.Where("inbound_count <= "+read, viewer.UserID)
		}
	}
	return f.inWindow(query, now)
}

func (f ConversationFilter) inWindow(query *gorm.DB, now time.Time) *gorm.DB {
	if f.Window == nil {
		return query
	}
	switch *f.Window {
	case WindowIsOpen:
		return query.Where("window_expires_at > ?", now)
	case WindowIsClosing:
		return query.Where("window_expires_at > ? AND window_expires_at <= ?", now, now.Add(f.ClosingWithin))
	default:
		return query.Where("(window_expires_at IS NULL OR window_expires_at <= ?)", now)
	}
}

func when(query *gorm.DB, wanted *bool, yes, no string) *gorm.DB {
	switch {
	case wanted == nil:
		return query
	case *wanted:
		return query.Where(yes)
	default:
		return query.Where(no)
	}
}
