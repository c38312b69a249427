package inbox_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"recado/inbox"
	"recado/models"
	"recado/store"
)

// CanSend says yes exactly when Reply takes the message, and names first what Reply
// refuses it for: for any draft, by anybody who may see the conversation, in any state
// of the conversation and its channel.
func TestCanSend_agrees_with_Reply(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		conversation, iris := o.greeted()
		elsewhere, _ := o.greeted()
		later := o.written(iris, "And tomorrow?")
		stored := o.conversation(conversation.ID)
		old := o.message(*conversation.LastMessageID)
		queued := o.reply(conversation.ID, "Not at Meta yet")
		messages := []models.ID{old.ID, *later.LastMessageID, queued.ID, *elsewhere.LastMessageID, models.NewID()}
		files := []models.ID{
			o.upload(o.answers, models.MediaImage, "image/png", models.AttachmentAvailable),
			o.upload(o.answers, models.MediaAudio, "audio/mpeg", models.AttachmentAvailable),
			o.upload(o.answers, models.MediaImage, "image/png", models.AttachmentPending),
			o.upload(o.stranger, models.MediaImage, "image/png", models.AttachmentAvailable),
			models.NewID(),
		}
		replies := []models.ID{
			o.quickReply(o.admin, "hours", "From six to eight", true).ID,
			o.quickReply(o.answers, "hello", "Hello {{contact.name}}, this is {{agent.name}}", false).ID,
			models.NewID(),
		}
		replier := o.member(models.LevelReply)

		draft := func(r *rapid.T) models.Draft {
			text := rapid.SampledFrom([]string{"Hello", "", "  ", strings.Repeat("x", 5000), "a\x00b"}).Draw(r, "text")
			switch rapid.IntRange(0, 7).Draw(r, "kind") {
			case 0, 1:
				return models.Draft{Text: &models.TextDraft{Body: text}}
			case 2:
				return models.Draft{Attachment: &models.AttachmentDraft{AttachmentID: rapid.SampledFrom(files).Draw(r, "file"), Caption: text}}
			case 3:
				return models.Draft{Location: &models.Location{Latitude: rapid.SampledFrom([]float64{-23.5, 91}).Draw(r, "latitude"), Longitude: 1}}
			case 4:
				emoji := rapid.SampledFrom([]string{"👍", "", "no"}).Draw(r, "emoji")
				return models.Draft{Reaction: &models.ReactionDraft{MessageID: rapid.SampledFrom(messages).Draw(r, "on"), Emoji: emoji}}
			case 5:
				buttons := []models.Choice{{ID: "a", Title: "A"}}
				interactive := models.InteractiveDraft{Interactive: models.Interactive{Body: text, Buttons: buttons}}
				if rapid.Bool().Draw(r, "header") {
					interactive.HeaderAttachmentID = new(rapid.SampledFrom(files).Draw(r, "file"))
				}
				return models.Draft{Interactive: &interactive}
			case 6:
				return models.Draft{QuickReply: &models.QuickReplyDraft{QuickReplyID: rapid.SampledFrom(replies).Draw(r, "quick reply")}}
			default:
				return models.Draft{}
			}
		}
		rapid.Check(t, func(r *rapid.T) {
			state := stored
			state.Blocked = rapid.IntRange(0, 5).Draw(r, "blocked") == 0
			state.Current = rapid.IntRange(0, 5).Draw(r, "superseded") > 0
			if rapid.Bool().Draw(r, "closed") {
				state.Status = models.ConversationClosed
			}
			heard := o.clock.Now().Add(-rapid.SampledFrom([]time.Duration{0, time.Hour, models.ServiceWindow - time.Second, models.ServiceWindow, 60 * 24 * time.Hour}).Draw(r, "silence"))
			state.LastCustomerMessageAt = &heard
			status := rapid.SampledFrom([]models.ChannelStatus{
				models.ChannelConnected, models.ChannelConnected, models.ChannelConnected, models.ChannelDisconnected, models.ChannelReauthorizationRequired,
			}).Draw(r, "channel")
			sentAt := rapid.SampledFrom([]time.Time{old.SentAt, o.clock.Now().Add(-31 * 24 * time.Hour)}).Draw(r, "sent at")
			require.NoError(r, o.db.Write(t.Context(), func(tx *store.Tx) error {
				// The newer conversation of one that is superseded is the other one.
				owner := elsewhere.ContactID
				if !state.Current {
					owner = conversation.ContactID
				}
				if err := tx.Exec("UPDATE conversations SET current = ? WHERE id = ?", false, conversation.ID).Error; err != nil {
					return err
				}
				if err := tx.Exec("UPDATE conversations SET contact_id = ? WHERE id = ?", owner, elsewhere.ID).Error; err != nil {
					return err
				}
				if err := tx.Exec("UPDATE channels SET status = ? WHERE id = ?", status, o.channel.ID).Error; err != nil {
					return err
				}
				if err := tx.Exec("UPDATE messages SET sent_at = ? WHERE id = ?", sentAt, old.ID).Error; err != nil {
					return err
				}
				return store.UpdateAll(tx, []models.Conversation{state})
			}))
			viewer := rapid.SampledFrom([]models.Viewer{o.answers, replier, o.admin, o.watches}).Draw(r, "viewer")
			content := draft(r)
			var replyTo *models.ID
			if rapid.IntRange(0, 2).Draw(r, "answers a message") == 0 {
				replyTo = new(rapid.SampledFrom(messages).Draw(r, "reply to"))
			}

			said, err := o.inbox.CanSend(t.Context(), viewer, conversation.ID, content, replyTo)
			require.NoError(r, err)
			_, err = o.inbox.Reply(t.Context(), viewer, inbox.Reply{
				ConversationID: conversation.ID, IdempotencyKey: models.NewID().String(), Content: content, ReplyToID: replyTo,
			})
			require.Equal(r, err == nil, said.Allowed(), "%v, %v", err, said.Obstacles)
			if err != nil {
				require.Equal(r, err, error(said.Obstacles[0]))
			}
		})
	})
}
