package graph

import (
	"context"

	"recado/crm"
	"recado/graph/gqlmodel"
	"recado/inbox"
	"recado/models"
)

// Contact is a contact by its id.
func (r queryResolver) Contact(ctx context.Context, id string) (*gqlmodel.Contact, error) {
	if _, err := r.viewer(ctx); err != nil {
		return nil, err
	}
	contact, ok := models.ParsePublicID(models.PrefixContact, id)
	if !ok {
		return nil, nil //nolint:nilnil // does not exist
	}
	return loadContact(ctx, contact)
}

func loadContact(ctx context.Context, id models.ID) (*gqlmodel.Contact, error) {
	contact, err := loadersFrom(ctx).contacts.load(ctx, id)
	return (*gqlmodel.Contact)(contact), err
}

// PhoneNumber is the number that the person is registered under.
func (r contactResolver) PhoneNumber(ctx context.Context, contact *gqlmodel.Contact) (*string, error) {
	identities, err := loadersFrom(ctx).identities.load(ctx, contact.ID)
	if err != nil || identities == nil {
		return nil, err
	}
	if number, ok := crm.PhoneNumber(*identities); ok {
		return &number, nil
	}
	return nil, nil //nolint:nilnil // hidden
}

// Identities are what Meta calls the person.
func (r contactResolver) Identities(ctx context.Context, contact *gqlmodel.Contact) ([]gqlmodel.ContactIdentity, error) {
	identities, err := loadersFrom(ctx).identities.load(ctx, contact.ID)
	if err != nil || identities == nil {
		return []gqlmodel.ContactIdentity{}, err
	}
	shown := make([]gqlmodel.ContactIdentity, len(*identities))
	for i, identity := range *identities {
		shown[i] = gqlmodel.ContactIdentity(identity)
	}
	return shown, nil
}

// Conversations are the person's, one per channel.
func (r contactResolver) Conversations(ctx context.Context, contact *gqlmodel.Contact, first *int32, after *string, last *int32, before *string) (*gqlmodel.ConversationConnection, error) {
	all, err := loadersFrom(ctx).ofContacts.load(ctx, contact.ID)
	if err != nil {
		return nil, err
	}
	if all == nil {
		all = new([]models.Conversation)
	}
	page, err := inbox.Cut(pageRequest(first, after, last, before), "conversations of "+contact.ID.String(), *all,
		func(c *models.Conversation) models.ID { return c.ID })
	if err != nil {
		return nil, err
	}
	return conversationConnection(ctx, page)
}

// Channel is the channel on which the identity holds.
func (r contactIdentityResolver) Channel(ctx context.Context, identity *gqlmodel.ContactIdentity) (*gqlmodel.Channel, error) {
	return loadChannel(ctx, identity.ChannelID)
}
