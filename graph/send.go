package graph

import (
	"context"
	"errors"
	"strings"

	"recado/graph/gqlmodel"
	"recado/inbox"
	"recado/models"
)

// MessageSend sends a message.
func (r mutationResolver) MessageSend(ctx context.Context, input gqlmodel.MessageSendInput) (*gqlmodel.MessageSendPayload, error) {
	payload := &gqlmodel.MessageSendPayload{}
	var err error
	payload.Message, payload.UserErrors, err = r.changeMessage(ctx, func(viewer models.Viewer, ids *idParser) (models.Message, error) {
		reply := inbox.Reply{
			ConversationID: ids.parse(models.PrefixConversation, input.ConversationID, "conversationId"),
			ReplyToID:      ids.optional(models.PrefixMessage, input.ReplyToID.Value(), "replyToId"),
			IdempotencyKey: input.IdempotencyKey,
			Content:        draftOf(input.Content, ids),
		}
		if ids.err != nil {
			return models.Message{}, ids.err
		}
		return r.rooms.Inbox.Reply(ctx, viewer, reply)
	})
	if sent := (*models.Message)(payload.Message); sent != nil && sent.Listed() {
		payload.MessageEdge = gqlmodel.NewMessageEdge(payload.Message, inbox.MessageCursor(*sent))
	}
	return orNothing(payload, err)
}

// MessageRetry sends a failed message anew.
func (r mutationResolver) MessageRetry(ctx context.Context, input gqlmodel.MessageRetryInput) (*gqlmodel.MessageRetryPayload, error) {
	payload := &gqlmodel.MessageRetryPayload{}
	var err error
	payload.Message, payload.UserErrors, err = r.changeMessage(ctx, func(viewer models.Viewer, ids *idParser) (models.Message, error) {
		retry := inbox.Retry{MessageID: ids.parse(models.PrefixMessage, input.MessageID, "messageId"), IdempotencyKey: input.IdempotencyKey}
		if ids.err != nil {
			return models.Message{}, ids.err
		}
		return r.rooms.Inbox.Retry(ctx, viewer, retry)
	})
	return orNothing(payload, err)
}

// MessageCancel takes a message back.
func (r mutationResolver) MessageCancel(ctx context.Context, input gqlmodel.MessageCancelInput) (*gqlmodel.MessageCancelPayload, error) {
	payload := &gqlmodel.MessageCancelPayload{}
	var err error
	payload.Message, payload.UserErrors, err = r.changeMessage(ctx, func(viewer models.Viewer, ids *idParser) (models.Message, error) {
		id := ids.parse(models.PrefixMessage, input.MessageID, "messageId")
		if ids.err != nil {
			return models.Message{}, ids.err
		}
		return r.rooms.Inbox.Cancel(ctx, viewer, id)
	})
	return orNothing(payload, err)
}

// changeMessage runs what makes or changes a message and sorts its outcome.
func (r mutationResolver) changeMessage(ctx context.Context, change func(models.Viewer, *idParser) (models.Message, error),
) (*gqlmodel.Message, []gqlmodel.MessageUserError, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, nil, err
	}
	message, err := change(viewer, &idParser{})
	problems, err := messageProblems(ctx, r.Edge, err)
	if err != nil || len(problems) > 0 {
		return nil, problems, err
	}
	return (*gqlmodel.Message)(&message), problems, nil
}

func messageProblems(ctx context.Context, e *Edge, err error) ([]gqlmodel.MessageUserError, error) {
	return userErrors(ctx, e, err, "MessageErrorCode", nil,
		func(p problem) gqlmodel.MessageUserError { return gqlmodel.MessageUserError(p) })
}

// ConversationTypingShow shows the customer that an answer is being written.
func (r mutationResolver) ConversationTypingShow(ctx context.Context, input gqlmodel.ConversationTypingShowInput) (*gqlmodel.ConversationTypingShowPayload, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	var ids idParser
	id := ids.parse(models.PrefixConversation, input.ConversationID, "conversationId")
	shown, err := models.Conversation{}, ids.err
	if err == nil {
		shown, err = r.rooms.Inbox.ShowTyping(ctx, viewer, id)
	}
	payload := &gqlmodel.ConversationTypingShowPayload{}
	payload.UserErrors, err = messageProblems(ctx, r.Edge, err)
	if err == nil && len(payload.UserErrors) == 0 {
		payload.Conversation = (*gqlmodel.Conversation)(&shown)
	}
	return orNothing(payload, err)
}

// CanSend says whether a message would go out.
func (r queryResolver) CanSend(ctx context.Context, conversationID string, draft gqlmodel.MessageSendContentInput, replyToID *string) (*gqlmodel.Sendability, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	var ids idParser
	conversation := ids.parse(models.PrefixConversation, conversationID, "conversationId")
	if ids.err != nil {
		return nil, ids.err
	}
	content, replyTo := draftOf(draft, &ids), ids.optional(models.PrefixMessage, replyToID, "replyToId")
	if failure, ok := errors.AsType[*models.Error](ids.err); ok { // an id that is none names nothing, here as in messageSend
		return r.sendability(ctx, inbox.Sendability{Obstacles: []*models.Error{failure}}), nil
	}
	answer, err := r.rooms.Inbox.CanSend(ctx, viewer, conversation, content, replyTo)
	if err != nil {
		return nil, err
	}
	return r.sendability(ctx, answer), nil
}

func (e *Edge) sendability(ctx context.Context, answer inbox.Sendability) *gqlmodel.Sendability {
	shown := &gqlmodel.Sendability{
		IsAllowed: answer.Allowed(), NeedsTemplate: answer.NeedsTemplate(), Blockers: []gqlmodel.SendBlocker{},
	}
	if answer.WaitUntil != nil {
		shown.WaitUntil = answer.WaitUntil
	}
	if offer := answer.Offer; offer != nil {
		shown.Price = &gqlmodel.SendPrice{Expected: offer.Price, AtMost: offer.Dearest, Basis: offer.Basis, Available: offer.Available}
	}
	if use := answer.Limit; use != nil {
		shown.MessagingLimit = &gqlmodel.MessagingLimitUse{Used: int32(use.Used), FreeAt: use.FreeAt}
		if use.Limit != nil {
			shown.MessagingLimit.Limit = new(int32(min(*use.Limit, 1<<30)))
		}
	}
	for _, obstacle := range answer.Obstacles {
		blocker := gqlmodel.SendBlocker{Code: obstacle.Code, Message: e.failureText(ctx, obstacle)}
		if obstacle.Field != "" {
			blocker.Field = strings.Split(obstacle.Field, ".")
			if blocker.Field[0] == "content" { // as it is named in inbox.Reply
				blocker.Field[0] = "draft"
			}
		}
		shown.Blockers = append(shown.Blockers, blocker)
	}
	return shown
}
