package store

import (
	"fmt"

	"gorm.io/gorm/clause"
)

// rowsPerStatement bounds the parameters of one statement (PostgreSQL takes
// 65,535, SQLite 32,766).
const rowsPerStatement = 500

// InsertAll inserts the rows, all or none.
func InsertAll[T any](tx *Tx, rows []T) error {
	if len(rows) == 0 {
		return nil
	}
	if err := tx.CreateInBatches(rows, rowsPerStatement).Error; err != nil {
		return fmt.Errorf("insert %d of %T: %w", len(rows), rows, err)
	}
	return nil
}

// InsertMissing inserts the rows whose primary key is not there yet.
func InsertMissing[T any](tx *Tx, rows []T) error {
	if len(rows) == 0 {
		return nil
	}
	if err := tx.Clauses(clause.OnConflict{DoNothing: true}).CreateInBatches(rows, rowsPerStatement).Error; err != nil {
		return fmt.Errorf("insert missing of %d %T: %w", len(rows), rows, err)
	}
	return nil
}

// UpdateAll writes every column of the rows, found by their primary keys.
func UpdateAll[T any](tx *Tx, rows []T) error {
	for i := range rows {
		if err := tx.Select("*").Omit("created_at").Updates(&rows[i]).Error; err != nil {
			return fmt.Errorf("update %T: %w", rows[i], err)
		}
	}
	return nil
}
