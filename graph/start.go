package graph

import (
	"context"

	"recado/graph/gqlmodel"
	"recado/inbox"
	"recado/models"
)

// ConversationStart writes to somebody first.
func (r mutationResolver) ConversationStart(ctx context.Context, input gqlmodel.ConversationStartInput) (*gqlmodel.ConversationStartPayload, error) {
	payload := &gqlmodel.ConversationStartPayload{}
	var err error
	payload.Message, payload.UserErrors, err = r.changeMessage(ctx, func(viewer models.Viewer, ids *idParser) (models.Message, error) {
		start := inbox.Start{
			ChannelID:      ids.parse(models.PrefixChannel, input.ChannelID, "channelId"),
			ContactID:      ids.optional(models.PrefixContact, input.ContactID.Value(), "contactId"),
			ContactName:    input.ContactName,
			IdempotencyKey: input.IdempotencyKey,
			Template: models.TemplateMessageDraft{
				TemplateID: ids.parse(models.PrefixTemplate, input.TemplateID, "templateId"),
				DealID:     ids.optional(models.PrefixDeal, input.DealID.Value(), "dealId"),
				Values:     valuesOf(input.Values.Value(), "values", ids),
			},
		}
		if phone := input.Phone.Value(); phone != nil {
			start.Phone = *phone
		}
		if ids.err != nil {
			return models.Message{}, ids.err
		}
		return r.rooms.Inbox.Start(ctx, viewer, start)
	})
	if payload.Message != nil {
		conversation, failed := loadersFrom(ctx).conversations.load(ctx, payload.Message.ConversationID)
		if failed != nil {
			return nil, failed
		}
		payload.Conversation = (*gqlmodel.Conversation)(conversation)
	}
	return orNothing(payload, err)
}

// Session is what can be sent now.
func (r conversationResolver) Session(_ context.Context, conversation *gqlmodel.Conversation) (models.SessionState, error) {
	return (*models.Conversation)(conversation).Session(r.clock()), nil
}

// Marketing is what the customer said about it.
func (r conversationResolver) Marketing(_ context.Context, conversation *gqlmodel.Conversation) (*gqlmodel.MarketingPreference, error) {
	if conversation.MarketingSaidAt == nil {
		return nil, nil //nolint:nilnil // nothing was said
	}
	return &gqlmodel.MarketingPreference{
		IsStopped: conversation.MarketingStopped, SaidAt: *conversation.MarketingSaidAt, Source: conversation.MarketingSaidBy,
	}, nil
}

// MarketingWordsSet sets what customers write to stop marketing.
func (r mutationResolver) MarketingWordsSet(ctx context.Context, input gqlmodel.MarketingWordsSetInput) (*gqlmodel.MarketingWordsSetPayload, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	organization, err := r.rooms.Accounts.SetMarketingWords(ctx, viewer, models.MarketingWords{Stop: input.Stop, Resume: input.Resume})
	payload := &gqlmodel.MarketingWordsSetPayload{}
	payload.UserErrors, err = userErrors(ctx, r.Edge, err, "MarketingWordsErrorCode", nil,
		func(p problem) gqlmodel.MarketingWordsUserError { return gqlmodel.MarketingWordsUserError(p) })
	if err == nil && len(payload.UserErrors) == 0 {
		payload.Organization = (*gqlmodel.Organization)(&organization)
	}
	return orNothing(payload, err)
}
