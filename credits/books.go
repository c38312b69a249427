package credits

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"gorm.io/gorm/clause"

	"recado/models"
	"recado/store"
)

// books are the accounts of organizations in a transaction, locked, and what the
// transaction books on them. Nobody else books on these organizations until it ends.
type books struct {
	tx            *store.Tx
	organizations map[models.ID]*account
}

// account is what an organization has.
type account struct {
	balances models.Balances
	before   models.Balances // when it was locked
	stored   map[models.LedgerAccount]models.CreditAccount
	entries  []models.CreditEntry
	postings []models.CreditPosting
}

// open locks the accounts of organizations, in the order of their ids, and makes
// those that are missing. It may be called again in a transaction.
func open(tx *store.Tx, organizations ...models.ID) (*books, error) {
	slices.SortFunc(organizations, func(a, b models.ID) int { return bytes.Compare(a[:], b[:]) })
	organizations = slices.Compact(organizations)
	if err := tx.Flush(); err != nil { // an earlier call in this transaction may have booked
		return nil, err
	}
	rows, err := lockAccounts(tx, organizations)
	if err != nil {
		return nil, err
	}
	if len(rows) < len(organizations)*len(models.LedgerAccounts) {
		if err := makeAccounts(tx, organizations); err != nil {
			return nil, err
		}
		if rows, err = lockAccounts(tx, organizations); err != nil {
			return nil, err
		}
	}
	b := &books{tx: tx, organizations: make(map[models.ID]*account, len(organizations))}
	for _, organization := range organizations {
		b.organizations[organization] = &account{
			balances: make(models.Balances), stored: make(map[models.LedgerAccount]models.CreditAccount),
		}
	}
	for _, row := range rows {
		of := b.organizations[row.OrganizationID]
		of.balances[row.Account] = row.Balance
		of.stored[row.Account] = row
	}
	for _, of := range b.organizations {
		of.before = maps.Clone(of.balances)
	}
	return b, nil
}

func lockAccounts(tx *store.Tx, organizations []models.ID) ([]models.CreditAccount, error) {
	var rows []models.CreditAccount
	query := tx.Where(store.OneOf("organization_id", organizations)).Order("organization_id, account")
	if err := store.Locking(query).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("lock credit accounts: %w", err)
	}
	return rows, nil
}

func makeAccounts(tx *store.Tx, organizations []models.ID) error {
	var rows []models.CreditAccount
	for _, organization := range organizations {
		for _, account := range models.LedgerAccounts {
			rows = append(rows, models.CreditAccount{OrganizationID: organization, Account: account, CreatedAt: tx.Now(), UpdatedAt: tx.Now()})
		}
	}
	if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&rows).Error; err != nil {
		return fmt.Errorf("make credit accounts: %w", err)
	}
	return nil
}

// of is an organization's account.
func (b *books) of(organization models.ID) *account { return b.organizations[organization] }

// book books a movement. One that moves nothing leaves no entry. That a cause is
// booked once is for the caller to see to, under the lock; if it does not, the
// transaction fails.
func (b *books) book(organization models.ID, cause models.LedgerCause, reference string, movement models.Movement) error {
	of := b.organizations[organization]
	booked, err := of.balances.Book(movement)
	if err != nil {
		return fmt.Errorf("book %s %s of organization %s: %w", cause, reference, organization, err)
	}
	if !booked.Moves() {
		return nil
	}
	entry := models.CreditEntry{
		OrganizationID: organization, ID: models.NewID(), Cause: cause, Reference: reference, CreatedAt: b.tx.Now(),
	}
	of.entries = append(of.entries, entry)
	for _, account := range slices.Sorted(maps.Keys(booked)) {
		of.postings = append(of.postings, models.CreditPosting{
			OrganizationID: organization, EntryID: entry.ID, Account: account, Amount: booked[account],
		})
	}
	return nil
}

// close writes what was booked, and tells of it. The accounts stay locked until the
// transaction ends.
func (b *books) close() error {
	var accounts []models.CreditAccount
	var entries []models.CreditEntry
	var postings []models.CreditPosting
	for organization, of := range b.organizations {
		if len(of.entries) == 0 {
			continue
		}
		entries, postings = append(entries, of.entries...), append(postings, of.postings...)
		for account, row := range of.stored {
			if row.Balance != of.balances[account] {
				row.Balance, row.UpdatedAt = of.balances[account], b.tx.Now()
				accounts = append(accounts, row)
			}
		}
		if err := tell(b.tx, models.EventCreditsBalanceChanged, organization, models.CreditEventPayload{Balances: of.balances}); err != nil {
			return err
		}
	}
	if err := store.InsertAll(b.tx, entries); err != nil {
		return err
	}
	if err := store.InsertAll(b.tx, postings); err != nil {
		return err
	}
	return store.UpdateAll(b.tx, accounts)
}

// fellBelow reports whether the available credits were at least the limit before the
// transaction and are not now.
func (a *account) fellBelow(limit models.Credits) bool {
	return a.before[models.AccountAvailable] >= limit && a.balances[models.AccountAvailable] < limit
}

// tell records an event about credits.
func tell(tx *store.Tx, kind models.EventKind, organization models.ID, payload models.CreditEventPayload) error {
	text, err := json.Marshal(payload)
	if err != nil {
		return fmt.Errorf("write event %s: %w", kind, err)
	}
	tx.Record(models.Event{OrganizationID: organization, Kind: kind, Payload: text})
	return nil
}

// monthOf is the month of the transaction.
func monthOf(tx *store.Tx) time.Time { return models.MonthOf(tx.Now()) }
