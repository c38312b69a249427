package models

import "time"

// Contact is a person who writes to the organization, on any of its channels.
type Contact struct {
	OrganizationID ID         `gorm:"type:uuid;primaryKey"`
	ID             ID         `gorm:"type:uuid;primaryKey"`
	Name           string     `gorm:"not null" json:",omitzero"` // the latest name the person gave themselves on WhatsApp; may be empty
	NameSeenAt     *time.Time `json:",omitzero"`                 // Meta's time of the message that brought Name
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// IdentityKind is a way of knowing a contact.
type IdentityKind string

// The kinds of identity (reference/whatsapp-cloud-api.md §13).
const (
	IdentityWAID IdentityKind = "WA_ID"                   // digits under which the account is registered at WhatsApp
	IdentityUser IdentityKind = "BUSINESS_SCOPED_USER_ID" // `CC.` and up to 128 characters; the only identity of people who hide their number
)

// ContactIdentity ties a contact to what Meta calls them on one channel. A phone
// number alone is not a key: Brazilian, Mexican and Argentine numbers have
// several written forms, which share a MatchKey.
type ContactIdentity struct {
	OrganizationID ID           `gorm:"type:uuid;primaryKey;index:contact_identities_match_idx,priority:1;index:contact_identities_contact_idx,priority:1"`
	ChannelID      ID           `gorm:"type:uuid;primaryKey"`
	Kind           IdentityKind `gorm:"primaryKey;index:contact_identities_match_idx,priority:2"`
	Value          string       `gorm:"primaryKey"`
	MatchKey       string       `gorm:"not null;index:contact_identities_match_idx,priority:3"`
	ContactID      ID           `gorm:"type:uuid;not null;index:contact_identities_contact_idx,priority:2"`
	CreatedAt      time.Time
}

// SeeName takes over a profile name seen at a time, if it is newer than the one
// known; of two names seen in the same moment the greater wins, so that the
// order of arrival does not matter. It reports whether the contact changed.
func (c *Contact) SeeName(name string, at time.Time) bool {
	return seeNewest(&c.Name, &c.NameSeenAt, name, at)
}

// ReleasedIdentity says that an identity named a contact up to a time and does so
// no more, because the person changed it: who uses it later is somebody else
// (reference/whatsapp-cloud-api.md §13.3).
type ReleasedIdentity struct {
	OrganizationID ID           `gorm:"type:uuid;primaryKey;index:released_identities_contact_idx,priority:1"`
	Kind           IdentityKind `gorm:"primaryKey"`
	MatchKey       string       `gorm:"primaryKey"`
	ReleasedAt     time.Time    `gorm:"primaryKey"` // Meta's time of the change; up to and with this moment the identity named the contact
	ReplacedBy     string       `gorm:"not null"`   // the value of the same kind that names the contact from then on
	ContactID      ID           `gorm:"type:uuid;not null;index:released_identities_contact_idx,priority:2"`
	CreatedAt      time.Time
}
