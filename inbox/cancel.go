package inbox

import (
	"context"

	"recado/models"
	"recado/store"
)

// Cancel takes back a message that still waits for its turn, and returns it. Of
// Cancel and the job that sends the message one is first, and the other finds it
// CANCELED or past QUEUED; so a canceled message is not handed to Meta any more.
// Canceling a canceled one changes nothing. Failures: NOT_FOUND, FORBIDDEN, and
// MESSAGE_NOT_CANCELABLE with Params["status"].
func (s *Service) Cancel(ctx context.Context, viewer models.Viewer, id models.ID) (models.Message, error) {
	var result models.Message
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		changes := s.newChanges(tx)
		message, _, err := changes.lockMessage(viewer.OrganizationID, id)
		if err != nil {
			return err
		}
		if err := viewer.Require(message.ChannelID, models.LevelReply); err != nil {
			return err
		}
		if message.Status != models.StatusCanceled {
			if !message.Cancel(tx.Now()) {
				return models.NewError(models.CodeMessageNotCancelable, "messageId").With("status", string(message.Status))
			}
			changes.move(message)
		}
		if err := changes.save(); err != nil {
			return err
		}
		result = *message
		return nil
	})
	return result, err
}
