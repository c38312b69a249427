package inbox

import (
	"context"
	"fmt"
	"slices"
	"time"

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
//
// A page costs the same however many conversations there are: a bounded number of
// them is looked at, see listBounds. If that does not fill it, because few fulfil the conditions, it
// has fewer rows than were asked for, or none, and goes on from its EndCursor (when
// reading from the end, StartCursor).
func (s *Service) Conversations(ctx context.Context, viewer models.Viewer, list ConversationList) (Page[models.Conversation], error) {
	wanted, err := list.keyset(viewer).Range(list.Page)
	if err != nil {
		return Page[models.Conversation]{}, err
	}
	page, err := s.conversationsIn(ctx, viewer, list, wanted)
	if err != nil {
		return Page[models.Conversation]{}, fmt.Errorf("list conversations: %w", err)
	}
	return page, nil
}

func (s *Service) conversationsIn(ctx context.Context, viewer models.Viewer, list ConversationList, wanted store.Range) (Page[models.Conversation], error) {
	none := store.PageOf(wanted, nil, list.Sort.place)
	restrictions, possible := list.restrictions(viewer, s.clock())
	if !possible {
		return none, nil
	}
	conversations := s.db.Read(ctx).Model(&models.Conversation{}).Where("organization_id = ?", viewer.OrganizationID)
	if list.TagID != nil {
		switch tagged, few, err := s.fewTagged(ctx, viewer.OrganizationID, *list.TagID); {
		case err != nil:
			return none, err
		case few && len(tagged) == 0:
			return none, nil
		case few:
			rows, err := among(s.db.Read(ctx), conversations.Where(store.OneOf("id", tagged)), s.bounds.tagged, list.Sort, restrictions, wanted)
			return store.PageOf(wanted, rows, list.Sort.place), err
		}
	}
	return list.Sort.routeFor(restrictions).read(conversations, wanted, s.bounds, list.Sort.place)
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
