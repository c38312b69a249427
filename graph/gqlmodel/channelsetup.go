package gqlmodel

import (
	"time"

	"recado/models"
)

// ChannelSetup is models.ChannelConnection as clients see it, under a name that is
// not that of a page of channels.
type ChannelSetup models.ChannelConnection

// PublicID is the id that clients see.
func (c *ChannelSetup) PublicID() string { return models.PublicID(models.PrefixChannelSetup, c.ID) }

// IsNode marks the type as a Node.
func (*ChannelSetup) IsNode() {}

// TokenLastFour are the last characters of the token; nil while there is none.
func (c *ChannelSetup) TokenLastFour() *string { return unlessEmpty(c.AccessTokenHint) }

// ChosenAccount is the account that was chosen or proposed.
func (c *ChannelSetup) ChosenAccount() *string { return unlessEmpty(c.WABAID) }

// ChosenNumber is the number that was chosen or proposed.
func (c *ChannelSetup) ChosenNumber() *string { return unlessEmpty(c.PhoneNumberID) }

// Offers are the accounts to choose from.
func (c *ChannelSetup) Offers() []OfferedAccount {
	offers := make([]OfferedAccount, len(c.Accounts))
	for i, account := range c.Accounts {
		offers[i] = OfferedAccount{
			WabaID: account.WABAID, Name: account.Name, BusinessID: unlessEmpty(account.BusinessID), BusinessName: unlessEmpty(account.BusinessName),
			Currency: unlessEmpty(account.Currency), ReviewStatus: unlessEmpty(account.Review), Numbers: make([]OfferedNumber, len(account.Numbers)),
		}
		for j, number := range account.Numbers {
			offers[i].Numbers[j] = OfferedNumber{
				PhoneNumberID: number.PhoneNumberID, DisplayNumber: number.DisplayNumber, VerifiedName: unlessEmpty(number.VerifiedName),
				QualityRating: qualityRating(number.Quality), IsRegistered: number.Status == "CONNECTED", IsOnBusinessApp: number.BusinessApp,
			}
		}
	}
	return offers
}

// ChannelSetupFailure is models.ConnectionFailure as clients see it.
type ChannelSetupFailure struct {
	Step    models.ConnectionStep
	Code    models.ConnectionFailureCode
	Details *string
	At      time.Time
	RetryAt *time.Time
}

// Failed is why the last step failed, nil if it did not.
func (c *ChannelSetup) Failed() *ChannelSetupFailure {
	if c.Failure == nil {
		return nil
	}
	return &ChannelSetupFailure{
		Step: c.Failure.Step, Code: c.Failure.Code, Details: unlessEmpty(c.Failure.Details), At: c.Failure.At, RetryAt: c.Failure.RetryAt,
	}
}

// ChannelChangedEvent tells of a channel that changed.
type ChannelChangedEvent Change

// PublicID is the id that clients see.
func (e *ChannelChangedEvent) PublicID() string { return eventID(e.Event) }

// OccurredAt is when it happened.
func (e *ChannelChangedEvent) OccurredAt() time.Time { return e.CreatedAt }

// IsChannelEvent marks the type as a ChannelEvent.
func (*ChannelChangedEvent) IsChannelEvent() {}

// ChannelSetupChangedEvent tells how far a number has come that is being connected.
type ChannelSetupChangedEvent Change

// PublicID is the id that clients see.
func (e *ChannelSetupChangedEvent) PublicID() string { return eventID(e.Event) }

// OccurredAt is when it happened.
func (e *ChannelSetupChangedEvent) OccurredAt() time.Time { return e.CreatedAt }

// IsChannelEvent marks the type as a ChannelEvent.
func (*ChannelSetupChangedEvent) IsChannelEvent() {}

// ProfileConnection is a page of profiles.
type ProfileConnection struct {
	Rows     []models.Profile
	Cursor   func(index int) string
	PageInfo PageInfo
}

// Edges are the profiles with their cursors.
func (c *ProfileConnection) Edges() []ProfileEdge {
	return edges(c.Rows, func(i int) ProfileEdge {
		return ProfileEdge{Node: (*Profile)(&c.Rows[i]), cursor: c.Cursor, index: i}
	})
}

// Nodes are the profiles alone.
func (c *ProfileConnection) Nodes() []*Profile {
	return edges(c.Rows, func(i int) *Profile { return (*Profile)(&c.Rows[i]) })
}

// ProfileEdge is a profile in its place in a list.
type ProfileEdge struct {
	Node   *Profile
	cursor func(int) string
	index  int
}

// Cursor is the place.
func (e *ProfileEdge) Cursor() string { return e.cursor(e.index) }

func unlessEmpty(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
