package inbox

import (
	"context"

	"recado/models"
)

// MaxMany is how many conversations can be changed by one call.
const MaxMany = 100

// ManyResult is what became of one of many conversations.
type ManyResult struct {
	Conversation models.Conversation // as it is now; zero with an Err
	Err          error               // a failure of this one alone, as of the single change
}

// AssignMany is Assign for up to MaxMany conversations. Each is a transaction of its
// own: some may fail and the others stay changed. Calling again with the same input
// does what is left to do. Results are in the order of the ids. INVALID (field
// conversationIds) for too many; a fault ends it.
func (s *Service) AssignMany(ctx context.Context, viewer models.Viewer, ids []models.ID, assignee *models.ID) ([]ManyResult, error) {
	return many(ids, func(id models.ID) (models.Conversation, error) {
		return s.assign(ctx, viewer, Assign{ConversationID: id, AssigneeID: assignee}, models.AssignedBulk)
	})
}

// CloseMany is CloseConversation for up to MaxMany conversations, as AssignMany is
// Assign.
func (s *Service) CloseMany(ctx context.Context, viewer models.Viewer, ids []models.ID, reason string) ([]ManyResult, error) {
	return many(ids, func(id models.ID) (models.Conversation, error) {
		return s.CloseConversation(ctx, viewer, Close{ConversationID: id, Reason: reason})
	})
}

// TagMany is Tag for up to MaxMany conversations, as AssignMany is Assign.
func (s *Service) TagMany(ctx context.Context, viewer models.Viewer, ids, add, remove []models.ID) ([]ManyResult, error) {
	return many(ids, func(id models.ID) (models.Conversation, error) {
		return s.Tag(ctx, viewer, Tagging{ConversationID: id, Add: add, Remove: remove})
	})
}

func many(ids []models.ID, change func(models.ID) (models.Conversation, error)) ([]ManyResult, error) {
	if len(ids) > MaxMany {
		return nil, models.NewError(models.CodeInvalid, "conversationIds")
	}
	results := make([]ManyResult, len(ids))
	for i, id := range ids {
		changed, err := change(id)
		switch {
		case err == nil:
			results[i].Conversation = changed
		case models.CodeOf(err) != "":
			results[i].Err = err
		default:
			return nil, err
		}
	}
	return results, nil
}
