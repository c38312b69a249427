package inbox

import (
	"encoding/json"
	"fmt"

	"recado/models"
)

// record turns changes into events: first what was said, then what became of the
// conversations.
func (c *changes) record(rewritten []models.Message) error {
	if err := c.loadContacts(); err != nil {
		return err
	}
	last, err := c.lastMessages(rewritten)
	if err != nil {
		return err
	}
	for _, message := range c.added {
		if !message.Listed() {
			continue
		}
		if err := c.event(models.EventMessageAdded, c.conversations[message.ConversationID], &message, last, nil); err != nil {
			return err
		}
	}
	for _, message := range rewritten {
		for _, told := range []struct {
			kind models.EventKind
			of   map[models.ID]*models.Message
		}{{models.EventMessageStatusChanged, c.moved}, {models.EventMessageChanged, c.altered}} {
			if told.of[message.ID] == nil {
				continue
			}
			if err := c.event(told.kind, c.conversations[message.ConversationID], &message, last, nil); err != nil {
				return err
			}
		}
	}
	for _, noted := range c.noted {
		payload := models.EventPayload{Note: &noted.row}
		if err := c.eventWith(payload, noted.kind, c.conversations[noted.row.ConversationID], last); err != nil {
			return err
		}
	}
	for _, changed := range c.blocked {
		payload := models.EventPayload{Block: &changed.block}
		if err := c.eventWith(payload, models.EventContactBlockChanged, changed.conversation, last); err != nil {
			return err
		}
	}
	for _, merge := range c.merged {
		if err := c.event(models.EventConversationMerged, merge.into, nil, last, &merge.removed); err != nil {
			return err
		}
	}
	for _, id := range c.reported() {
		if err := c.event(models.EventConversationChanged, c.conversations[id], nil, last, nil); err != nil {
			return err
		}
	}
	return nil
}

func (c *changes) reported() []models.ID {
	return sorted(func(yield func(models.ID) bool) {
		for id, conversation := range c.conversations {
			if conversation.report && !yield(id) {
				return
			}
		}
	})
}

func (c *changes) event(kind models.EventKind, conversation *changing, message *models.Message,
	last map[models.ID]*models.Message, removed *models.ID,
) error {
	return c.eventWith(models.EventPayload{Message: message, RemovedID: removed}, kind, conversation, last)
}

// eventWith records an event about a conversation, with what else happened in its
// payload.
func (c *changes) eventWith(payload models.EventPayload, kind models.EventKind, conversation *changing, last map[models.ID]*models.Message) error {
	payload.Conversation, payload.Contact = conversation.Conversation, c.contacts[conversation.ContactID]
	message := payload.Message
	if conversation.LastMessageID != nil && (message == nil || message.ID != *conversation.LastMessageID) {
		payload.LastMessage = last[*conversation.LastMessageID]
	}
	text, err := json.Marshal(payload)
	if err != nil {
		return fmt.Errorf("write event about conversation %s: %w", conversation.ID, err)
	}
	c.tx.Record(models.Event{
		OrganizationID: conversation.OrganizationID, Kind: kind,
		ChannelID: conversation.ChannelID, ConversationID: conversation.ID, Payload: text,
	})
	return nil
}

// loadContacts reads the contacts of the conversations that events are about, as
// far as they are not known yet.
func (c *changes) loadContacts() error {
	var organizations, missing []models.ID
	for _, conversation := range c.conversations {
		if _, known := c.contacts[conversation.ContactID]; !known {
			organizations = append(organizations, conversation.OrganizationID)
			missing = append(missing, conversation.ContactID)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	var contacts []models.Contact
	err := c.tx.Where("organization_id IN ? AND id IN ?", distinct(organizations), distinct(missing)).Find(&contacts).Error
	if err != nil {
		return fmt.Errorf("read contacts for events: %w", err)
	}
	for _, contact := range contacts {
		c.contacts[contact.ID] = contact
	}
	return nil
}

// lastMessages returns the last messages of the conversations by id; it reads
// those that the transaction did not have in hand anyway.
func (c *changes) lastMessages(rewritten []models.Message) (map[models.ID]*models.Message, error) {
	last := make(map[models.ID]*models.Message)
	for i := range c.added {
		last[c.added[i].ID] = &c.added[i]
	}
	for i := range rewritten {
		last[rewritten[i].ID] = &rewritten[i]
	}
	var organizations, missing []models.ID
	for _, conversation := range c.conversations {
		if id := conversation.LastMessageID; id != nil && last[*id] == nil {
			organizations = append(organizations, conversation.OrganizationID)
			missing = append(missing, *id)
		}
	}
	if len(missing) == 0 {
		return last, nil
	}
	var messages []models.Message
	err := c.tx.Where("organization_id IN ? AND id IN ?", distinct(organizations), distinct(missing)).Find(&messages).Error
	if err != nil {
		return nil, fmt.Errorf("read last messages for events: %w", err)
	}
	for i := range messages {
		last[messages[i].ID] = &messages[i]
	}
	return last, nil
}
