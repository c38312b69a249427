package graph

import (
	"context"

	"recado/crm"
	"recado/graph/gqlmodel"
	"recado/inbox"
	"recado/models"
)

// MessageSearch finds messages.
func (r queryResolver) MessageSearch(ctx context.Context, query string, filter *gqlmodel.MessageSearchFilter, first *int32, after *string, last *int32, before *string) (*gqlmodel.MessageMatchConnection, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	search := inbox.MessageSearch{Text: query, Page: pageRequest(first, after, last, before)}
	if filter != nil {
		search.Direction, search.From, search.Until = filter.Direction.Value(), filter.SentFrom.Value(), filter.SentBefore.Value()
		if search.ChannelIDs, err = idFilter(models.PrefixChannel, filter.ChannelIds.Value(), "filter.channelIds"); err != nil {
			return nil, err
		}
		if text := filter.ConversationID.Value(); text != nil {
			id, ok := models.ParsePublicID(models.PrefixConversation, *text)
			if !ok {
				id = models.NoID // which no conversation has
			}
			search.ConversationID = &id
		}
	}
	page, err := r.rooms.Inbox.SearchMessages(ctx, viewer, search)
	if err != nil {
		return nil, err
	}
	return &gqlmodel.MessageMatchConnection{Rows: page.Rows, Cursor: page.Cursor, PageInfo: pageInfo(page)}, nil
}

// ContactSearch finds contacts.
func (r queryResolver) ContactSearch(ctx context.Context, query string, channels []string, first *int32, after *string, last *int32, before *string) (*gqlmodel.ContactMatchConnection, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	search := crm.ContactSearch{Text: query, Page: pageRequest(first, after, last, before)}
	if search.ChannelIDs, err = idFilter(models.PrefixChannel, channels, "channelIds"); err != nil {
		return nil, err
	}
	page, err := r.rooms.CRM.SearchContacts(ctx, viewer, search)
	if err != nil {
		return nil, err
	}
	return &gqlmodel.ContactMatchConnection{Rows: page.Rows, Cursor: page.Cursor, PageInfo: pageInfo(page)}, nil
}
