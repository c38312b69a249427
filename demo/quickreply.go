package demo

import (
	"context"
	"errors"
	"fmt"
)

// What Ana keeps for every photo of a table: the text, and what becomes of it for
// Marina.
const (
	quickReplyShortcut = "obrigada"
	quickReplyBody     = "Que lindo, #{contact.firstName}! Um abraço da #{agent.firstName}."
	quickReplyText     = "Que lindo, Marina! Um abraço da Ana."
	quickReplyKey      = "demo-quick-reply-1"
)

// anaSendsQuickReply holds that a text kept under a shortcut is taken as an answer.
func (s *story) anaSendsQuickReply(ctx context.Context) (outcome, error) {
	id, err := s.ana.keepQuickReply(ctx, quickReplyShortcut, quickReplyBody)
	if err != nil {
		return outcome{}, err
	}
	s.quickReply, err = s.ana.sendQuickReply(ctx, s.conversation.ID, id, quickReplyKey)
	if err == nil && s.quickReply.ID == "" {
		err = errors.New("no message in the answer")
	}
	return outcome{s.screen.speaks(), s.screen.said(quickReplyText), "/" + quickReplyShortcut}, err
}

// marinaReadsQuickReply holds that it came to her phone filled in, with her name and
// Ana's, and that Ana is told when she has read it.
func (s *story) marinaReadsQuickReply(ctx context.Context) (outcome, error) {
	_, _, err := s.anasSocket.await(ctx, 0, func(e liveEvent) bool {
		return e.Kind == messageStatusChanged && e.Message.ID == s.quickReply.ID && e.Message.Status == "READ"
	})
	if err != nil {
		return outcome{}, fmt.Errorf("no event that she read it: %w", err)
	}
	phone := s.stage.meta.CustomerByWAID(marina.WAID).Inbox(number.ID)
	if last := phone[len(phone)-1].Body; last != quickReplyText {
		return outcome{}, fmt.Errorf("on her phone it says %q", last)
	}
	return outcome{s.screen.in(blue, "✓✓"), "read, with her name and Ana's filled in", "quickReplyCreate"}, nil
}

// keepQuickReply keeps a text of the user's own under a shortcut.
func (a api) keepQuickReply(ctx context.Context, shortcut, body string) (id string, err error) {
	var data struct {
		QuickReplyCreate struct {
			QuickReply struct {
				ID string `json:"id"`
			} `json:"quickReply"`
			UserErrors userErrors `json:"userErrors"`
		} `json:"quickReplyCreate"`
	}
	err = a.ask(ctx, quickReplyDocument, map[string]any{"input": map[string]any{"shortcut": shortcut, "body": body}}, &data)
	if err == nil {
		err = data.QuickReplyCreate.UserErrors.err()
	}
	return data.QuickReplyCreate.QuickReply.ID, err
}
