package store

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm/schema"

	"recado/models"
)

// queueEvents adds the moving of the feed head and the writing of its events to
// the waiting writes. The positions are worked out by the server, and become known
// here with its answer.
func (tx *Tx) queueEvents(organization models.ID, events []models.Event) error {
	tx.waiting().Queue(numbered(moveFeedHead), len(events), organization).QueryRow(func(row pgx.Row) error {
		var head int64
		switch err := row.Scan(&head); {
		case errors.Is(err, pgx.ErrNoRows):
			return errNoFeed
		case err != nil:
			return err
		}
		for i := range events {
			events[i].Position += head - int64(len(events))
		}
		return nil
	})
	return queue(tx, eventStatement, events)
}

// eventStatement inserts events whose positions count from 1, at the head that
// was moved just before.
func eventStatement(table *schema.Schema) string {
	return cached(table, "place", func() string {
		values := slices.Clone(table.DBNames)
		for i, name := range values {
			values[i] = "v." + name
			if name == "position" {
				values[i] = "h.position - count(*) OVER () + v.position"
			}
		}
		return fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM %s AS v (%s) JOIN feed_heads AS h ON h.organization_id = v.organization_id",
			table.Table, strings.Join(table.DBNames, ", "), strings.Join(values, ", "), unnested(table), strings.Join(table.DBNames, ", "))
	})
}
