package graph

import (
	"context"

	"recado/graph/gqlmodel"
	"recado/models"
)

// Blocks are what the team wants of the person's messages.
func (r contactResolver) Blocks(ctx context.Context, contact *gqlmodel.Contact) ([]gqlmodel.ContactBlock, error) {
	blocks, err := loadersFrom(ctx).blocks.load(ctx, contact.ID)
	if err != nil || blocks == nil {
		return []gqlmodel.ContactBlock{}, err
	}
	shown := make([]gqlmodel.ContactBlock, len(*blocks))
	for i, block := range *blocks {
		shown[i] = gqlmodel.ContactBlock(block)
	}
	return shown, nil
}

// Channel is where the block holds.
func (r contactBlockResolver) Channel(ctx context.Context, block *gqlmodel.ContactBlock) (*gqlmodel.Channel, error) {
	return loadChannel(ctx, block.ChannelID)
}

// DecidedBy is who decided it last.
func (r contactBlockResolver) DecidedBy(ctx context.Context, block *gqlmodel.ContactBlock) (*gqlmodel.User, error) {
	return loadUser(ctx, &block.DecidedByID)
}

// Failure is why Meta refused.
func (r contactBlockResolver) Failure(ctx context.Context, block *gqlmodel.ContactBlock) (*gqlmodel.ContactBlockFailure, error) {
	failure := block.Failure
	if failure == nil || block.Status != models.BlockFailed {
		return nil, nil //nolint:nilnil // it did not
	}
	code := r.enumValue("ContactBlockFailureCode", failure.Code, "UNKNOWN")
	shown := &gqlmodel.ContactBlockFailure{Code: code, Message: r.text(ctx, "block."+code, nil)}
	if failure.MetaCode != 0 {
		metaCode := int32(failure.MetaCode)
		shown.MetaCode = &metaCode
	}
	return shown, nil
}

// ContactBlock blocks a contact.
func (r mutationResolver) ContactBlock(ctx context.Context, input gqlmodel.ContactBlockInput) (*gqlmodel.ContactBlockPayload, error) {
	changed, err := r.changeContact(ctx, input.ContactID, r.rooms.Inbox.BlockContact)
	return (*gqlmodel.ContactBlockPayload)(changed), err
}

// ContactUnblock undoes ContactBlock.
func (r mutationResolver) ContactUnblock(ctx context.Context, input gqlmodel.ContactUnblockInput) (*gqlmodel.ContactUnblockPayload, error) {
	changed, err := r.changeContact(ctx, input.ContactID, r.rooms.Inbox.UnblockContact)
	return (*gqlmodel.ContactUnblockPayload)(changed), err
}

// changedContact is what all payloads of changes of a contact are like.
type changedContact struct {
	Contact    *gqlmodel.Contact
	UserErrors []gqlmodel.ContactUserError
}

// changeContact runs a change of a contact and sorts its outcome.
func (r mutationResolver) changeContact(ctx context.Context, contactID string,
	change func(context.Context, models.Viewer, models.ID) error,
) (*changedContact, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	var ids idParser
	id := ids.parse(models.PrefixContact, contactID, "contactId")
	if err = ids.err; err == nil {
		err = change(ctx, viewer, id)
	}
	problems, err := userErrors(ctx, r.Edge, err, "ContactErrorCode", nil,
		func(p problem) gqlmodel.ContactUserError { return gqlmodel.ContactUserError(p) })
	if err != nil {
		return nil, err
	}
	payload := &changedContact{UserErrors: problems}
	if len(problems) == 0 {
		payload.Contact, err = loadContact(ctx, id)
	}
	return payload, err
}

// Cursor is the event's place in the feed.
func (r contactBlockChangedEventResolver) Cursor(_ context.Context, event *gqlmodel.ContactBlockChangedEvent) (string, error) {
	return feedCursor(event.Event), nil
}

// Conversation is the conversation after the event.
func (r contactBlockChangedEventResolver) Conversation(ctx context.Context, event *gqlmodel.ContactBlockChangedEvent) (*gqlmodel.Conversation, error) {
	return eventConversation(ctx, &event.Payload), nil
}
