package inbox

import (
	"fmt"
	"time"

	"gorm.io/gorm"

	"recado/crm"
	"recado/models"
	"recado/store"
)

// recognize locks the current conversations of senders who name themselves as they
// did in their newest message, which is nearly everybody, in a single query, and
// returns the contacts by message. If a sender is not recognized it fails with
// errNeedsChannels.
func (c *changes) recognize(messages []incoming) (map[messageKey]models.Contact, error) {
	var rows []struct {
		models.Conversation
		SeenKind          models.IdentityKind
		SeenAs            string
		ContactName       string
		ContactNameSeenAt *time.Time
		ContactCreatedAt  time.Time
		ContactUpdatedAt  time.Time
		ChangedHands      bool // the identity named somebody else before, who may have written the message
	}
	query := c.conversationsOf(messages).
		Select("v.*, i.kind AS seen_kind, i.value AS seen_as, k.name AS contact_name, k.name_seen_at AS contact_name_seen_at, " +
			"k.created_at AS contact_created_at, k.updated_at AS contact_updated_at, " +
			"EXISTS (SELECT 1 FROM released_identities AS r WHERE r.organization_id = i.organization_id AND r.kind = i.kind AND r.match_key = i.match_key) AS changed_hands").
		Joins("JOIN contacts AS k ON k.organization_id = i.organization_id AND k.id = i.contact_id")
	if err := store.LockingOf(query, "v").Order("v.id").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("recognize senders: %w", err)
	}
	found := make(map[sight]models.Contact, len(rows))
	for _, row := range rows {
		if c.conversations[row.ID] == nil {
			c.keep(row.Conversation)
		}
		if row.ChangedHands {
			return nil, errNeedsChannels
		}
		found[sight{row.ChannelID, row.SeenKind, row.SeenAs}] = models.Contact{
			OrganizationID: row.OrganizationID, ID: row.ContactID, Name: row.ContactName, NameSeenAt: row.ContactNameSeenAt,
			CreatedAt: row.ContactCreatedAt, UpdatedAt: row.ContactUpdatedAt,
		}
	}
	known := make(map[messageKey]models.Contact, len(messages))
	for _, message := range messages {
		contact, ok := found[sightOf(message)]
		if !ok {
			return nil, errNeedsChannels
		}
		if conversation := c.byContact[message.from(contact.ID)]; !conversation.goesBy(message) || conversation.needsCare(c.tx.Now()) {
			return nil, errNeedsChannels
		}
		known[message.key()] = contact
		c.contacts[contact.ID] = contact
	}
	return known, nil
}

// conversationsOf starts a query for the current conversations v of the senders of
// messages, by their identities i.
func (c *changes) conversationsOf(messages []incoming) *gorm.DB {
	keys := make([][]any, len(messages))
	for i, message := range messages {
		seen := sightOf(message)
		keys[i] = []any{message.channel.OrganizationID, seen.channel, string(seen.kind), seen.value}
	}
	return c.tx.Table("contact_identities AS i").
		Joins("JOIN conversations AS v ON v.organization_id = i.organization_id AND v.channel_id = i.channel_id AND v.contact_id = i.contact_id AND v.current").
		Where(store.InKeys([]string{"i.organization_id", "i.channel_id", "i.kind", "i.value"}, keys))
}

// sight is the identity that a sender is looked up by first.
type sight struct {
	channel models.ID
	kind    models.IdentityKind
	value   string
}

func sightOf(message incoming) sight {
	waID, userID := message.customer()
	if userID != "" {
		return sight{message.channel.ID, models.IdentityUser, userID}
	}
	return sight{message.channel.ID, models.IdentityWAID, waID}
}

// goesBy reports whether a message brings no id of the customer that the
// conversation's newest message did not bring: then nothing is to be learned.
func (c *changing) goesBy(message incoming) bool {
	return (message.wire.From == "" || message.wire.From == c.CustomerWAID) &&
		(message.wire.FromUserID == "" || message.wire.FromUserID == c.CustomerUserID)
}

// needsCare reports whether a new message may mean more for the conversation than
// one line: because it was edited already, or is the first that anybody hears of.
func (c *changing) needsCare(now time.Time) bool { return c.looksForEarly(now) || c.Silent() }

// looksForEarly reports whether edits or deletions may be there before their
// messages.
func (c *changing) looksForEarly(now time.Time) bool {
	return c.EarlyUntil != nil && now.Before(*c.EarlyUntil)
}

// greet takes over the newer names that new messages of known contacts bring.
func (c *changes) greet(fresh []incoming, known map[messageKey]models.Contact) error {
	renamed := make(map[models.ID]models.Contact)
	for _, message := range fresh {
		contact := c.contacts[known[message.key()].ID]
		if contact.SeeName(message.contact.Name, message.wire.Timestamp) {
			c.contacts[contact.ID] = contact
			renamed[contact.ID] = contact
			c.renamed[contact.ID] = contact.OrganizationID
		}
	}
	return crm.Rename(c.tx, renamed)
}

// lockAhead locks all conversations of a batch that brings messages and statuses
// in one go: taken one after the other, two batches could wait for each other in a
// circle.
func (c *changes) lockAhead(traffic traffic) error {
	incoming := traffic.incoming()
	if len(incoming) == 0 || len(traffic.statuses) == 0 {
		return nil
	}
	var written, reported []models.ID
	if err := c.conversationsOf(incoming).Distinct().Pluck("v.id", &written).Error; err != nil {
		return fmt.Errorf("find conversations of senders: %w", err)
	}
	organizations, messages := queryOf(c.tx, traffic.statuses)
	if err := messages.Model(&models.Message{}).Distinct().Pluck("conversation_id", &reported).Error; err != nil {
		return fmt.Errorf("find conversations of statuses: %w", err)
	}
	for _, message := range incoming {
		organizations = append(organizations, message.channel.OrganizationID)
	}
	return c.loadByID(organizations, append(written, reported...))
}
