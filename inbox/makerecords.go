package inbox

import (
	"bytes"
	"slices"

	"recado/crm"
	"recado/models"
)

// # Records that a channel makes
//
// A channel may make a deal of the first message that a customer writes in a conversation,
// and so again in the next one where closed conversations have successors. It is made in
// the transaction that stores the message, once for each conversation whatever comes twice,
// late or at once: the conversation is locked, and crm notes what was made for it.

// opening is a conversation whose customer has written for the first time on a channel
// that makes records.
type opening struct {
	conversation models.ID
	channel      *models.Channel
}

// makeRecords makes the records of the channels' rules. What they belong to is stored.
func (c *changes) makeRecords() error {
	if len(c.openings) == 0 {
		return nil
	}
	if err := c.loadContacts(); err != nil {
		return err
	}
	openings := slices.DeleteFunc(c.openings, func(o opening) bool { return c.conversations[o.conversation] == nil }) // it went up in another one
	slices.SortFunc(openings, func(a, b opening) int {                                                                // contacts are locked, in one order
		first, second := c.conversations[a.conversation].ContactID, c.conversations[b.conversation].ContactID
		return bytes.Compare(first[:], second[:])
	})
	for _, opening := range openings {
		conversation := c.conversations[opening.conversation]
		_, err := crm.MakeRuleDeal(c.tx, crm.RuleDeal{
			OrganizationID: conversation.OrganizationID, RuleID: opening.channel.ID, ContactID: conversation.ContactID, ConversationID: conversation.ID,
			Name:    conversation.DealName(c.contacts[conversation.ContactID].Name, opening.channel.Name),
			StageID: &opening.channel.RecordCreation.Deal.StageID, OwnerID: conversation.AssigneeID,
		})
		if err != nil {
			return err
		}
	}
	return nil
}
