package inbox

import (
	"context"
	"fmt"
	"slices"

	"gorm.io/gorm/clause"

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
// exist for the viewer, the latest message first. Per channel there is one that is
// current, and those that it superseded.
func (s *Service) ConversationsOfContacts(ctx context.Context, viewer models.Viewer, contacts []models.ID) (map[models.ID][]models.Conversation, error) {
	found := make(map[models.ID][]models.Conversation, len(contacts))
	for some := range slices.Chunk(contacts, idsPerStatement) {
		// One index finds the superseded ones; the channels let the other one, which is
		// unique, find the current ones.
		channels := s.db.Read(ctx).Model(&models.Channel{}).Select("id").Where("organization_id = ?", viewer.OrganizationID)
		current := s.db.Read(ctx).Model(&models.Conversation{}).
			Where("current AND organization_id = ? AND channel_id IN (?) AND contact_id IN ?", viewer.OrganizationID, channels, some)
		superseded := s.db.Read(ctx).Model(&models.Conversation{}).
			Where("NOT current AND organization_id = ? AND contact_id IN ?", viewer.OrganizationID, some)
		var rows []models.Conversation
		err := s.db.Read(ctx).
			Raw("SELECT * FROM (?) AS part UNION ALL SELECT * FROM (?) AS part ORDER BY last_message_at DESC, id DESC", current, superseded).
			Scan(&rows).Error
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

// Current returns the conversation that took the place of each of the superseded
// ones, by the id of the latter, as far as it exists for the viewer.
func (s *Service) Current(ctx context.Context, viewer models.Viewer, superseded []models.ID) (map[models.ID]models.Conversation, error) {
	found := make(map[models.ID]models.Conversation, len(superseded))
	for some := range slices.Chunk(superseded, idsPerStatement) {
		var old []models.Conversation
		if err := s.db.Read(ctx).Where("organization_id = ?", viewer.OrganizationID).Where(store.OneOf("id", some)).Find(&old).Error; err != nil {
			return nil, fmt.Errorf("read %d conversations: %w", len(some), err)
		}
		var keys [][]any
		of := make(map[contactKey][]models.ID)
		for _, row := range old {
			if !row.Current && viewer.Can(row.ChannelID, models.LevelView) {
				keys = append(keys, []any{row.OrganizationID, row.ChannelID, row.ContactID})
				of[keyOf(row)] = append(of[keyOf(row)], row.ID)
			}
		}
		var rows []models.Conversation
		err := s.db.Read(ctx).Where("current").Where(store.InKeys([]string{"organization_id", "channel_id", "contact_id"}, keys)).Find(&rows).Error
		if err != nil {
			return nil, fmt.Errorf("read current conversations: %w", err)
		}
		for _, row := range rows {
			for _, id := range of[keyOf(row)] {
				found[id] = row
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
		var rows []models.Message
		if err := s.db.Read(ctx).Where("organization_id = ?", viewer.OrganizationID).Where(visibleOf(viewer, some)).Find(&rows).Error; err != nil {
			return nil, fmt.Errorf("read %d messages by Meta's ids: %w", len(some), err)
		}
		for _, row := range rows {
			found[WAMID{ChannelID: row.ChannelID, Value: *row.WAMID}] = row
		}
	}
	return found, nil
}

// ReactionsByWAMID returns the reactions to those of the messages whose channels
// the viewer may see: of each side one at most, the customer's first.
func (s *Service) ReactionsByWAMID(ctx context.Context, viewer models.Viewer, wamids []WAMID) (map[WAMID][]models.MessageReaction, error) {
	found := make(map[WAMID][]models.MessageReaction)
	for some := range slices.Chunk(wamids, idsPerStatement) {
		var rows []models.MessageReaction
		err := s.db.Read(ctx).Where("organization_id = ? AND emoji <> ''", viewer.OrganizationID).Where(visibleOf(viewer, some)).
			Order("channel_id, wamid, direction").Find(&rows).Error
		if err != nil {
			return nil, fmt.Errorf("read reactions to %d messages: %w", len(some), err)
		}
		for _, row := range rows {
			key := WAMID{ChannelID: row.ChannelID, Value: row.WAMID}
			found[key] = append(found[key], row)
		}
	}
	return found, nil
}

// RevisionsByWAMID returns what those of the messages whose channels the viewer may
// see said before they were edited, see models.EarlierVersions. WhatsApp lets a message
// be edited for a quarter of an hour, so they are few.
func (s *Service) RevisionsByWAMID(ctx context.Context, viewer models.Viewer, wamids []WAMID) (map[WAMID][]models.MessageRevision, error) {
	found := make(map[WAMID][]models.MessageRevision)
	for some := range slices.Chunk(wamids, idsPerStatement) {
		var rows []models.MessageRevision
		err := s.db.Read(ctx).Where("organization_id = ?", viewer.OrganizationID).Where(visibleOf(viewer, some)).Find(&rows).Error
		if err != nil {
			return nil, fmt.Errorf("read revisions of %d messages: %w", len(some), err)
		}
		for _, row := range rows {
			key := WAMID{ChannelID: row.ChannelID, Value: row.WAMID}
			found[key] = append(found[key], row)
		}
	}
	for key, revisions := range found {
		found[key] = models.EarlierVersions(revisions)
	}
	return found, nil
}

// visibleOf is the condition that a row is about one of the messages, on a channel
// that the viewer may see.
func visibleOf(viewer models.Viewer, wamids []WAMID) clause.Expression {
	var keys [][]any
	for _, wamid := range wamids {
		if viewer.Can(wamid.ChannelID, models.LevelView) {
			keys = append(keys, []any{wamid.ChannelID, wamid.Value})
		}
	}
	return store.InKeys([]string{"channel_id", "wamid"}, keys)
}
