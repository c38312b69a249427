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

// takeMessages stores messages, with the contacts and conversations they belong
// to. Beside others it takes them for new: one that is not makes the transaction
// end with store.ErrNotNew.
func takeMessages(tx *store.Tx, all []incoming, changes *changes, how company) error {
	if len(all) == 0 {
		return nil
	}
	if how == aloneOnChannels {
		return takeAnyMessages(tx, all, changes)
	}
	known, err := changes.recognize(all)
	if err != nil {
		return err
	}
	once := withoutRepetitions(all, make(map[messageKey]bool, len(all)))
	for _, message := range once {
		contact := known[message.key()]
		if err := changes.take(message, changes.byContact[message.from(contact.ID)], nil); err != nil {
			return err
		}
	}
	return changes.greet(once, known)
}

// takeAnyMessages is takeMessages with the channels alone: the senders may be new,
// and the messages may not. The latter is asked when their conversations are
// locked, so that of two deliveries of a message at the same time the second finds
// the first.
func takeAnyMessages(tx *store.Tx, all []incoming, changes *changes) error {
	senders, err := changes.resolve(all)
	if err != nil {
		return err
	}
	fresh, err := onlyNew(tx, all)
	if err != nil {
		return err
	}
	turns, err := changes.takeTurns(fresh, senders)
	if err != nil {
		return err
	}
	for _, message := range fresh {
		contact := senders[message.key()]
		conversation := changes.byContact[message.from(contact)]
		switch {
		case conversation == nil:
			conversation = changes.add(begin(tx, message, contact))
			changes.handOut(turns, conversation)
		case message.supersedes(conversation.Conversation):
			conversation = changes.succeed(conversation, message.receivedAt)
			changes.handBack(turns, conversation)
		}
		if err := changes.take(message, conversation, turns); err != nil {
			return err
		}
	}
	return turns.Save()
}

// take adds a message that is new to its conversation. A customer who writes to a
// closed one opens it again, for which turns are needed: without them it fails with
// errNeedsChannels.
func (c *changes) take(message incoming, conversation *changing, turns *channels.Turns) error {
	row := newInbound(message, conversation.ID)
	conversation.SeeCustomer(message.wire.From, message.wire.FromUserID, message.wire.Timestamp)
	if row.FromCustomer() && conversation.Status == models.ConversationClosed {
		if turns == nil {
			return errNeedsChannels
		}
		c.handBack(turns, conversation)
	}
	c.addMessage(conversation, row)
	return nil
}

// resolve finds or makes the contacts of messages, by message, carries out the
// merges that this brings to light, and locks the contacts' conversations.
func (c *changes) resolve(messages []incoming) (map[messageKey]models.ID, error) {
	senders := make([]crm.Sender, len(messages))
	for i, message := range messages {
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
	for _, contact := range resolution.Changed {
		c.renamed[contact.ID] = contact.OrganizationID
	}
	for _, merge := range resolution.Merges {
		if err := c.merge(merge); err != nil {
			return nil, err
		}
	}
	contacts := make(map[messageKey]models.ID, len(messages))
	keys := make([]contactKey, len(messages))
	for i, message := range messages {
		contact := resolution.Contacts[i]
		c.contacts[contact.ID] = contact
		contacts[message.key()] = contact.ID
		keys[i] = message.from(contact.ID)
	}
	return contacts, c.loadByContact(keys)
}

func (m incoming) key() messageKey { return messageKey{m.channel.ID, m.wire.ID} }

// supersedes reports whether the message, which is new, begins another conversation
// instead of going into the contact's current one. It does if that one is closed,
// the channel begins new ones then, and the customer wrote it: by when it arrives,
// not by its own time. So a message that comes late belongs to what is current, and
// what was closed stays as its reader left it.
func (m incoming) supersedes(current models.Conversation) bool {
	return current.Status == models.ConversationClosed && m.channel.ReopenPolicy == models.NewConversation &&
		models.Message{Direction: models.Inbound, Kind: m.wire.Type}.FromCustomer()
}

// from is where the message belongs if the contact wrote it.
func (m incoming) from(contact models.ID) contactKey {
	return contactKey{m.channel.OrganizationID, m.channel.ID, contact}
}

// onlyNew drops the messages that are stored already or come twice in the batch.
func onlyNew(tx *store.Tx, all []incoming) ([]incoming, error) {
	keys := make([][]any, len(all))
	for i, message := range all {
		keys[i] = []any{message.channel.OrganizationID, message.channel.ID, message.wire.ID}
	}
	var stored []models.Message
	err := tx.Select("channel_id", "wamid").
		Where(store.InKeys([]string{"organization_id", "channel_id", "wamid"}, keys)).Find(&stored).Error
	if err != nil {
		return nil, fmt.Errorf("look for messages stored before: %w", err)
	}
	seen := make(map[messageKey]bool, len(all))
	for _, message := range stored {
		seen[messageKey{message.ChannelID, *message.WAMID}] = true
	}
	return withoutRepetitions(all, seen), nil
}

// withoutRepetitions drops the messages that were seen and those that come twice.
func withoutRepetitions(all []incoming, seen map[messageKey]bool) []incoming {
	once := make([]incoming, 0, len(all))
	for _, message := range all {
		if key := message.key(); !seen[key] {
			seen[key] = true
			once = append(once, message)
		}
	}
	return once
}

// begin makes the conversation of a customer who writes to a channel for the
// first time.
func begin(tx *store.Tx, message incoming, contact models.ID) models.Conversation {
	return models.Conversation{
		OrganizationID: message.channel.OrganizationID, ID: models.NewID(),
		ChannelID: message.channel.ID, ContactID: contact,
		Current: true, Status: models.ConversationOpen, Origin: models.OriginCustomer,
		Version: 1, CreatedAt: message.receivedAt, UpdatedAt: tx.Now(),
	}
}

func newInbound(message incoming, conversation models.ID) models.Message {
	wire := message.wire
	row := models.Message{
		OrganizationID: message.channel.OrganizationID, ID: models.NewID(),
		ChannelID: message.channel.ID, ConversationID: conversation,
		Direction: models.Inbound, Kind: wire.Type, Body: wire.Text, WAMID: &wire.ID, Source: models.SourceCustomer,
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
