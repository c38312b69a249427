package inbox_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"recado/inbox"
	"recado/models"
	"recado/store"
)

// The file of a quick reply is seen by those who may use it, and by nobody else.
func TestQuickReply_files(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		o.keepsFiles()
		sees := func(viewer models.Viewer, file models.Attachment) bool {
			found, err := o.media.Find(t.Context(), viewer, []models.ID{file.ID})
			require.NoError(t, err)
			return len(found) == 1
		}
		keep := func(by models.Viewer, shortcut string, file models.Attachment, shared bool) models.QuickReply {
			reply, err := o.inbox.CreateQuickReply(t.Context(), by, inbox.QuickReplyWish{Shortcut: shortcut, AttachmentID: &file.ID}, shared)
			require.NoError(t, err)
			return reply
		}
		shared, personal := o.uploaded(o.admin), o.uploaded(o.answers)
		require.False(t, sees(o.watches, shared), "nobody was offered it yet")
		menu := keep(o.admin, "menu", shared, true)
		keep(o.answers, "meu", personal, false)
		for name, c := range map[string]struct {
			viewer           models.Viewer
			shared, personal bool
		}{
			"its owner":                 {o.answers, true, true},
			"an administrator":          {o.admin, true, false},
			"who only watches":          {o.watches, true, false},
			"of another organization":   {o.stranger, false, false},
			"of no channel at all":      {models.Viewer{OrganizationID: o.organization, UserID: models.NewID()}, true, false},
			"the owner's id, elsewhere": {models.Viewer{OrganizationID: o.stranger.OrganizationID, UserID: o.answers.UserID}, false, false},
		} {
			require.Equal(t, c.shared, sees(c.viewer, shared), "shared: %s", name)
			require.Equal(t, c.personal, sees(c.viewer, personal), "personal: %s", name)
		}
		require.NoError(t, o.inbox.DeleteQuickReply(t.Context(), o.admin, menu.ID))
		require.False(t, sees(o.watches, shared), "it is offered no more")
		require.True(t, sees(o.admin, shared), "whoever uploaded it keeps it")
	})
}

// A file that is not there any more when its turn comes fails its message.
func TestSend_file_that_went_away(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		o.keepsFiles()
		conversation, iris := o.greeted()
		menu := o.uploaded(o.answers)
		message := o.replies(conversation.ID, pictured(menu, "Cardápio"))
		require.NoError(t, o.db.Write(t.Context(), func(tx *store.Tx) error {
			return tx.Model(&models.Attachment{}).Where("id = ?", menu.ID).Update("status", models.AttachmentFailed).Error
		}))
		require.Zero(t, o.sendNow(message))
		failed := o.message(message.ID)
		require.Equal(t, models.StatusFailed, failed.Status)
		require.Equal(t, "MEDIA_UNAVAILABLE", failed.Failure.Code)
		require.False(t, failed.Failure.Retryable)
		require.Empty(t, o.bodies(iris))
		_, err := o.inbox.Retry(t.Context(), o.answers, inbox.Retry{MessageID: message.ID, IdempotencyKey: "again"})
		requireCode(t, models.CodeMessageNotRetryable, err)
	})
}
