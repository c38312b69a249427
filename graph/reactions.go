package graph

import (
	"context"

	"recado/graph/gqlmodel"
	"recado/inbox"
)

// Reactions are the message's.
func (r messageResolver) Reactions(ctx context.Context, message *gqlmodel.Message) ([]gqlmodel.MessageReaction, error) {
	shown := []gqlmodel.MessageReaction{}
	if message.WAMID == nil { // WhatsApp does not know it yet, so nobody can have reacted
		return shown, nil
	}
	reactions, err := loadersFrom(ctx).reactions.load(ctx, inbox.WAMID{ChannelID: message.ChannelID, Value: *message.WAMID})
	if err != nil || reactions == nil {
		return shown, err
	}
	for _, reaction := range *reactions {
		shown = append(shown, gqlmodel.MessageReaction(reaction))
	}
	return shown, nil
}

// User is the user who reacted.
func (r messageReactionResolver) User(ctx context.Context, reaction *gqlmodel.MessageReaction) (*gqlmodel.User, error) {
	return loadUser(ctx, reaction.SenderID)
}
