package inbox

import (
	"context"

	"gorm.io/gorm"

	"recado/models"
	"recado/store"
)

// MessageList is the list of a conversation's messages, the oldest first, and the
// part of it that is wanted; without a size, its end.
type MessageList = ConversationPart

// MessageResult is what became of a MessageList.
type MessageResult = PartResult[models.Message]

var messageLists = belongings[models.Message]{
	name: "messages", keyset: messageKeyset, place: messagePlace,
	conversation: func(m *models.Message) models.ID { return m.ConversationID },
	narrow:       func(query *gorm.DB) *gorm.DB { return query.Where("kind <> ?", models.KindReaction) },
	visible: func(viewer models.Viewer, m *models.Message) bool {
		return viewer.Can(m.ChannelID, models.LevelView)
	},
}

// Messages returns pages of messages, one for each list, in one statement unless a
// conversation is named twice. A conversation that does not exist has no messages.
func (s *Service) Messages(ctx context.Context, viewer models.Viewer, lists []MessageList) ([]MessageResult, error) {
	return messageLists.parts(ctx, s, viewer, lists)
}

// MessageCursor is the place of a message in the list of its conversation.
func MessageCursor(message models.Message) string {
	return messageKeyset(message.ConversationID).CursorOf(messagePlace(&message))
}

func messagePlace(m *models.Message) store.Place { return store.Place{At: m.SentAt, ID: m.ID} }

func messageKeyset(conversation models.ID) store.Keyset {
	return store.Keyset{Column: "sent_at", FromEnd: true, Scope: conversation.String()}
}
