package models

import (
	"slices"
	"time"
)

// BlockStatus is how far Meta has come with what the team wants of a block.
type BlockStatus string

// The states of a block at Meta.
const (
	BlockPending BlockStatus = "PENDING" // Meta is still to be told
	BlockDone    BlockStatus = "BLOCKED" // Meta takes nothing from the person any more
	BlockFailed  BlockStatus = "FAILED"  // Meta refused, see Failure; within Recado it holds all the same
)

// NextActionUnblockContact is what can end a failure for which Failure.Code is
// CodeContactBlocked.
const NextActionUnblockContact = "UNBLOCK_CONTACT"

// ContactBlock is what the team wants of a contact on one channel, and what Meta has
// made of it. There is none for a contact who was never blocked there, and none any
// more when Meta has undone a block that the team no longer wants.
//
// Within Recado it is Blocked alone that counts, from the moment of the wish, whatever
// Meta says. Meta is told afterwards, always of the latest wish: see Next.
type ContactBlock struct {
	OrganizationID ID          `gorm:"type:uuid;primaryKey"`
	ContactID      ID          `gorm:"type:uuid;primaryKey"`
	ChannelID      ID          `gorm:"type:uuid;primaryKey"`
	Blocked        bool        `gorm:"not null" json:",omitzero"` // false: the team wants it no more, and Meta has not undone it yet
	Status         BlockStatus `gorm:"not null"`
	Failure        *Failure    `gorm:"serializer:json" json:",omitzero"` // with FAILED
	Held           bool        `gorm:"not null" json:",omitzero"`        // Meta blocks Address, as far as its answers say
	Address        string      `gorm:"not null" json:",omitzero"`        // whom Meta was asked to block; empty: nobody
	Attempts       int         `gorm:"not null" json:",omitzero"`        // calls to Meta since the latest wish
	AttemptedAt    *time.Time  `json:",omitzero"`                        // start of a call of which it is not known what came of it; nil: there is none
	Version        int64       `gorm:"not null"`                         // grows with each wish
	DecidedByID    ID          `gorm:"type:uuid;not null"`               // whose wish it was
	DecidedAt      time.Time   `gorm:"not null"`
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// BlockStep is a call to Meta that brings a block nearer to what is wanted of it.
type BlockStep string

// The steps.
const (
	StepNone    BlockStep = ""        // Meta has it as it is wanted
	StepBlock   BlockStep = "BLOCK"   // have the contact's address blocked
	StepUnblock BlockStep = "UNBLOCK" // have Address unblocked
)

// Next is the step to take when Meta is to call the person so; empty means that it
// cannot be known. A call whose outcome is not known is made up for by the opposite
// one, or made again: both may be repeated.
func (b ContactBlock) Next(address string) BlockStep {
	maybeHeld := b.Address != "" && (b.Held || b.AttemptedAt != nil)
	switch {
	case maybeHeld && (!b.Blocked || address != "" && address != b.Address):
		return StepUnblock
	case b.Blocked && (!b.Held || b.AttemptedAt != nil):
		return StepBlock
	}
	return StepNone
}

// Want takes down the wish of a user, and reports false if it was known and Meta need
// not be told again. One that Meta refused is tried anew.
func (b *ContactBlock) Want(blocked bool, by ID, at time.Time) bool {
	if b.Blocked == blocked && b.Status != BlockFailed {
		return false
	}
	b.Blocked, b.DecidedByID, b.DecidedAt = blocked, by, at
	b.Version++
	b.Again()
	return true
}

// Again has Meta told anew.
func (b *ContactBlock) Again() { b.Status, b.Failure, b.Attempts = BlockPending, nil, 0 }

// UniteBlocks makes one of the blocks of two contacts that are one, on the same
// channel: the latest wish counts, and of two in the same moment the block. What Meta
// holds is remembered.
func UniteBlocks(blocks ...ContactBlock) ContactBlock {
	newest := slices.MaxFunc(blocks, func(a, b ContactBlock) int {
		switch order := a.DecidedAt.Compare(b.DecidedAt); {
		case order != 0:
			return order
		case a.Blocked == b.Blocked:
			return 0
		case a.Blocked:
			return 1
		default:
			return -1
		}
	})
	for _, other := range blocks {
		if newest.Address == "" {
			newest.Held, newest.Address, newest.AttemptedAt = other.Held, other.Address, other.AttemptedAt
		}
		newest.Version = max(newest.Version, other.Version)
	}
	newest.Version++
	newest.Again()
	return newest
}
