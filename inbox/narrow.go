package inbox

import (
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"recado/models"
	"recado/store"
)

// restriction is one of the conditions that all conversations of a list fulfil.
type restriction struct {
	about  aspect
	either []clause.Expression // any of these; an index serves one of them at a time
	whole  clause.Expression   // all of them in one
}

// aspect is what a restriction is about. Those that some index serves have names.
type aspect string

const (
	ofAssignee aspect = "assignee"
	ofNobody   aspect = "nobody" // assigned to none
	ofChannel  aspect = "channel"
	ofStatus   aspect = "status"
	ofUnread   aspect = "unread"
	ofSnoozed  aspect = "snoozed"
	ofBusiness aspect = "business"
	ofMessage  aspect = "last message" // its time
	ofWindow   aspect = "window"
	ofAnything aspect = "" // no index knows
)

func restrict(about aspect, condition string, vars ...any) restriction {
	whole := gorm.Expr(condition, vars...)
	return restriction{about: about, either: []clause.Expression{whole}, whole: whole}
}

func restrictTo(about aspect, column string, ids []models.ID) restriction {
	r := restriction{about: about, whole: store.OneOf(column, ids)}
	for _, id := range ids {
		r.either = append(r.either, gorm.Expr(column+" = ?", id))
	}
	if len(ids) == 1 {
		r.whole = r.either[0]
	}
	return r
}

// restrictions are the conditions of the list, apart from the organization and
// cursors. It is false if together they cannot be fulfilled.
func (l ConversationList) restrictions(viewer models.Viewer, now time.Time) ([]restriction, bool) {
	status, possible := l.status()
	if !possible {
		return nil, false
	}
	var all []restriction
	if status != nil {
		all = append(all, restrict(ofStatus, "status = ?", *status))
	}
	if channels, every := viewer.Visible(l.ChannelIDs); !every {
		if len(channels) == 0 {
			return nil, false
		}
		all = append(all, restrictTo(ofChannel, "channel_id", channels))
	}
	if l.View == ViewUnassigned {
		if l.AssigneeIDs != nil {
			return nil, false
		}
		all = append(all, restrict(ofNobody, "assignee_id IS NULL"))
	}
	if assignees, anybody := l.assignees(viewer); !anybody {
		if len(assignees) == 0 {
			return nil, false
		}
		all = append(all, restrictTo(ofAssignee, "assignee_id", assignees))
	}
	return append(all, l.narrow(viewer, now)...), true
}

// status is the state that conversations of the list are in; nil: either. Nobody
// waits, and nothing is put off, in a closed one.
func (l ConversationList) status() (status *models.ConversationStatus, possible bool) {
	open := l.Waiting != nil && *l.Waiting || l.Snoozed != nil && *l.Snoozed || l.Sort == SortWaiting || l.Sort == SortWindowEnd
	switch {
	case l.Sort == SortWaiting && l.Waiting != nil && !*l.Waiting:
		return nil, false
	case !open:
		return l.Status, true
	case l.Status != nil && *l.Status != models.ConversationOpen:
		return nil, false
	default:
		return new(models.ConversationOpen), true
	}
}

// assignees are whose conversations the list has, or anybody's.
func (l ConversationList) assignees(viewer models.Viewer) (ids []models.ID, anybody bool) {
	switch {
	case l.View == ViewMine && (l.AssigneeIDs == nil || slices.Contains(l.AssigneeIDs, viewer.UserID)):
		return []models.ID{viewer.UserID}, false
	case l.View == ViewMine:
		return nil, false
	case l.AssigneeIDs == nil:
		return nil, true
	default:
		return distinct(slices.Clone(l.AssigneeIDs)), false
	}
}

// narrow are the conditions that have nothing to do with who may see what.
func (l ConversationList) narrow(viewer models.Viewer, now time.Time) []restriction {
	var all []restriction
	add := func(about aspect, condition string, vars ...any) {
		all = append(all, restrict(about, condition, vars...))
	}
	when := func(wanted *bool, about aspect, yes, no string, vars ...any) {
		switch {
		case wanted == nil:
		case *wanted:
			add(about, yes, vars...)
		default:
			add(ofAnything, no, vars...)
		}
	}
	when(l.Unread, ofUnread, "unread_count > 0", "unread_count = 0")
	when(l.Waiting, ofAnything, "waiting_since IS NOT NULL", "waiting_since IS NULL")
	when(l.Snoozed, ofAnything, "snoozed_until > ?", "(snoozed_until IS NULL OR snoozed_until <= ?)", now)
	if l.Snoozed != nil && *l.Snoozed {
		add(ofSnoozed, "snoozed_until IS NOT NULL")
	}
	if l.LastMessageBy != nil {
		add(ofAnything, "last_message_by = ?", *l.LastMessageBy)
	}
	switch {
	case l.Origin == nil:
	case *l.Origin == models.OriginBusiness:
		add(ofBusiness, "origin = 'BUSINESS'") // spelled out, so that the partial index is seen to serve
	default:
		add(ofAnything, "origin = ?", *l.Origin)
	}
	if l.After != nil {
		add(ofMessage, "last_message_at >= ?", *l.After)
	}
	if l.Before != nil {
		add(ofMessage, "last_message_at < ?", *l.Before)
	}
	if l.TagID != nil {
		add(ofAnything, "EXISTS (SELECT 1 FROM conversation_tags AS t WHERE t.organization_id = conversations.organization_id "+
			"AND t.conversation_id = conversations.id AND t.tag_id = ?)", *l.TagID)
	}
	const read = "coalesce((SELECT r.read_count FROM conversation_reads AS r WHERE r.organization_id = conversations.organization_id " +
		"AND r.user_id = ? AND r.conversation_id = conversations.id), 0)"
	when(l.UnreadByMe, ofAnything, "inbound_count > "+read, "inbound_count <= "+read, viewer.UserID)
	if l.Window != nil {
		switch *l.Window {
		case WindowIsOpen:
			add(ofWindow, "window_expires_at > ?", now)
		case WindowIsClosing:
			add(ofWindow, "window_expires_at > ? AND window_expires_at <= ?", now, now.Add(l.ClosingWithin))
		case WindowIsClosed:
			if l.Sort == SortWindowEnd { // which leaves out those without a window
				add(ofWindow, "window_expires_at <= ?", now)
			} else {
				add(ofWindow, "(window_expires_at IS NULL OR window_expires_at <= ?)", now)
			}
		}
	}
	return all
}
