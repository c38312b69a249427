package graph

import (
	"bytes"
	"context"
	"maps"
	"slices"

	"recado/graph/gqlmodel"
	"recado/inbox"
	"recado/models"
)

// InboxCounts are how many open conversations there are.
func (r queryResolver) InboxCounts(ctx context.Context) (*gqlmodel.InboxCounts, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	counts, err := r.rooms.Inbox.Counts(ctx, viewer)
	if err != nil {
		return nil, err
	}
	return inboxCounts(counts), nil
}

// InboxCountsChanged are the counts whenever they change.
func (r subscriptionResolver) InboxCountsChanged(ctx context.Context) (<-chan *gqlmodel.InboxCounts, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	stream, err := r.rooms.Inbox.WatchCounts(ctx, viewer)
	if err != nil {
		return nil, err
	}
	told := make(chan *gqlmodel.InboxCounts)
	go follow(ctx, r.Edge, told, func(ctx context.Context) (*gqlmodel.InboxCounts, error) {
		counts, err := stream.Next(ctx)
		return inboxCounts(counts), err
	})
	return told, nil
}

func inboxCounts(counts inbox.Counts) *gqlmodel.InboxCounts {
	told := &gqlmodel.InboxCounts{
		All: conversationCounts(counts.All), Mine: conversationCounts(counts.Mine), Unassigned: conversationCounts(counts.Unassigned),
		Channels: make([]gqlmodel.ChannelCounts, 0, len(counts.Channels)),
	}
	for _, id := range slices.SortedFunc(maps.Keys(counts.Channels), func(a, b models.ID) int { return bytes.Compare(a[:], b[:]) }) {
		told.Channels = append(told.Channels, gqlmodel.ChannelCounts{ChannelID: id, Counts: conversationCounts(counts.Channels[id])})
	}
	return told
}

func conversationCounts(counter models.InboxCounter) gqlmodel.ConversationCounts {
	return gqlmodel.ConversationCounts{
		Open: int32(counter.OpenCount), Unread: int32(counter.UnreadCount), Waiting: int32(counter.WaitingCount), Snoozed: int32(counter.SnoozedCount),
	}
}

// Channel is whose numbers they are.
func (r channelCountsResolver) Channel(ctx context.Context, counts *gqlmodel.ChannelCounts) (*gqlmodel.Channel, error) {
	return loadChannel(ctx, counts.ChannelID)
}
