package inbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"recado/credits"
	"recado/models"
)

// Sendability says whether a draft would go out.
type Sendability struct {
	Obstacles []*models.Error // what keeps it from going out, with the fields of Reply; none: it would go out
	Offer     *credits.Offer  // what it would cost; nil: nothing
	Limit     *LimitUse       // of the messaging limit; nil: the message does not count towards it
	WaitUntil *time.Time      // not before then, for the pace that Meta asks of the number, also towards one customer; nil: at once, as far as is known here
}

// Allowed reports whether the draft would go out.
func (s Sendability) Allowed() bool { return len(s.Obstacles) == 0 }

// NeedsTemplate reports whether only a template reaches the customer.
func (s Sendability) NeedsTemplate() bool {
	for _, obstacle := range s.Obstacles {
		if obstacle.Code == models.CodeServiceWindowClosed {
			return true
		}
	}
	return false
}

// CanSend says what Reply would say to the draft now, and changes nothing. Somebody
// with VIEW may ask and is told FORBIDDEN as an obstacle. It fails with NOT_FOUND.
func (s *Service) CanSend(ctx context.Context, viewer models.Viewer, conversationID models.ID, draft models.Draft, replyTo *models.ID) (Sendability, error) {
	var answer Sendability
	var conversation models.Conversation
	db := s.db.Read(ctx)
	err := db.Take(&conversation, "organization_id = ? AND id = ?", viewer.OrganizationID, conversationID).Error
	switch {
	case errors.Is(err, gorm.ErrRecordNotFound):
		return answer, models.ErrNotFound
	case err != nil:
		return answer, fmt.Errorf("read conversation %s: %w", conversationID, err)
	}
	if failure, ok := errors.AsType[*models.Error](checkDraft(draft, replyTo)); ok { // said first, as by Reply
		answer.Obstacles = append(answer.Obstacles, failure)
	}
	if err := viewer.Require(conversation.ChannelID, models.LevelReply); err != nil {
		refusal, ok := errors.AsType[*models.Error](err)
		if !ok || refusal.Code != models.CodeForbidden {
			return Sendability{}, err
		}
		answer.Obstacles = append(answer.Obstacles, refusal)
	}
	proposed, err := s.propose(s.db.Read(ctx), s.clock(), viewer, conversation, draft, replyTo)
	if err != nil {
		return answer, err
	}
	answer.Obstacles = append(answer.Obstacles, proposed.obstacles...)
	answer.Limit = proposed.limit
	if answer.Offer, err = s.offer(ctx, conversation, proposed.message); err != nil {
		return answer, err
	}
	if answer.Offer != nil {
		if shortfall := answer.Offer.Shortfall(); shortfall != nil {
			answer.Obstacles = append(answer.Obstacles, shortfall)
		}
	}
	answer.WaitUntil, err = s.waitUntil(ctx, conversation)
	return answer, err
}

// waitUntil is when the number may send its next message to the customer of a
// conversation; nil if that is now.
func (s *Service) waitUntil(ctx context.Context, conversation models.Conversation) (*time.Time, error) {
	db, now := s.db.Read(ctx), s.clock()
	channel, err := channelOf(db, conversation)
	if err != nil {
		return nil, err
	}
	free, err := pairFreeAt(db, conversation, channel, now)
	if err != nil {
		return nil, err
	}
	if paced := now.Add(s.client.Wait(channel.PhoneNumberID)); paced.After(free) {
		free = paced
	}
	if free.After(now) {
		return &free, nil
	}
	return nil, nil //nolint:nilnil // at once
}
