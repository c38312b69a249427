package crm

import (
	"fmt"

	"gorm.io/gorm"

	"recado/models"
	"recado/store"
)

// uniteRecords hands the deals of a contact who turned out to be another one, and what
// the team keeps of them, to the one that stays; what that one has wins.
func uniteRecords(tx *store.Tx, merge Merge) error {
	var locked []models.Contact
	err := store.Locking(tx.Select("id")).Where("organization_id = ?", merge.OrganizationID).
		Where(store.OneOf("id", []models.ID{merge.From, merge.Into})).Order("id").Find(&locked).Error
	if err != nil {
		return fmt.Errorf("lock contact %s: %w", merge.Into, err)
	}
	theirs, err := recordOf(tx.DB, merge.OrganizationID, merge.From)
	if err != nil {
		return err
	}
	if theirs.Version > 0 {
		ours, err := recordOf(tx.DB, merge.OrganizationID, merge.Into)
		if err != nil {
			return err
		}
		if err := tx.Delete(&theirs).Error; err != nil {
			return fmt.Errorf("delete record of contact %s: %w", merge.From, err)
		}
		ours = ours.Unite(theirs)
		if err := saveRecord(tx, &ours); err != nil {
			return err
		}
	}
	var deals []models.Deal
	err = store.Locking(tx.DB).Where("organization_id = ? AND contact_id = ?", merge.OrganizationID, merge.From).Order("id").Find(&deals).Error
	if err != nil {
		return fmt.Errorf("lock deals of contact %s: %w", merge.From, err)
	}
	for _, deal := range deals {
		deal.ContactID = &merge.Into
		deal.Version++
		deal.UpdatedAt = tx.Now()
		if err := tx.Save(&deal).Error; err != nil {
			return fmt.Errorf("hand deal %s to contact %s: %w", deal.ID, merge.Into, err)
		}
		if err := recordDeal(tx, models.EventDealChanged, deal); err != nil {
			return err
		}
	}
	return nil
}

// MoveConversation hands what belongs to a conversation that goes up in another one to
// that one: its deals, and what channels' rules made for it. Both are locked.
func MoveConversation(tx *store.Tx, organization, from, into models.ID) error {
	err := tx.Model(&models.Deal{}).Where("organization_id = ? AND conversation_id = ?", organization, from).
		Updates(map[string]any{"conversation_id": into, "version": gorm.Expr("version + 1"), "updated_at": tx.Now()}).Error
	if err != nil {
		return fmt.Errorf("move deals of conversation %s: %w", from, err)
	}
	known := tx.Model(&models.RuleRecord{}).Select("rule_id").Where("organization_id = ? AND conversation_id = ?", organization, into)
	err = tx.Where("organization_id = ? AND conversation_id = ? AND rule_id IN (?)", organization, from, known).Delete(&models.RuleRecord{}).Error
	if err != nil {
		return fmt.Errorf("unite records of conversation %s: %w", from, err)
	}
	err = tx.Model(&models.RuleRecord{}).Where("organization_id = ? AND conversation_id = ?", organization, from).Update("conversation_id", into).Error
	if err != nil {
		return fmt.Errorf("move records of conversation %s: %w", from, err)
	}
	return nil
}
