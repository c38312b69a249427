package inbox

import (
	"recado/crm"
	"recado/models"
)

// identityChange is the change of the customer's number or user id that a message
// tells of (reference/whatsapp-cloud-api.md §3.4); nil if it tells of none.
func (m incoming) identityChange() *crm.Change {
	notice := m.wire.Content.System
	switch {
	case notice == nil || m.outbound:
		return nil
	case notice.Type == "user_changed_number" && notice.WAID != "":
		return &crm.Change{Kind: models.IdentityWAID, From: m.wire.From, To: notice.WAID}
	case notice.Type == "user_changed_user_id" && notice.UserID != "":
		return &crm.Change{Kind: models.IdentityUser, From: notice.PreviousUserID, To: notice.UserID}
	}
	return nil
}

// sender is who a message is from, in the terms of contacts.
func (m incoming) sender() crm.Sender {
	waID, userID := m.customer()
	sender := crm.Sender{
		OrganizationID: m.channel.OrganizationID, ChannelID: m.channel.ID,
		WAID: waID, UserID: userID, Name: m.contact.Name, SeenAt: m.wire.Timestamp, Change: m.identityChange(),
	}
	if sender.Change != nil {
		switch sender.Change.Kind {
		case models.IdentityWAID:
			sender.WAID = ""
		case models.IdentityUser:
			sender.UserID = ""
		}
	}
	return sender
}

// seeCustomer takes over how a message names the customer, unless it is known that
// they have changed it since.
func (c *changes) seeCustomer(conversation *changing, message incoming) {
	for _, address := range message.sender().Addresses() {
		conversation.see(address)
	}
	conversation.follow(c.releases)
}

func (c *changing) see(address crm.Address) {
	if address.Kind == models.IdentityUser {
		c.SeeCustomer("", address.Value, address.At)
	} else {
		c.SeeCustomer(address.Value, "", address.At)
	}
}

// follow takes over what became of the ids by which the customer is addressed. It
// reports whether that changed them.
func (c *changing) follow(releases *crm.Releases) bool {
	waID, userID := c.CustomerWAID, c.CustomerUserID
	var later []crm.Address
	if c.CustomerWAIDSeenAt != nil {
		later = releases.Since(c.OrganizationID, models.IdentityWAID, waID, *c.CustomerWAIDSeenAt)
	}
	if c.CustomerUserIDSeenAt != nil {
		later = append(later, releases.Since(c.OrganizationID, models.IdentityUser, userID, *c.CustomerUserIDSeenAt)...)
	}
	for _, address := range later {
		c.see(address)
	}
	return waID != c.CustomerWAID || userID != c.CustomerUserID
}

// rename has the current conversations of contacts that changed their number or user
// id address them by the new one, on all channels.
func (c *changes) rename(contacts []models.Contact) error {
	for _, contact := range contacts {
		err := c.lock(c.tx.Where("organization_id = ? AND contact_id = ? AND current", contact.OrganizationID, contact.ID))
		if err != nil {
			return err
		}
		for _, conversation := range c.conversations {
			if conversation.ContactID == contact.ID && conversation.Current && conversation.follow(c.releases) {
				conversation.report, conversation.stirred = true, true
			}
		}
	}
	return nil
}
