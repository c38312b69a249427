package models

import "time"

// Organization is a tenant: every other row belongs to exactly one.
type Organization struct {
	ID      ID          `gorm:"type:uuid;primaryKey"`
	Name    string      `gorm:"not null"`
	Edition EditionName `gorm:"not null;default:EXPRESS"`
	// ChosenWords are what customers write to stop marketing; nil: the default ones. See
	// MarketingWords.
	ChosenWords *MarketingWords `gorm:"column:marketing_words;serializer:json"`
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// MarketingWords are what customers of the organization write to stop marketing.
func (o Organization) MarketingWords() MarketingWords {
	if o.ChosenWords == nil {
		return DefaultMarketingWords
	}
	return *o.ChosenWords
}

// FeedHead is the position of the newest event of an organization. It lies apart
// from the organization because every commit with events locks it.
type FeedHead struct {
	OrganizationID ID    `gorm:"type:uuid;primaryKey"`
	Position       int64 `gorm:"not null"`
}

// Profile is a set of rights that users share.
type Profile struct {
	ID             ID     `gorm:"type:uuid;primaryKey"`
	OrganizationID ID     `gorm:"type:uuid;not null;uniqueIndex:profiles_organization_id_name_key,priority:1"`
	Name           string `gorm:"not null;uniqueIndex:profiles_organization_id_name_key,priority:2"`
	Administrator  bool   `gorm:"not null"` // has every right, REPLY on every channel included
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// User is a person who signs in. A user belongs to one organization and has one
// profile. A user who is not Active cannot sign in, is assigned nothing, and is
// thrown off within seconds.
type User struct {
	ID             ID     `gorm:"type:uuid;primaryKey"`
	OrganizationID ID     `gorm:"type:uuid;not null;index:users_organization_id_idx"`
	ProfileID      ID     `gorm:"type:uuid;not null"`
	Email          string `gorm:"not null;uniqueIndex:users_email_key"` // lower case, unique over all organizations
	Name           string `gorm:"not null"`
	PasswordHash   string `gorm:"not null" json:"-"` // argon2id, in PHC form
	Active         bool   `gorm:"not null"`
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// Session is one sign-in: the family of refresh tokens that descend from it.
// Revoking it ends them all.
type Session struct {
	ID             ID        `gorm:"type:uuid;primaryKey"`
	OrganizationID ID        `gorm:"type:uuid;not null"`
	UserID         ID        `gorm:"type:uuid;not null;index:sessions_user_id_idx"`
	ExpiresAt      time.Time `gorm:"not null;index:sessions_expires_at_idx"`
	RevokedAt      *time.Time
	RevokedReason  string `gorm:"not null"` // SIGNED_OUT, TOKEN_REUSED or empty
	CreatedAt      time.Time
}

// RefreshToken is one link of a session's chain. It is used once: a second use
// means that it leaked, and revokes the session.
type RefreshToken struct {
	TokenHash []byte `gorm:"primaryKey" json:"-"` // SHA-256 of the token; the token itself is never kept
	SessionID ID     `gorm:"type:uuid;not null;index:refresh_tokens_session_id_idx"`
	UsedAt    *time.Time
	CreatedAt time.Time
}
