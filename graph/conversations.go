package graph

import (
	"context"
	"time"

	"recado/graph/gqlmodel"
	"recado/inbox"
	"recado/models"
)

// maxFilterIDs bounds each list of ids in a filter.
const maxFilterIDs = 100

// Conversations is the inbox.
func (r queryResolver) Conversations(ctx context.Context, filter *gqlmodel.ConversationFilter, orderBy *gqlmodel.ConversationOrder, first *int32, after *string, last *int32, before *string) (*gqlmodel.ConversationConnection, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	list := inbox.ConversationList{
		OldestFirst: orderBy != nil && orderBy.Direction == gqlmodel.OrderDirectionAsc,
		Page:        pageRequest(first, after, last, before),
	}
	if orderBy != nil {
		list.Sort = map[gqlmodel.ConversationOrderField]inbox.ConversationSort{
			gqlmodel.ConversationOrderFieldWaitingSince:    inbox.SortWaiting,
			gqlmodel.ConversationOrderFieldWindowExpiresAt: inbox.SortWindowEnd,
		}[orderBy.Field]
	}
	if list.ConversationFilter, err = conversationFilter(filter); err != nil {
		return nil, err
	}
	page, err := r.rooms.Inbox.Conversations(ctx, viewer, list)
	if err != nil {
		return nil, err
	}
	return conversationConnection(ctx, page)
}

func conversationFilter(filter *gqlmodel.ConversationFilter) (inbox.ConversationFilter, error) {
	if filter == nil {
		return inbox.ConversationFilter{}, nil
	}
	wanted := inbox.ConversationFilter{
		Status: filter.Status.Value(), Unread: filter.IsUnread.Value(), UnreadByMe: filter.IsUnreadByMe.Value(),
		LastMessageBy: filter.LastMessageBy.Value(), Origin: filter.Origin.Value(),
		Snoozed: filter.IsSnoozed.Value(), Waiting: filter.IsWaiting.Value(),
		After: filter.LastMessageFrom.Value(), Before: filter.LastMessageBefore.Value(),
	}
	if view := filter.View.Value(); view != nil {
		wanted.View = inbox.View(*view)
	}
	if err := windowFilter(filter, &wanted); err != nil {
		return inbox.ConversationFilter{}, err
	}
	if text := filter.TagID.Value(); text != nil {
		id, _ := models.ParsePublicID(models.PrefixTag, *text) // what is no id matches nothing
		wanted.TagID = &id
	}
	var err error
	if wanted.ChannelIDs, err = idFilter(models.PrefixChannel, filter.ChannelIds.Value(), "filter.channelIds"); err != nil {
		return inbox.ConversationFilter{}, err
	}
	wanted.AssigneeIDs, err = idFilter(models.PrefixUser, filter.AssigneeIds.Value(), "filter.assigneeIds")
	return wanted, err
}

// maxClosingMinutes is the length of the longest window.
const maxClosingMinutes = int32(models.FreeEntryWindow / time.Minute)

// windowFilter sorts out what is wanted of the service window.
func windowFilter(filter *gqlmodel.ConversationFilter, wanted *inbox.ConversationFilter) error {
	if open := filter.IsWindowOpen.Value(); open != nil {
		wanted.Window = new(inbox.WindowIsClosed)
		if *open {
			wanted.Window = new(inbox.WindowIsOpen)
		}
	}
	minutes := filter.WindowClosingWithinMinutes.Value()
	switch {
	case minutes == nil:
		return nil
	case *minutes < 1 || *minutes > maxClosingMinutes || wanted.Window != nil && *wanted.Window == inbox.WindowIsClosed:
		return models.NewError(models.CodeInvalid, "filter.windowClosingWithinMinutes")
	}
	wanted.Window, wanted.ClosingWithin = new(inbox.WindowIsClosing), time.Duration(*minutes)*time.Minute
	return nil
}

// idFilter reads ids of a filter; nil for nil. Those that are none match nothing.
func idFilter(prefix string, texts []string, field string) ([]models.ID, error) {
	if texts == nil {
		return nil, nil
	}
	if len(texts) > maxFilterIDs {
		return nil, models.NewError(models.CodeInvalid, field)
	}
	wanted := make([]models.ID, 0, len(texts))
	for _, text := range texts {
		if id, ok := models.ParsePublicID(prefix, text); ok {
			wanted = append(wanted, id)
		}
	}
	return wanted, nil
}

func conversationConnection(ctx context.Context, page inbox.Page[models.Conversation]) (*gqlmodel.ConversationConnection, error) {
	if err := prefetch(ctx, page.Rows); err != nil {
		return nil, err
	}
	return &gqlmodel.ConversationConnection{Rows: page.Rows, Cursor: page.Cursor, PageInfo: pageInfo(page)}, nil
}

// Conversation is a conversation by its id.
func (r queryResolver) Conversation(ctx context.Context, id string) (*gqlmodel.Conversation, error) {
	if _, err := r.viewer(ctx); err != nil {
		return nil, err
	}
	conversation, ok := models.ParsePublicID(models.PrefixConversation, id)
	if !ok {
		return nil, nil //nolint:nilnil // does not exist
	}
	return loadConversation(ctx, conversation)
}

func loadConversation(ctx context.Context, id models.ID) (*gqlmodel.Conversation, error) {
	conversation, err := loadersFrom(ctx).conversations.load(ctx, id)
	return (*gqlmodel.Conversation)(conversation), err
}

// Channel is the number it takes place on.
func (r conversationResolver) Channel(ctx context.Context, conversation *gqlmodel.Conversation) (*gqlmodel.Channel, error) {
	return loadChannel(ctx, conversation.ChannelID)
}

// Contact is the customer.
func (r conversationResolver) Contact(ctx context.Context, conversation *gqlmodel.Conversation) (*gqlmodel.Contact, error) {
	return loadContact(ctx, conversation.ContactID)
}

// Assignee is who takes care of it.
func (r conversationResolver) Assignee(ctx context.Context, conversation *gqlmodel.Conversation) (*gqlmodel.User, error) {
	return loadUser(ctx, conversation.AssigneeID)
}

// LastMessage is the newest message.
func (r conversationResolver) LastMessage(ctx context.Context, conversation *gqlmodel.Conversation) (*gqlmodel.Message, error) {
	if conversation.LastMessageID == nil {
		return nil, nil //nolint:nilnil // there is none
	}
	return loadMessage(ctx, *conversation.LastMessageID)
}

// UnreadByMeCount is how much the viewer has not read.
func (r conversationResolver) UnreadByMeCount(ctx context.Context, conversation *gqlmodel.Conversation) (*int32, error) {
	read, err := loadersFrom(ctx).reads.load(ctx, conversation.ID)
	if err != nil {
		return nil, err
	}
	return new(int32(unreadByMe(conversation, read))), nil
}

func unreadByMe(conversation *gqlmodel.Conversation, read *int) int {
	if read == nil {
		return conversation.InboundCount
	}
	return max(0, conversation.InboundCount-*read)
}

// SupersededBy is the conversation that goes on instead.
func (r conversationResolver) SupersededBy(ctx context.Context, conversation *gqlmodel.Conversation) (*gqlmodel.Conversation, error) {
	if conversation.Current {
		return nil, nil //nolint:nilnil // it is the current one
	}
	current, err := loadersFrom(ctx).successors.load(ctx, conversation.ID)
	return (*gqlmodel.Conversation)(current), err
}

// ServiceWindow is until when free text may be sent.
func (r conversationResolver) ServiceWindow(_ context.Context, conversation *gqlmodel.Conversation) (*gqlmodel.ServiceWindow, error) {
	row := (*models.Conversation)(conversation)
	window := &gqlmodel.ServiceWindow{
		IsOpen: row.WindowOpen(r.clock()), ExpiresAt: row.WindowExpiresAt(),
		Kind: row.WindowKindAt(r.clock()), FreeEntryExpiresAt: row.FreeEntryExpiresAt,
	}
	if !window.IsOpen {
		window.ClosedSince = window.ExpiresAt
	}
	return window, nil
}

// ViewerCan is what the viewer's level allows.
func (r conversationResolver) ViewerCan(ctx context.Context, conversation *gqlmodel.Conversation) (*gqlmodel.ConversationPermissions, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	mayReply := viewer.Can(conversation.ChannelID, models.LevelReply)
	return &gqlmodel.ConversationPermissions{Reply: mayReply, Assign: mayReply, Close: mayReply, MarkRead: mayReply, Tag: mayReply, Note: viewer.Can(conversation.ChannelID, models.LevelView)}, nil
}

// ClosedBy is who closed it.
func (r conversationResolver) ClosedBy(ctx context.Context, conversation *gqlmodel.Conversation) (*gqlmodel.User, error) {
	return loadUser(ctx, conversation.ClosedByID)
}
