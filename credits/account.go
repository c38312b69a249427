package credits

import (
	"context"
	"fmt"
	"maps"

	"gorm.io/gorm"

	"recado/models"
	"recado/store"
)

// balancesOf reads the balances of an organization; every account is in them.
func balancesOf(db *gorm.DB, organization models.ID) (models.Balances, error) {
	var rows []models.CreditAccount
	if err := db.Where("organization_id = ?", organization).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read credit accounts of organization %s: %w", organization, err)
	}
	balances := make(models.Balances, len(models.LedgerAccounts))
	for _, account := range models.LedgerAccounts {
		balances[account] = 0
	}
	for _, row := range rows {
		balances[row.Account] = row.Balance
	}
	return balances, nil
}

// Balances are those of the viewer's organization. Everybody may see them: who sends
// templates has to know what is left.
func (s *Service) Balances(ctx context.Context, viewer models.Viewer) (models.Balances, error) {
	return balancesOf(s.db.Read(ctx), viewer.OrganizationID)
}

// Check holds an organization's kept balances against its postings: it returns the
// differences, kept minus booked, by account, and the sums of entries that are not zero.
// Both are empty while all is well.
func (s *Service) Check(ctx context.Context, organization models.ID) (differences models.Balances, unbalanced map[models.ID]models.Credits, err error) {
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		books, err := open(tx, organization) // nothing is booked meanwhile
		if err != nil {
			return err
		}
		differences = maps.Clone(books.of(organization).balances)
		var sums []struct {
			Account models.LedgerAccount
			Sum     models.Credits
		}
		err = tx.Model(&models.CreditPosting{}).Select("account, CAST(sum(amount) AS bigint) AS sum").
			Where("organization_id = ?", organization).Group("account").Scan(&sums).Error
		if err != nil {
			return fmt.Errorf("sum postings: %w", err)
		}
		for _, row := range sums {
			differences[row.Account] -= row.Sum
		}
		maps.DeleteFunc(differences, func(_ models.LedgerAccount, difference models.Credits) bool { return difference == 0 })
		unbalanced, err = unbalancedEntries(tx, organization)
		return err
	})
	return differences, unbalanced, err
}

func unbalancedEntries(tx *store.Tx, organization models.ID) (map[models.ID]models.Credits, error) {
	var rows []struct {
		EntryID models.ID
		Sum     models.Credits
	}
	err := tx.Model(&models.CreditPosting{}).Select("entry_id, CAST(sum(amount) AS bigint) AS sum").
		Where("organization_id = ?", organization).Group("entry_id").Having("sum(amount) <> 0").Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("sum entries: %w", err)
	}
	unbalanced := make(map[models.ID]models.Credits, len(rows))
	for _, row := range rows {
		unbalanced[row.EntryID] = row.Sum
	}
	return unbalanced, nil
}
