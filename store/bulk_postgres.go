package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"gorm.io/gorm"
	"gorm.io/gorm/schema"

	"recado/models"
)

// Bulk writes on PostgreSQL pass every column as one array and have the server
// unnest them, so that the statement's text does not depend on the number of rows
// and is prepared once. They are queued and sent in one round trip: a group of
// deliveries is written with few waits in between.

// columns are rows turned on their side, as a statement takes them.
type columns struct {
	table  *schema.Schema
	arrays []any // one slice per field of the table
}

// queue adds a bulk write to those that wait for Flush.
func queue[T any](tx *Tx, statement func(*schema.Schema) string, rows []T) error {
	c, err := columnsOf(rows)
	if err != nil {
		return err
	}
	tx.waiting().Queue(statement(c.table), c.arrays...)
	return nil
}

// queueNew adds an insert that fails with ErrNotNew unless it inserts every row.
func queueNew[T any](tx *Tx, rows []T) error {
	c, err := columnsOf(rows)
	if err != nil {
		return err
	}
	statement := insertStatement(c.table) + " ON CONFLICT DO NOTHING"
	tx.waiting().Queue(statement, c.arrays...).Exec(func(tag pgconn.CommandTag) error {
		if tag.RowsAffected() != int64(len(rows)) {
			return ErrNotNew
		}
		return nil
	})
	return nil
}

// waiting are the bulk writes that wait for Flush.
func (tx *Tx) waiting() *pgx.Batch {
	if tx.writes == nil {
		tx.writes = &pgx.Batch{}
	}
	return tx.writes
}

// Flush sends the bulk writes that wait. It is called before the commit; call it
// before a query that must see them.
func (tx *Tx) Flush() error {
	if tx.writes == nil {
		return nil
	}
	writes := tx.writes
	tx.writes = nil
	if err := tx.pgx.SendBatch(tx.Statement.Context, writes).Close(); err != nil {
		if translator, ok := tx.Dialector.(gorm.ErrorTranslator); ok {
			err = errors.Join(translator.Translate(err), err)
		}
		return fmt.Errorf("write rows: %w", err)
	}
	return nil
}

func insertStatement(table *schema.Schema) string {
	return cached(table, "insert", func() string {
		return fmt.Sprintf("INSERT INTO %s (%s) SELECT * FROM %s", table.Table, strings.Join(table.DBNames, ", "), unnested(table))
	})
}

// adding has an insert add to the rows that are there.
func adding(table *schema.Schema) string {
	var sums []string
	for _, name := range table.DBNames {
		if !table.FieldsByDBName[name].PrimaryKey {
			sums = append(sums, fmt.Sprintf("%s = %s.%s + excluded.%s", name, table.Table, name, name))
		}
	}
	return fmt.Sprintf(" ON CONFLICT (%s) DO UPDATE SET %s", strings.Join(table.PrimaryFieldDBNames, ", "), strings.Join(sums, ", "))
}

func updateStatement(table *schema.Schema) string {
	return cached(table, "update", func() string {
		sets, keys := assignments(table)
		return fmt.Sprintf("UPDATE %s AS t SET %s FROM %s AS v (%s) WHERE %s",
			table.Table, sets, unnested(table), strings.Join(table.DBNames, ", "), keys)
	})
}

// assignments are what an update from rows v to the stored rows t sets, and how
// the two are matched.
func assignments(table *schema.Schema) (sets, keys string) {
	var set, match []string
	for _, name := range table.DBNames {
		switch field := table.FieldsByDBName[name]; {
		case field.PrimaryKey:
			match = append(match, fmt.Sprintf("t.%s = v.%s", name, name))
		case name != "created_at":
			set = append(set, fmt.Sprintf("%s = v.%s", name, name))
		}
	}
	return strings.Join(set, ", "), strings.Join(match, " AND ")
}

func unnested(table *schema.Schema) string {
	parameters := make([]string, len(table.DBNames))
	for i, name := range table.DBNames {
		parameters[i] = fmt.Sprintf("$%d::%s[]", i+1, arrayType(table.FieldsByDBName[name]))
	}
	return "unnest(" + strings.Join(parameters, ", ") + ")"
}

// numbered writes the parameters of a statement as PostgreSQL wants them.
func numbered(statement string) string {
	return statements.of(statement, func() string {
		var b strings.Builder
		for i, part := range strings.Split(statement, "?") {
			if i > 0 {
				fmt.Fprintf(&b, "$%d", i)
			}
			b.WriteString(part)
		}
		return b.String()
	})
}

var (
	statements texts    // by what they are for
	schemas    sync.Map // GORM's cache of parsed models
)

// texts remembers the texts of statements, which are made of model tags.
type texts struct{ known sync.Map }

func (t *texts) of(key string, build func() string) string {
	if text, ok := t.known.Load(key); ok {
		if text, ok := text.(string); ok {
			return text
		}
	}
	text := build()
	t.known.Store(key, text)
	return text
}

func cached(table *schema.Schema, kind string, build func() string) string {
	return statements.of(kind+" "+table.Table, build)
}

// columnsOf turns rows into columns.
func columnsOf[T any](rows []T) (columns, error) {
	table, err := schema.Parse(new(T), &schemas, schema.NamingStrategy{})
	if err != nil {
		return columns{}, fmt.Errorf("read model %T: %w", new(T), err)
	}
	c := columns{table: table, arrays: make([]any, len(table.DBNames))}
	list := reflect.ValueOf(rows)
	for i, name := range table.DBNames {
		if c.arrays[i], err = arrayOf(table.FieldsByDBName[name], list); err != nil {
			return columns{}, fmt.Errorf("read %s.%s: %w", table.Table, name, err)
		}
	}
	return c, nil
}

// arrayType is the PostgreSQL type of a field's column.
func arrayType(field *schema.Field) string {
	switch {
	case field.Serializer != nil:
		return "text"
	case field.IndirectFieldType == reflect.TypeFor[models.ID]():
		return "uuid"
	case field.IndirectFieldType == reflect.TypeFor[time.Time]():
		return "timestamptz"
	}
	switch field.IndirectFieldType.Kind() {
	case reflect.Bool:
		return "boolean"
	case reflect.Int, reflect.Int64:
		return "bigint"
	case reflect.Slice:
		return "bytea"
	default:
		return "text"
	}
}

// arrayOf gathers one field of all rows in a slice that pgx can encode.
func arrayOf(field *schema.Field, rows reflect.Value) (any, error) {
	switch arrayType(field) {
	case "uuid":
		return gather(field, rows, func(v reflect.Value) pgtype.UUID {
			id, ok := reflect.TypeAssert[models.ID](v)
			return pgtype.UUID{Bytes: id, Valid: ok}
		}), nil
	case "timestamptz":
		return gather(field, rows, func(v reflect.Value) pgtype.Timestamptz {
			at, ok := reflect.TypeAssert[time.Time](v)
			return pgtype.Timestamptz{Time: at, Valid: ok}
		}), nil
	case "boolean":
		return gather(field, rows, func(v reflect.Value) pgtype.Bool { return pgtype.Bool{Bool: v.Bool(), Valid: true} }), nil
	case "bigint":
		return gather(field, rows, func(v reflect.Value) pgtype.Int8 { return pgtype.Int8{Int64: v.Int(), Valid: true} }), nil
	case "bytea":
		return gather(field, rows, func(v reflect.Value) []byte { return v.Bytes() }), nil
	}
	if field.Serializer != nil {
		return serialized(field, rows)
	}
	return gather(field, rows, func(v reflect.Value) pgtype.Text { return pgtype.Text{String: v.String(), Valid: true} }), nil
}

// gather leaves the zero value, which means NULL, where a pointer is nil.
func gather[E any](field *schema.Field, rows reflect.Value, convert func(reflect.Value) E) []E {
	values := make([]E, rows.Len())
	for i := range values {
		value := rows.Index(i).FieldByIndex(field.StructField.Index)
		if value.Kind() == reflect.Pointer {
			if value.IsNil() {
				continue
			}
			value = value.Elem()
		}
		values[i] = convert(value)
	}
	return values
}

func serialized(field *schema.Field, rows reflect.Value) ([]pgtype.Text, error) {
	values := make([]pgtype.Text, rows.Len())
	for i := range values {
		value, _ := field.ValueOf(context.Background(), rows.Index(i))
		if valuer, ok := value.(driver.Valuer); ok {
			var err error
			if value, err = valuer.Value(); err != nil {
				return nil, err
			}
		}
		switch text := value.(type) {
		case nil:
		case string:
			values[i] = pgtype.Text{String: text, Valid: text != "null"}
		case []byte:
			values[i] = pgtype.Text{String: string(text), Valid: string(text) != "null"}
		default:
			return nil, fmt.Errorf("a serializer made a %T", value)
		}
	}
	return values, nil
}
