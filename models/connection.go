package models

import "time"

// ConnectionMethod is a way to connect a number.
type ConnectionMethod string

// The methods.
const (
	ConnectByLogin ConnectionMethod = "LOGIN" // the user's browser goes to Meta and is sent back
	ConnectByPopup ConnectionMethod = "POPUP" // Meta's embedded sign-up in a window of the front end
	ConnectByToken ConnectionMethod = "TOKEN" // a permanent token of a system user
)

// ConnectionStatus is how far a connection has come.
type ConnectionStatus string

// The states, in their order, and the ends of those that do not get there.
const (
	ConnectionStarted      ConnectionStatus = "STARTED"       // waits for Meta's word that the user agreed
	ConnectionAuthorized   ConnectionStatus = "AUTHORIZED"    // has a token, and knows what it may be used for: choose a number
	ConnectionNumberChosen ConnectionStatus = "NUMBER_CHOSEN" // Meta is about to be asked to send webhooks
	ConnectionSubscribed   ConnectionStatus = "SUBSCRIBED"    // Meta sends webhooks; the number is about to be registered
	ConnectionRegistered   ConnectionStatus = "REGISTERED"    // the number can send: give the channel's details
	ConnectionConnected    ConnectionStatus = "CONNECTED"     // there is a channel

	ConnectionFailed   ConnectionStatus = "FAILED"   // a step failed, see Failure; it can be retried
	ConnectionExpired  ConnectionStatus = "EXPIRED"  // nobody went on with it; what had been done is undone
	ConnectionCanceled ConnectionStatus = "CANCELED" // somebody gave it up; what had been done is undone
)

// Ended reports whether nothing follows any more.
func (s ConnectionStatus) Ended() bool {
	return s == ConnectionConnected || s == ConnectionExpired || s == ConnectionCanceled
}

// ConnectionStep is what is done between two states.
type ConnectionStep string

// The steps.
const (
	StepAuthorize    ConnectionStep = "AUTHORIZE"     // the user agrees at Meta; the code becomes a token, which is checked
	StepListAccounts ConnectionStep = "LIST_ACCOUNTS" // what the token may be used for is asked
	StepChoose       ConnectionStep = "CHOOSE"        // a number is chosen and looked at
	StepSubscribe    ConnectionStep = "SUBSCRIBE"     // the app is subscribed to the account
	StepRegister     ConnectionStep = "REGISTER"      // the number is registered with its PIN
	StepFinish       ConnectionStep = "FINISH"        // the channel is made
)

// ConnectionFailureCode says why a step failed.
type ConnectionFailureCode string

// The reasons.
const (
	FailureDenied            ConnectionFailureCode = "DENIED"             // the user did not agree
	FailureCodeRefused       ConnectionFailureCode = "CODE_REFUSED"       // Meta's code was too old, or used before: sign in again
	FailureAddressMismatch   ConnectionFailureCode = "ADDRESS_MISMATCH"   // the callback address is not the one that is registered at Meta
	FailureTokenInvalid      ConnectionFailureCode = "TOKEN_INVALID"      // Meta does not accept the token
	FailureOtherApp          ConnectionFailureCode = "OTHER_APP"          // the token belongs to another app
	FailurePermissionMissing ConnectionFailureCode = "PERMISSION_MISSING" // the token lacks a permission, or access to the account
	FailureNoAccounts        ConnectionFailureCode = "NO_ACCOUNTS"        // the token opens no WhatsApp Business account
	FailureNumberNotOffered  ConnectionFailureCode = "NUMBER_NOT_OFFERED" // the number is not one of the account's
	FailureNumberNotVerified ConnectionFailureCode = "NUMBER_NOT_VERIFIED"
	FailurePINRefused        ConnectionFailureCode = "PIN_REFUSED"      // the number has another PIN: give that one
	FailureTooManyTries      ConnectionFailureCode = "TOO_MANY_TRIES"   // Meta wants a pause of hours or days
	FailureMetaUnavailable   ConnectionFailureCode = "META_UNAVAILABLE" // Meta does not answer: try again
	FailureMetaRefused       ConnectionFailureCode = "META_REFUSED"     // anything else, in Meta's words
	FailureNumberTaken       ConnectionFailureCode = "NUMBER_TAKEN"     // the number was connected meanwhile, here or elsewhere
	FailureEdition           ConnectionFailureCode = "EDITION_NOT_ALLOWED"
)

// ConnectionFailure is why a step failed.
type ConnectionFailure struct {
	Step    ConnectionStep        `json:"step"`
	Code    ConnectionFailureCode `json:"code"`
	Details string                `json:"details,omitempty"` // Meta's words
	At      time.Time             `json:"at"`
	RetryAt *time.Time            `json:"retryAt,omitempty"` // not before then; nil: at any time
}

// OfferedAccount is a WhatsApp Business account that a token may be used for.
type OfferedAccount struct {
	WABAID       string          `json:"wabaId"`
	Name         string          `json:"name"`
	BusinessID   string          `json:"businessId,omitempty"` // of the portfolio that owns it
	BusinessName string          `json:"businessName,omitempty"`
	Currency     string          `json:"currency,omitempty"`
	Review       string          `json:"review,omitempty"` // Meta's word on the account
	Numbers      []OfferedNumber `json:"numbers"`
}

// OfferedNumber is a number of an OfferedAccount.
type OfferedNumber struct {
	PhoneNumberID string `json:"phoneNumberId"`
	DisplayNumber string `json:"displayNumber"` // E.164
	VerifiedName  string `json:"verifiedName,omitempty"`
	Status        string `json:"status,omitempty"`  // Meta's; CONNECTED needs no registration
	Quality       string `json:"quality,omitempty"` // GREEN, YELLOW, RED
	BusinessApp   bool   `json:"businessApp,omitempty"`
}

// ChannelConnection is an attempt to connect a number, from the first click to the
// channel. Its token is deleted when it ends.
type ChannelConnection struct {
	OrganizationID  ID                 `gorm:"type:uuid;primaryKey;index:channel_connections_created_at_idx,priority:1"`
	ID              ID                 `gorm:"type:uuid;primaryKey;index:channel_connections_created_at_idx,priority:3"`
	StartedByID     ID                 `gorm:"type:uuid;not null"`
	Method          ConnectionMethod   `gorm:"not null"`
	Status          ConnectionStatus   `gorm:"not null"`
	Reached         ConnectionStatus   `gorm:"not null"` // the last state that was reached; differs from Status after a failure and at the end
	Nonce           []byte             `json:"-"`        // makes the state that Meta sends back; nil once that was used
	ReturnURL       string             `gorm:"not null"` // where the user's browser goes in the end; empty: nowhere
	AccessToken     []byte             `json:"-"`        // sealed, bound to the organization and this row; nil before there is one, and after the end
	AccessTokenHint string             `gorm:"not null"` // last four characters
	TokenUserID     string             `gorm:"not null"` // Meta's id of whom the token stands for
	TokenExpiresAt  *time.Time         // nil: never, or not known
	Accounts        []OfferedAccount   `gorm:"serializer:json;type:text"`
	WABAID          string             `gorm:"column:waba_id;not null"` // what was chosen
	PhoneNumberID   string             `gorm:"not null"`
	Subscribed      bool               `gorm:"not null"`            // this connection subscribed the app to the account
	PIN             []byte             `gorm:"column:pin" json:"-"` // sealed; the number's two-step PIN, if this connection set or was told it
	Failure         *ConnectionFailure `gorm:"serializer:json"`
	ChannelID       *ID                `gorm:"type:uuid"` // once CONNECTED
	ExpiresAt       time.Time          `gorm:"not null"`  // when it is given up
	EndedAt         *time.Time         // when nothing was left to clean up
	CreatedAt       time.Time          `gorm:"index:channel_connections_created_at_idx,priority:2"`
	UpdatedAt       time.Time
}

// Offered returns the account and number of what the token may be used for.
func (c ChannelConnection) Offered(wabaID, phoneNumberID string) (OfferedAccount, OfferedNumber, bool) {
	for _, account := range c.Accounts {
		if account.WABAID != wabaID {
			continue
		}
		for _, number := range account.Numbers {
			if number.PhoneNumberID == phoneNumberID {
				return account, number, true
			}
		}
	}
	return OfferedAccount{}, OfferedNumber{}, false
}
