package store

import (
	"database/sql/driver"
	"encoding/hex"
	"fmt"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"recado/models"
)

// InKeys is the condition that the columns together are one of the keys, each of
// which has an ID or a text per column. Unlike a written-out list, its text on
// PostgreSQL does not depend on how many keys there are, so a hot query is planned
// once and not once per length; and it leads to one look-up per key in an index
// on the columns, even while the server has no statistics.
func InKeys(names []string, keys [][]any) clause.Expression { return inKeys{names, keys} }

type inKeys struct {
	names []string
	keys  [][]any
}

// Build writes the condition for GORM.
func (c inKeys) Build(builder clause.Builder) {
	switch {
	case len(c.keys) == 0:
		gorm.Expr("1 = 0").Build(builder)
	case onPostgres(builder):
		c.unnested().Build(builder)
	default:
		c.listed().Build(builder)
	}
}

func (c inKeys) list() string { return "(" + strings.Join(c.names, ", ") + ")" }

// listed is the condition for SQLite.
func (c inKeys) listed() clause.Expr {
	row := "(" + strings.Repeat(", ?", len(c.names))[2:] + ")"
	var parameters []any
	for _, key := range c.keys {
		parameters = append(parameters, key...)
	}
	return gorm.Expr(c.list()+" IN (VALUES "+strings.Repeat(", "+row, len(c.keys))[2:]+")", parameters...)
}

// unnested is the condition for PostgreSQL.
func (c inKeys) unnested() clause.Expr {
	arrays := make([]string, len(c.names))
	parameters := make([]any, len(c.names))
	for i := range c.names {
		arrays[i] = "?::text[]"
		if _, isID := c.keys[0][i].(models.ID); isID {
			arrays[i] = "?::uuid[]"
		}
		parameters[i] = arrayLiteral(c.keys, i)
	}
	return gorm.Expr(c.list()+" IN (SELECT * FROM unnest("+strings.Join(arrays, ", ")+"))", parameters...)
}

// onPostgres reports whether a condition is being written for PostgreSQL.
func onPostgres(builder clause.Builder) bool {
	statement, ok := builder.(*gorm.Statement)
	return ok && statement.Name() == string(Postgres)
}

// arrayLiteral writes one column of the keys as PostgreSQL reads an array from
// text.
func arrayLiteral(keys [][]any, column int) string {
	var b strings.Builder
	for i, key := range keys {
		b.WriteByte("{,"[min(i, 1)])
		b.WriteByte('"')
		_, _ = quoter.WriteString(&b, fmt.Sprint(key[column])) // a Builder never fails
		b.WriteByte('"')
	}
	b.WriteByte('}')
	return b.String()
}

var quoter = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// OneOf is the condition that a column is one of the ids. On PostgreSQL its text
// does not depend on how many they are.
func OneOf(name string, ids []models.ID) clause.Expression { return oneOf{name, ids} }

type oneOf struct {
	name string
	ids  []models.ID
}

// Build writes the condition for GORM.
func (c oneOf) Build(builder clause.Builder) {
	_, _ = builder.WriteString(c.name) // a statement's text never fails
	if onPostgres(builder) {
		_, _ = builder.WriteString(" = ANY (")
		builder.AddVar(builder, idArray(c.ids))
		_, _ = builder.WriteString("::uuid[])")
		return
	}
	_, _ = builder.WriteString(" IN ")
	builder.AddVar(builder, c.ids)
}

// idArray is a parameter that PostgreSQL reads as an array.
type idArray []models.ID

// Value is the array's text.
func (a idArray) Value() (driver.Value, error) { return a.String(), nil }

// String writes the array as PostgreSQL reads it.
func (a idArray) String() string {
	text := make([]byte, 0, len("{}")+len(a)*(2*len(models.NoID)+len(",")))
	text = append(text, '{')
	for i, id := range a {
		if i > 0 {
			text = append(text, ',')
		}
		text = hex.AppendEncode(text, id[:])
	}
	return string(append(text, '}'))
}
