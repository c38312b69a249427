package store

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"gorm.io/gorm/clause"
	"gorm.io/gorm/schema"
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

// ErrNotNew is what a transaction ends with when InsertNew finds a row.
var ErrNotNew = errors.New("a row is there already")

// InsertNew is InsertAll for rows that are thought to be new, without having
// looked. If any of them is there already, by whatever key, the transaction fails
// with ErrNotNew, at the latest in Flush.
func InsertNew[T any](tx *Tx, rows []T) error {
	if len(rows) == 0 {
		return nil
	}
	if tx.dialect == Postgres {
		return queueNew(tx, rows)
	}
	var inserted int64
	for part := range slices.Chunk(rows, rowsPerStatement) {
		result := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(part)
		if result.Error != nil {
			return fmt.Errorf("insert %d of %T: %w", len(rows), rows, result.Error)
		}
		inserted += result.RowsAffected
	}
	if inserted != int64(len(rows)) {
		return ErrNotNew
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

// UpdateIf is UpdateAll for the rows for which the condition holds when they are
// written. In the condition `t` is the stored row and `v` the given one.
func UpdateIf[T any](tx *Tx, rows []T, condition string) error {
	if len(rows) == 0 {
		return nil
	}
	if tx.dialect == Postgres {
		return queue(tx, func(table *schema.Schema) string { return updateStatement(table) + " AND (" + condition + ")" }, rows)
	}
	for i := range rows {
		if err := updateIf(tx, &rows[i], condition); err != nil {
			return fmt.Errorf("update %T: %w", rows[i], err)
		}
	}
	return nil
}

// updateIf is UpdateIf for one row on SQLite.
func updateIf(tx *Tx, row any, condition string) error {
	table, err := schema.Parse(row, &schemas, schema.NamingStrategy{})
	if err != nil {
		return err
	}
	given := make([]string, len(table.DBNames))
	values := make([]any, len(table.DBNames))
	for i, name := range table.DBNames {
		given[i] = "? AS " + name
		values[i], _ = table.FieldsByDBName[name].ValueOf(tx.Statement.Context, reflect.ValueOf(row).Elem())
	}
	sets, keys := assignments(table)
	return tx.Exec(fmt.Sprintf("UPDATE %s AS t SET %s FROM (SELECT %s) AS v WHERE %s AND (%s)",
		table.Table, sets, strings.Join(given, ", "), keys, condition), values...).Error
}

// AddAll adds the numbers of rows to those of the stored rows with the same primary
// keys; a row that is not there is inserted. Rows are locked in the given order: it
// must be the same for all that add. On PostgreSQL it is sent together with the other
// bulk writes of the transaction, see Flush.
func AddAll[T any](tx *Tx, rows []T) error {
	if len(rows) == 0 {
		return nil
	}
	if tx.dialect == Postgres {
		return queue(tx, func(table *schema.Schema) string { return insertStatement(table) + adding(table) }, rows)
	}
	table, err := schema.Parse(new(T), &schemas, schema.NamingStrategy{})
	if err != nil {
		return fmt.Errorf("read model %T: %w", new(T), err)
	}
	var sums clause.Set
	for _, name := range table.DBNames {
		if !table.FieldsByDBName[name].PrimaryKey {
			sums = append(sums, clause.Assignment{Column: clause.Column{Name: name}, Value: clause.Expr{SQL: table.Table + "." + name + " + excluded." + name}})
		}
	}
	var keys []clause.Column
	for _, name := range table.PrimaryFieldDBNames {
		keys = append(keys, clause.Column{Name: name})
	}
	if err := tx.Clauses(clause.OnConflict{Columns: keys, DoUpdates: sums}).CreateInBatches(rows, rowsPerStatement).Error; err != nil {
		return fmt.Errorf("add %d of %T: %w", len(rows), rows, err)
	}
	return nil
}
