package graph

import (
	"context"

	"recado/graph/gqlmodel"
	"recado/inbox"
	"recado/models"
)

// Messages are the conversation's.
func (r conversationResolver) Messages(ctx context.Context, conversation *gqlmodel.Conversation, first *int32, after *string, last *int32, before *string) (*gqlmodel.MessageConnection, error) {
	result, err := loadersFrom(ctx).histories.load(ctx, newPartKey(conversation.ID, first, after, last, before))
	if err != nil {
		return nil, err
	}
	if result.Err != nil {
		return nil, result.Err
	}
	page := result.Page
	return &gqlmodel.MessageConnection{Rows: page.Rows, Cursor: page.Cursor, PageInfo: pageInfo(page)}, nil
}

func loadMessage(ctx context.Context, id models.ID) (*gqlmodel.Message, error) {
	message, err := loadersFrom(ctx).messages.load(ctx, id)
	return (*gqlmodel.Message)(message), err
}

// Conversation is the one that the message belongs to.
func (r messageResolver) Conversation(ctx context.Context, message *gqlmodel.Message) (*gqlmodel.Conversation, error) {
	return loadConversation(ctx, message.ConversationID)
}

// Failure is why the message failed.
func (r messageResolver) Failure(ctx context.Context, message *gqlmodel.Message) (*gqlmodel.MessageFailure, error) {
	failure := message.Failure
	if failure == nil || message.Status != models.StatusFailed {
		return nil, nil //nolint:nilnil // it did not
	}
	code := r.enumValue("MessageFailureCode", failure.Code, "UNKNOWN")
	shown := &gqlmodel.MessageFailure{
		Code:        code,
		Message:     r.text(ctx, "failure."+code, nil),
		IsRetryable: failure.Retryable,
		NextAction:  r.enumValue("MessageNextAction", failure.NextAction, "NONE"),
	}
	if failure.MetaCode != 0 {
		metaCode := int32(failure.MetaCode)
		shown.MetaCode = &metaCode
	}
	if failure.MetaTitle != "" {
		shown.MetaTitle = &failure.MetaTitle
	}
	if failure.MetaDetails != "" {
		shown.MetaDetails = &failure.MetaDetails
	}
	return shown, nil
}

// enumValue is a value of the schema's enum, the other one if there is none of that
// name: a row may be older or newer than the schema.
func (e *Edge) enumValue(enum, value, other string) string {
	if e.Schema().Types[enum].EnumValues.ForName(value) == nil {
		return other
	}
	return value
}

// Charge is what the message costs.
func (r messageResolver) Charge(ctx context.Context, message *gqlmodel.Message) (*gqlmodel.MessageCharge, error) {
	if message.PricingCategory == nil {
		return nil, nil //nolint:nilnil // nothing
	}
	hold, err := loadersFrom(ctx).holds.load(ctx, message.ID)
	return gqlmodel.NewMessageCharge(hold), err
}

// ReplyTo is the message that it answers, if we have it.
func (r messageResolver) ReplyTo(ctx context.Context, message *gqlmodel.Message) (*gqlmodel.Message, error) {
	if message.ReplyToWAMID == nil {
		return nil, nil //nolint:nilnil // none
	}
	original, err := loadersFrom(ctx).wamids.load(ctx, inbox.WAMID{ChannelID: message.ChannelID, Value: *message.ReplyToWAMID})
	return (*gqlmodel.Message)(original), err
}

// Sender is the user who wrote it.
func (r messageResolver) Sender(ctx context.Context, message *gqlmodel.Message) (*gqlmodel.User, error) {
	return loadUser(ctx, message.SenderID)
}

// RetryOf is the failed message that it says again.
func (r messageResolver) RetryOf(ctx context.Context, message *gqlmodel.Message) (*gqlmodel.Message, error) {
	return loadOptionalMessage(ctx, message.RetryOfID)
}

// RetriedBy is the message that says it again.
func (r messageResolver) RetriedBy(ctx context.Context, message *gqlmodel.Message) (*gqlmodel.Message, error) {
	return loadOptionalMessage(ctx, message.RetriedByID)
}

func loadOptionalMessage(ctx context.Context, id *models.ID) (*gqlmodel.Message, error) {
	if id == nil {
		return nil, nil //nolint:nilnil // none
	}
	return loadMessage(ctx, *id)
}
