package inbox

import (
	"context"
	"fmt"
	"slices"

	"recado/models"
	"recado/store"
)

// idsPerStatement bounds the parameters of one statement.
const idsPerStatement = 1000

// ConversationsByID returns those of the conversations that exist for the viewer.
func (s *Service) ConversationsByID(ctx context.Context, viewer models.Viewer, ids []models.ID) (map[models.ID]models.Conversation, error) {
	found := make(map[models.ID]models.Conversation, len(ids))
	for some := range slices.Chunk(ids, idsPerStatement) {
		var rows []models.Conversation
		if err := s.db.Read(ctx).Where("organization_id = ?", viewer.OrganizationID).Where(store.OneOf("id", some)).Find(&rows).Error; err != nil {
			return nil, fmt.Errorf("read %d conversations: %w", len(some), err)
		}
		for _, row := range rows {
			if viewer.Can(row.ChannelID, models.LevelView) {
				found[row.ID] = row
			}
		}
	}
	return found, nil
}

// ConversationsOfContacts returns the conversations with each of the contacts that
// exist for the viewer, the latest message first. There is one per channel at most.
func (s *Service) ConversationsOfContacts(ctx context.Context, viewer models.Viewer, contacts []models.ID) (map[models.ID][]models.Conversation, error) {
	found := make(map[models.ID][]models.Conversation, len(contacts))
	for some := range slices.Chunk(contacts, idsPerStatement) {
		// The channels let the unique index of conversations find the contact's.
		channels := s.db.Read(ctx).Model(&models.Channel{}).Select("id").Where("organization_id = ?", viewer.OrganizationID)
		var rows []models.Conversation
		err := s.db.Read(ctx).
			Where("organization_id = ? AND channel_id IN (?) AND contact_id IN ?", viewer.OrganizationID, channels, some).
			Order("last_message_at DESC, id DESC").Find(&rows).Error
		if err != nil {
			return nil, fmt.Errorf("read conversations of %d contacts: %w", len(some), err)
		}
		for _, row := range rows {
			if viewer.Can(row.ChannelID, models.LevelView) {
				found[row.ContactID] = append(found[row.ContactID], row)
			}
		}
	}
	return found, nil
}

// MessagesByID returns those of the messages that exist for the viewer.
func (s *Service) MessagesByID(ctx context.Context, viewer models.Viewer, ids []models.ID) (map[models.ID]models.Message, error) {
	found := make(map[models.ID]models.Message, len(ids))
	for some := range slices.Chunk(ids, idsPerStatement) {
		var rows []models.Message
		if err := s.db.Read(ctx).Where("organization_id = ?", viewer.OrganizationID).Where(store.OneOf("id", some)).Find(&rows).Error; err != nil {
			return nil, fmt.Errorf("read %d messages: %w", len(some), err)
		}
		for _, row := range rows {
			if viewer.Can(row.ChannelID, models.LevelView) {
				found[row.ID] = row
			}
		}
	}
	return found, nil
}

// WAMID is Meta's id of a message, together with the channel it is known on.
type WAMID struct {
	ChannelID models.ID
	Value     string
}

// MessagesByWAMID returns those of the messages that exist for the viewer.
func (s *Service) MessagesByWAMID(ctx context.Context, viewer models.Viewer, wamids []WAMID) (map[WAMID]models.Message, error) {
	found := make(map[WAMID]models.Message, len(wamids))
	for some := range slices.Chunk(wamids, idsPerStatement) {
		values := make([]string, len(some))
		channels := make(map[models.ID]bool)
		for i, wamid := range some {
			values[i] = wamid.Value
			channels[wamid.ChannelID] = true
		}
		visible := make([]models.ID, 0, len(channels))
		for id := range channels {
			if viewer.Can(id, models.LevelView) {
				visible = append(visible, id)
			}
		}
		if len(visible) == 0 {
			continue
		}
		var rows []models.Message
		err := s.db.Read(ctx).
			Where("organization_id = ? AND channel_id IN ? AND wamid IN ?", viewer.OrganizationID, visible, values).
			Find(&rows).Error
		if err != nil {
			return nil, fmt.Errorf("read %d messages by Meta's ids: %w", len(some), err)
		}
		for _, row := range rows {
			found[WAMID{ChannelID: row.ChannelID, Value: *row.WAMID}] = row
		}
	}
	return found, nil
}
