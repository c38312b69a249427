package graph

import (
	"context"

	"recado/graph/gqlmodel"
	"recado/inbox"
	"recado/models"
)

// maxFilterChannels bounds a filter's channels.
const maxFilterChannels = 100

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
		Status: filter.Status.Value(), Unread: filter.IsUnread.Value(), WindowOpen: filter.IsWindowOpen.Value(),
	}
	if view := filter.View.Value(); view != nil {
		wanted.View = inbox.View(*view)
	}
	var err error
	wanted.ChannelIDs, err = channelIDs(filter.ChannelIds.Value(), "filter.channelIds")
	return wanted, err
}

// channelIDs reads a filter's channels; nil for nil, which is no condition. INVALID
// with the field for too many.
func channelIDs(texts []string, field string) ([]models.ID, error) {
	if texts == nil {
		return nil, nil
	}
	if len(texts) > maxFilterChannels {
		return nil, models.NewError(models.CodeInvalid, field)
	}
	ids := make([]models.ID, 0, len(texts))
	for _, text := range texts {
		if id, ok := models.ParsePublicID(models.PrefixChannel, text); ok { // others match nothing
			ids = append(ids, id)
		}
	}
	return ids, nil
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

// ServiceWindow is until when free text may be sent.
func (r conversationResolver) ServiceWindow(_ context.Context, conversation *gqlmodel.Conversation) (*gqlmodel.ServiceWindow, error) {
	row := (*models.Conversation)(conversation)
	window := &gqlmodel.ServiceWindow{IsOpen: row.WindowOpen(r.clock()), ExpiresAt: row.WindowExpiresAt()}
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
	return &gqlmodel.ConversationPermissions{Reply: mayReply, Assign: mayReply, Close: mayReply, MarkRead: mayReply}, nil
}

// ClosedBy is who closed it.
func (r conversationResolver) ClosedBy(ctx context.Context, conversation *gqlmodel.Conversation) (*gqlmodel.User, error) {
	return loadUser(ctx, conversation.ClosedByID)
}
