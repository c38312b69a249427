package models

// RecordCreation says which records a channel makes of the first message that a customer
// writes in a conversation, besides the contact.
type RecordCreation struct {
	Deal *DealCreation `json:"deal,omitempty"` // nil: no deal
}

// DealCreation says where the deal is made.
type DealCreation struct {
	StageID ID `json:"stageId"` // one that is no more stands for the first open one of the default pipeline
}

// Empty reports whether no records are made.
func (r *RecordCreation) Empty() bool { return r == nil || r.Deal == nil }

// MakesRecords reports whether a message that was not taken in yet makes the records of
// its channel's rule: it is the customer's first in the conversation, in which the team, as
// far as is known, did not write first, and nobody blocks them.
func (c *Conversation) MakesRecords(m Message) bool {
	return m.FromCustomer() && c.Origin == OriginCustomer && c.InboundCount == 0 && !c.Blocked
}

// DealName is what the deal with a customer is called that a channel's rule makes: by
// their name, or else their number, and the channel's.
func (c *Conversation) DealName(contact, channel string) string {
	const separator = " · "
	switch {
	case contact != "":
		return contact + separator + channel
	case c.CustomerWAID != "":
		return "+" + c.CustomerWAID + separator + channel
	}
	return channel
}
