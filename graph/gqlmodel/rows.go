package gqlmodel

import (
	"time"

	"recado/models"
)

// Organization is models.Organization as clients see it.
type Organization models.Organization

// PublicID is the id that clients see.
func (o *Organization) PublicID() string { return models.PublicID(models.PrefixOrganization, o.ID) }

// IsNode marks the type as a Node.
func (*Organization) IsNode() {}

// Booked is the name of the edition.
func (o *Organization) Booked() string { return string(o.Edition) }

// MarketingWords are what customers write to stop marketing.
func (o *Organization) MarketingWords() models.MarketingWords {
	return models.Organization(*o).MarketingWords()
}

// User is models.User as clients see it.
type User models.User

// PublicID is the id that clients see.
func (u *User) PublicID() string { return models.PublicID(models.PrefixUser, u.ID) }

// IsNode marks the type as a Node.
func (*User) IsNode() {}

// Profile is models.Profile as clients see it.
type Profile models.Profile

// PublicID is the id that clients see.
func (p *Profile) PublicID() string { return models.PublicID(models.PrefixProfile, p.ID) }

// IsNode marks the type as a Node.
func (*Profile) IsNode() {}

// Channel is models.Channel as clients see it.
type Channel models.Channel

// PublicID is the id that clients see.
func (c *Channel) PublicID() string { return models.PublicID(models.PrefixChannel, c.ID) }

// Reason says why the channel does not work, nil while it does.
func (c *Channel) Reason() *string {
	if c.StatusReason == "" {
		return nil
	}
	return &c.StatusReason
}

// IsNode marks the type as a Node.
func (*Channel) IsNode() {}

// ChannelPermission is a level on a channel.
type ChannelPermission struct {
	ChannelID models.ID
	Level     models.MessagingLevel
}

// Contact is models.Contact as clients see it.
type Contact models.Contact

// PublicID is the id that clients see.
func (c *Contact) PublicID() string { return models.PublicID(models.PrefixContact, c.ID) }

// IsNode marks the type as a Node.
func (*Contact) IsNode() {}

// ContactIdentity is models.ContactIdentity as clients see it.
type ContactIdentity models.ContactIdentity

// Conversation is models.Conversation as clients see it.
type Conversation models.Conversation

// PublicID is the id that clients see.
func (c *Conversation) PublicID() string { return models.PublicID(models.PrefixConversation, c.ID) }

// IsNode marks the type as a Node.
func (*Conversation) IsNode() {}

// WhyClosed is the reason for closing, nil if there is none.
func (c *Conversation) WhyClosed() *string {
	if c.CloseReason == "" {
		return nil
	}
	return &c.CloseReason
}

// Viewer is who is asking.
type Viewer models.Viewer

// IsAdministrator reports whether the viewer may do everything.
func (v *Viewer) IsAdministrator() bool { return v.Administrator }

// Waiting is since when the customer waits for an answer; nil if they do not.
func (c *Conversation) Waiting() *time.Time { return models.Conversation(*c).Waiting() }
