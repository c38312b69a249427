package inbox

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"recado/models"
	"recado/store"
)

// View says whose conversations a list shows.
type View string

// The views.
const (
	ViewAll        View = "ALL"
	ViewMine       View = "MINE"       // assigned to the viewer
	ViewUnassigned View = "UNASSIGNED" // assigned to nobody
)

// WindowState is where a conversation's service window stands.
type WindowState string

// The states of a window.
const (
	WindowIsOpen    WindowState = "OPEN"
	WindowIsClosing WindowState = "CLOSING" // open, and closes within ConversationFilter.ClosingWithin
	WindowIsClosed  WindowState = "CLOSED"  // or the customer never wrote
)

// ConversationFilter restricts a list of conversations. All conditions must hold;
// the zero value lets everything through that the viewer may see, what is snoozed
// and what was superseded included.
type ConversationFilter struct {
	View          View // empty: ViewAll
	Status        *models.ConversationStatus
	ChannelIDs    []models.ID // nil: all; those that the viewer may not see match nothing
	AssigneeIDs   []models.ID // nil: all; who has it
	TagID         *models.ID  // has this tag
	Unread        *bool       // by the team
	UnreadByMe    *bool       // by the viewer, see MarkSeen
	Window        *WindowState
	ClosingWithin time.Duration // with WindowIsClosing
	LastMessageBy *models.Author
	Origin        *models.Origin
	Snoozed       *bool
	Waiting       *bool      // the customer waits for an answer
	After, Before *time.Time // bounds of the last message's time: After <= it < Before
}

// ConversationSort is what a list is ordered by.
type ConversationSort string

// The sorts.
const (
	SortLastMessage ConversationSort = "LAST_MESSAGE_AT" // the newest first, unless turned around
	SortWaiting     ConversationSort = "WAITING_SINCE"   // those who wait longest last, unless turned around; who does not wait is left out
	SortWindowEnd   ConversationSort = "WINDOW_END"      // the open ones; likewise, and without those whose customer never wrote
)

// column is what the sort walks, not null in its list.
func (s ConversationSort) column() string {
	switch s {
	case SortWaiting:
		return "waiting_since"
	case SortWindowEnd:
		return "window_expires_at"
	default:
		return "last_message_at"
	}
}

// ConversationList is a list of conversations, and the part of it that is wanted.
type ConversationList struct {
	ConversationFilter
	Sort        ConversationSort // empty: SortLastMessage
	OldestFirst bool             // by the time that is sorted by
	Page        PageRequest
}

// Conversations returns a page of the conversations on the channels that the
// viewer may see. INVALID for a request out of bounds or a cursor of another list.
//
// Pages join without gaps or repeats for conversations that do not move
// meanwhile. A conversation that gets a message moves to the newest end.
func (s *Service) Conversations(ctx context.Context, viewer models.Viewer, list ConversationList) (Page[models.Conversation], error) {
	wanted, err := list.keyset(viewer).Range(list.Page)
	if err != nil {
		return Page[models.Conversation]{}, err
	}
	var rows []models.Conversation
	if query, possible := s.conversationsOf(ctx, viewer, list, wanted); possible {
		if err := query.Find(&rows).Error; err != nil {
			return Page[models.Conversation]{}, fmt.Errorf("list conversations: %w", err)
		}
	}
	return store.PageOf(wanted, rows, list.Sort.place), nil
}

// conversationsOf is the query for a range. It is false if nothing can match, for
// want of a channel. Each form of the query walks one index of conversations in
// order and stops after the page; the migrations name them. What no index knows is
// looked at on the way.
func (s *Service) conversationsOf(ctx context.Context, viewer models.Viewer, list ConversationList, wanted store.Range) (*gorm.DB, bool) {
	query := s.db.Read(ctx).Where("organization_id = ?", viewer.OrganizationID)
	switch channels, all := viewer.Visible(list.ChannelIDs); {
	case all:
	case len(channels) == 0:
		return nil, false
	case len(channels) == 1:
		query = query.Where("channel_id = ?", channels[0])
	default:
		query = query.Where("channel_id IN ?", channels)
	}
	switch list.Sort {
	case SortWaiting: // closed ones do not wait; spelled out, so that the partial indexes are seen to serve
		query = query.Where("waiting_since IS NOT NULL")
	case SortWindowEnd:
		query = query.Where("status = 'OPEN' AND window_expires_at IS NOT NULL")
	}
	query = list.ofAssignees(query, viewer, wanted)
	return wanted.Apply(list.narrow(query, viewer, s.clock())), true
}

// ofAssignees keeps what the view and the wanted assignees have.
func (l ConversationList) ofAssignees(query *gorm.DB, viewer models.Viewer, wanted store.Range) *gorm.DB {
	switch l.View {
	case ViewMine:
		query = query.Where("assignee_id = ?", viewer.UserID)
	case ViewUnassigned:
		query = query.Where("assignee_id IS NULL")
		if l.Sort != "" && l.Sort != SortLastMessage {
			break
		}
		// All NULL, so this orders nothing, but PostgreSQL only sees the index's order with it.
		if wanted.Ascending() {
			query = query.Order("assignee_id ASC")
		} else {
			query = query.Order("assignee_id DESC")
		}
	}
	switch len(l.AssigneeIDs) {
	case 0:
		if l.AssigneeIDs != nil {
			query = query.Where("1 = 0")
		}
	case 1:
		query = query.Where("assignee_id = ?", l.AssigneeIDs[0])
	default:
		query = query.Where("assignee_id IN ?", l.AssigneeIDs)
	}
	return query
}

// place is where a conversation stands in a list with the sort.
func (s ConversationSort) place(c *models.Conversation) store.Place {
	place := store.Place{At: c.LastMessageAt, ID: c.ID}
	switch {
	case s == SortWaiting && c.WaitingSince != nil:
		place.At = *c.WaitingSince
	case s == SortWindowEnd && c.WindowEndsAt != nil:
		place.At = *c.WindowEndsAt
	}
	return place
}

func (l ConversationList) keyset(viewer models.Viewer) store.Keyset {
	scope := []any{viewer.OrganizationID, l.View}
	if l.View == ViewMine || l.UnreadByMe != nil {
		scope = append(scope, viewer.UserID)
	}
	scope = append(scope, text("status", l.Status), text("unread", l.Unread), text("mine", l.UnreadByMe), text("window", l.Window), l.ClosingWithin,
		text("by", l.LastMessageBy), text("origin", l.Origin), text("snoozed", l.Snoozed), text("waiting", l.Waiting),
		text("tag", l.TagID), text("after", l.After), text("before", l.Before),
		each("channels", l.ChannelIDs), each("assignees", l.AssigneeIDs))
	return store.Keyset{Column: l.Sort.column(), NewestFirst: !l.OldestFirst, Scope: fmt.Sprintln(scope...)}
}

// text names a condition that may be absent.
func text[T any](name string, value *T) string {
	if value == nil {
		return ""
	}
	return fmt.Sprint(name, " ", *value)
}

// each names a condition on ids that may be absent, whatever their order.
func each(name string, ids []models.ID) string {
	if ids == nil {
		return ""
	}
	return fmt.Sprint(name, distinct(slices.Clone(ids)))
}
