package store

import (
	"context"
	"database/sql"
	"fmt"
	"reflect"

	"github.com/jackc/pgx/v5/pgxpool"
	"gorm.io/gorm"
	"gorm.io/gorm/callbacks"
	"gorm.io/gorm/clause"

	"recado/models"
)

// directReads has lists of rows read on PostgreSQL without database/sql between
// GORM and pgx: it boxes every value twice and takes ids through text, which costs
// several times what the server needs for the rows. What GORM is asked, and what
// comes back, is the same.
type directReads struct {
	db   *sql.DB // GORM's, over pool
	pool *pgxpool.Pool
}

// query takes the place of GORM's own callback.
func (r directReads) query(db *gorm.DB) {
	if !r.takes(db) {
		callbacks.Query(db)
		return
	}
	callbacks.BuildQuerySQL(db)
	if db.Error != nil {
		return
	}
	if err := r.read(db.Statement.Context, db); err != nil {
		_ = db.AddError(err) // which is where GORM keeps it
	}
	if db.Statement.Result != nil {
		db.Statement.Result.RowsAffected = db.RowsAffected
	}
}

// takes reports whether the statement, outside of a transaction, fills a slice of
// its own model.
func (r directReads) takes(db *gorm.DB) bool {
	statement := db.Statement
	if db.Error != nil || db.DryRun || statement.Schema == nil || len(statement.Joins) > 0 {
		return false
	}
	if pool, ok := statement.ConnPool.(*sql.DB); !ok || pool != r.db {
		return false
	}
	list := statement.ReflectValue
	return list.Kind() == reflect.Slice && list.CanSet() && list.Type().Elem() == statement.Schema.ModelType
}

func (r directReads) read(ctx context.Context, db *gorm.DB) error {
	rows, err := r.pool.Query(ctx, db.Statement.SQL.String(), parameters(db.Statement.Vars)...)
	if err != nil {
		return err //nolint:wrapcheck // GORM translates it
	}
	defer rows.Close()
	columns := columnsFor(ctx, db.Statement.Schema, rows)
	list := reflect.New(db.Statement.ReflectValue.Type()).Elem()
	list.Set(reflect.MakeSlice(list.Type(), 0, expectedRows(db.Statement)))
	for rows.Next() {
		if list.Len() == list.Cap() {
			list.Grow(list.Cap())
		}
		list.SetLen(list.Len() + 1)
		row := list.Index(list.Len() - 1)
		for i, raw := range rows.RawValues() {
			if raw == nil || columns[i] == nil { // the row is zero
				continue
			}
			if err := columns[i](raw, row); err != nil {
				return fmt.Errorf("read column %s: %w", rows.FieldDescriptions()[i].Name, err)
			}
		}
	}
	if err := rows.Err(); err != nil {
		return err //nolint:wrapcheck // GORM translates it
	}
	db.Statement.ReflectValue.Set(list)
	db.RowsAffected = int64(list.Len())
	if list.Len() == 0 && db.Statement.RaiseErrorOnNotFound {
		return gorm.ErrRecordNotFound
	}
	return nil
}

// parameters are what pgx sends as it is: ids in binary, lists of them as text. It
// would take both apart and put them together again.
func parameters(vars []any) []any {
	made := make([]any, len(vars))
	for i, value := range vars {
		switch value := value.(type) {
		case models.ID:
			made[i] = [16]byte(value)
		case idArray:
			made[i] = value.String()
		default:
			made[i] = value
		}
	}
	return made
}

// expectedRows is how many rows to make room for.
func expectedRows(statement *gorm.Statement) int {
	if limit, ok := statement.Clauses["LIMIT"].Expression.(clause.Limit); ok && limit.Limit != nil {
		return min(max(*limit.Limit, 1), MaxPageSize+1)
	}
	return 16
}
