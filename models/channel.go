package models

import "time"

// ChannelStatus says whether a number can send and receive.
type ChannelStatus string

// The states of a channel.
const (
	ChannelConnected               ChannelStatus = "CONNECTED"
	ChannelReauthorizationRequired ChannelStatus = "REAUTHORIZATION_REQUIRED" // Meta refused the token (error 190); nothing is lost, sends wait
	ChannelDisconnected            ChannelStatus = "DISCONNECTED"             // conversations stay readable, sending is refused
)

// ReopenPolicy says what becomes of a message of a customer whose conversation is
// closed.
type ReopenPolicy string

// The policies.
const (
	ReopenConversation ReopenPolicy = "REOPEN"           // the closed conversation is opened again
	NewConversation    ReopenPolicy = "NEW_CONVERSATION" // a new one begins, and the closed one stays as it is for good
)

// Valid reports whether p is one of the policies.
func (p ReopenPolicy) Valid() bool { return p == ReopenConversation || p == NewConversation }

// Channel is a WhatsApp Business number of an organization.
type Channel struct {
	ID                   ID            `gorm:"type:uuid;primaryKey"`
	OrganizationID       ID            `gorm:"type:uuid;not null;index:channels_organization_id_idx"`
	Name                 string        `gorm:"not null"`
	PhoneNumberID        string        `gorm:"not null;uniqueIndex:channels_phone_number_id_key"` // Meta's id of the number; routes webhooks
	WABAID               string        `gorm:"column:waba_id;not null;index:channels_waba_id_idx"`
	DisplayNumber        string        `gorm:"not null"` // E.164
	Status               ChannelStatus `gorm:"not null"`
	StatusReason         string        `gorm:"not null"` // Meta's words, empty while all is well
	AccessToken          []byte        `json:"-"`        // sealed, see package secrets; bound to the organization and channel; nil once it is disconnected
	AccessTokenHint      string        `gorm:"not null"` // last four characters
	LastAssigneePosition int           `gorm:"not null"` // round-robin: the pool position served last; -1 before the first
	ReopenPolicy         ReopenPolicy  `gorm:"not null;default:REOPEN"`

	RecordCreation *RecordCreation `gorm:"serializer:json;type:text"` // what a customer's first message makes besides the contact; nil: nothing

	Facts          *ChannelFacts    `gorm:"serializer:json"`           // what Meta says of it; nil: nothing yet
	Problems       []ChannelProblem `gorm:"serializer:json;type:text"` // that the last check could not mend
	LastWebhookAt  *time.Time       // when Meta last sent something about it, to the minute
	TokenExpiresAt *time.Time       // nil: never, or not known
	TokenUserID    string           `gorm:"not null"`            // Meta's id of whom the token stands for; empty: not known
	TokenSource    ConnectionMethod `gorm:"not null"`            // empty: an operator gave it
	PIN            []byte           `gorm:"column:pin" json:"-"` // the number's two-step PIN, sealed like the token; nil: not known
	ConnectedAt    *time.Time       // the last time
	DisconnectedAt *time.Time       // nil while it is connected
	CheckedAt      *time.Time       // when its health was last looked at

	CreatedAt time.Time
	UpdatedAt time.Time
}

// ChannelAssignee is a place in the pool that new conversations of a channel are
// handed to in turn.
type ChannelAssignee struct {
	OrganizationID ID  `gorm:"type:uuid;not null"`
	ChannelID      ID  `gorm:"type:uuid;primaryKey;uniqueIndex:channel_assignees_channel_id_position_key,priority:1"`
	UserID         ID  `gorm:"type:uuid;primaryKey"`
	Position       int `gorm:"not null;uniqueIndex:channel_assignees_channel_id_position_key,priority:2"`
}
