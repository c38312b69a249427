package graph

import (
	"context"

	"recado/graph/gqlmodel"
	"recado/inbox"
	"recado/models"
)

// Presence is who is in the conversation now.
func (r conversationResolver) Presence(ctx context.Context, conversation *gqlmodel.Conversation) ([]gqlmodel.Presence, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	return shownPresence(r.rooms.Inbox.Presence(viewer, models.Conversation(*conversation))), nil
}

func shownPresence(present []models.Presence) []gqlmodel.Presence {
	shown := make([]gqlmodel.Presence, len(present))
	for i := range present {
		shown[i] = gqlmodel.Presence(present[i])
	}
	return shown
}

// User is who is there.
func (r presenceResolver) User(ctx context.Context, presence *gqlmodel.Presence) (*gqlmodel.User, error) {
	return loadUser(ctx, &presence.UserID)
}

// ConversationPresenceSet says what the viewer does.
func (r mutationResolver) ConversationPresenceSet(ctx context.Context, input gqlmodel.ConversationPresenceSetInput) (*gqlmodel.ConversationPresenceSetPayload, error) {
	changed, err := r.changeConversation(ctx, input.ConversationID,
		func(viewer models.Viewer, id models.ID) (models.Conversation, error) {
			return r.rooms.Inbox.SetPresence(ctx, viewer, id, input.State)
		})
	return (*gqlmodel.ConversationPresenceSetPayload)(changed), err
}

// ConversationPresence tells who is in a conversation, at first and after each change.
func (r subscriptionResolver) ConversationPresence(ctx context.Context, conversationID string) (<-chan *gqlmodel.ConversationPresence, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	var ids idParser
	conversation := ids.parse(models.PrefixConversation, conversationID, "conversationId")
	if ids.err != nil {
		return nil, ids.err
	}
	stream, err := r.rooms.Inbox.WatchPresence(ctx, viewer, conversation)
	if err != nil {
		return nil, err
	}
	shown := make(chan *gqlmodel.ConversationPresence)
	go r.followPresence(ctx, stream, conversationID, shown)
	return shown, nil
}

// followPresence passes a stream on until it or the subscription ends. Whoever is slow
// gets the newest state, not every one.
func (r subscriptionResolver) followPresence(ctx context.Context, stream *inbox.PresenceStream, conversationID string, shown chan<- *gqlmodel.ConversationPresence) {
	defer close(shown)
	defer stream.Close()
	fail := failWith(ctx)
	defer func() { // a panic here would end the process
		if panicked := recover(); panicked != nil {
			fail(r.Recover(ctx, panicked))
		}
	}()
	for {
		present, err := stream.Next(ctx)
		if err != nil {
			fail(err)
			return
		}
		select {
		case shown <- &gqlmodel.ConversationPresence{ConversationID: conversationID, Presence: shownPresence(present)}:
		case <-ctx.Done():
			return
		}
	}
}
