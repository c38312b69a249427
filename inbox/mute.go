package inbox

import (
	"context"

	"recado/models"
)

// Mute has a conversation notify nobody of its customer's messages, for the whole team
// and until Unmute. All else goes on: messages are counted and shown, and who is
// mentioned or handed the conversation is told. One that is muted stays as it is.
// Failures: NOT_FOUND, FORBIDDEN, and CONFLICT, which comes with the present
// conversation.
func (s *Service) Mute(ctx context.Context, viewer models.Viewer, id models.ID, expectedVersion *int64) (models.Conversation, error) {
	return s.setMuted(ctx, viewer, id, expectedVersion, true)
}

// Unmute undoes Mute, with the same failures.
func (s *Service) Unmute(ctx context.Context, viewer models.Viewer, id models.ID, expectedVersion *int64) (models.Conversation, error) {
	return s.setMuted(ctx, viewer, id, expectedVersion, false)
}

func (s *Service) setMuted(ctx context.Context, viewer models.Viewer, id models.ID, expectedVersion *int64, muted bool) (models.Conversation, error) {
	return s.change(ctx, viewer, id, expectedVersion, func(_ *changes, conversation *changing) error {
		if conversation.Muted != muted {
			conversation.Muted, conversation.report = muted, true
		}
		return nil
	})
}
