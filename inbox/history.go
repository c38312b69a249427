package inbox

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"recado/models"
	"recado/store"
)

// MessageList is the list of a conversation's messages, the oldest first, and the
// part of it that is wanted; without a size, its end.
type MessageList struct {
	ConversationID models.ID
	Page           PageRequest
}

// MessageResult is what became of a MessageList.
type MessageResult struct {
	Page Page[models.Message]
	Err  error // INVALID for a request out of bounds; NOT_FOUND if the viewer may not see the conversation
}

// Messages returns pages of messages, one for each list, in one statement unless a
// conversation is named twice. A conversation that does not exist has no messages.
func (s *Service) Messages(ctx context.Context, viewer models.Viewer, lists []MessageList) ([]MessageResult, error) {
	results := make([]MessageResult, len(lists))
	ranges := make([]store.Range, len(lists))
	var open []int // indexes of lists still to be read
	for i, list := range lists {
		if ranges[i], results[i].Err = messageKeyset(list.ConversationID).Range(list.Page); results[i].Err == nil {
			open = append(open, i)
		}
	}
	for len(open) > 0 {
		now := make(map[models.ID]int, len(open)) // conversation → index
		var later []int
		for _, i := range open {
			if _, taken := now[lists[i].ConversationID]; taken || len(now) == listsPerStatement {
				later = append(later, i)
			} else {
				now[lists[i].ConversationID] = i
			}
		}
		if err := s.readMessages(ctx, viewer, now, ranges, results); err != nil {
			return nil, err
		}
		open = later
	}
	return results, nil
}

// listsPerStatement bounds the parts of one statement (SQLite takes 500).
const listsPerStatement = 100

// readMessages reads the ranges of several conversations at once: a limited query
// for each, put together.
func (s *Service) readMessages(ctx context.Context, viewer models.Viewer, lists map[models.ID]int, ranges []store.Range, results []MessageResult) error {
	parts := make([]any, 0, len(lists))
	for conversation, i := range lists {
		query := s.db.Read(ctx).Model(&models.Message{}).
			Where("organization_id = ? AND conversation_id = ? AND kind <> ?", viewer.OrganizationID, conversation, models.KindReaction)
		parts = append(parts, ranges[i].Apply(query))
	}
	union := "SELECT * FROM (?) AS part" + strings.Repeat(" UNION ALL SELECT * FROM (?) AS part", len(parts)-1)
	var rows []models.Message
	if err := s.db.Read(ctx).Raw(union, parts...).Scan(&rows).Error; err != nil {
		return fmt.Errorf("list messages of %d conversations: %w", len(lists), err)
	}
	of := make(map[models.ID][]models.Message, len(lists))
	for _, row := range rows {
		of[row.ConversationID] = append(of[row.ConversationID], row)
	}
	for conversation, i := range lists {
		messages := of[conversation]
		if len(messages) > 0 && !viewer.Can(messages[0].ChannelID, models.LevelView) {
			results[i].Err = models.ErrNotFound
			continue
		}
		ascending := ranges[i].Ascending()
		slices.SortFunc(messages, func(a, b models.Message) int { // a union promises no order
			order := cmp.Or(a.SentAt.Compare(b.SentAt), slices.Compare(a.ID[:], b.ID[:]))
			if ascending {
				return order
			}
			return -order
		})
		results[i].Page = store.PageOf(ranges[i], messages, messagePlace)
	}
	return nil
}

// MessageCursor is the place of a message in the list of its conversation.
func MessageCursor(message models.Message) string {
	return messageKeyset(message.ConversationID).CursorOf(messagePlace(&message))
}

func messagePlace(m *models.Message) store.Place { return store.Place{At: m.SentAt, ID: m.ID} }

func messageKeyset(conversation models.ID) store.Keyset {
	return store.Keyset{Column: "sent_at", FromEnd: true, Scope: conversation.String()}
}
