package crm

import (
	"errors"
	"fmt"

	"gorm.io/gorm"

	"recado/models"
	"recado/store"
)

// RuleWish says which records a channel's rule makes of somebody who writes.
type RuleWish struct {
	OrganizationID models.ID
	RuleID         models.ID // what the rule is known by, for example its channel
	ContactID      models.ID
	ConversationID models.ID
	CompanyName    string    // of the company that the contact gets who has none; empty: none is made
	Deal           *RuleDeal // nil: none is made
}

// RuleDeal is the deal that a rule makes.
type RuleDeal struct {
	Name    string     // brought into form as models.FitName does; not empty
	StageID *models.ID // nil, or one that is no more: the first open stage of the default pipeline
	OwnerID *models.ID // a user of the organization; nil: nobody
}

// MadeRecords is what a rule made; all nil if it was its turn before.
type MadeRecords struct {
	Company *models.Company
	Deal    *models.Deal
}

// MakeRecords makes the records of a rule in the transaction that a message comes in
// with: once for each rule and conversation, also if they were deleted since. The
// conversation is locked by the transaction. What waits to be written is flushed first.
func MakeRecords(tx *store.Tx, wish RuleWish) (MadeRecords, error) {
	var made MadeRecords
	if err := tx.Flush(); err != nil {
		return made, err
	}
	done := models.RuleRecord{OrganizationID: wish.OrganizationID, ConversationID: wish.ConversationID, RuleID: wish.RuleID, CreatedAt: tx.Now()}
	err := tx.Take(&models.RuleRecord{}, "organization_id = ? AND conversation_id = ? AND rule_id = ?", wish.OrganizationID, wish.ConversationID, wish.RuleID).Error
	if err == nil {
		return made, nil
	}
	if !errors.Is(err, gorm.ErrRecordNotFound) {
		return made, fmt.Errorf("look for records of conversation %s: %w", wish.ConversationID, err)
	}
	if _, err := take[models.Contact](store.Locking(tx.DB), wish.OrganizationID, wish.ContactID, "contactId"); err != nil {
		return made, err
	}
	company, err := wish.company(tx, &made)
	if err != nil {
		return made, err
	}
	if wish.Deal != nil {
		if made.Deal, err = wish.deal(tx, company); err != nil {
			return made, err
		}
		done.DealID = &made.Deal.ID
	}
	if made.Company != nil {
		done.CompanyID = &made.Company.ID
	}
	if err := tx.Create(&done).Error; err != nil {
		return made, fmt.Errorf("note records of conversation %s: %w", wish.ConversationID, err)
	}
	return made, nil
}

// company returns the contact's company, made if the rule says so; nil if there is none.
func (w RuleWish) company(tx *store.Tx, made *MadeRecords) (*models.ID, error) {
	record, err := recordOf(tx.DB, w.OrganizationID, w.ContactID)
	if err != nil {
		return nil, err
	}
	name := models.FitName(w.CompanyName, models.MaxRecordName)
	if record.CompanyID != nil || name == "" {
		return record.CompanyID, keepCompany(tx, w.OrganizationID, record.CompanyID)
	}
	made.Company = &models.Company{
		OrganizationID: w.OrganizationID, ID: models.NewID(), Name: name, SortName: models.SortName(name), Version: 1,
		CreatedAt: tx.Now(), UpdatedAt: tx.Now(),
	}
	if err := tx.Create(made.Company).Error; err != nil {
		return nil, fmt.Errorf("make company: %w", err)
	}
	record.CompanyID = &made.Company.ID
	return record.CompanyID, saveRecord(tx, &record)
}

// deal makes the deal.
func (w RuleWish) deal(tx *store.Tx, company *models.ID) (*models.Deal, error) {
	name := models.FitName(w.Deal.Name, models.MaxRecordName)
	if name == "" {
		return nil, models.NewError(models.CodeRequired, "name")
	}
	stage, err := DealChange{StageID: w.Deal.StageID}.wantedStage(tx, w.OrganizationID)
	if models.CodeOf(err) == models.CodeNotFound || err == nil && stage == nil {
		stage, err = firstStage(tx, w.OrganizationID, nil)
	}
	if err != nil {
		return nil, err
	}
	deal := models.Deal{
		OrganizationID: w.OrganizationID, ID: models.NewID(), Name: name, OwnerID: w.Deal.OwnerID, ContactID: &w.ContactID, CompanyID: company,
		ConversationID: &w.ConversationID, Version: 1, CreatedAt: tx.Now(), UpdatedAt: tx.Now(),
	}
	deal.Enter(*stage, tx.Now())
	if err := tx.Create(&deal).Error; err != nil {
		return nil, fmt.Errorf("make deal: %w", err)
	}
	return &deal, recordDeal(tx, models.EventDealChanged, deal)
}
