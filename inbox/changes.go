package inbox

import (
	"bytes"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"gorm.io/gorm"

	"recado/credits"
	"recado/crm"
	"recado/models"
	"recado/store"
)

// changes gathers what a transaction does to conversations and their messages,
// so that each row is read once and written once, and every event shows the state
// at the end of it.
//
// A conversation that it hands out is locked, and the lock covers the status of
// its messages.
type changes struct {
	tx            *store.Tx
	conversations map[models.ID]*changing
	byContact     map[contactKey]*changing
	contacts      map[models.ID]models.Contact // those known already, for the events
	releases      *crm.Releases                // what is known of ids that senders gave up; nil: nothing
	added         []models.Message
	isAdded       map[models.ID]bool            // of added
	moved         map[models.ID]*models.Message // messages whose status or ids changed
	altered       map[models.ID]*models.Message // messages whose content or reactions changed
	merged        []merged
	decisions     []models.AssignmentEntry
	dropped       []models.Conversation   // those deleted, as they were
	relieved      []models.ID             // after save: the organizations in which somebody with a ceiling got room
	renamed       map[models.ID]models.ID // contacts that were made, or got another name or identity, and their organizations
	noted         []noted
	notices       []models.Notification // to be written; see notify
	blocked       []changedBlock        // contacts that were blocked or unblocked, or at Meta
	by            *models.ID            // the user whose doing it is; nil: a customer's, or time's
	credits       *credits.Service      // nil: nothing costs anything
	bill          bill
	words         map[models.ID]models.MarketingWords // of organizations, those read
	openings      []opening                           // see makeRecords
}

// changing is a conversation under change.
type changing struct {
	models.Conversation
	before    models.Conversation // as it was stored; zero if isNew
	seen      models.Handling     // what its assignee knows of
	isNew     bool
	written   bool // a column changed
	adrift    bool // WaitingSince has to be looked up, see settleWaiting
	unentered bool // FreeEntryExpiresAt has to be looked up, see settleReferrals
	resent    bool // LastTemplateAt and LastOutreachAt have to be looked up, see settleTemplates
	stirred   bool // its contact wrote, or is called otherwise now; see reconsiderBlocks
	report    bool // assignment, status or unread count changed by other means than a new message
}

// contactKey finds the current conversation of a contact on a channel.
type contactKey struct {
	organization, channel, contact models.ID
}

// merged says that a conversation went up in another one.
type merged struct {
	removed models.ID
	into    *changing
}

func (s *Service) newChanges(tx *store.Tx) *changes {
	return &changes{
		tx:            tx,
		credits:       s.credits,
		conversations: make(map[models.ID]*changing),
		byContact:     make(map[contactKey]*changing),
		contacts:      make(map[models.ID]models.Contact),
		isAdded:       make(map[models.ID]bool),
		moved:         make(map[models.ID]*models.Message),
		renamed:       make(map[models.ID]models.ID),
		altered:       make(map[models.ID]*models.Message),
		words:         make(map[models.ID]models.MarketingWords),
	}
}

// loadByContact locks the current conversations of contacts on channels, as far as
// they exist.
func (c *changes) loadByContact(keys []contactKey) error {
	var missing [][]any
	for _, key := range keys {
		if c.byContact[key] == nil {
			missing = append(missing, []any{key.organization, key.channel, key.contact})
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return c.lock(c.tx.Where("current").Where(store.InKeys([]string{"organization_id", "channel_id", "contact_id"}, missing)))
}

// loadByID locks conversations of organizations, as far as they exist.
func (c *changes) loadByID(organizations, ids []models.ID) error {
	var missing [][]any
	for _, organization := range distinct(slices.Clone(organizations)) {
		for _, id := range ids {
			if c.conversations[id] == nil {
				missing = append(missing, []any{organization, id})
			}
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return c.lock(c.tx.Where(store.InKeys([]string{"organization_id", "id"}, missing)))
}

func (c *changes) lock(query *gorm.DB) error {
	var rows []models.Conversation
	if err := store.Locking(query).Order("id").Find(&rows).Error; err != nil {
		return fmt.Errorf("lock conversations: %w", err)
	}
	for _, row := range rows {
		if c.conversations[row.ID] == nil {
			c.keep(row)
		}
	}
	return nil
}

// one locks a single conversation; NOT_FOUND if there is none in the organization.
func (c *changes) one(organization, id models.ID) (*changing, error) {
	if err := c.loadByID([]models.ID{organization}, []models.ID{id}); err != nil {
		return nil, err
	}
	if found := c.conversations[id]; found != nil {
		return found, nil
	}
	return nil, models.ErrNotFound
}

// visible is one, for a conversation that the viewer may see. What changes is the
// viewer's doing.
func (c *changes) visible(viewer models.Viewer, id models.ID) (*changing, error) {
	conversation, err := c.one(viewer.OrganizationID, id)
	if err != nil {
		return nil, err
	}
	c.by = new(viewer.UserID)
	return conversation, viewer.Require(conversation.ChannelID, models.LevelView)
}

// keep takes in a conversation that is stored.
func (c *changes) keep(row models.Conversation) {
	c.enter(&changing{Conversation: row, before: row, seen: row.Handling()})
}

func (c *changes) enter(conversation *changing) {
	c.conversations[conversation.ID] = conversation
	if conversation.Current {
		c.byContact[keyOf(conversation.Conversation)] = conversation
	}
}

func keyOf(conversation models.Conversation) contactKey {
	return contactKey{conversation.OrganizationID, conversation.ChannelID, conversation.ContactID}
}

// add takes in a conversation that is new.
func (c *changes) add(conversation models.Conversation) *changing {
	kept := &changing{Conversation: conversation, isNew: true, report: true}
	c.enter(kept)
	return kept
}

// addMessage takes in a message that is new. Whoever answers in a closed
// conversation opens it again, though not by what was written before the number was
// connected; for customers take does that, because then somebody has to be found for
// it.
func (c *changes) addMessage(conversation *changing, message models.Message) {
	c.hear(conversation, message)
	conversation.unentered = conversation.unentered || !conversation.EntryKnownAfter(message)
	if !conversation.SeeMessage(message) {
		conversation.adrift = true
	}
	conversation.written = true
	switch {
	case !message.FromCustomer():
	case conversation.Blocked:
		conversation.stirred = true
	default:
		conversation.wake()
	}
	if message.Direction == models.Outbound && message.Listed() && !message.FromHistory && conversation.Current && conversation.Reopen() {
		conversation.report = true
	}
	c.added = append(c.added, message)
	c.isAdded[message.ID] = true
}

// move notes that the status of a message changed. One that is new in the
// transaction tells that by itself.
func (c *changes) move(message *models.Message) {
	if !c.isAdded[message.ID] {
		c.moved[message.ID] = message
	}
}

// alter notes that a message's content, reactions or file changed.
func (c *changes) alter(message *models.Message) {
	if !c.isAdded[message.ID] {
		c.altered[message.ID] = message
	}
}

// current is the message that a stored one has become in this transaction.
func (c *changes) current(stored *models.Message) *models.Message {
	for _, changed := range []map[models.ID]*models.Message{c.moved, c.altered} {
		if message := changed[stored.ID]; message != nil {
			return message
		}
	}
	return stored
}

// succeed begins the conversation that takes the place of a closed one.
func (c *changes) succeed(closed *changing, at time.Time) *changing {
	next := closed.Successor(models.NewID(), at)
	closed.report = true
	return c.add(next)
}

// save writes what changed and records the events.
func (c *changes) save() error {
	if err := c.settleWaiting(); err != nil {
		return err
	}
	if err := c.settleReferrals(); err != nil {
		return err
	}
	if err := c.settleTemplates(); err != nil {
		return err
	}
	if err := c.settleReactions(); err != nil {
		return err
	}
	var made, changed []models.Conversation
	for _, id := range sorted(maps.Keys(c.conversations)) {
		switch conversation := c.conversations[id]; {
		case conversation.isNew:
			made = append(made, conversation.Conversation)
		case conversation.written || conversation.report:
			conversation.UpdatedAt = c.tx.Now()
			changed = append(changed, conversation.Conversation)
		}
	}
	rows := maps.Clone(c.moved)
	maps.Copy(rows, c.altered) // one that is in both is the same, see current
	rewritten := make([]models.Message, 0, len(rows))
	for _, id := range sorted(maps.Keys(rows)) {
		rows[id].UpdatedAt = c.tx.Now()
		rewritten = append(rewritten, *rows[id])
	}
	// What is superseded makes room for its successor.
	if err := store.UpdateAll(c.tx, changed); err != nil {
		return err
	}
	if err := store.InsertAll(c.tx, made); err != nil {
		return err
	}
	if err := store.InsertNew(c.tx, c.added); err != nil {
		return err
	}
	if err := store.UpdateAll(c.tx, rewritten); err != nil {
		return err
	}
	if err := store.InsertAll(c.tx, c.decisions); err != nil {
		return err
	}
	if err := c.makeRecords(); err != nil {
		return err
	}
	if err := c.index(); err != nil {
		return err
	}
	if err := c.countLoads(); err != nil {
		return err
	}
	if err := c.count(); err != nil {
		return err
	}
	if err := c.record(rewritten); err != nil {
		return err
	}
	c.settle()
	return c.tell()
}

func sorted(ids iter.Seq[models.ID]) []models.ID {
	return slices.SortedFunc(ids, func(a, b models.ID) int { return bytes.Compare(a[:], b[:]) })
}

// distinct sorts ids in place and drops repetitions.
func distinct(ids []models.ID) []models.ID {
	slices.SortFunc(ids, func(a, b models.ID) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(ids)
}
