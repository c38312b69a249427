package crm

import (
	"errors"
	"fmt"

	"gorm.io/gorm"

	"recado/models"
	"recado/store"
)

// RuleDeal is the deal that a channel's rule makes of somebody who writes.
type RuleDeal struct {
	OrganizationID models.ID
	RuleID         models.ID // what the rule is known by, for example its channel
	ContactID      models.ID
	ConversationID models.ID
	Name           string     // brought into form as models.FitName does; not empty
	StageID        *models.ID // nil, or one that is no more: the first open stage of the default pipeline
	OwnerID        *models.ID // a user of the organization; nil: nobody
}

// MakeRuleDeal makes the deal of a rule in the transaction that a message comes in with:
// once for each rule and conversation, also if it was deleted since; nil if it was made
// before. The conversation is locked by the transaction. What waits to be written is
// flushed first.
func MakeRuleDeal(tx *store.Tx, wish RuleDeal) (*models.Deal, error) {
	if err := tx.Flush(); err != nil {
		return nil, err
	}
	made := models.RuleRecord{OrganizationID: wish.OrganizationID, ConversationID: wish.ConversationID, RuleID: wish.RuleID}
	err := tx.Take(&models.RuleRecord{}, "organization_id = ? AND conversation_id = ? AND rule_id = ?", made.OrganizationID, made.ConversationID, made.RuleID).Error
	if err == nil {
		return nil, nil //nolint:nilnil // it was made before
	}
	if !errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, fmt.Errorf("look for the deal of conversation %s: %w", wish.ConversationID, err)
	}
	if _, err := take[models.Contact](store.Locking(tx.DB), wish.OrganizationID, wish.ContactID, "contactId"); err != nil {
		return nil, err
	}
	company, err := companyOf(tx, wish.OrganizationID, &wish.ContactID)
	if err != nil {
		return nil, err
	}
	deal, err := wish.deal(tx, company)
	if err != nil {
		return nil, err
	}
	made.DealID, made.CreatedAt = deal.ID, tx.Now()
	if err := tx.Create(&made).Error; err != nil {
		return nil, fmt.Errorf("note the deal of conversation %s: %w", wish.ConversationID, err)
	}
	return deal, nil
}

func (d RuleDeal) deal(tx *store.Tx, company *models.ID) (*models.Deal, error) {
	name := models.FitName(d.Name, models.MaxRecordName)
	if name == "" {
		return nil, models.NewError(models.CodeRequired, "name")
	}
	stage, err := DealChange{StageID: d.StageID}.wantedStage(tx, d.OrganizationID)
	if models.CodeOf(err) == models.CodeNotFound || err == nil && stage == nil {
		stage, err = firstStage(tx, d.OrganizationID, nil)
	}
	if err != nil {
		return nil, err
	}
	deal := models.Deal{
		OrganizationID: d.OrganizationID, ID: models.NewID(), Name: name, OwnerID: d.OwnerID, ContactID: &d.ContactID, CompanyID: company,
		ConversationID: &d.ConversationID, Version: 1, CreatedAt: tx.Now(), UpdatedAt: tx.Now(),
	}
	deal.Enter(*stage, tx.Now())
	if err := tx.Create(&deal).Error; err != nil {
		return nil, fmt.Errorf("make deal: %w", err)
	}
	return &deal, recordDeal(tx, models.EventDealChanged, deal)
}
