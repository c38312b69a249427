package models

import (
	"fmt"
	"time"
)

// LedgerAccount is an account of an organization's credits. Every credit is in one
// of them, so that their balances always sum to zero.
type LedgerAccount string

// The accounts. Where credits come from runs into the negative.
const (
	AccountAvailable LedgerAccount = "AVAILABLE" // can be spent; never below zero
	AccountHeld      LedgerAccount = "HELD"      // kept for messages whose price is not known yet; never below zero
	AccountSpent     LedgerAccount = "SPENT"     // charged for delivered messages
	AccountPurchased LedgerAccount = "PURCHASED" // minus all that was bought
	AccountGranted   LedgerAccount = "GRANTED"   // minus all that was given
	// AccountOwed is minus what is still to be paid for messages that arrived after
	// their hold was let go, when nothing was available. The next income pays it.
	AccountOwed LedgerAccount = "OWED"
)

// LedgerAccounts are all accounts, in the order in which their rows are locked.
var LedgerAccounts = []LedgerAccount{
	AccountAvailable, AccountGranted, AccountHeld, AccountOwed, AccountPurchased, AccountSpent,
}

// CreditAccount is the kept balance of an account: the sum of its postings.
type CreditAccount struct {
	OrganizationID ID            `gorm:"type:uuid;primaryKey"`
	Account        LedgerAccount `gorm:"primaryKey"`
	Balance        Credits       `gorm:"not null"`
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// LedgerCause is why an entry was made.
type LedgerCause string

// The causes, and what an entry's Reference is.
const (
	CauseHold       LedgerCause = "HOLD"        // a message was queued; the message's id
	CauseSettlement LedgerCause = "SETTLEMENT"  // it was delivered; the message's id
	CauseRelease    LedgerCause = "RELEASE"     // it will not be charged; the message's id
	CauseLateCharge LedgerCause = "LATE_CHARGE" // it was delivered after its hold was let go; the message's id
	CausePurchase   LedgerCause = "PURCHASE"    // credits were paid; the purchase's id
	CauseGrant      LedgerCause = "GRANT"       // credits were given; the operator's own reference
)

// CreditEntry is a movement of credits with its cause. A cause and reference are
// booked once: a second entry with the same is impossible.
type CreditEntry struct {
	OrganizationID ID          `gorm:"type:uuid;primaryKey;uniqueIndex:credit_entries_cause_key,priority:1;index:credit_entries_recent_idx,priority:1"`
	ID             ID          `gorm:"type:uuid;primaryKey;index:credit_entries_recent_idx,priority:3"`
	Cause          LedgerCause `gorm:"not null;uniqueIndex:credit_entries_cause_key,priority:2"`
	Reference      string      `gorm:"not null;uniqueIndex:credit_entries_cause_key,priority:3"`
	CreatedAt      time.Time   `gorm:"not null;index:credit_entries_recent_idx,priority:2"`
}

// CreditPosting is what an entry does to one account. The postings of an entry sum
// to zero.
type CreditPosting struct {
	OrganizationID ID            `gorm:"type:uuid;primaryKey"`
	EntryID        ID            `gorm:"type:uuid;primaryKey"`
	Account        LedgerAccount `gorm:"primaryKey"`
	Amount         Credits       `gorm:"not null"` // never zero
}

// Balances are the balances of an organization's accounts.
type Balances map[LedgerAccount]Credits

// Movement is what an entry does, by account. Zero amounts mean nothing.
type Movement map[LedgerAccount]Credits

// Sum is zero for every movement that may be booked.
func (m Movement) Sum() (sum Credits) {
	for _, amount := range m {
		sum += amount
	}
	return sum
}

// Moves reports whether the movement changes any balance.
func (m Movement) Moves() bool {
	for _, amount := range m {
		if amount != 0 {
			return true
		}
	}
	return false
}

// Book applies a movement to the balances. What it would make available pays first
// what is owed. It returns the movement as it was booked, or an error that leaves the
// balances alone: a movement that does not sum to zero, or one that takes more than
// there is.
func (b Balances) Book(movement Movement) (Movement, error) {
	booked := make(Movement, len(movement)+1)
	for account, amount := range movement {
		booked[account] += amount
	}
	if sum := booked.Sum(); sum != 0 {
		return nil, fmt.Errorf("a movement of credits sums to %s", sum)
	}
	if pays := min(booked[AccountAvailable], -b[AccountOwed]); pays > 0 {
		booked[AccountAvailable] -= pays
		booked[AccountOwed] += pays
	}
	for _, account := range []LedgerAccount{AccountAvailable, AccountHeld, AccountSpent} {
		if after := b[account] + booked[account]; after < 0 {
			return nil, fmt.Errorf("the balance of %s would be %s", account, after)
		}
	}
	for account, amount := range booked {
		if amount == 0 {
			delete(booked, account)
			continue
		}
		b[account] += amount
	}
	return booked, nil
}

// HoldCredits keeps an amount for a message.
func HoldCredits(amount Credits) Movement {
	return Movement{AccountAvailable: -amount, AccountHeld: amount}
}

// SettleHold charges a part of what was held and gives back the rest.
func SettleHold(held, charge Credits) Movement {
	return Movement{AccountHeld: -held, AccountSpent: charge, AccountAvailable: held - charge}
}

// ChargeLate charges a message whose hold was let go: from what is available, and
// the rest is owed.
func ChargeLate(charge, available Credits) Movement {
	paid := min(charge, max(available, 0))
	return Movement{AccountAvailable: -paid, AccountOwed: paid - charge, AccountSpent: charge}
}

// TakeIn makes credits available that come from PURCHASED or GRANTED.
func TakeIn(from LedgerAccount, amount Credits) Movement {
	return Movement{from: -amount, AccountAvailable: amount}
}
