package inbox

import (
	"fmt"
	"slices"

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

// takeMessages stores messages and what is like them, with the contacts and
// conversations they belong to. Beside others there are only customers' messages, and
// it takes them for new: one that is not makes the transaction end with
// store.ErrNotNew.
func takeMessages(traffic traffic, changes *changes, how company) error {
	all := traffic.incoming()
	if len(all) == 0 {
		return nil
	}
	if how == aloneOnChannels {
		return takeAnyMessages(all, changes)
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
func takeAnyMessages(all []incoming, changes *changes) error {
	senders, err := changes.resolve(all)
	if err != nil {
		return err
	}
	var messages, reactions, revisions, preferences []incoming
	for _, each := range all {
		switch {
		case each.isPreference():
			preferences = append(preferences, each)
		case each.isReaction():
			reactions = append(reactions, each)
		case each.isRevision():
			revisions = append(revisions, each)
		default:
			messages = append(messages, each)
		}
	}
	fresh, err := changes.onlyNew(messages)
	if err != nil {
		return err
	}
	turns, err := changes.takeTurns(fresh, senders)
	if err != nil {
		return err
	}
	before := len(changes.added)
	for _, message := range fresh {
		if err := changes.take(message, changes.home(message, senders[message.key()], turns), turns); err != nil {
			return err
		}
	}
	if err := turns.Save(); err != nil {
		return err
	}
	// No message is added from here on: the addresses of those that were stay.
	if err := changes.awaited(changes.added[before:]); err != nil {
		return err
	}
	if err := changes.act(reactions, senders, takeReactions); err != nil {
		return err
	}
	if err := changes.act(preferences, senders, takePreferences); err != nil {
		return err
	}
	return changes.act(revisions, senders, takeRevisions)
}

// act works in what is about other messages, each with the customer's conversation.
func (c *changes) act(acts []incoming, senders map[messageKey]models.ID, take func([]incoming, []*changing, *changes) error) error {
	if len(acts) == 0 {
		return nil
	}
	conversations := make([]*changing, len(acts))
	for i, act := range acts {
		conversations[i] = c.home(act, senders[act.key()], nil)
	}
	return take(acts, conversations, c)
}

// awaited applies to new messages what came before them.
func (c *changes) awaited(fresh []models.Message) error {
	var outbound []*models.Message
	for i := range fresh {
		message := &fresh[i]
		if message.Direction == models.Outbound {
			outbound = append(outbound, message)
		} else if c.conversations[message.ConversationID].looksForEarly(c.tx.Now()) {
			if err := c.revise(message); err != nil {
				return err
			}
		}
	}
	return unpark(c.tx, outbound, c)
}

// take adds a message that is new to its conversation. A customer who writes to a
// closed one opens it again, unless they are blocked, for which turns are needed: without them it fails with
// errNeedsChannels.
func (c *changes) take(message incoming, conversation *changing, turns *channels.Turns) error {
	row := newArrival(message, conversation.ID)
	c.seeCustomer(conversation, message)
	if row.FromCustomer() && conversation.Status == models.ConversationClosed && !conversation.Blocked {
		if turns == nil {
			return errNeedsChannels
		}
		c.handBack(turns, conversation)
	}
	if !message.channel.RecordCreation.Empty() && conversation.MakesRecords(row) {
		c.openings = append(c.openings, opening{conversation.ID, message.channel})
	}
	c.addMessage(conversation, row)
	c.seeReferral(conversation, row)
	return c.hearWords(conversation, row)
}

// home is the conversation that something belongs to, made if need be. With the
// first message it is handed to whose turn it is; until then there is nothing to do
// in it, and it is closed. Turns are needed for messages alone.
func (c *changes) home(message incoming, contact models.ID, turns *channels.Turns) *changing {
	conversation := c.byContact[message.from(contact)]
	if conversation == nil {
		conversation = c.add(silent(c.tx, message, contact))
	}
	switch {
	case turns == nil || message.history || conversation.Blocked:
	case conversation.Silent():
		conversation.written = true
		c.handBack(turns, conversation)
	case message.supersedes(conversation.Conversation):
		conversation = c.succeed(conversation, message.receivedAt)
		c.handBack(turns, conversation)
	}
	return conversation
}

// silent makes a conversation of which nobody is told yet.
func silent(tx *store.Tx, message incoming, contact models.ID) models.Conversation {
	return models.Conversation{
		OrganizationID: message.channel.OrganizationID, ID: models.NewID(),
		ChannelID: message.channel.ID, ContactID: contact,
		Current: true, Status: models.ConversationClosed, ClosedAt: &message.receivedAt, Origin: models.OriginCustomer, LastMessageAt: message.receivedAt,
		Version: 1, CreatedAt: message.receivedAt, UpdatedAt: tx.Now(),
	}
}

// resolve finds or makes the contacts of messages, by message, carries out the
// merges that this brings to light, and locks the contacts' conversations.
func (c *changes) resolve(messages []incoming) (map[messageKey]models.ID, error) {
	senders := make([]crm.Sender, len(messages))
	for i, message := range messages {
		senders[i] = message.sender()
	}
	resolution, err := crm.Resolve(c.tx, senders)
	if err != nil {
		return nil, err
	}
	if err := c.follow(resolution); err != nil {
		return nil, err
	}
	contacts := make(map[messageKey]models.ID, len(messages))
	keys := make([]contactKey, len(messages))
	for i, message := range messages {
		contact := resolution.Contacts[i]
		contacts[message.key()] = contact.ID
		keys[i] = message.from(contact.ID)
	}
	return contacts, c.loadByContact(keys)
}

// follow carries out what came to light about people.
func (c *changes) follow(resolution crm.Resolution) error {
	for _, contact := range resolution.Changed {
		c.renamed[contact.ID] = contact.OrganizationID
	}
	for _, merge := range resolution.Merges {
		if err := c.merge(merge); err != nil {
			return err
		}
	}
	c.releases = resolution.Releases
	if err := c.rename(resolution.Renamed); err != nil {
		return err
	}
	for _, contact := range resolution.Contacts {
		c.contacts[contact.ID] = contact
	}
	return nil
}

func (m incoming) key() messageKey { return messageKey{m.channel.ID, m.wire.ID} }

// supersedes reports whether the message, which is new, begins another conversation
// instead of going into the contact's current one. It does if that one is closed,
// the channel begins new ones then, and the customer wrote it: by when it arrives,
// not by its own time. So a message that comes late belongs to what is current, and
// what was closed stays as its reader left it.
func (m incoming) supersedes(current models.Conversation) bool {
	return current.Status == models.ConversationClosed && m.channel.ReopenPolicy == models.NewConversation &&
		models.Message{Direction: m.direction(), Kind: m.wire.Type}.FromCustomer()
}

// from is where the message belongs if the contact wrote it.
func (m incoming) from(contact models.ID) contactKey {
	return contactKey{m.channel.OrganizationID, m.channel.ID, contact}
}

// onlyNew drops the messages that are stored already or come twice in the batch. A
// stored one whose file was still to come gets it.
func (c *changes) onlyNew(all []incoming) ([]incoming, error) {
	if len(all) == 0 {
		return nil, nil
	}
	keys := make([][]any, len(all))
	for i, message := range all {
		keys[i] = []any{message.channel.OrganizationID, message.channel.ID, message.wire.ID}
	}
	var stored []models.Message
	err := c.tx.Select("organization_id", "id", "conversation_id", "channel_id", "wamid", "kind").
		Where(store.InKeys([]string{"organization_id", "channel_id", "wamid"}, keys)).Find(&stored).Error
	if err != nil {
		return nil, fmt.Errorf("look for messages stored before: %w", err)
	}
	seen := make(map[messageKey]bool, len(all))
	placeholders := make(map[messageKey]models.Message)
	for _, message := range stored {
		key := messageKey{message.ChannelID, *message.WAMID}
		seen[key] = true
		if message.Kind == kindPlaceholder {
			placeholders[key] = message
		}
	}
	slices.SortStableFunc(all, func(a, b incoming) int { return a.placeholder() - b.placeholder() })
	if err := c.fillIn(all, placeholders); err != nil {
		return nil, err
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

func newArrival(message incoming, conversation models.ID) models.Message {
	row := models.Message{
		OrganizationID: message.channel.OrganizationID, ID: models.NewID(),
		ChannelID: message.channel.ID, ConversationID: conversation,
		Direction: models.Inbound, Source: models.SourceCustomer, FromHistory: message.history, WAMID: &message.wire.ID,
		Status: models.StatusReceived, SentAt: message.wire.Timestamp, CreatedAt: message.receivedAt, UpdatedAt: message.receivedAt,
	}
	describe(&row, message.wire)
	if message.outbound {
		row.Direction, row.Source, row.Status = models.Outbound, models.SourcePhoneApp, models.StatusAccepted
		row.AcceptedAt = &row.SentAt
		row.Apply(historyStep(message.wire))
	}
	return row
}
