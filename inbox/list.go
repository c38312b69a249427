package inbox

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

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

// ConversationFilter restricts a list of conversations. All conditions must hold;
// the zero value lets everything through that the viewer may see.
type ConversationFilter struct {
	View       View // empty: ViewAll
	Status     *models.ConversationStatus
	ChannelIDs []models.ID // nil: all; those that the viewer may not see match nothing
	Unread     *bool
	WindowOpen *bool // at the time of the call
}

// ConversationList is a list of conversations by the time of their last message,
// and the part of it that is wanted.
type ConversationList struct {
	ConversationFilter
	OldestFirst bool
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
	if query, possible := s.conversationsOf(ctx, viewer, list.ConversationFilter, wanted); possible {
		if err := query.Find(&rows).Error; err != nil {
			return Page[models.Conversation]{}, fmt.Errorf("list conversations: %w", err)
		}
	}
	return store.PageOf(wanted, rows, conversationPlace), nil
}

// conversationsOf is the query for a range. It is false if nothing can match, for
// want of a channel. Each form of the query walks one index of conversations in
// order and stops after the page; the migrations name them.
func (s *Service) conversationsOf(ctx context.Context, viewer models.Viewer, filter ConversationFilter, wanted store.Range) (*gorm.DB, bool) {
	query := s.db.Read(ctx).Where("organization_id = ?", viewer.OrganizationID)
	switch channels, all := viewer.Visible(filter.ChannelIDs); {
	case all:
	case len(channels) == 0:
		return nil, false
	case len(channels) == 1:
		query = query.Where("channel_id = ?", channels[0])
	default:
		query = query.Where("channel_id IN ?", channels)
	}
	switch filter.View {
	case ViewMine:
		query = query.Where("assignee_id = ?", viewer.UserID)
	case ViewUnassigned:
		query = query.Where("assignee_id IS NULL")
		// All NULL, so this orders nothing, but PostgreSQL only sees the index's order with it.
		if wanted.Ascending() {
			query = query.Order("assignee_id ASC")
		} else {
			query = query.Order("assignee_id DESC")
		}
	}
	if filter.Status != nil {
		if *filter.Status == models.ConversationOpen {
			query = query.Where("status = 'OPEN'") // spelled out, so that the partial index is seen to serve
		} else {
			query = query.Where("status = ?", *filter.Status)
		}
	}
	if filter.Unread != nil {
		if *filter.Unread {
			query = query.Where("unread_count > 0")
		} else {
			query = query.Where("unread_count = 0")
		}
	}
	if filter.WindowOpen != nil {
		closed := s.clock().Add(-models.ServiceWindow) // the customer's last message, if the window closes right now
		if *filter.WindowOpen {
			query = query.Where("last_customer_message_at > ?", closed)
		} else {
			query = query.Where("(last_customer_message_at IS NULL OR last_customer_message_at <= ?)", closed)
		}
	}
	return wanted.Apply(query), true
}

func conversationPlace(c *models.Conversation) store.Place {
	return store.Place{At: c.LastMessageAt, ID: c.ID}
}

func (l ConversationList) keyset(viewer models.Viewer) store.Keyset {
	var scope strings.Builder
	scope.WriteString(viewer.OrganizationID.String())
	scope.WriteString(string(l.View))
	if l.View == ViewMine {
		scope.WriteString(viewer.UserID.String())
	}
	if l.Status != nil {
		scope.WriteString(" status " + string(*l.Status))
	}
	if l.Unread != nil {
		scope.WriteString(" unread " + strconv.FormatBool(*l.Unread))
	}
	if l.WindowOpen != nil {
		scope.WriteString(" window " + strconv.FormatBool(*l.WindowOpen))
	}
	if l.ChannelIDs != nil {
		scope.WriteString(" channels")
		channels := slices.Clone(l.ChannelIDs)
		slices.SortFunc(channels, func(a, b models.ID) int { return bytes.Compare(a[:], b[:]) })
		for _, id := range slices.Compact(channels) {
			scope.WriteString(" " + id.String())
		}
	}
	return store.Keyset{Column: "last_message_at", NewestFirst: !l.OldestFirst, Scope: scope.String()}
}
