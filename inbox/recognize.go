package inbox

import (
	"fmt"
	"time"

	"recado/crm"
	"recado/models"
	"recado/store"
)

// sighting is a message whose sender's conversation was found at first sight.
type sighting struct {
	message incoming
	contact models.Contact
}

// recognize locks the conversations of senders who name themselves as they did in
// their newest message, which is nearly everybody, in a single query. The others
// are left for crm.Resolve.
func (c *changes) recognize(messages []incoming) (known []sighting, strangers []incoming, err error) {
	keys := make([][]any, len(messages))
	for i, message := range messages {
		kind, value := nameOf(message)
		keys[i] = []any{message.channel.OrganizationID, message.channel.ID, string(kind), value}
	}
	var rows []struct {
		models.Conversation
		SeenKind          models.IdentityKind
		SeenAs            string
		ContactName       string
		ContactNameSeenAt *time.Time
		ContactCreatedAt  time.Time
		ContactUpdatedAt  time.Time
	}
	query := c.tx.Table("contact_identities AS i").
		Select("v.*, i.kind AS seen_kind, i.value AS seen_as, k.name AS contact_name, k.name_seen_at AS contact_name_seen_at, " +
			"k.created_at AS contact_created_at, k.updated_at AS contact_updated_at").
		Joins("JOIN contacts AS k ON k.organization_id = i.organization_id AND k.id = i.contact_id").
		Joins("JOIN conversations AS v ON v.organization_id = i.organization_id AND v.channel_id = i.channel_id AND v.contact_id = i.contact_id").
		Where(store.InKeys(c.tx.DB, []string{"i.organization_id", "i.channel_id", "i.kind", "i.value"}, keys))
	if err := store.LockingOf(query, "v").Order("v.id").Find(&rows).Error; err != nil {
		return nil, nil, fmt.Errorf("recognize senders: %w", err)
	}
	type sight struct {
		channel models.ID
		kind    models.IdentityKind
		value   string
	}
	found := make(map[sight]sighting, len(rows))
	for _, row := range rows {
		if c.conversations[row.ID] == nil {
			c.keep(&changing{Conversation: row.Conversation})
		}
		found[sight{row.ChannelID, row.SeenKind, row.SeenAs}] = sighting{contact: models.Contact{
			OrganizationID: row.OrganizationID, ID: row.ContactID, Name: row.ContactName, NameSeenAt: row.ContactNameSeenAt,
			CreatedAt: row.ContactCreatedAt, UpdatedAt: row.ContactUpdatedAt,
		}}
	}
	for _, message := range messages {
		kind, value := nameOf(message)
		seen, ok := found[sight{message.channel.ID, kind, value}]
		if !ok || !c.byContact[contactKey{seen.contact.OrganizationID, message.channel.ID, seen.contact.ID}].goesBy(message) {
			strangers = append(strangers, message)
			continue
		}
		seen.message = message
		known = append(known, seen)
	}
	return known, strangers, nil
}

// nameOf is the identity that a sender is looked up by first.
func nameOf(message incoming) (models.IdentityKind, string) {
	if message.wire.FromUserID != "" {
		return models.IdentityUser, message.wire.FromUserID
	}
	return models.IdentityWAID, message.wire.From
}

// goesBy reports whether a message brings no id of the customer that the
// conversation's newest message did not bring: then nothing is to be learned.
func (c *changing) goesBy(message incoming) bool {
	return (message.wire.From == "" || message.wire.From == c.CustomerWAID) &&
		(message.wire.FromUserID == "" || message.wire.FromUserID == c.CustomerUserID)
}

// greet takes over the newer names of contacts that were recognized.
func (c *changes) greet(known []sighting) error {
	renamed := make(map[models.ID]models.Contact)
	for _, seen := range known {
		contact, ok := c.contacts[seen.contact.ID]
		if !ok {
			contact = seen.contact
		}
		if contact.SeeName(seen.message.contact.Name, seen.message.wire.Timestamp) {
			renamed[contact.ID] = contact
		}
		c.contacts[contact.ID] = contact
	}
	return crm.Rename(c.tx, renamed)
}
