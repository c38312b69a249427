package graph

import (
	"context"

	"recado/graph/gqlmodel"
	"recado/inbox"
)

// Revisions are what the message said before it was edited.
func (r messageResolver) Revisions(ctx context.Context, message *gqlmodel.Message) ([]gqlmodel.MessageRevision, error) {
	shown := []gqlmodel.MessageRevision{}
	if message.WAMID == nil || message.EditedAt == nil {
		return shown, nil
	}
	revisions, err := loadersFrom(ctx).revisions.load(ctx, inbox.WAMID{ChannelID: message.ChannelID, Value: *message.WAMID})
	if err != nil || revisions == nil {
		return shown, err
	}
	for _, revision := range *revisions {
		shown = append(shown, gqlmodel.MessageRevision(revision))
	}
	return shown, nil
}
