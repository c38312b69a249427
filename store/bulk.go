package store

import (
	"fmt"

	"gorm.io/gorm/clause"
)

// rowsPerStatement bounds the parameters of one statement on SQLite, which takes
// 32,766.
const rowsPerStatement = 500

// InsertAll inserts the rows, all or none. On PostgreSQL it is sent together with
// the other bulk writes of the transaction, see Flush.
func InsertAll[T any](tx *Tx, rows []T) error {
	if len(rows) == 0 {
		return nil
	}
	if tx.dialect == Postgres {
		return queue(tx, insertStatement, rows)
	}
	if err := tx.CreateInBatches(rows, rowsPerStatement).Error; err != nil {
		return fmt.Errorf("insert %d of %T: %w", len(rows), rows, err)
	}
	return nil
}

// UpdateAll writes every column but created_at of rows, found by their primary
// keys. On PostgreSQL it is sent together with the other bulk writes of the
// transaction, see Flush.
func UpdateAll[T any](tx *Tx, rows []T) error {
	if len(rows) == 0 {
		return nil
	}
	if tx.dialect == Postgres {
		return queue(tx, updateStatement, rows)
	}
	for i := range rows {
		if err := tx.Select("*").Omit("created_at").Updates(&rows[i]).Error; err != nil {
			return fmt.Errorf("update %T: %w", rows[i], err)
		}
	}
	return nil
}

// UpsertNewer inserts rows, or overwrites the given columns of rows that exist,
// where the condition holds. In the condition `excluded` is the new row.
func UpsertNewer[T any](tx *Tx, row *T, keys []string, condition string, columns ...string) error {
	conflict := clause.OnConflict{
		DoUpdates: clause.AssignmentColumns(columns),
		Where:     clause.Where{Exprs: []clause.Expression{clause.Expr{SQL: condition}}},
	}
	for _, key := range keys {
		conflict.Columns = append(conflict.Columns, clause.Column{Name: key})
	}
	if err := tx.Clauses(conflict).Create(row).Error; err != nil {
		return fmt.Errorf("upsert %T: %w", row, err)
	}
	return nil
}

// Later runs a statement with the other bulk writes of the transaction; on SQLite
// it runs now. Its parameters are written as question marks.
func (tx *Tx) Later(statement string, args ...any) error {
	if tx.dialect == Postgres {
		tx.waiting().Queue(numbered(statement), args...)
		return nil
	}
	return tx.Exec(statement, args...).Error
}
