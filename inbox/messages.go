package inbox

import (
	"fmt"

	"recado/channels"
	"recado/crm"
	"recado/models"
	"recado/store"
)

// messageKey is what Meta's redeliveries of a message have in common.
type messageKey struct {
	channel models.ID
	wamid   string
}

// takeMessages stores the messages that are new, with the contacts and
// conversations they belong to.
func takeMessages(tx *store.Tx, all []incoming, changes *changes) error {
	fresh, err := onlyNew(tx, all)
	if err != nil || len(fresh) == 0 {
		return err
	}
	known, strangers, err := changes.recognize(fresh)
	if err != nil {
		return err
	}
	senders, err := changes.resolve(strangers, known)
	if err != nil {
		return err
	}
	if err := changes.greet(known); err != nil {
		return err
	}
	for _, seen := range known {
		senders[seen.message.key()] = seen.contact.ID
	}
	for _, message := range fresh {
		contact := senders[message.key()]
		conversation := changes.byContact[contactKey{message.channel.OrganizationID, message.channel.ID, contact}]
		if conversation == nil {
			row, err := begin(tx, message, contact)
			if err != nil {
				return err
			}
			conversation = changes.add(row)
		}
		conversation.SeeCustomer(message.wire.From, message.wire.FromUserID, message.wire.Timestamp)
		changes.addMessage(conversation, newInbound(message, conversation.ID))
	}
	return nil
}

// resolve finds or makes the contacts of messages whose senders were not
// recognized, by message. If that shows contacts to be the same person, those of
// the recognized ones follow.
func (c *changes) resolve(strangers []incoming, known []sighting) (map[messageKey]models.ID, error) {
	contacts := make(map[messageKey]models.ID, len(strangers))
	if len(strangers) == 0 {
		return contacts, nil
	}
	senders := make([]crm.Sender, len(strangers))
	for i, message := range strangers {
		senders[i] = crm.Sender{
			OrganizationID: message.channel.OrganizationID, ChannelID: message.channel.ID,
			WAID: message.wire.From, UserID: message.wire.FromUserID,
			Name: message.contact.Name, SeenAt: message.wire.Timestamp,
		}
	}
	resolution, err := crm.Resolve(c.tx, senders)
	if err != nil {
		return nil, err
	}
	for _, merge := range resolution.Merges {
		if err := c.merge(merge); err != nil {
			return nil, err
		}
		for i := range known {
			if known[i].contact.ID == merge.From {
				known[i].contact.ID = merge.Into
			}
		}
	}
	keys := make([]contactKey, len(strangers))
	for i, message := range strangers {
		contact := resolution.Contacts[i]
		c.contacts[contact.ID] = contact
		contacts[message.key()] = contact.ID
		keys[i] = contactKey{message.channel.OrganizationID, message.channel.ID, contact.ID}
	}
	return contacts, c.loadByContact(keys)
}

func (m incoming) key() messageKey { return messageKey{m.channel.ID, m.wire.ID} }

// onlyNew drops the messages that are stored already or come twice in the batch.
// Nobody else can store them meanwhile: the channels are locked.
func onlyNew(tx *store.Tx, all []incoming) ([]incoming, error) {
	if len(all) == 0 {
		return nil, nil
	}
	keys := make([][]any, len(all))
	for i, message := range all {
		keys[i] = []any{message.channel.OrganizationID, message.channel.ID, message.wire.ID}
	}
	var stored []models.Message
	err := tx.Select("channel_id", "wamid").
		Where(store.InKeys(tx.DB, []string{"organization_id", "channel_id", "wamid"}, keys)).Find(&stored).Error
	if err != nil {
		return nil, fmt.Errorf("look for messages stored before: %w", err)
	}
	seen := make(map[messageKey]bool, len(all))
	for _, message := range stored {
		seen[messageKey{message.ChannelID, *message.WAMID}] = true
	}
	fresh := make([]incoming, 0, len(all))
	for _, message := range all {
		key := message.key()
		if !seen[key] {
			seen[key] = true
			fresh = append(fresh, message)
		}
	}
	return fresh, nil
}

// begin makes the conversation of a customer who writes to a channel for the
// first time, and hands it to whose turn it is.
func begin(tx *store.Tx, message incoming, contact models.ID) (models.Conversation, error) {
	assignee, err := channels.NextAssignee(tx, message.channel)
	if err != nil {
		return models.Conversation{}, err
	}
	return models.Conversation{
		OrganizationID: message.channel.OrganizationID, ID: models.NewID(),
		ChannelID: message.channel.ID, ContactID: contact,
		Status: models.ConversationOpen, AssigneeID: assignee,
		Version: 1, CreatedAt: message.receivedAt, UpdatedAt: tx.Now(),
	}, nil
}

func newInbound(message incoming, conversation models.ID) models.Message {
	wire := message.wire
	row := models.Message{
		OrganizationID: message.channel.OrganizationID, ID: models.NewID(),
		ChannelID: message.channel.ID, ConversationID: conversation,
		Direction: models.Inbound, Kind: wire.Type, Body: wire.Text, WAMID: &wire.ID,
		Status: models.StatusReceived, SentAt: wire.Timestamp, CreatedAt: message.receivedAt, UpdatedAt: message.receivedAt,
	}
	if wire.Type != models.KindText {
		row.Raw = wire.Raw
	}
	if wire.Context != nil && wire.Context.MessageID != "" {
		row.ReplyToWAMID = &wire.Context.MessageID
	}
	return row
}
